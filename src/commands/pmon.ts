/** `pmon`: a line for every process on every GPU at every tick. */
import type { Given, OptionSpec } from '../base/argv.js';
import type { Release } from '../base/release.js';
import { type AnswerSource, jsonArray, jsonLines } from '../format/json.js';
import {
  ABSENT,
  cellText,
  commandCell,
  Headings,
  type MonitorFormat,
  monitorTable,
  processTable,
  stampOf,
} from '../format/monitor.js';
import { monitorRecord, timeOf } from '../format/monitor-json.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { releaseOf } from '../query/driver-release.js';
import { columnsIn, columnsOf, type MonitorCell } from '../query/monitor/column.js';
import {
  compileProcesses,
  PROCESS_GROUPS,
  type ProcessColumn,
  type ProcessLine,
  processColumns,
} from '../query/monitor/process.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { statusOf } from './lost.js';
import { machineOf } from './machine.js';
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
} from './monitor-options.js';
import { chosenGpus, idOption } from './select.js';

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
      ? jsonPrinter(columns, shape, context.environmentSource)
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
    cell === 0 && columns[i]?.zeroIsAbsent ? ABSENT : cellText(cell);
  const noProcess = [ABSENT, ABSENT, ...columns.map(() => ABSENT), commandCell(undefined)];
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
      for (const { pid, type, cells, command } of lines) {
        const texts = [String(pid), type, ...cells.map(text), commandCell(command)];
        out += headings.next() + table.row(stamp, gpu.index, texts);
      }
    }
    return out;
  };
}

function jsonPrinter(
  columns: readonly ProcessColumn[],
  shape: 'json' | 'jsonl',
  source: AnswerSource | undefined,
): PmonPrinter {
  const write = shape === 'json' ? jsonArray : jsonLines;
  return (tick, now) =>
    write(
      tick.flatMap(({ gpu, lines }) => {
        const time = timeOf(now);
        if (lines instanceof Missing) {
          const head = { time, gpu: gpu.index, pid: lines, type: lines, command: lines };
          return [
            monitorRecord(
              head,
              columns,
              columns.map(() => lines),
            ),
          ];
        }
        return lines.map(({ pid, type, cells, command }) =>
          monitorRecord({ time, gpu: gpu.index, pid, type, command: command ?? null }, columns, cells),
        );
      }),
      source,
    );
}

/** `pmon [-i GPU] [-d SECONDS] [-c NUMBER] [-s um] [-o DT] [-f FILE] [--format json|jsonl]` */
export const spec: CommandSpec = command({
  options,
  notes: () => 'Types: C computes, G draws, C+G both, M+C computes through MPS.\n',
  run: pmon,
});
