/** The lines that the daemon writes and replay reads: a head that names the columns, then a line for every tick. */
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import type { Cell, Heading } from './column.js';
import type { MonitorLine } from './sampler.js';

const RECORDING_VERSION = 1;

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

/** What a recording shows, and the first of its lines that cannot be read. */
export interface Replayed {
  readonly found: readonly ReplayedLine[];
  readonly broken: string | undefined;
}

/** Reads the lines of a recording; a column that was not recorded is absent. Behind a head a broken line is passed over. */
export function replayed(
  lines: readonly string[],
  columns: readonly Heading[],
  wanted: (gpu: RecordedGpu, milliseconds: number) => boolean,
): Replayed {
  const found: ReplayedLine[] = [];
  let gpus = new Map<number, RecordedGpu>();
  let places: readonly number[] = [];
  let headed = false;
  let broken: string | undefined;
  for (const [i, line] of lines.entries()) {
    const json = parse(line);
    if (json === undefined) {
      const reason = `line ${i + 1} is no JSON object`;
      if (!headed) throw new RecordingError(reason);
      broken ??= reason;
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
      broken ??= `line ${i + 1} is neither a head nor a tick`;
      continue;
    }
    for (const [index, ...cells] of json.g) {
      const gpu = gpus.get(index) ?? { index, uuid: null, name: null };
      if (!wanted(gpu, json.t)) continue;
      found.push({
        milliseconds: json.t,
        gpu: index,
        cells: places.map((place) => cells[place] ?? NOT_SUPPORTED),
      });
    }
  }
  return { found, broken };
}

function parse(line: string): object | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

const isTick = (json: object): json is RecordedTick => {
  const { t, g } = json as Partial<RecordedTick>;
  return typeof t === 'number' && Array.isArray(g) && g.every((row) => Array.isArray(row));
};

function readHead(json: Readonly<Record<string, unknown>>, i: number): RecordingHead {
  if (json.format !== 'nvsmi-daemon') throw new RecordingError(`line ${i + 1}: not a recording of nvsmi`);
  if (json.version !== RECORDING_VERSION) {
    throw new RecordingError(`line ${i + 1}: version ${String(json.version)} is not known`);
  }
  return json as unknown as RecordingHead;
}
