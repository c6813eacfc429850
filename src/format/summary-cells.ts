/** The cells of a GPU in the summary table. */

import { at, PRESENT } from '../base/release.js';
import { NVML_ERROR_NOT_SUPPORTED, NVML_PSTATE_UNKNOWN } from '../nvml/generated/constants.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Cell } from '../query/cell.js';
import type { Kind } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import type { SummaryGpu } from './summary.js';

/** What the table needs of a GPU. The infoROM check has no cell; it may end in a warning. */
export const SUMMARY_FIELDS = [
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

/** And on Windows. */
export const WINDOWS_FIELDS = [...SUMMARY_FIELDS, 'driver_model.current'] as const;

/** JSON has the UUID, too. */
export type SummaryField = (typeof WINDOWS_FIELDS)[number] | 'uuid';
export type ReadField = (name: SummaryField) => Reading;

/** What was read of a GPU, and how the release in use spells it. */
export interface GpuReading {
  readonly read: ReadField;
  readonly kindOf: (name: SummaryField) => Kind;
  readonly onWindows: boolean;
}

/** A cell: N/A for what the GPU does not have, ERR! for what it failed to report. */
function cell(reading: Reading, spell: (value: Exclude<Reading, Missing>) => string): string {
  if (!(reading instanceof Missing)) return spell(reading);
  return reading.status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : 'ERR!';
}

/** A cell spelled by the field's own kind, with a unit glued to it. */
const fieldCell = ({ read, kindOf }: GpuReading, name: SummaryField, unit = ''): string =>
  cell(read(name), (value) => `${kindOf(name).spell(value)}${unit}`);

/** Whole watts, cut: 73.82 W is printed as 73W (H100, 580.159.04), and a draw of less than one as 1W (H200, 580.159.04). */
const wattsCell = ({ read }: GpuReading, name: SummaryField, least = 0): string =>
  cell(read(name), (milliwatts) => `${Math.max(least, Math.floor(Number(milliwatts) / 1000))}W`);

/** A number that is no state is shown as one, but for that which NVML has for not knowing (550.163.01 on the fake). */
const pstateCell = ({ read }: GpuReading): string =>
  cell(read('pstate'), (state) => (Number(state) === NVML_PSTATE_UNKNOWN ? 'ERR!' : `P${Number(state) | 0}`));

const onOffCell = ({ read }: GpuReading, name: SummaryField): string =>
  cell(read(name), (value) => (Number(value) === 1 ? 'On' : 'Off'));

/** Another number than 1 is off (550.163.01 on the fake). */
export const isOn = (reading: Reading): boolean => !(reading instanceof Missing) && Number(reading) === 1;

/** A star follows what another mode is to take the place of (T4 and H200, 550.163.01 and 580.159.04). */
const star = ({ read }: GpuReading, current: SummaryField, pending: SummaryField): string => {
  const [now, then] = [read(current), read(pending)];
  return now instanceof Missing || then instanceof Missing || Number(now) === Number(then) ? '' : '*';
};

function eccCell(gpu: GpuReading): string {
  const mode = gpu.read('ecc.mode.current');
  if (mode instanceof Missing) return cell(mode, String);
  const changes = star(gpu, 'ecc.mode.current', 'ecc.mode.pending');
  if (isOn(gpu.read('mig.mode.current'))) return onOffCell(gpu, 'ecc.mode.current') + changes;
  return (Number(mode) === 0 ? 'Off' : fieldCell(gpu, 'ecc.errors.uncorrected.volatile.total')) + changes;
}

/** The mode that is pending has the star (H200, 550.163.01 and 580.159.04). */
function migCell(gpu: GpuReading): string {
  const changes = star(gpu, 'mig.mode.current', 'mig.mode.pending');
  return fieldCell(gpu, changes === '' ? 'mig.mode.current' : 'mig.mode.pending') + changes;
}

/** Why the memory was not reported; across the cell, also what a GPU does not have (H200, GB10; 580.159.04). */
const problem = (reading: Reading): string | undefined =>
  reading instanceof Missing ? statusReason(reading.status) : undefined;

const COMPUTE_MODES: readonly string[] = ['Default', 'E. Thread', 'Prohibited', 'E. Process'];

export function summaryGpu(index: number, gpu: GpuReading): SummaryGpu {
  const { read } = gpu;
  return {
    index,
    name: fieldCell(gpu, 'name'),
    persistence: gpu.onWindows ? fieldCell(gpu, 'driver_model.current') : onOffCell(gpu, 'persistence_mode'),
    busId: fieldCell(gpu, 'pci.bus_id'),
    display: onOffCell(gpu, 'display_active'),
    ecc: eccCell(gpu),
    fan: fieldCell(gpu, 'fan.speed', '%'),
    temperature: fieldCell(gpu, 'temperature.gpu', 'C'),
    pstate: pstateCell(gpu),
    powerDraw: wattsCell(gpu, 'power.draw', 1),
    powerCap: wattsCell(gpu, 'enforced.power.limit'),
    memoryUsed: fieldCell(gpu, 'memory.used', 'MiB'),
    memoryTotal: fieldCell(gpu, 'memory.total', 'MiB'),
    memoryProblem: problem(read('memory.used')),
    utilization: fieldCell(gpu, 'utilization.gpu', '%'),
    computeMode: cell(read('compute_mode'), (mode) => COMPUTE_MODES[Number(mode)] ?? 'Unknown'),
    migMode: migCell(gpu),
  };
}

/** A value of a record in the table, with a unit glued to it. */
export const tableCell = ({ kind, reading }: Cell, unit = '', release = PRESENT): string =>
  cell(reading, (value) => `${at(kind, release).spell(value)}${unit}`);
