/** The summary table: fixed columns, whose widths summary-layout.ts has for each release. */

import type { Release } from '../base/release.js';
import { asctime } from '../query/kind.js';
import { cellWidth, padded, within } from './cell-width.js';
import { type SummaryLayout, summaryLayout } from './summary-layout.js';

/** A cell's text: a value already spelled, `N/A`, or `ERR!`. */
export interface SummaryGpu {
  readonly index: number;
  readonly name: string;
  /** On or Off. */
  readonly persistence: string;
  readonly busId: string;
  readonly display: string;
  /** Volatile uncorrectable ECC errors, Off, or On where MIG keeps the counts. */
  readonly ecc: string;
  readonly fan: string;
  readonly temperature: string;
  readonly pstate: string;
  readonly powerDraw: string;
  readonly powerCap: string;
  readonly memoryUsed: string;
  readonly memoryTotal: string;
  /** Why there is no memory to show, in place of both. */
  readonly memoryProblem?: string | undefined;
  readonly utilization: string;
  readonly computeMode: string;
  readonly migMode: string;
}

export interface SummaryMigDevice {
  readonly gpu: string;
  readonly gi: string;
  readonly ci: string;
  readonly device: string;
  readonly memoryUsed: string;
  readonly memoryTotal: string;
  readonly bar1Used: string;
  readonly bar1Total: string;
  readonly multiprocessors: string;
  readonly ecc: string;
  readonly copyEngines: string;
  readonly encoders: string;
  readonly decoders: string;
  readonly ofas: string;
  readonly jpegs: string;
}

export interface SummaryProcess {
  readonly gpu: string;
  readonly gi: string;
  readonly ci: string;
  readonly pid: string;
  readonly type: string;
  readonly name: string;
  /** With its unit, or N/A. */
  readonly memory: string;
}

export interface Summary {
  readonly time: Date;
  /** What nvidia-smi calls its own version: that of the library. */
  readonly programVersion: string;
  readonly driverVersion: string;
  readonly cudaVersion: string;
  readonly gpus: readonly SummaryGpu[];
  /** MIG is on, with or without devices. */
  readonly hasMig: boolean;
  /** There are processes without a name, which are not shown. */
  readonly hasNameless?: boolean;
  /** A text says why the devices, or the processes, of a GPU are not there. */
  readonly migDevices: readonly (SummaryMigDevice | string)[];
  readonly processes: readonly (SummaryProcess | string)[];
  /** Printed below the tables, a line each. */
  readonly notices: readonly string[];
}

const rule = (character: string, ...widths: readonly number[]): string =>
  `${widths.map((width) => character.repeat(width)).join('+')}`;
const boxed = (line: string): string => `|${line}|`;
const ruled = (line: string): string => `+${line}+`;
const right = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - cellWidth(text))) + text;

/** A word at the right end of its place, cut where it is longer: it must not push the others away. */
const word = (text: string, width: number): string => right(text.slice(0, width), width);

/** What is too long for its place ends in dots. */
const cutEnd = (text: string, width: number): string =>
  cellWidth(text) > width ? `${within(text, width - 3)}...` : text;

/** A path that is too long for its column begins with dots: its end says more. */
const cutStart = (text: string, width: number): string => {
  if (cellWidth(text) <= width) return text;
  const letters = [...text];
  while (cellWidth(letters.join('')) > width - 3) letters.shift();
  return `...${letters.join('')}`;
};

const full = (layout: SummaryLayout, text: string): string => boxed(padded(text, layout.width));

const gpuHead = ({ gpuColumns, gpuHead: head, ruleStart }: SummaryLayout): readonly string[] => [
  `${ruleStart}${rule('-', ...gpuColumns)}+`,
  ...head,
  boxed(rule('=', ...gpuColumns)),
];

/** In some columns a blank follows what is no value (H100 with failing calls, 580.159.04; H200, 550.163.01). */
const withBlank = (cell: string, is = true): string =>
  is && (cell === 'ERR!' || cell === 'N/A') ? `${cell} ` : cell;

