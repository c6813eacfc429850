/** The cells of a GPU in the summary table. */

import { at, PRESENT, type Release } from '../base/release.js';
import type { SummaryGpu } from '../format/summary.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Cell } from '../query/cell.js';
import { fieldAt } from '../query/field.js';
import { gpuRow } from '../query/gpu-fields.js';
import type { Reading } from '../query/reading.js';

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
  'ecc.mode.pending',
  'mig.mode.current',
  'mig.mode.pending',
  'inforom.checksum_validation',
] as const;

/** JSON has the UUID, too. */
export type FieldName = (typeof FIELDS)[number] | 'uuid';
export type Read = (name: FieldName) => Reading;

/** What was read, and the release that says how it is spelled. */
export interface Sight {
  readonly read: Read;
  readonly release: Release;
}

/** A cell: N/A for what the GPU does not have, ERR! for what it failed to report. */
function cell(reading: Reading, spell: (value: Exclude<Reading, Missing>) => string): string {
  if (!(reading instanceof Missing)) return spell(reading);
  return reading.status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : 'ERR!';
}

/** A cell spelled by the field's own kind, with a unit glued to it. */
const fieldCell = ({ read, release }: Sight, name: FieldName, unit = ''): string =>
  cell(read(name), (value) => `${fieldAt(gpuRow(name), release).kind.spell(value)}${unit}`);

/** Whole watts, cut: 73.82 W is printed as 73W (H100, 580.159.04), and less than one as 1W (H200, 580.159.04). */
const wattsCell = ({ read }: Sight, name: FieldName): string =>
  cell(read(name), (milliwatts) => `${Math.max(1, Math.floor(Number(milliwatts) / 1000))}W`);

const onOffCell = ({ read }: Sight, name: FieldName): string =>
  cell(read(name), (value) => (Number(value) === 0 ? 'Off' : 'On'));

export const isOn = (reading: Reading): boolean => !(reading instanceof Missing) && Number(reading) !== 0;

/** A star follows what another mode is to take the place of (T4 and H200, 550.163.01 and 580.159.04). */
const star = ({ read }: Sight, current: FieldName, pending: FieldName): string => {
  const [now, then] = [read(current), read(pending)];
  return now instanceof Missing || then instanceof Missing || Number(now) === Number(then) ? '' : '*';
};

function eccCell(sight: Sight): string {
  const mode = sight.read('ecc.mode.current');
  if (mode instanceof Missing) return cell(mode, String);
  const changes = star(sight, 'ecc.mode.current', 'ecc.mode.pending');
  if (isOn(sight.read('mig.mode.current'))) return onOffCell(sight, 'ecc.mode.current') + changes;
  return (Number(mode) === 0 ? 'Off' : fieldCell(sight, 'ecc.errors.uncorrected.volatile.total')) + changes;
}

/** The mode that is pending has the star (H200, 550.163.01 and 580.159.04). */
function migCell(sight: Sight): string {
  const changes = star(sight, 'mig.mode.current', 'mig.mode.pending');
  return fieldCell(sight, changes === '' ? 'mig.mode.current' : 'mig.mode.pending') + changes;
}

/** Why the memory was not reported; across the cell, also what a GPU does not have (H200, GB10; 580.159.04). */
const problem = (reading: Reading): string | undefined =>
  reading instanceof Missing ? statusReason(reading.status) : undefined;

const COMPUTE_MODES: readonly string[] = ['Default', 'E. Thread', 'Prohibited', 'E. Process'];

export function summaryGpu(index: number, sight: Sight): SummaryGpu {
  const { read } = sight;
  return {
    index,
    name: fieldCell(sight, 'name'),
    persistence: onOffCell(sight, 'persistence_mode'),
    busId: fieldCell(sight, 'pci.bus_id'),
    display: onOffCell(sight, 'display_active'),
    ecc: eccCell(sight),
    fan: fieldCell(sight, 'fan.speed', '%'),
    temperature: fieldCell(sight, 'temperature.gpu', 'C'),
    pstate: fieldCell(sight, 'pstate'),
    powerDraw: wattsCell(sight, 'power.draw'),
    powerCap: wattsCell(sight, 'enforced.power.limit'),
    memoryUsed: fieldCell(sight, 'memory.used', 'MiB'),
    memoryTotal: fieldCell(sight, 'memory.total', 'MiB'),
    memoryProblem: problem(read('memory.used')),
    utilization: fieldCell(sight, 'utilization.gpu', '%'),
    computeMode: cell(read('compute_mode'), (mode) => COMPUTE_MODES[Number(mode)] ?? 'Unknown'),
    migMode: migCell(sight),
  };
}

/** A value of a record in the table, with a unit glued to it. */
export const tableCell = ({ kind, reading }: Cell, unit = '', release = PRESENT): string =>
  cell(reading, (value) => `${at(kind, release).spell(value)}${unit}`);
