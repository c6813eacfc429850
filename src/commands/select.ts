/** The option `-i` of commands, and the GPUs that it means, with nvidia-smi's refusals. */
import type { OptionSpec } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { NVML_ERROR_NO_PERMISSION, NVML_ERROR_RESET_REQUIRED } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Asker } from '../query/ask/asker.js';
import { BadBusId, selectGpus } from '../query/select.js';

export const idOption = {
  short: ['i'],
  long: 'id',
  value: 'required',
  argument: 'GPU,...',
  help: 'Only these GPUs: index, UUID, PCI bus id or serial number.',
} as const satisfies OptionSpec;

/** All GPUs, or those of a comma list. Throws UsageError with status 6 when there is none. */
export async function chosenGpus(session: Session, selectors: string | undefined): Promise<readonly Gpu[]> {
  const gpus = selectors === undefined ? session.gpus : await gpusNamed(session, selectors);
  if (gpus.length === 0) throw new UsageError('No devices were found', EXIT.noDevice);
  refuseUnusable(gpus);
  return gpus;
}

/** What nvidia-smi says where all GPUs have the same reason not to be there (H200 with failing calls, 580.159.04). */
const UNUSABLE: Readonly<Record<number, readonly [words: string, status: number]>> = {
  [NVML_ERROR_NO_PERMISSION]: [
    'No devices were found. Please make sure /dev/nvidia* files are readable by current user.',
    NVML_ERROR_NO_PERMISSION,
  ],
  [NVML_ERROR_RESET_REQUIRED]: [
    'A GPU reset must occur before this GPU can be used again.\nNo devices were found',
    EXIT.noDevice,
  ],
};

function refuseUnusable(gpus: readonly Gpu[]): void {
  const [first] = gpus;
  const same = gpus.every(({ handle, status }) => handle === undefined && status === first?.status);
  const [words, status] = (same && first !== undefined && UNUSABLE[first.status]) || [];
  if (words !== undefined) throw new UsageError(words, status);
}

/** The GPUs of a comma list; none where it names none. */
export async function gpusNamed(session: Session, selectors: string): Promise<readonly Gpu[]> {
  if (/^,*$/.test(selectors)) {
    // Without a line's end, as on the H100 with driver 580.159.04.
    throw new UsageError('Failed to parse device string on command line', EXIT.unknownOption, undefined, '');
  }
  try {
    // Every GPU is asked for its name, also those that are not meant: the exit status does not depend on these answers.
    return await new Asker(session).start(selectGpus(session.gpus, selectors));
  } catch (error) {
    if (!(error instanceof BadBusId)) throw error;
    throw new UsageError(
      plainly`Problem with GPU ${badBusIdAsPrinted(error.message)}: Invalid PCI bus id format. Try format [domain:]bus:device.function E.g. 0:2:0.0`,
      EXIT.unknownOption,
    );
  }
}

/** nvidia-smi fills in a short bus id before it refuses it: 00:06 → 0000:00:06.0 (H200, 580.159.04). */
function badBusIdAsPrinted(text: string): string {
  return /^[0-9a-f]{2}:[0-9a-f]{2}$/i.test(text) ? `0000:${text}.0` : text;
}