/** How far to the right a memory is said to be unknown, in all releases. */
const UNKNOWN_MEMORY = 20;

/** Both memories are cut as one. Words that have no room are N/A (H200, 580.159.04). */
function memoryCell({ gpuColumns: [, width], memory }: SummaryLayout, gpu: SummaryGpu): string {
  const room = width - 2;
  const { memoryProblem } = gpu;
  if (memoryProblem === undefined) {
    const both = ` ${right(gpu.memoryUsed, memory[0] - 1)} / ${right(gpu.memoryTotal, memory[1])}`;
    return ` ${padded(cutEnd(both, room), room)} `;
  }
  const words = memoryProblem.length > room ? right('N/A', UNKNOWN_MEMORY) : memoryProblem;
  return ` ${padded(words, room)} `;
}

/** Fan and temperature: a wide one takes the blank after it (550.163.01 on the fake). */
const first = (text: string): string => padded(cutEnd(right(text, 4), 5), 5);

function gpuLines(layout: SummaryLayout, gpu: SummaryGpu): readonly string[] {
  const { gpuColumns, name, afterPersistence, draw, cap, power, blankAfter } = layout;
  const persistence = gpu.persistence === 'N/A' ? 'N/A ' : padded(gpu.persistence, 3);
  const watts = (text: string, width: number, column: 0 | 1): string =>
    right(withBlank(cutEnd(text, power[column]), blankAfter[column]), width);
  const room = gpuColumns[0] - 9 - name - afterPersistence;
  return [
    [
      `${right(String(gpu.index), 4)}  ${padded(cutEnd(gpu.name, name), name)}${right(persistence, room + 3)}${' '.repeat(afterPersistence)}`,
      `${layout.bus}${padded(gpu.busId, 16)}${right(gpu.display, 4)} `,
      `${right(gpu.ecc, 21)} `,
    ],
    [
      `${first(gpu.fan)} ${first(gpu.temperature)}${word(withBlank(gpu.pstate), 5)}${watts(gpu.powerDraw, draw, 0)} / ${watts(gpu.powerCap, cap, 1)} `,
      memoryCell(layout, gpu),
      `    ${padded(cutEnd(right(gpu.utilization, 4), 6), 6)}${word(gpu.computeMode, 11)} `,
    ],
    [padded('', gpuColumns[0]), padded('', gpuColumns[1]), `${right(gpu.migMode, 21)} `],
  ].map((cells) => boxed(cells.join('|')));
}

const migHead = (layout: SummaryLayout): readonly string[] => [
  ruled(rule('-', layout.width)),
  full(layout, ' MIG devices:'),
  ruled(rule('-', ...layout.migColumns)),
  ...layout.migHead,
  boxed(rule('=', ...layout.migColumns)),
];

function migLines(
  layout: SummaryLayout,
  mig: SummaryMigDevice | string,
  next: SummaryMigDevice | string | undefined,
  before: SummaryMigDevice | string | undefined,
): readonly string[] {
  const { width, migColumns, migMemory, migBar1 } = layout;
  if (typeof mig === 'string') return [full(layout, `  ${mig}`), ruled(rule('-', width))];
  const memory = (used: string, total: string, [room, after]: readonly [number, number]): string =>
    `${right(used, room)} / ${right(total, 8)}${' '.repeat(after)}`;
  const isShared = layout.sharesMemory && isSameInstance(mig, before);
  const nothing = ' '.repeat(migColumns[1]);
  const isLast = !(layout.sharesMemory && isSameInstance(mig, next));
  const below = isLast
    ? rule('-', ...migColumns)
    : rule('-', ...migColumns).replace(/\+-+\+/, `+${nothing}+`);
  return [
    boxed(
      [
        `${right(mig.gpu, 3)}${right(mig.gi, 5)}${right(mig.ci, 4)}${right(mig.device, 4)}  `,
        isShared ? nothing : memory(mig.memoryUsed, mig.memoryTotal, migMemory),
        `${right(mig.multiprocessors, 3)}${right(mig.ecc, 7)} `,
        `${right(mig.copyEngines, 3)}${right(mig.encoders, 4)}${right(mig.decoders, 5)}${right(mig.ofas, 5)}${right(mig.jpegs, 5)} `,
      ].join('|'),
    ),
    boxed(
      [
        padded('', 18),
        isShared ? nothing : memory(mig.bar1Used, mig.bar1Total, migBar1),
        padded('', 11),
        padded('', 23),
      ].join('|'),
    ),
    ruled(below),
  ];
}

