/** The setters of `nvlink`: what is said of each GPU and link (550.163.01). */
import type { Acting, Attempt } from '../../act/acting.js';
import { runNow, targetOf } from '../../act/ask.js';
import { resetErrorCounters, setBandwidthMode, setLowPowerThreshold } from '../../act/nvlink.js';
import { EXIT } from '../../base/errors.js';
import { gpuHeading } from '../../format/gpu-heading.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import { linksOf } from '../../query/links/nvlink-links.js';
import { lostLines, reachable, statusOf } from '../runner/lost.js';
import { identityOf } from '../runner/named.js';
import { chosenGpus } from '../runner/select.js';

export const NVLINK_SETTERS = ['setBandwidthMode', 'setLowPowerThreshold', 'reseterrorcounters'] as const;

interface NvlinkWish {
  readonly setBandwidthMode?: string;
  readonly setLowPowerThreshold?: string;
  readonly reseterrorcounters?: true;
  readonly link?: string | number;
}

/** Makes attempts until one fails. Returns its status. */
function attemptAll(acting: Acting, attempts: readonly Attempt[]): number {
  for (const attempt of attempts) {
    const { outcome, status, lines } = acting.attempt(attempt);
    acting.say(lines.map((line) => `${line}\n`).join(''));
    if (outcome === 'failed') return status;
  }
  return EXIT.ok;
}

export async function setNvlink(wish: NvlinkWish, list: string | undefined, acting: Acting): Promise<number> {
  const { asker } = acting;
  const mode = wish.setBandwidthMode;
  if (mode !== undefined) return acting.finish(attemptAll(acting, [setBandwidthMode(asker, mode)]));
  const gpus = await chosenGpus(asker.session, list);
  for (const gpu of reachable(gpus)) {
    const links = runNow(asker, linksOf(gpu));
    // A GPU without NVLink is left out, as nvidia-smi does.
    if (links instanceof Missing || links.length === 0) continue;
    acting.say(gpuHeading(runNow(asker, identityOf(gpu))));
    const indexes = links.map(({ index }) => index);
    const status = attemptAll(acting, attemptsOf(acting, gpu, wish, indexes));
    if (status !== EXIT.ok) return acting.finish(status);
  }
  acting.say(lostLines(gpus));
  return acting.finish(statusOf(gpus));
}

function attemptsOf(
  { asker }: Acting,
  gpu: Gpu,
  { setLowPowerThreshold: threshold, reseterrorcounters: resets, link }: NvlinkWish,
  links: readonly number[],
): readonly Attempt[] {
  const target = targetOf(asker, gpu);
  const reset = resets ? links.filter((index) => link === undefined || index === Number(link)) : [];
  return [
    ...reset.map((index) => resetErrorCounters(target, index)),
    ...(threshold === undefined ? [] : [setLowPowerThreshold(target, threshold)]),
  ];
}
