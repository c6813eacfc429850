/** The lines that the daemon writes and replay reads: a head that names the columns, then a line for every tick. */
import {
  atMost,
  type Form,
  faultText,
  listOf,
  number,
  objectOf,
  orNull,
  shown,
  text,
  wholeNumber,
} from '../../base/form.js';
import { jsonText, plainText } from '../../base/plain-text.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { nameOf } from '../field.js';
import type { Column, MonitorCell } from './column.js';
import type { MonitorLine } from './sampler.js';

const RECORDING_VERSION = 1;

/** Which GPU a number means. */
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
  return jsonText({ format: 'nvsmi-daemon', version: RECORDING_VERSION, ...head });
}

/** Columns as a head names them: the names and units of their fields. */
export const headColumns = (columns: readonly Column[]): RecordingHead['columns'] =>
  columns.map(({ field, unit }) => ({ name: nameOf(field), unit: field.kind.unit ?? unit }));

export function tickLine(
  milliseconds: number,
  columns: readonly Column[],
  lines: readonly MonitorLine[],
): string {
  const tick: RecordedTick = {
    t: milliseconds,
    g: lines.map(({ gpu, cells }) => [
      gpu.index,
      ...cells.map((cell, i) => (cell instanceof Missing ? null : (columns[i]?.recorded?.to(cell) ?? cell))),
    ]),
  };
  return jsonText(tick);
}

/** A GPU at a tick of a recording, with the values of the wanted columns. */
export interface ReplayedLine {
  readonly milliseconds: number;
  readonly gpu: number;
  readonly uuid: string | null;
  readonly cells: readonly MonitorCell[];
}

/** Not a recording, or one of a newer version. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';

  constructor(message: string) {
    super(plainText(message));
  }
}

/** Minor numbers of GPUs have eight bits. */
const GPU_INDEX = wholeNumber(0, 255);
/** What JavaScript has dates for, in milliseconds. */
const MOMENT = number(-8.64e15, 8.64e15);

/** What the lines have to be; docs/daemon-format.md describes them. */
const HEAD: Form = objectOf({
  started: text,
  driver: orNull(text),
  delay: number(0),
  columns: listOf(objectOf({ name: text, unit: text })),
  gpus: listOf(objectOf({ index: GPU_INDEX, uuid: orNull(text), name: orNull(text) })),
});
const TICK: Form = objectOf({ t: MOMENT, g: atMost(256, listOf(listOf(orNull(number()), GPU_INDEX))) });

/**
 * Reads the lines of a recording; a column that was not recorded is absent. After a head a broken line is left out, with a
 * word about the first. Throws RecordingError.
 */
export function* replayed(
  lines: Iterable<string>,
  columns: readonly Column[],
  wanted: (gpu: RecordedGpu, milliseconds: number) => boolean,
  onBroken: (reason: string) => void,
): Generator<ReplayedLine> {
  let gpus = new Map<number, RecordedGpu>();
  let places: readonly number[] = [];
  let headed = false;
  let isBroken = false;
  let i = 0;
  for (const line of lines) {
    const read = readLine(line, `line ${++i}`, headed);
    if (typeof read === 'string') {
      if (!isBroken) onBroken(plainText(read));
      isBroken = true;
    } else if ('columns' in read) {
      headed = true;
      gpus = new Map(read.gpus.map((gpu) => [gpu.index, gpu]));
      places = columns.map(({ field }) => read.columns.findIndex(({ name }) => name === nameOf(field)));
    } else {
      for (const [index, ...cells] of read.g) {
        const gpu = gpus.get(index) ?? { index, uuid: null, name: null };
        if (!wanted(gpu, read.t)) continue;
        yield {
          milliseconds: read.t,
          gpu: index,
          uuid: gpu.uuid,
          cells: places.map((place, i) => {
            const cell = cells[place] ?? NOT_SUPPORTED;
            return cell instanceof Missing ? cell : (columns[i]?.recorded?.from(cell) ?? cell);
          }),
        };
      }
    }
  }
}

const NO_HEAD = 'not a recording: its first line must be a head';

/** A line as a head or a tick, or what is wrong with it. Throws where no head is sound: the lines after it say nothing. */
function readLine(line: string, place: string, headed: boolean): RecordingHead | RecordedTick | string {
  const json = parse(line);
  if (json !== undefined && Object.hasOwn(json, 'format')) return readHead(json, place);
  if (!headed) throw new RecordingError(json === undefined ? `${place} is no JSON object` : NO_HEAD);
  if (json === undefined) return `${place} is no JSON object`;
  const fault = TICK(json);
  return fault === undefined ? (json as RecordedTick) : `${place}: ${faultText(fault)}`;
}

function readHead(json: object, place: string): RecordingHead {
  const { format, version } = json as Partial<RecordingHead>;
  if (format !== 'nvsmi-daemon') throw new RecordingError(`${place}: not a recording of nvsmi`);
  if (version !== RECORDING_VERSION) {
    throw new RecordingError(`${place}: version ${shown(version)} is not known`);
  }
  const fault = HEAD(json);
  if (fault !== undefined) throw new RecordingError(`${place}: ${faultText(fault)}`);
  return json as RecordingHead;
}

/** Characters of a line, many times those of a tick of the most GPUs with every column. */
const LONGEST_LINE = 1024 * 1024;

function parse(line: string): object | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
