/** What `vgpu` prints: the summary table of drivers 450 to 550, the log of 580, lists and scrolling columns. */
import {
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_READY,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import { Missing, type Status } from '../nvml/status.js';
import { type Cells, cellText, cellWithUnit } from '../query/cell.js';
import { asctime } from '../query/kind.js';
import type { VgpuLine } from '../query/vgpu-lines.js';
import type { TableColumn } from './columns.js';

/** The column of the colon of the log, at any depth: driver 580. */
const COLON = 42;
const INDENT = 4;

/** Labelled values below a GPU's line. */
export function vgpuLog(lines: readonly VgpuLine[]): string {
  return lines
    .map((line) => {
      const label = ' '.repeat(INDENT * line.depth) + line.label;
      return 'value' in line ? `${label.padEnd(COLON)}: ${cellWithUnit(line.value)}\n` : `${label}\n`;
    })
    .join('');
}

export const gpuLine = (busId: string): string => `GPU ${busId}\n`;

/** `-s` and `-c`: the names of types below their GPU. */
export const typeList = (names: readonly string[]): string =>
  names.map((name) => `${' '.repeat(INDENT)}${name}\n`).join('');

export interface VgpuSummary {
  readonly time: Date;
  readonly driverVersion: string;
  readonly gpus: readonly {
    readonly index: string;
    readonly name: string;
    readonly busId: string;
    /** With its percent sign. */
    readonly utilization: string;
    /** Why its vGPUs cannot be listed. */
    readonly problem?: string;
    readonly vgpus: readonly {
      readonly id: string;
      readonly name: string;
      readonly vmId: string;
      readonly vmName: string;
      readonly utilization: string;
    }[];
  }[];
}

const cut = (text: string, width: number): string =>
  (text.length > width ? `${text.slice(0, width - 3)}...` : text).padEnd(width);

const RULE = '+---------------------------------+------------------------------+------------+';

export function vgpuSummary({ time, driverVersion, gpus }: VgpuSummary): string {
  const lines = [
    asctime(time).padEnd(31),
    `+${'-'.repeat(77)}+`,
    `| NVIDIA-SMI ${driverVersion.padEnd(22)} Driver Version: ${driverVersion.padEnd(25)} |`,
    RULE.replace(/^\+|\+$/g, '|'),
    '| GPU  Name                       | Bus-Id                       | GPU-Util   |',
    '|      vGPU ID     Name           | VM ID     VM Name            | vGPU-Util  |',
    RULE.replaceAll('-', '=').replace(/^\+|\+$/g, '|'),
  ];
  for (const gpu of gpus) {
    lines.push(
      `|${gpu.index.padStart(4)}  ${cut(gpu.name, 25)}  | ${gpu.busId.padEnd(28)} |${gpu.utilization.padStart(5)}       |`,
    );
    if (gpu.problem !== undefined) lines.push(`|${`      ${gpu.problem}`.padEnd(77)}|`);
    for (const vgpu of gpu.vgpus) {
      lines.push(
        `|      ${vgpu.id.padEnd(10)}  ${cut(vgpu.name, 14)} | ${cut(vgpu.vmId, 7)}  ${cut(vgpu.vmName, 19)} |${vgpu.utilization.padStart(8)}    |`,
      );
    }
    lines.push(RULE);
  }
  return `${lines.join('\n')}\n`;
}

const engine = (name: string): TableColumn => ({ head: [name, '%'], width: 6 });

/** `-u`: head and widths of driver 580.105.08. */
export const utilizationColumns: readonly TableColumn[] = [
  { head: ['vGPU', 'Id'], width: 11 },
  ...['sm', 'mem', 'enc', 'dec', 'jpg', 'ofa'].map(engine),
];

/** `-p`: names of the vGPU software's guide; the widths are ours. */
export const processColumns: readonly TableColumn[] = [
  { head: ['vGPU', 'Id'], width: 11 },
  { head: ['process', 'Id'], width: 9 },
  { head: ['process', 'name'], width: 16 },
  ...['sm', 'mem', 'enc', 'dec'].map(engine),
];

/** `--gpm-metrics`: names and units of the vGPU software's guide; the widths are ours. */
export const gpmColumns = (metrics: readonly string[]): readonly TableColumn[] => [
  { head: ['vGPU', 'Id'], width: 11 },
  ...['mig_id', 'gi_id', 'ci_id'].map((name): TableColumn => ({ head: [name, 'Idx'], width: 8 })),
  ...metrics.map((name): TableColumn => ({ head: [name, '%'], width: 10 })),
];

/** Statuses by which NVML says that there is nothing, or nothing yet. */
const NOTHING: readonly Status[] = [NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_NOT_FOUND, NVML_ERROR_NOT_READY];

/** Values for columns: what is absent is a dash. Of a record that could not be read the first column without a value says why. */
export function columnTexts(cells: Cells): readonly string[] {
  const all = Object.values(cells);
  const unread = all.find(({ reading }) => reading instanceof Missing && !NOTHING.includes(reading.status));
  return all.map((cell) => {
    if (cell === unread) return ` ${cellText(cell)}`;
    return cell.reading instanceof Missing ? '-' : cellText(cell);
  });
}
