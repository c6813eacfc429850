/** What doctor asks NVML, and how it takes no for an answer. */

import type { NvmlGpu, NvmlState } from '../doctor/patient.js';
import { driverVersion } from '../health/readings.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { type Gpu, libraryVersion, type Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { gpuRow } from '../query/gpu-fields.js';
import { compilePlan } from '../query/plan.js';
import type { Context } from './context.js';
import { forgetStatuses } from './verdict-status.js';

const FIELDS: readonly string[] = [
  'name',
  'pci.bus_id',
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
    const { message, hint } = error as Error & { readonly hint?: string };
    return {
      isOpen: false,
      reason: inOneLine(message),
      hint: hint === undefined ? undefined : inOneLine(hint),
    };
  }
  const gpus = await readGpus(session);
  forgetStatuses(session);
  return { isOpen: true, library: libraryVersion(session.driver), driver: driverVersion(session), gpus };
}

/** Messages are several lines, some of which end with a colon. */
const inOneLine = (text: string): string =>
  text.trim().replace(/[:.]?\s*\n\s*/g, (end) => (end.startsWith(':') ? ': ' : '. '));

async function readGpus(session: Session): Promise<readonly NvmlGpu[]> {
  const rows = FIELDS.map(gpuRow);
  const plan = compilePlan(rows, session.gpus, { session, now: Date.now });
  await plan.sample();
  return plan.lines.map(({ readers }, i) =>
    gpuOf(
      session.gpus[i] as Gpu,
      readers.map((read) => read()),
    ),
  );
}

function gpuOf(gpu: Gpu, readings: readonly Reading[]): NvmlGpu {
  const fields: Record<string, string> = {};
  const reasons: Record<string, string> = {};
  FIELDS.forEach((name, i) => {
    const reading = readings[i] as Reading;
    if (!(reading instanceof Missing)) fields[name] = gpuRow(name).kind.spell(reading);
    else if (reading.status !== NVML_ERROR_NOT_SUPPORTED) reasons[name] = statusReason(reading.status);
  });
  return {
    index: gpu.index,
    name: fields.name ?? '',
    busId: fields['pci.bus_id'] ?? gpu.busId,
    lost: gpu.handle === undefined ? statusReason(gpu.status) : undefined,
    fields,
    reasons,
  };
}
