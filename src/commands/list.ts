/** `-L`: the GPUs and their MIG devices, a line each. */
import { EXIT, UsageError } from '../errors.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusWords, UncountedGpus } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { fieldCells, readGpuFields } from '../query/gpu-fields.js';
import { count, text } from '../query/kind.js';
import { migName } from '../query/mig.js';
import { migDevicesIn } from '../query/mig-devices.js';
import { askerOf } from '../query/read.js';
import { jsonDocument } from '../render/document.js';
import type { Context } from './context.js';
import { lostLine, reachable, statusOf } from './lost.js';

const word = (reading: Reading): string => cellText(cell(text, reading));

type MigCells = Cells<'device' | 'profile' | 'uuid'>;

/** The MIG devices of a GPU by their JSON names; where they cannot be listed, why, in the place of one. */
function migRecords(session: Session, gpu: Gpu): readonly MigCells[] {
  const migs = migDevicesIn(gpu, askerOf(session, gpu));
  if (migs instanceof Missing) {
    return [{ device: cell(count, migs), profile: cell(text, migs), uuid: cell(text, migs) }];
  }
  return migs.map((mig) => ({
    device: cell(count, mig.index),
    profile: cell(text, migName(session, mig)),
    ...fieldCells(session, mig, ['uuid']),
  }));
}

function records(session: Session): Readonly<Record<'gpus' | 'mig_devices', readonly Cells[]>> {
  return {
    gpus: session.gpus.map((gpu) => fieldCells(session, gpu, ['index', 'name', 'uuid'])),
    mig_devices: reachable(session.gpus).flatMap((gpu) =>
      migRecords(session, gpu).map((mig) => ({ gpu: cell(count, gpu.index), ...mig })),
    ),
  };
}

function migLine({ device, profile, uuid }: MigCells): string {
  if (device.reading instanceof Missing) {
    return `  Unable to determine the MIG devices: ${statusWords(device.reading.status)}`;
  }
  return `  ${cellText(profile).padEnd(15)} Device ${cellText(device).padStart(2)}: (UUID: ${cellText(uuid)})`;
}

/** Words and status: 550.163.01 with a failing call. */
function refused(error: unknown): never {
  if (!UncountedGpus.isOne(error)) throw error;
  throw new UsageError(
    `Unable to determine the number of available GPUs: ${statusWords(error.status)}`,
    error.status,
  );
}

/** Prints the list. Returns the exit status: 15 where a GPU is lost. */
export async function list(given: { readonly json?: true }, context: Context): Promise<number> {
  const { session } = await context.machine().catch(refused);
  if (given.json) {
    context.io.out(jsonDocument(records(session), context.source));
    return statusOf(session.gpus);
  }
  if (session.gpus.length === 0) {
    context.io.out('No devices found.\n');
    return EXIT.ok;
  }
  const lines: string[] = [];
  for (const gpu of session.gpus) {
    if (gpu.handle === undefined) {
      lines.push(lostLine(gpu));
      continue;
    }
    const [name, uuid] = readGpuFields(session, gpu, ['name', 'uuid']);
    lines.push(`GPU ${gpu.index}: ${word(name as Reading)} (UUID: ${word(uuid as Reading)})`);
    lines.push(...migRecords(session, gpu).map(migLine));
  }
  context.io.out(`${lines.join('\n')}\n`);
  return statusOf(session.gpus);
}
