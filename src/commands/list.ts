/** `-L`: the GPUs and their MIG devices, a line each. */
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { jsonDocument } from '../format/document.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, type Status, statusWords, UncountedGpus } from '../nvml/status.js';
import { type Asking, together } from '../query/ask/asking.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { type Field, nameOf } from '../query/field.js';
import { gpuField } from '../query/gpu-fields.js';
import { count } from '../query/kind.js';
import { migDevices, profile } from '../query/mig/mig.js';
import type { Reading } from '../query/reading.js';
import { recordCells } from '../query/record-cells.js';
import type { JsonPart } from './command.js';
import type { Context } from './context.js';
import { gpusPart, wholePart } from './runner/json-parts.js';
import { afterLost, lostInList, statusOf } from './runner/lost.js';
import { machineOf } from './runner/machine.js';
import { identityOf } from './runner/named.js';

const FIELDS: readonly Field[] = [
  ...migDevices.fields.filter((field) => ['device', 'uuid'].includes(nameOf(field))),
  profile,
];

/** The parts of the JSON document. */
export const listParts: readonly JsonPart[] = [gpusPart(), wholePart({ ...migDevices, fields: FIELDS })];

type MigLineCells = Cells<'device' | 'profile' | 'uuid'>;

/** A GPU with its MIG devices. */
interface ListedGpu {
  readonly gpu: Gpu;
  readonly record: Cells<'gpu' | 'name' | 'uuid'>;
  readonly busId: Reading;
  readonly migs: readonly MigLineCells[];
}

function* listed(gpu: Gpu): Asking<ListedGpu> {
  const record = yield* identityOf(gpu);
  const busId = yield* gpuField('pci.bus_id', gpu);
  const migs = gpu.handle === undefined ? [] : yield* recordCells(migDevices, FIELDS, gpu);
  // FIELDS has them.
  return { gpu, record, busId, migs: migs as readonly MigLineCells[] };
}

function migLine({ device, profile, uuid }: MigLineCells): string {
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

/** A GPU whose name cannot be read ends the list (580.159.04 with a failing call); up to 550 it is not said which (470 to 550 on the fake). */
const nameless = (busId: Reading, status: Status): UsageError =>
  new UsageError(
    plainly`Unable to determine the product name for gpu ${shortBusId(busId)}: ${statusWords(status)}`,
    status,
  );

/** 0000:00:06.0 of 00000000:00:06.0. */
const shortBusId = (busId: Reading): string =>
  busId instanceof Missing ? '' : String(busId).replace(/^0000(?=[\dA-F]{4}:)/i, '');

/** Prints the list. Returns the exit status: 15 where a GPU is lost. */
export async function list(given: { readonly json?: true }, context: Context): Promise<number> {
  const { session, asker } = await machineOf(context).catch(refused);
  const all = await asker.start(together(session.gpus.map(listed)));
  if (given.json) {
    const parts = {
      gpus: all.map(({ record }) => record),
      mig_devices: all.flatMap(({ gpu, migs }) =>
        migs.map((mig) => ({ gpu: cell(count, gpu.index), ...mig })),
      ),
    };
    context.io.out(jsonDocument(parts, context.source));
    return statusOf(session.gpus);
  }
  if (session.gpus.length === 0) {
    context.io.out('No devices found.\n');
    return EXIT.ok;
  }
  const release = await asker.start(releaseOf(session, (words) => context.io.err(words)));
  for (const { gpu, record, busId, migs } of all) {
    if (gpu.handle === undefined) {
      context.io.out(lostInList(gpu, release) + afterLost(gpu));
      continue;
    }
    const { name, uuid } = record;
    if (name.reading instanceof Missing)
      throw nameless(release < 580 ? NOT_SUPPORTED : busId, name.reading.status);
    const lines = [`GPU ${gpu.index}: ${cellText(name)} (UUID: ${cellText(uuid)})`, ...migs.map(migLine)];
    context.io.out(`${lines.join('\n')}\n`);
  }
  return statusOf(session.gpus);
}
