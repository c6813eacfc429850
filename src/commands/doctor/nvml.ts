/** What doctor asks NVML, and how it takes no for an answer. */

import type { NvmlGpu, NvmlState } from '../../doctor/patient.js';
import { driverVersion } from '../../health/readings.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../../nvml/generated/constants.js';
import { nvmlSystemGetNVMLVersion } from '../../nvml/generated/entries.js';
import { type Gpu, type Session, withoutCudaMajor } from '../../nvml/session.js';
import { Missing, statusReason } from '../../nvml/status.js';
import { Asker } from '../../query/ask/asker.js';
import { type Asking, readOne, together } from '../../query/ask/asking.js';
import { SYSTEM } from '../../query/ask/subject.js';
import { gpuFields, gpuRow } from '../../query/gpu-fields.js';
import { isNotThere, noReplyOf } from '../../query/no-reply.js';
import { fixed } from '../../query/probe.js';
import type { Reading } from '../../query/reading.js';
import type { Context } from '../context.js';
import { libraryHint } from '../library-hint.js';

const FIELDS: readonly string[] = [
  'uuid',
  'name',
  'pci.bus_id',
  'temperature.gpu',
  'persistence_mode',
  'display_active',
  'ecc.mode.current',
  'ecc.mode.pending',
  'mig.mode.current',
  'mig.mode.pending',
  'fabric.state',
  'inforom.checksum_validation',
];

/** Opens NVML and asks it. What keeps it from working is an answer. */
export async function nvmlState(context: Context): Promise<NvmlState> {
  let session: Session;
  try {
    ({ session } = await context.machine());
  } catch (error) {
    if (!(error instanceof Error) || !['DeadLibrary', 'KoffiNotFound'].includes(error.name)) throw error;
    const { message } = error as Error;
    const hint = libraryHint(error as Error);
    return {
      isOpen: false,
      reason: inOneLine(message),
      hint: hint === undefined ? undefined : inOneLine(hint),
    };
  }
  // An asker of its own: what the answers mean for the exit status the verdicts say.
  return new Asker(session).start(stateOf(session.gpus));
}

const libraryVersion = fixed(nvmlSystemGetNVMLVersion);

function* stateOf(gpus: readonly Gpu[]): Asking<NvmlState> {
  const library = yield* readOne(libraryVersion, SYSTEM, '');
  return {
    isOpen: true,
    library: library instanceof Missing ? undefined : withoutCudaMajor(String(library)),
    driver: yield* driverVersion(),
    gpus: yield* together(gpus.map(readGpu)),
  };
}

/** Messages are several lines, some of which end with a colon. */
const inOneLine = (text: string): string =>
  text.trim().replace(/[:.]?\s*\n\s*/g, (end) => (end.startsWith(':') ? ': ' : '. '));

function* readGpu(gpu: Gpu): Asking<NvmlGpu> {
  return gpuOf(gpu, yield* gpuFields(FIELDS, gpu));
}

function gpuOf(gpu: Gpu, readings: readonly Reading[]): NvmlGpu {
  const fields: Record<string, string> = {};
  const reasons: Record<string, string> = {};
  const failed: string[] = [];
  FIELDS.forEach((name, i) => {
    const reading = readings[i] as Reading;
    if (reading instanceof Missing && !isNotThere(reading.status)) failed.push(name);
    if (!(reading instanceof Missing)) fields[name] = gpuRow(name).kind.spell(reading);
    else if (reading.status !== NVML_ERROR_NOT_SUPPORTED) reasons[name] = statusReason(reading.status);
  });
  return {
    index: gpu.index,
    name: fields.name ?? '',
    busId: fields['pci.bus_id'] ?? gpu.busId,
    silent: noReplyOf(gpu, FIELDS, readings),
    fields,
    reasons,
    failed,
  };
}
