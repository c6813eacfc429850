/** The lines that the daemon writes and replay reads: a head that names the columns, then a line for every tick. */
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import type { Cell, Heading } from './column.js';
import type { MonitorLine } from './sampler.js';

const RECORDING_VERSION = 1;
/** As many as there can be in a machine, and so in a tick. */
const MOST_GPUS = 256;

/** Which GPU a number stands for. */
export interface RecordedGpu {
  readonly index: number;
  readonly uuid: string | null;
  readonly name: string | null;
}

/** What the lines up to the next head hold. */
export interface RecordingHead {
  readonly format: 'nvsmi-daemon';
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly driver: string | null;
  /** Seconds between two ticks. */
  readonly delay: number;
  readonly columns: readonly { readonly name: string; readonly unit: string }[];
  readonly gpus: readonly RecordedGpu[];
}

/** A GPU at a tick: its number, then a value for every column. */
type RecordedRow = readonly [gpu: number, ...cells: (number | null)[]];

/** A tick: milliseconds since the epoch, and a row for every GPU. */
interface RecordedTick {
  readonly t: number;
  readonly g: readonly RecordedRow[];
}

export function headLine(head: Omit<RecordingHead, 'format' | 'version'>): string {
  return JSON.stringify({ format: 'nvsmi-daemon', version: RECORDING_VERSION, ...head });
}

export function tickLine(milliseconds: number, lines: readonly MonitorLine[]): string {
  const tick: RecordedTick = {
    t: milliseconds,
    g: lines.map(({ gpu, cells }) => [
      gpu.index,
      ...cells.map((cell) => (cell instanceof Missing ? null : cell)),
    ]),
  };
  return JSON.stringify(tick);
}

/** A GPU at a tick of a recording, with the values of the wanted columns. */
export interface ReplayedLine {
  readonly milliseconds: number;
  readonly gpu: number;
  readonly cells: readonly Cell[];
}

/** Not a recording, or one of a newer version. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/**
 * Reads the lines of a recording; a column that was not recorded is absent. After a head a broken line is left out, with a
 * word about the first. Throws RecordingError.
 */
export function* replayed(
  lines: Iterable<string>,
  columns: readonly Heading[],
  wanted: (gpu: RecordedGpu, milliseconds: number) => boolean,
  onBroken: (reason: string) => void,
): Generator<ReplayedLine> {
  let gpus = new Map<number, RecordedGpu>();
  let places: readonly number[] = [];
  let headed = false;
  let isBroken = false;
  let i = -1;
  const leaveOut = (reason: string): void => {
    if (!isBroken) onBroken(reason);
    isBroken = true;
  };
  for (const line of lines) {
    i++;
    const json = parse(line);
    if (json === undefined) {
      const reason = `line ${i + 1} is no JSON object`;
      if (!headed) throw new RecordingError(reason);
      leaveOut(reason);
      continue;
    }
    if ('format' in json) {
      const head = readHead(json, i);
      headed = true;
      gpus = new Map(head.gpus.map((gpu) => [gpu.index, gpu]));
      places = columns.map(({ name }) => head.columns.findIndex((column) => column.name === name));
      continue;
    }
    if (!headed) throw new RecordingError('not a recording: its first line must be a head');
    if (!isTick(json)) {
      leaveOut(`line ${i + 1} is neither a head nor a tick`);
      continue;
    }
    for (const [index, ...cells] of json.g) {
      const gpu = gpus.get(index) ?? { index, uuid: null, name: null };
      if (!wanted(gpu, json.t)) continue;
      yield {
        milliseconds: json.t,
        gpu: index,
        cells: places.map((place) => cells[place] ?? NOT_SUPPORTED),
      };
    }
  }
}

/** Characters of a line, many times those of a tick of the most GPUs with every column. */
const LONGEST_LINE = 1024 * 1024;

function parse(line: string): object | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

const isTick = (json: object): json is RecordedTick => {
  const { t, g } = json as Partial<RecordedTick>;
  if (typeof t !== 'number' || !Array.isArray(g)) return false;
  return g.length <= MOST_GPUS && g.every((row) => Array.isArray(row));
};

function readHead(json: Readonly<Record<string, unknown>>, i: number): RecordingHead {
  if (json.format !== 'nvsmi-daemon') throw new RecordingError(`line ${i + 1}: not a recording of nvsmi`);
  if (json.version !== RECORDING_VERSION) {
    throw new RecordingError(`line ${i + 1}: version ${String(json.version)} is not known`);
  }
  return json as unknown as RecordingHead;
}
