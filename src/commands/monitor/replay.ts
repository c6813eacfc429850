/** `replay`: shows what the daemon recorded, as dmon would have. Needs no GPU. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { documentPieces, recordLines } from '../../format/document.js';
import { cellText, Headings, type MonitorFormat, monitorTable, stampOf } from '../../format/monitor.js';
import { NOT_SUPPORTED } from '../../nvml/status.js';
import { type Cells, cell } from '../../query/cell.js';
import { identity } from '../../query/identity.js';
import { type Column, columnsOf } from '../../query/monitor/column.js';
import { DEFAULT_GROUPS, DEVICE_GROUPS, deviceColumns } from '../../query/monitor/device.js';
import {
  type RecordedGpu,
  RecordingError,
  type ReplayedLine,
  replayed,
} from '../../query/monitor/recording.js';
import { readRecords } from '../../system/record-file.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { idOption } from '../runner/select.js';
import { ALL_WORDS, formatOption, openFile, readFormat, readSelect, selectOption } from './options.js';
import { chooser } from './recorded-gpus.js';
import { columnCells, deviceParts, headCells } from './records.js';

const options = [
  {
    short: ['f'],
    long: 'filename',
    value: 'required',
    argument: 'FILE',
    help: 'The recording, e.g. /var/log/nvstats/nvstats-20261123. It may still be growing.',
  },
  { ...idOption, help: 'Only these GPUs: index or UUID.' },
  selectOption(DEVICE_GROUPS, DEFAULT_GROUPS),
  { short: ['b'], long: 'begin', value: 'required', argument: 'HH:MM:SS', help: 'Start at this time.' },
  { short: ['e'], long: 'end', value: 'required', argument: 'HH:MM:SS', help: 'Stop at this time.' },
  {
    short: ['r'],
    long: 'redirect',
    value: 'required',
    argument: 'FILE',
    help: 'Write to a file instead of the terminal.',
  },
  formatOption,
] as const satisfies readonly OptionSpec[];

async function replay(given: Given<typeof options>, { io }: Context): Promise<number> {
  const path = given.filename;
  if (path === undefined || path === '')
    throw new UsageError('Option -f is missing: it gives the recording to show.');
  const { shape, ...format } = readFormat(given, ALL_WORDS);
  const columns = columnsOf(deviceColumns, readSelect(given, DEVICE_GROUPS));
  const begin = readTime(given.begin) ?? 0;
  const end = readTime(given.end) ?? Number.POSITIVE_INFINITY;
  const isChosen = chooser(given.id);
  const recording = recorded(path, columns, (gpu, milliseconds) => {
    const second = secondOfDay(milliseconds);
    return second >= begin && second <= end && isChosen(gpu);
  });
  const report = (): number => {
    for (const text of recording.damage) io.err(plainly`${path}: ${text}\n`);
    return recording.damage.length === 0 ? EXIT.ok : EXIT.usage;
  };
  if (recording.isEmpty) {
    report();
    throw new UsageError('Nothing in the recording matches.', EXIT.noDevice);
  }
  openFile(given.redirect, io);
  const texts =
    shape === 'json' || shape === 'jsonl'
      ? json(recording.lines(), columns, shape)
      : table(recording.lines(), columns, { ...format, shape, date: false, time: true });
  for (const text of inPieces(texts)) io.out(text);
  return report();
}

/** What can be read of a recording: it is read again each time, as a text of a few MB can unpack to more than fits into memory. */
interface ReplayedRecording {
  readonly lines: () => Iterable<ReplayedLine>;
  readonly isEmpty: boolean;
  /** What is wrong with the others. */
  readonly damage: readonly string[];
}

/** Reads a recording once, so that what is wrong with it is known before anything is written. */
function recorded(
  path: string,
  columns: readonly Column[],
  wanted: (gpu: RecordedGpu, milliseconds: number) => boolean,
): ReplayedRecording {
  try {
    const { lines, damages } = readRecords(path);
    if (lines.length === 0) throw new RecordingError('not a recording, or nothing was recorded yet');
    const damage = damages.map(({ from, to }) => `damaged between byte ${from} and byte ${to}`);
    let isEmpty = true;
    for (const _ of replayed(lines, columns, wanted, (reason) => damage.push(reason))) isEmpty = false;
    return { lines: () => replayed(lines, columns, wanted, () => undefined), isEmpty, damage };
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(plainly`${path}: ${error.message}`);
    throw new UsageError(plainly`Cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Characters of one write. */
const PIECE = 64 * 1024;

/** Texts joined to fewer. */
function* inPieces(texts: Iterable<string>): Iterable<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** A time of the day, in seconds. */
function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/
    .exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  const [hours = 24, minutes = 60, seconds = 60] = parts ?? [];
  if (hours > 23 || minutes > 59 || seconds > 59) {
    throw new UsageError(plainly`A time of day must be HH:MM:SS, not ${text}`);
  }
  return (hours * 60 + minutes) * 60 + seconds;
}

function secondOfDay(milliseconds: number): number {
  const d = new Date(milliseconds);
  return (d.getHours() * 60 + d.getMinutes()) * 60 + d.getSeconds();
}

function* table(
  lines: Iterable<ReplayedLine>,
  columns: readonly Column[],
  format: MonitorFormat,
): Iterable<string> {
  const { header, row } = monitorTable(columns, format);
  const headings = new Headings(header, format.shape === 'table');
  for (const { milliseconds, gpu, cells } of lines) {
    const texts = cells.map((cell, i) => cellText(cell, columns[i]));
    yield headings.next() + row(stampOf(format, milliseconds), gpu, texts);
  }
}

/** One document, or a line for each record. It is written while it is read. */
function* json(
  lines: Iterable<ReplayedLine>,
  columns: readonly Column[],
  shape: 'json' | 'jsonl',
): Iterable<string> {
  const records = cellsOf(lines, columns);
  if (shape === 'jsonl') for (const record of records) yield recordLines([record]);
  else yield* documentPieces(deviceParts[0]?.name ?? '', records);
}

function* cellsOf(lines: Iterable<ReplayedLine>, columns: readonly Column[]): Iterable<Cells> {
  for (const { milliseconds, gpu, uuid, cells } of lines) {
    const head = headCells(milliseconds, gpu, cell(identity.uuid.kind, uuid ?? NOT_SUPPORTED));
    yield { ...head, ...columnCells(columns, cells) };
  }
}

/** `replay -f FILE [-i GPU] [-s LETTERS] [-b TIME] [-e TIME] [-r FILE] [--format ...]` */
export const spec: CommandSpec = command({
  options,
  notes: () => 'A column that was not recorded is printed as -.\n',
  json: deviceParts,
  run: replay,
});