const isSameInstance = (one: SummaryMigDevice, other: SummaryMigDevice | string | undefined): boolean =>
  typeof other === 'object' && one.gpu === other.gpu && one.gi === other.gi;

const processHead = (layout: SummaryLayout): readonly string[] => {
  const { pid, processName } = layout;
  return [
    ruled(rule('-', layout.width)),
    full(layout, ' Processes:'),
    full(
      layout,
      `  GPU   GI   CI${right('PID', pid + 1)}   Type   ${padded('Process name', processName[0])}GPU Memory `,
    ),
    full(layout, `        ID   ID${' '.repeat(pid + 11 + processName[0])}Usage      `),
    boxed(rule('=', layout.width)),
  ];
};

/** An instance's number ends a column before the end of N/A (H100 with MIG, 590.48.01). */
const instanceCell = (id: string): string => (id === 'N/A' ? id : `${right(id, 2)} `);

function processLine(layout: SummaryLayout, process: SummaryProcess | string): string {
  if (typeof process === 'string') return full(layout, `  ${process}`);
  const [room, longest] = layout.processName;
  const ids = `${right(process.gpu, 5)}   ${instanceCell(process.gi)}  ${instanceCell(process.ci)}`;
  const name = padded(cutStart(process.name, longest), room);
  const memory = process.memory === 'N/A' ? '  N/A     ' : right(cutEnd(process.memory, 8), 10);
  return boxed(
    `${ids}${right(cutEnd(process.pid, layout.longestPid), layout.pid)}${right(process.type, 7)}   ${name}${memory} `,
  );
}

/** The longest version that is shown whole. */
const LONGEST_VERSION = 11;

function banner(layout: SummaryLayout, { programVersion, driverVersion, cudaVersion }: Summary): string {
  const versions = [programVersion, driverVersion, cudaVersion];
  const words = layout.banner.map(
    ([label, room], i) => ` ${label} ${padded(cutEnd(versions[i] ?? '', LONGEST_VERSION), room)}`,
  );
  return full(layout, words.join(''));
}

/** Where MIG is on and no instance was made. */
const NO_MIG_DEVICES = 'No MIG devices found';

function migTable(layout: SummaryLayout, devices: readonly (SummaryMigDevice | string)[]): readonly string[] {
  const shown = devices.length === 0 ? [NO_MIG_DEVICES] : devices;
  return [
    ...migHead(layout),
    ...shown.flatMap((mig, i) => migLines(layout, mig, shown[i + 1], shown[i - 1])),
    ' '.repeat(layout.gap),
  ];
}

/** The whole text of the summary, as the driver of a release has it. */
export function renderSummary(summary: Summary, release: Release, onWindows = false): string {
  const layout = summaryLayout(release, onWindows);
  const hasMig = summary.hasMig || summary.migDevices.length > 0;
  const lines = [
    asctime(summary.time).padEnd(31),
    ruled(rule('-', layout.width)),
    banner(layout, summary),
    ...gpuHead(layout),
    ...summary.gpus.flatMap((gpu) => [...gpuLines(layout, gpu), ruled(rule('-', ...layout.gpuColumns))]),
    hasMig ? '' : ' '.repeat(layout.gap),
    ...(hasMig ? migTable(layout, summary.migDevices) : []),
    ...processHead(layout),
    ...(summary.processes.length === 0 && !summary.hasNameless
      ? [full(layout, '  No running processes found')]
      : summary.processes.map((process) => processLine(layout, process))),
    ruled(rule('-', layout.width)),
    ...summary.notices,
  ];
  return `${lines.join('\n')}\n`;
}
