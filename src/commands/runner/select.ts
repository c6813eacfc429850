/** The option `-i` of commands, and the GPUs that it means, with nvidia-smi's refusals. */
import type { OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { NVML_ERROR_NO_PERMISSION, NVML_ERROR_RESET_REQUIRED } from '../../nvml/generated/constants.js';
import type { Gpu, Session } from '../../nvml/session.js';
import { Asker } from '../../query/ask/asker.js';
import { releaseOf } from '../../query/driver-release.js';
import { BadBusId, selectGpus } from '../../query/select.js';
import { afterLost, lostLine, reasonOf, unfound } from './lost.js';

export const idOption = {
  short: ['i'],
  long: 'id',
  value: 'required',
  argument: 'GPU,...',
  help: 'Only these GPUs: index, UUID, PCI bus id or serial number.',
} as const satisfies OptionSpec;

/** All GPUs, or those of a comma list. Throws UsageError with status 6 when there is none. */
export async function chosenGpus(session: Session, selectors: string | undefined): Promise<readonly Gpu[]> {
  // Whatever names a GPU is not read where there is none (550 on the fake).
  const gpus =
    selectors === undefined || session.gpus.length === 0 ? session.gpus : await gpusNamed(session, selectors);
  if (gpus.length === 0) throw new UsageError('No devices were found', EXIT.noDevice);
  await refuseUnusable(session, gpus);
  return gpus;
}

/** What nvidia-smi says where no GPU may be used by this user (H200 with failing calls, 580.159.04; 470 to 550 on the fake). */
const FORBIDDEN = 'No devices were found. Please make sure /dev/nvidia* files are readable by current user.';

/** Refuses where all GPUs have the same reason not to be there. */
async function refuseUnusable(session: Session, gpus: readonly Gpu[]): Promise<void> {
  const [first] = gpus;
  if (first === undefined || gpus.some((gpu) => gpu.handle !== undefined || gpu.status !== first.status))
    return;
  if (first.status === NVML_ERROR_NO_PERMISSION) throw new UsageError(FORBIDDEN, NVML_ERROR_NO_PERMISSION);
  if (first.status !== NVML_ERROR_RESET_REQUIRED) return;
  // H200 with failing calls, 580.159.04: the first line is on stderr there. 470 to 550 on the fake.
  throw (await new Asker(session).start(releaseOf(session))) < 580
    ? new UsageError(lostLine(first) + afterLost(first), EXIT.unknownOption, undefined, '')
    : new UsageError('No devices were found', EXIT.noDevice, reasonOf(first));
}

/** The GPUs of a comma list; none where it names none. */
export async function gpusNamed(session: Session, selectors: string): Promise<readonly Gpu[]> {
  if (/^,*$/.test(selectors)) {
    // Without a line's end, as on the H100 with driver 580.159.04.
    throw new UsageError('Failed to parse device string on command line', EXIT.unknownOption, undefined, '');
  }
  try {
    // Every GPU is asked for its name, also those that are not meant: the exit status does not depend on these answers.
    const asker = new Asker(session);
    const chosen = await asker.start(selectGpus(session.gpus, selectors));
    await refuseUnfound(session, selectors, asker);
    return chosen;
  } catch (error) {
    if (!(error instanceof BadBusId)) throw error;
    throw new UsageError(
      plainly`Problem with GPU ${badBusIdAsPrinted(error.message)}: Invalid PCI bus id format. Try format [domain:]bus:device.function E.g. 0:2:0.0`,
      EXIT.unknownOption,
    );
  }
}

/** A bus id is found without the GPU being attached. */
async function refuseUnfound({ gpus }: Session, selectors: string, asker: Asker): Promise<void> {
  const refusal = unfound(gpus);
  if (refusal === undefined) return;
  for (const selector of selectors.split(',')) {
    if (selector.trim() === '' || selector.includes(':')) continue;
    if ((await asker.start(selectGpus(gpus, selector))).length === 0) throw refusal;
  }
}

/** nvidia-smi fills in a short bus id before it refuses it: 00:06 → 0000:00:06.0 (H200, 580.159.04). */
function badBusIdAsPrinted(text: string): string {
  return /^[0-9a-f]{2}:[0-9a-f]{2}$/i.test(text) ? `0000:${text}.0` : text;
}
