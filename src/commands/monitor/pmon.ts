/** `pmon`: a line for every process on every GPU at every tick. */
import type { Given, OptionSpec } from '../../base/argv.js';
import type { Release } from '../../base/release.js';
import {
  ABSENT,
  cellText,
  commandCell,
  Headings,
  type MonitorFormat,
  monitorTable,
  processTable,
  stampOf,
} from '../../format/monitor.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, statusWords } from '../../nvml/status.js';
import type { Cell, Cells } from '../../query/cell.js';
import { releaseOf } from '../../query/driver-release.js';
import { columnsIn, columnsOf, type MonitorCell } from '../../query/monitor/column.js';
import {
  compileProcesses,
  PROCESS_GROUPS,
  type ProcessColumn,
  type ProcessLine,
  processColumns,
} from '../../query/monitor/process.js';
import { listedFields, processes } from '../../query/process/gpu-processes.js';
import { cellsOf } from '../../query/record-cells.js';
import { type CommandSpec, command, type JsonPart } from '../command.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus, idOption } from '../runner/select.js';
import {
  countOption,
  delayOption,
  fileOption,
  JSON_WORDS,
  openFile,
  readCount,
  readDelay,
  readFormat,
  readSelect,
  readStamps,
  selectOption,
  stampOption,
} from './options.js';
import { columnCells, headCells, monitorPart, recordsWriter, uuidsOf } from './records.js';

const USUAL_DELAY = 1;
const LONGEST_DELAY = 10;
const USUAL_GROUPS = 'u';

type PmonTick = readonly { readonly gpu: Gpu; readonly lines: readonly ProcessLine[] | Missing }[];
type PmonPrinter = (tick: PmonTick, milliseconds: number) => string;

const options = [
  idOption,
  delayOption(USUAL_DELAY, LONGEST_DELAY),
  countOption,
  selectOption(PROCESS_GROUPS, USUAL_GROUPS),
  stampOption,
  fileOption,
  {
    long: 'format',
    since: 551,
    value: 'required',
    values: { words: [...JSON_WORDS.keys()] },
    help: 'json, or jsonl (one object a line). A GPU without processes has no object.',
  },
] as const satisfies readonly OptionSpec[];

async function pmon(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  const { shape } = readFormat(given, JSON_WORDS);
  const delay = readDelay(given, LONGEST_DELAY);
  const count = readCount(given);
  const letters = readSelect(given, PROCESS_GROUPS);
  const stamps = readStamps(given);
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  openFile(given.filename, io);
  const release = await asker.start(releaseOf(session, (words) => io.err(words)));
  const columns = columnsOf(columnsIn(processColumns, release), letters);
  const sampler = compileProcesses(asker, gpus, columns);
  const print =
    shape === 'json' || shape === 'jsonl'
      ? jsonPrinter(
          columns,
          await asker.start(uuidsOf(gpus)),
          recordsWriter(processes.name, shape, count === 1, context),
        )
      : tablePrinter(columns, { shape, names: true, units: true, release, ...stamps });
  const tick = async (): Promise<void> => {
    asker.tick();
    io.out(print(await sampler.sample(), io.now()));
  };
  await loop(io, delay * 1000, tick, count);
  return statusOf(gpus);
}

function tablePrinter(
  columns: readonly ProcessColumn[],
  format: MonitorFormat & { readonly release: Release },
): PmonPrinter {
  const table = monitorTable(processTable(columns, format.release), format);
  const headings = new Headings(table.header, true);
  const text = (cell: MonitorCell, i: number): string =>
    cell === 0 && columns[i]?.zeroIsAbsent ? ABSENT : cellText(cell, columns[i]);
  const noProcess = [ABSENT, ABSENT, ...columns.map(() => ABSENT), ABSENT];
  return (tick, now) => {
    const stamp = stampOf(format, now);
    let out = '';
    for (const { gpu, lines } of tick) {
      if (lines instanceof Missing) {
        const why = [...noProcess.slice(0, -1), statusWords(lines.status)];
        out += headings.next() + table.row(stamp, gpu.index, why);
        continue;
      }
      if (lines.length === 0) out += headings.next() + table.row(stamp, gpu.index, noProcess);
      for (const { pid, type, cells, name } of lines) {
        const texts = [String(pid), type, ...cells.map(text), commandCell(name)];
        out += headings.next() + table.row(stamp, gpu.index, texts);
      }
    }
    return out;
  };
}

/** Who a process is. */
const WHO = [listedFields.pid, listedFields.type, listedFields.name] as const;

const jsonPrinter =
  (
    columns: readonly ProcessColumn[],
    uuids: ReadonlyMap<Gpu, Cell>,
    write: (records: readonly Cells[]) => string,
  ): PmonPrinter =>
  (tick, now) =>
    write(
      tick.flatMap(({ gpu, lines }) => {
        const head = headCells(now, gpu.index, uuids.get(gpu) as Cell);
        if (lines instanceof Missing) {
          const who = cellsOf(WHO, [lines, lines, lines]);
          const none = columns.map(() => lines);
          return [{ ...head, ...who, ...columnCells(columns, none) }];
        }
        return lines.map(({ pid, type, cells, name }) => ({
          ...head,
          ...cellsOf(WHO, [pid, type, name]),
          ...columnCells(columns, cells),
        }));
      }),
    );

const parts: readonly JsonPart[] = [
  monitorPart(
    processes.name,
    processes.record,
    WHO,
    processColumns.map(({ field }) => field),
  ),
];

/** `pmon [-i GPU] [-d SECONDS] [-c NUMBER] [-s um] [-o DT] [-f FILE] [--format json|jsonl]` */
export const spec: CommandSpec = command({
  options,
  notes: () => 'Types: C compute, G graphics, C+G both, M+C compute through MPS.\n',
  json: parts,
  run: pmon,
});
