/** Table: the widths and heads of the summary, by the driver's release. Seen with 470, 525, 535, 550, 580, and in captures of 590 to 610. */
import type { Release } from '../base/release.js';

export interface SummaryLayout {
  /** The first release that no longer has it. */
  readonly until: Release;
  /** Between the outer borders. */
  readonly width: number;
  /** What is left of the names of the versions, and the room for each. */
  readonly banner: readonly (readonly [label: string, room: number])[];
  /** The rule below the banner begins with it. */
  readonly ruleStart: '+' | '|';
  readonly gpuColumns: readonly [number, number, number];
  /** The names of the columns, three lines. */
  readonly gpuHead: readonly string[];
  readonly name: number;
  /** Blanks after the persistence mode. */
  readonly afterPersistence: number;
  readonly bus: string;
  readonly draw: number;
  readonly cap: number;
  /** The longest power draw, and cap. */
  readonly power: readonly [draw: number, cap: number];
  /** What has no value has a blank after it in the power draw, and in the cap. */
  readonly blankAfter: readonly [draw: boolean, cap: boolean];
  readonly memory: readonly [used: number, total: number];
  readonly migColumns: readonly [number, number, number, number];
  readonly migHead: readonly string[];
  readonly migMemory: readonly [used: number, after: number];
  readonly migBar1: readonly [used: number, after: number];
  /** The compute instances of one GPU instance have one memory cell. */
  readonly sharesMemory: boolean;
  /** The line before the processes. */
  readonly gap: number;
  readonly pid: number;
  /** A longer one ends in dots. */
  readonly longestPid: number;
  /** The room for a process name, and the longest one. */
  readonly processName: readonly [room: number, longest: number];
}

const versions = (smi: number, driver: number): SummaryLayout['banner'] => [
  ['NVIDIA-SMI', smi],
  ['Driver Version:', driver],
  ['CUDA Version:', 9],
];

/** 525 and older. */
const narrow: SummaryLayout = {
  until: 535,
  width: 77,
  banner: versions(12, 12),
  ruleStart: '|',
  gpuColumns: [31, 22, 22],
  gpuHead: [
    '| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |',
    '| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |',
    '|                               |                      |               MIG M. |',
  ],
  name: 18,
  afterPersistence: 2,
  bus: ' ',
  draw: 7,
  cap: 4,
  power: [4, 4],
  blankAfter: [false, false],
  memory: [9, 8],
  migColumns: [18, 22, 11, 23],
  migHead: [
    '| GPU  GI  CI  MIG |         Memory-Usage |        Vol|         Shared        |',
    '|      ID  ID  Dev |           BAR1-Usage | SM     Unc| CE  ENC  DEC  OFA  JPG|',
    '|                  |                      |        ECC|                       |',
  ],
  migMemory: [10, 1],
  migBar1: [10, 1],
  sharesMemory: true,
  gap: 79,
  pid: 10,
  longestPid: 8,
  processName: [30, 28],
};

const release535: SummaryLayout = {
  ...narrow,
  until: 550,
  width: 87,
  banner: versions(22, 12),
  gpuColumns: [41, 22, 22],
  gpuHead: [
    '| GPU  Name                 Persistence-M | Bus-Id        Disp.A | Volatile Uncorr. ECC |',
    '| Fan  Temp   Perf          Pwr:Usage/Cap |         Memory-Usage | GPU-Util  Compute M. |',
    '|                                         |                      |               MIG M. |',
  ],
  name: 27,
  afterPersistence: 1,
  draw: 17,
  migColumns: [18, 32, 11, 23],
  migHead: [
    '| GPU  GI  CI  MIG |                   Memory-Usage |        Vol|      Shared           |',
    '|      ID  ID  Dev |                     BAR1-Usage | SM     Unc| CE ENC DEC OFA JPG    |',
    '|                  |                                |        ECC|                       |',
  ],
  migMemory: [19, 2],
  migBar1: [19, 2],
  gap: 89,
  processName: [40, 38],
};

const release550: SummaryLayout = {
  ...release535,
  until: 580,
  width: 89,
  banner: versions(22, 14),
  gpuColumns: [41, 24, 22],
  gpuHead: [
    '| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |',
    '| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |',
    '|                                         |                        |               MIG M. |',
  ],
  bus: '   ',
  draw: 16,
  cap: 5,
  power: [4, 5],
  blankAfter: [false, true],
  memory: [10, 9],
  migColumns: [18, 34, 11, 23],
  migHead: [
    '| GPU  GI  CI  MIG |                     Memory-Usage |        Vol|      Shared           |',
    '|      ID  ID  Dev |                       BAR1-Usage | SM     Unc| CE ENC DEC OFA JPG    |',
    '|                  |                                  |        ECC|                       |',
  ],
  migMemory: [19, 4],
  migBar1: [21, 2],
  processName: [42, 38],
};

const release580: SummaryLayout = {
  ...release550,
  until: 610,
  ruleStart: '+',
  power: [5, 5],
  blankAfter: [true, true],
  migHead: [
    '| GPU  GI  CI  MIG |              Shared Memory-Usage |        Vol|        Shared         |',
    '|      ID  ID  Dev |                Shared BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |',
    '|                  |                                  |        ECC|                       |',
  ],
  migBar1: [19, 4],
  sharesMemory: false,
  gap: 0,
  pid: 16,
  longestPid: 16,
  processName: [36, 32],
};

const release610: SummaryLayout = {
  ...release580,
  until: Number.POSITIVE_INFINITY,
  banner: [
    ['NVIDIA-SMI', 22],
    ['KMD Version:', 13],
    ['CUDA UMD Version:', 9],
  ],
};

const LAYOUTS = [narrow, release535, release550, release580, release610];

/** The driver model in place of the persistence mode, and one blank more after it (Windows with 591 and 610). */
const windows = (layout: SummaryLayout): SummaryLayout => ({
  ...layout,
  gpuHead: layout.gpuHead.map((line) => line.replace('Persistence-M', ' Driver-Model')),
  afterPersistence: layout.afterPersistence + 1,
});

export function summaryLayout(release: Release, onWindows = false): SummaryLayout {
  const layout = LAYOUTS.find(({ until }) => release < until) ?? release610;
  return onWindows ? windows(layout) : layout;
}
