/** Table: the setters of confidential computing, and nvidia-smi's words where they fail; it says nothing of a success. */
import { EXIT } from '../base/errors.js';
import * as nvml from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { type Status, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import type { Acting } from './acting.js';
import { changed, failed } from './action.js';
import { targetOf } from './ask.js';
import { change } from './change.js';

type Name = 'set-unprotected-mem-size' | 'set-gpus-ready-state' | 'set-key-rotation-max-attacker-advantage';

export interface ConfComputeSetter {
  readonly name: Name;
  readonly what: string;
  /** Of each GPU, or of the system. */
  readonly isOfGpu?: true;
  readonly set: (asker: Asker, value: number, gpu: Gpu | undefined) => Status;
}

export const CONF_COMPUTE_SETTERS: readonly ConfComputeSetter[] = [
  {
    name: 'set-unprotected-mem-size',
    what: 'Unprotected Memory Size',
    isOfGpu: true,
    set: (asker, sizeKiB, gpu) =>
      change(asker, nvml.nvmlDeviceSetConfComputeUnprotectedMemSize, { sizeKiB }, gpu).status,
  },
  {
    name: 'set-gpus-ready-state',
    what: 'GPUs Ready State',
    set: (asker, isAcceptingWork) =>
      change(asker, nvml.nvmlSystemSetConfComputeGpusReadyState, { isAcceptingWork }).status,
  },
  {
    name: 'set-key-rotation-max-attacker-advantage',
    what: 'key max attacker advantage',
    set: (asker, maxAttackerAdvantage) =>
      change(asker, nvml.nvmlSystemSetConfComputeKeyRotationThresholdInfo, { maxAttackerAdvantage }).status,
  },
];

export function setConfCompute(
  acting: Acting,
  { name, what, isOfGpu, set }: ConfComputeSetter,
  value: number,
  gpus: readonly Gpu[],
): number {
  const { asker } = acting;
  for (const gpu of isOfGpu ? gpus : [undefined]) {
    const { outcome, status, lines } = acting.attempt({
      action: name,
      value,
      ...(gpu === undefined ? {} : { target: targetOf(asker, gpu) }),
      needs: ['root'],
      make() {
        const status = set(asker, value, gpu);
        return status === 0
          ? changed()
          : failed(status, `Failed to set Conf. Compute ${what}: ${statusReason(status)}`);
      },
    });
    acting.say(lines.map((line) => `${line}\n`).join(''));
    if (outcome === 'failed') return acting.finish(status);
  }
  return acting.finish(EXIT.ok);
}
