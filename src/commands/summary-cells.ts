/** The cells of a GPU in the summary table. */
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Cell, Cells } from '../query/cell.js';
import { gpuRow } from '../query/gpu-fields.js';
import type { Reading } from '../query/reading.js';
import type { SummaryGpu } from '../render/summary.js';

/** What the table needs of a GPU. The infoROM check has no cell; it may end in a warning. */
export const FIELDS = [
  'name',
  'persistence_mode',
  'pci.bus_id',
  'display_active',
  'ecc.mode.current',
  'ecc.errors.uncorrected.volatile.total',
  'fan.speed',
  'temperature.gpu',
  'pstate',
  'power.draw',
  'enforced.power.limit',
  'memory.used',
  'memory.total',
  'utilization.gpu',
  'compute_mode',
  'mig.mode.current',
  'inforom.checksum_validation',
] as const;

type FieldName = (typeof FIELDS)[number];
export type Read = (name: FieldName) => Reading;

/** A cell: N/A for what the GPU does not have, ERR! for what it failed to report. */
function cell(reading: Reading, spell: (value: Exclude<Reading, Missing>) => string): string {
  if (!(reading instanceof Missing)) return spell(reading);
  return reading.status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : 'ERR!';
}

/** A cell spelled by the field's own kind, with a unit glued to it. */
const fieldCell = (read: Read, name: FieldName, unit = ''): string =>
  cell(read(name), (value) => `${gpuRow(name).kind.spell(value)}${unit}`);

/** Whole watts, cut: 73.82 W is printed as 73W (H100, 580.159.04). */
const wattsCell = (read: Read, name: FieldName): string =>
  cell(read(name), (milliwatts) => `${Math.floor(Number(milliwatts) / 1000)}W`);

const onOffCell = (read: Read, name: FieldName): string =>
  cell(read(name), (value) => (Number(value) === 0 ? 'Off' : 'On'));

export const isOn = (reading: Reading): boolean => !(reading instanceof Missing) && Number(reading) !== 0;

function eccCell(read: Read): string {
  if (isOn(read('mig.mode.current'))) return onOffCell(read, 'ecc.mode.current');
  const mode = read('ecc.mode.current');
  if (mode instanceof Missing) return cell(mode, String);
  return Number(mode) === 0 ? 'Off' : fieldCell(read, 'ecc.errors.uncorrected.volatile.total');
}

/** Why the memory was not reported; what a GPU does not have is N/A in its cells. */
const problem = (reading: Reading): string | undefined =>
  reading instanceof Missing && reading.status !== NVML_ERROR_NOT_SUPPORTED
    ? statusWords(reading.status)
    : undefined;

const COMPUTE_MODES: readonly string[] = ['Default', 'E. Thread', 'Prohibited', 'E. Process'];

export function summaryGpu(index: number, read: Read): SummaryGpu {
  return {
    index,
    name: fieldCell(read, 'name'),
    persistence: onOffCell(read, 'persistence_mode'),
    busId: fieldCell(read, 'pci.bus_id'),
    display: onOffCell(read, 'display_active'),
    ecc: eccCell(read),
    fan: fieldCell(read, 'fan.speed', '%'),
    temperature: fieldCell(read, 'temperature.gpu', 'C'),
    pstate: fieldCell(read, 'pstate'),
    powerDraw: wattsCell(read, 'power.draw'),
    powerCap: wattsCell(read, 'enforced.power.limit'),
    memoryUsed: fieldCell(read, 'memory.used', 'MiB'),
    memoryTotal: fieldCell(read, 'memory.total', 'MiB'),
    memoryProblem: problem(read('memory.used')),
    utilization: fieldCell(read, 'utilization.gpu', '%'),
    computeMode: cell(read('compute_mode'), (mode) => COMPUTE_MODES[Number(mode)] ?? 'Unknown'),
    migMode: fieldCell(read, 'mig.mode.current'),
  };
}

/** A value of a record in the table, with a unit glued to it. */
export const tableCell = ({ kind, reading }: Cell, unit = ''): string =>
  cell(reading, (value) => `${kind.spell(value)}${unit}`);

/** The fields of the table by their names, for JSON. */
export const gpuCells = (read: Read): Cells =>
  Object.fromEntries(FIELDS.map((name) => [name, { kind: gpuRow(name).kind, reading: read(name) }]));
