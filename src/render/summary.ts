/** The summary table: fixed columns, as nvidia-smi 580.159.04 prints them on the H100 and the H200. */
import { asctime } from '../query/kind.js';

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
  readonly driverVersion: string;
  readonly cudaVersion: string;
  readonly gpus: readonly SummaryGpu[];
  /** A text says why the devices, or the processes, of a GPU are not there. */
  readonly migDevices: readonly (SummaryMigDevice | string)[];
  readonly processes: readonly (SummaryProcess | string)[];
  /** Printed below the tables, a line each. */
  readonly notices: readonly string[];
}

const WIDTH = 89;
const rule = (character: string, ...widths: readonly number[]): string =>
  `${widths.map((width) => character.repeat(width)).join('+')}`;
const boxed = (line: string): string => `|${line}|`;
const ruled = (line: string): string => `+${line}+`;
const full = (text: string): string => boxed(text.padEnd(WIDTH));
const left = (text: string, width: number): string => text.padEnd(width);
const right = (text: string, width: number): string => text.padStart(width);

/** A word at the right end of its place, cut where it is longer: it must not push the others away. Numbers are not cut. */
const word = (text: string, width: number): string => right(text.slice(0, width), width);

/** A name that is too long for its column ends in dots. */
const cutEnd = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 3)}...` : text;

/** A path that is too long for its column begins with dots: its end says more. */
const cutStart = (text: string, width: number): string =>
  text.length > width ? `...${text.slice(text.length - width + 3)}` : text;

const GPU_COLUMNS = [41, 24, 22] as const;

const GPU_HEAD = [
  ruled(rule('-', ...GPU_COLUMNS)),
  '| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |',
  '| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |',
  '|                                         |                        |               MIG M. |',
  boxed(rule('=', ...GPU_COLUMNS)),
];

/** In the columns of the performance state and the power a blank follows ERR! (H100 with failing calls, 580.159.04). */
const behind = (cell: string): string => (cell === 'ERR!' ? 'ERR! ' : cell);

function gpuLines(gpu: SummaryGpu): readonly string[] {
  return [
    [
      `${right(String(gpu.index), 4)}  ${left(cutEnd(gpu.name, 27), 27)}   ${right(left(gpu.persistence, 3), 4)} `,
      `   ${left(gpu.busId, 16)}${right(gpu.display, 4)} `,
      `${right(gpu.ecc, 21)} `,
    ],
    [
      `${right(gpu.fan, 4)}${right(gpu.temperature, 6)}${word(behind(gpu.pstate), 6)}${right(behind(gpu.powerDraw), 16)} / ${right(behind(gpu.powerCap), 5)} `,
      gpu.memoryProblem === undefined
        ? `${right(gpu.memoryUsed, 11)} / ${right(gpu.memoryTotal, 9)} `
        : left(` ${gpu.memoryProblem}`, 24),
      `${right(gpu.utilization, 8)}${word(gpu.computeMode, 13)} `,
    ],
    [left('', 41), left('', 24), `${right(gpu.migMode, 21)} `],
  ].map((cells) => boxed(cells.join('|')));
}

const MIG_COLUMNS = [18, 34, 11, 23] as const;

const MIG_HEAD = [
  ruled(rule('-', WIDTH)),
  full(' MIG devices:'),
  ruled(rule('-', ...MIG_COLUMNS)),
  '| GPU  GI  CI  MIG |              Shared Memory-Usage |        Vol|        Shared         |',
  '|      ID  ID  Dev |                Shared BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |',
  '|                  |                                  |        ECC|                       |',
  boxed(rule('=', ...MIG_COLUMNS)),
];

function migLines(mig: SummaryMigDevice | string): readonly string[] {
  if (typeof mig === 'string') return [full(`  ${mig}`), ruled(rule('-', WIDTH))];
  return [
    boxed(
      [
        `${right(mig.gpu, 3)}${right(mig.gi, 5)}${right(mig.ci, 4)}${right(mig.device, 4)}  `,
        `${right(mig.memoryUsed, 19)} / ${right(mig.memoryTotal, 8)}    `,
        `${right(mig.multiprocessors, 3)}${right(mig.ecc, 7)} `,
        `${right(mig.copyEngines, 3)}${right(mig.encoders, 4)}${right(mig.decoders, 5)}${right(mig.ofas, 5)}${right(mig.jpegs, 5)} `,
      ].join('|'),
    ),
    boxed(
      [
        left('', 18),
        `${right(mig.bar1Used, 19)} / ${right(mig.bar1Total, 8)}    `,
        left('', 11),
        left('', 23),
      ].join('|'),
    ),
    ruled(rule('-', ...MIG_COLUMNS)),
  ];
}

const PROCESS_HEAD = [
  ruled(rule('-', WIDTH)),
  full(' Processes:'),
  full('  GPU   GI   CI              PID   Type   Process name                        GPU Memory '),
  full('        ID   ID                                                               Usage      '),
  boxed(rule('=', WIDTH)),
];

/** Widest process name that fits; longer ones lose their beginning (driver 591, Windows). */
const NAME_WIDTH = 32;

/** An instance's number ends a column before the end of N/A (H100 with MIG, 590.48.01). */
const instanceCell = (id: string): string => (id === 'N/A' ? id : `${right(id, 2)} `);

function processLine(process: SummaryProcess | string): string {
  if (typeof process === 'string') return full(`  ${process}`);
  const ids = `${right(process.gpu, 5)}   ${instanceCell(process.gi)}  ${instanceCell(process.ci)}`;
  const name = left(cutStart(process.name, NAME_WIDTH), 36);
  const memory = process.memory === 'N/A' ? '  N/A     ' : right(process.memory, 10);
  return boxed(`${ids}${right(process.pid, 16)}${right(process.type, 7)}   ${name}${memory} `);
}

function banner(summary: Summary): string {
  const versions = [
    ` NVIDIA-SMI ${left(summary.driverVersion, 22)}`,
    ` Driver Version: ${left(summary.driverVersion, 14)}`,
    ` CUDA Version: ${left(summary.cudaVersion, 9)}`,
  ];
  return full(versions.join(''));
}

/** The whole text of the summary. */
export function renderSummary(summary: Summary): string {
  const lines = [
    asctime(summary.time).padEnd(31),
    ruled(rule('-', WIDTH)),
    banner(summary),
    ...GPU_HEAD,
    ...summary.gpus.flatMap((gpu) => [...gpuLines(gpu), ruled(rule('-', ...GPU_COLUMNS))]),
    '',
    ...(summary.migDevices.length === 0 ? [] : [...MIG_HEAD, ...summary.migDevices.flatMap(migLines), '']),
    ...PROCESS_HEAD,
    ...(summary.processes.length === 0
      ? [full('  No running processes found')]
      : summary.processes.map(processLine)),
    ruled(rule('-', WIDTH)),
    ...summary.notices,
  ];
  return `${lines.join('\n')}\n`;
}
