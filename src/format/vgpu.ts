/** What `vgpu` prints: the summary table of drivers 450 to 550, the log of 580, lists and scrolling columns. */
import {
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_READY,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import { isNotSupported, Missing, NOT_SUPPORTED, type Status, statusWords } from '../nvml/status.js';
import { type Cell, type Cells, cell, cellText, cellWithUnit } from '../query/cell.js';
import type { Field } from '../query/field.js';
import { asctime, text } from '../query/kind.js';
import { columnsLine, emptyLine, type TableColumn } from './columns.js';

/** The column of the colon of the log, at any depth: driver 580. */
const COLON = 42;
const INDENT = 4;

const heading = (depth: number, label: string): string => `${' '.repeat(INDENT * depth)}${label}\n`;

const line = (depth: number, label: string, value: string): string =>
  `${`${' '.repeat(INDENT * depth)}${label}`.padEnd(COLON)}: ${value}\n`;

/** A GPU in which vGPUs run: its own cells, and its records of what is shown, or why they cannot be listed. */
export interface VgpuGpu {
  readonly cells: Cells;
  readonly records: readonly Cells[] | Missing;
}

type VgpuBlock = (records: readonly Cells[]) => string;

const textOf = (cells: Cells, name: string): string => {
  const shown = cells[name];
  return shown === undefined ? '' : cellText(shown);
};

/** A block per GPU, with a blank line between them. */
export const perGpu = (
  gpus: readonly VgpuGpu[],
  block: VgpuBlock,
  refused: (why: string) => string = () => '',
): string =>
  gpus
    .map(({ cells, records }) => {
      const lines = records instanceof Missing ? refused(statusWords(records.status)) : block(records);
      return `GPU ${textOf(cells, 'pci.bus_id')}\n${lines}`;
    })
    .join('\n');

/** Fields of a record as labelled lines; those that the record does not have are left out. */
function recordLog(fields: readonly Field[], record: Cells, depthOf: (name: string) => number): string {
  return fields
    .map(({ names: [name], label = name }) => {
      const value = record[name];
      return value === undefined ? '' : line(depthOf(name), label, cellWithUnit(value));
    })
    .join('');
}

/** One level below the GPU, whatever it is about: schedulers, modes. */
export const flatLog =
  (fields: readonly Field[]): VgpuBlock =>
  (records) =>
    records.map((record) => recordLog(fields, record, () => 1)).join('');

/** `-s` and `-c`: the names of types below their GPU, or with `-v` their details. */
export const typeNames: VgpuBlock = (records) =>
  typeList(records.map((record) => textOf(record, 'type_name')));

export const typeLog =
  (fields: readonly Field[]): VgpuBlock =>
  (records) =>
    records.map((record) => recordLog(fields, record, (name) => (name === 'type_id' ? 1 : 2))).join('');

export const typeList = (names: readonly string[]): string =>
  names.map((name) => `${' '.repeat(INDENT)}${name}\n`).join('');

export const activeLine = (count: number | string): string => line(1, 'Active vGPUs', String(count));

/** The groups of `-q`, by how the names of their fields begin. */
const GROUPS: Readonly<Record<string, string>> = {
  'pci.': 'PCI',
  'memory.': 'FB Memory Usage',
  'utilization.': 'Utilization',
  'encoder.stats.': 'Encoder Stats',
  'fbc.stats.': 'FBC Stats',
};

/** The label says which of the two the id of the virtual machine is. */
const vmLabel = (record: Cells): string => (textOf(record, 'vm_id_type') === 'UUID' ? 'VM UUID' : 'VM ID');

/** A line of `-q`. A mediated device that there is not has none, and the averages have no unit there. */
function detailLine(record: Cells, name: string, label: string, depth: number): string {
  const value = record[name];
  if (value === undefined || name === 'vm_id_type') return '';
  if (name === 'mdev_uuid' && value.reading instanceof Missing) return '';
  if (name === 'vm_id') return line(depth, vmLabel(record), cellText(value));
  return line(depth, label, name.includes('.stats.') ? cellText(value) : cellWithUnit(value));
}

function vgpuLog(fields: readonly Field[], record: Cells): string {
  let open = '';
  return fields
    .map(({ names: [name], label = name }) => {
      const group = Object.keys(GROUPS).find((start) => name.startsWith(start)) ?? '';
      const head = group !== '' && group !== open ? heading(2, GROUPS[group] ?? '') : '';
      open = group;
      const depth = group !== '' ? 3 : name === 'vgpu_instance' ? 1 : 2;
      return head + detailLine(record, name, label, depth);
    })
    .join('');
}

/** `-q`: how many vGPUs run, and each of them. */
export const vgpusLog =
  (fields: readonly Field[]): VgpuBlock =>
  (records) =>
    activeLine(records.length) + records.map((record) => vgpuLog(fields, record)).join('');

const HEAD = ['gpu_instance_id', 'engine_id', 'scheduler_policy', 'arr_mode', 'time_slice', 'avg_factor'];

/** `-sl`: of each GPU or GPU instance the engine and how it is shared, then its turns. A log without turns has a record without. */
export const turnsLog =
  (fields: readonly Field[]): VgpuBlock =>
  (records) => {
    const isHead = ({ names: [name] }: Field): boolean => HEAD.includes(name);
    const places = records.map((record) => textOf(record, 'gpu_instance_id'));
    return records
      .map((record, i) => {
        const head =
          i === 0 || places[i] !== places[i - 1] ? recordLog(fields.filter(isHead), record, () => 1) : '';
        const turn = fields.filter((field) => !isHead(field));
        return (
          head +
          (hasTurn(record) ? recordLog(turn, record, (name) => (name === 'sw_runlist_id' ? 1 : 2)) : '')
        );
      })
      .join('');
  };

/** Whether a record of a log is one of a turn, or of why turns cannot be read. */
const hasTurn = ({ sw_runlist_id: runlist }: Cells): boolean => !isNotSupported(runlist?.reading);

const cut = (text: string, width: number): string =>
  (text.length > width ? `${text.slice(0, width - 3)}...` : text).padEnd(width);

const RULE = '+---------------------------------+------------------------------+------------+';

const withPercent = (cells: Cells): string => {
  const { reading } = cells['utilization.gpu'] ?? { reading: NOT_SUPPORTED };
  return reading instanceof Missing ? statusWords(reading.status) : `${reading}%`;
};

export function vgpuSummary(gpus: readonly VgpuGpu[], time: Date, driverVersion: string): string {
  const lines = [
    asctime(time).padEnd(31),
    `+${'-'.repeat(77)}+`,
    `| NVIDIA-SMI ${driverVersion.padEnd(22)} Driver Version: ${driverVersion.padEnd(25)} |`,
    RULE.replace(/^\+|\+$/g, '|'),
    '| GPU  Name                       | Bus-Id                       | GPU-Util   |',
    '|      vGPU ID     Name           | VM ID     VM Name            | vGPU-Util  |',
    RULE.replaceAll('-', '=').replace(/^\+|\+$/g, '|'),
  ];
  for (const { cells, records } of gpus) {
    const index = textOf(cells, 'gpu').padStart(4);
    const busId = textOf(cells, 'pci.bus_id').padEnd(28);
    lines.push(
      `|${index}  ${cut(textOf(cells, 'name'), 25)}  | ${busId} |${withPercent(cells).padStart(5)}       |`,
    );
    if (records instanceof Missing) {
      lines.push(`|${`      Unable to determine the vGPUs: ${statusWords(records.status)}`.padEnd(77)}|`);
    }
    for (const vgpu of records instanceof Missing ? [] : records) {
      const id = textOf(vgpu, 'vgpu_instance').padEnd(10);
      const vm = `${cut(textOf(vgpu, 'vm_id'), 7)}  ${cut('N/A', 19)}`;
      lines.push(
        `|      ${id}  ${cut(textOf(vgpu, 'type_name'), 14)} | ${vm} |${withPercent(vgpu).padStart(8)}    |`,
      );
    }
    lines.push(RULE);
  }
  return `${lines.join('\n')}\n`;
}

/** A column of a monitor shows the value of a field. */
export interface VgpuColumn extends TableColumn {
  readonly name: string;
}

const column = (name: string, head: TableColumn['head'], width: number): VgpuColumn => ({
  name,
  head,
  width,
});

const vgpuColumn = column('vgpu_instance', ['vGPU', 'Id'], 11);

const ENGINES = { gpu: 'sm', memory: 'mem', encoder: 'enc', decoder: 'dec', jpeg: 'jpg', ofa: 'ofa' };
const engines = Object.entries(ENGINES).map(([name, head]) => column(`utilization.${name}`, [head, '%'], 6));

/** `-u`: head and widths of driver 580.105.08. */
export const utilizationColumns: readonly VgpuColumn[] = [vgpuColumn, ...engines];

/** `-p`: names of the vGPU software's guide; the widths are ours. */
export const processColumns: readonly VgpuColumn[] = [
  vgpuColumn,
  column('pid', ['process', 'Id'], 9),
  column('process_name', ['process', 'name'], 16),
  ...engines.slice(0, 4),
];

/** `--gpm-metrics`: names and units of the vGPU software's guide; the widths are ours. */
export const gpmColumns = (metrics: readonly string[]): readonly VgpuColumn[] => [
  vgpuColumn,
  column('device', ['mig_id', 'Idx'], 8),
  column('gpu_instance_id', ['gi_id', 'Idx'], 8),
  column('compute_instance_id', ['ci_id', 'Idx'], 8),
  ...metrics.map((name) => column(name, [name, '%'], 10)),
];

/** `-es` and `-fs`: the columns of the sessions of a GPU, after the vGPU. */
export const sessionsOfVgpus = (columns: readonly VgpuColumn[]): readonly VgpuColumn[] => [
  vgpuColumn,
  ...columns,
];

/** Statuses by which NVML says that there is nothing, or nothing yet. */
const NOTHING: readonly Status[] = [NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_NOT_FOUND, NVML_ERROR_NOT_READY];

/** Values for columns: what is absent is a dash. Of a record that could not be read the first column without a value says why. */
function columnTexts(cells: readonly Cell[]): readonly string[] {
  const unread = cells.find(({ reading }) => reading instanceof Missing && !NOTHING.includes(reading.status));
  return cells.map((cell) => {
    if (cell === unread) return ` ${cellText(cell)}`;
    return cell.reading instanceof Missing ? '-' : cellText(cell);
  });
}

/** N/A where MIG divides the GPU: an RTX PRO 6000 with driver 580.105.08. */
function emptyWord({ 'mig.mode.current': mode }: Cells): string {
  return mode === undefined || mode.reading instanceof Missing || Number(mode.reading) === 0 ? '-' : 'N/A';
}

/** A tick of a monitor: a line per record, or a line of dashes for a GPU without any. */
export const monitorLines = (columns: readonly VgpuColumn[], gpus: readonly VgpuGpu[]): string =>
  gpus
    .flatMap(({ cells, records }) => {
      const index = Number(cells.gpu?.reading);
      const all = records instanceof Missing ? [{}] : records;
      if (all.length === 0) return [emptyLine(columns, index, emptyWord(cells))];
      const absent = records instanceof Missing ? records : NOT_SUPPORTED;
      return all.map((record: Cells) =>
        columnsLine(
          columns,
          index,
          columnTexts(columns.map(({ name }) => record[name] ?? cell(text, absent))),
        ),
      );
    })
    .join('');
