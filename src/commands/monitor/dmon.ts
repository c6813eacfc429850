/** `dmon`: a line of numbers for every GPU at every tick. */
import { dated, type Given, type OptionSpec } from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import type { Release } from '../../base/release.js';
import {
  ABSENT,
  cellText,
  Headings,
  type MonitorFormat,
  monitorTable,
  stampOf,
  valueColumns,
} from '../../format/monitor.js';
import { NVML_ERROR_NOT_READY } from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { type Cell, type Cells, cell } from '../../query/cell.js';
import { releaseOf } from '../../query/driver-release.js';
import { type GpmLevel, gpmInstance } from '../../query/gpm.js';
import { columnsIn, columnsOf, type FieldHeading, WIDTH } from '../../query/monitor/column.js';
import { DEFAULT_GROUPS, DEVICE_GROUPS, deviceColumns } from '../../query/monitor/device.js';
import { type GpmMetric, gpmMetrics } from '../../query/monitor/gpm.js';
import { compileSampler, type MonitorLine } from '../../query/monitor/sampler.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus, idOption } from '../runner/select.js';
import {
  ALL_WORDS,
  countOption,
  delayOption,
  fileOption,
  formatOption,
  openFile,
  readCount,
  readDelay,
  readFormat,
  readGpmMetrics,
  readSelect,
  readStamps,
  selectOption,
  stampOption,
} from './options.js';
import { columnCells, DEVICE_PART, deviceParts, headCells, recordsWriter, uuidsOf } from './records.js';

const USUAL_DELAY = 1;
const LONGEST_DELAY = 600;

/** Of a whole GPU, of its GPU instances, or of both. */
const LEVELS: ReadonlyMap<string, readonly GpmLevel[]> = new Map([
  ['d', ['device']],
  ['m', ['mig']],
  ['dm', ['device', 'mig']],
  ['md', ['device', 'mig']],
]);

/**
 * The tick from which on GPM metrics are shown. There are two samples at the second; nvidia-smi 580.159.04 still
 * shows `-` there (H100, H200) and begins with the third.
 */
const FIRST_GPM_TICK = { table: 3, csv: 3, json: 2, jsonl: 2 } as const;

/** Makes the text of one tick. */
type DmonPrinter = (lines: readonly MonitorLine[], milliseconds: number) => string;

const options = [
  idOption,
  delayOption(USUAL_DELAY, LONGEST_DELAY),
  countOption,
  selectOption(DEVICE_GROUPS, DEFAULT_GROUPS),
  {
    long: 'gpm-metrics',
    since: 525,
    value: 'required',
    argument: 'ID,...',
    values: { words: gpmMetrics.map(({ id }) => String(id)), between: ',' },
    help: 'Performance metrics (GPM, Hopper and newer), by number: see below.',
  },
  {
    long: 'gpm-options',
    since: 550,
    value: 'required',
    values: { words: [...LEVELS.keys()] },
    default: 'd',
    help: 'Performance metrics of the GPUs (d), their GPU instances (m), or both (dm).',
  },
  stampOption,
  fileOption,
  dated(550, formatOption),
] as const satisfies readonly OptionSpec[];

async function dmon(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  const format = readFormat(given, ALL_WORDS);
  const delay = readDelay(given, LONGEST_DELAY);
  const count = readCount(given);
  const letters = readSelect(given, DEVICE_GROUPS);
  const stamps = readStamps(given);
  const gpm = readGpmMetrics(given['gpm-metrics'], gpmMetrics);
  const levels = LEVELS.get(given['gpm-options']);
  if (levels === undefined) throw new UsageError('GPM options are d, m, dm or md.');

  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const release = await asker.start(releaseOf(session, (words) => io.err(words)));
  const columns = columnsOf(columnsIn(deviceColumns, release), letters);
  openFile(given.filename, io);
  const sampler = await compileSampler(asker, gpus, { columns, gpm, levels });
  const instances = levels.includes('mig');
  const { shape } = format;
  const shown = [...columns, ...gpm.map((metric) => gpmHeading(metric, release))];
  const print =
    shape === 'json' || shape === 'jsonl'
      ? jsonPrinter(
          shown,
          instances,
          await asker.start(uuidsOf(gpus)),
          recordsWriter(DEVICE_PART, shape, count === 1, context),
        )
      : tablePrinter(shown, instances, { ...format, ...stamps, shape, release });
  const hideGpm = gpmHider(columns.length, gpm, FIRST_GPM_TICK[shape]);
  try {
    await loop(
      io,
      delay * 1000,
      () => {
        asker.tick();
        const pending = sampler.sample();
        const write = (): void => io.out(print(hideGpm(sampler.lines), io.now()));
        return pending === undefined ? write() : pending.then(write);
      },
      count,
    );
  } finally {
    await sampler.close();
  }
  return statusOf(gpus);
}

/** Drivers up to 550 have a metric's id for its name (550 on the fake, H100). */
const gpmHeading = (metric: GpmMetric, release: Release): GpmMetric =>
  release < 580 ? { ...metric, name: `id=${metric.id}`, unit: 'GPM' } : metric;

const NOT_READY = Missing.of(NVML_ERROR_NOT_READY);

/** Hides the GPM cells of the first ticks. */
function gpmHider(
  from: number,
  gpm: readonly GpmMetric[],
  firstTick: number,
): (lines: readonly MonitorLine[]) => readonly MonitorLine[] {
  let tick = 0;
  return (lines) => {
    tick++;
    if (gpm.length === 0 || tick >= firstTick) return lines;
    return lines.map((line) => ({
      ...line,
      cells: line.cells.map((cell, i) => (i < from || cell instanceof Missing ? cell : NOT_READY)),
    }));
  };
}

function tablePrinter(
  columns: readonly FieldHeading[],
  instances: boolean,
  format: MonitorFormat & { readonly release: Release },
): DmonPrinter {
  const gi = { name: 'gi', unit: 'Idx', width: WIDTH } as const;
  const table = monitorTable(valueColumns(instances ? [gi, ...columns] : columns, format.release), format);
  const headings = new Headings(table.header, format.shape === 'table');
  return (lines, now) => {
    const stamp = stampOf(format, now);
    let out = '';
    for (const { gpu, instance, cells } of lines) {
      const texts = cells.map((cell, i) => cellText(cell, columns[i]));
      if (instances) texts.unshift(instance === undefined ? ABSENT : String(instance));
      out += headings.next() + table.row(stamp, gpu.index, texts);
    }
    return out;
  };
}

const jsonPrinter =
  (
    columns: readonly FieldHeading[],
    instances: boolean,
    uuids: ReadonlyMap<Gpu, Cell>,
    write: (records: readonly Cells[]) => string,
  ): DmonPrinter =>
  (lines, now) =>
    write(
      lines.map(({ gpu, instance, cells }) => ({
        ...headCells(now, gpu.index, uuids.get(gpu) as Cell),
        ...(instances ? { gpu_instance_id: cell(gpmInstance.kind, instance ?? NOT_SUPPORTED) } : {}),
        ...columnCells(columns, cells),
      })),
    );

/** `dmon [-i GPU] [-d SECONDS] [-c NUMBER] [-s pucvmet] [--gpm-metrics IDS] [-o DT] [-f FILE] [--format ...]` */
export const spec: CommandSpec = command({
  options,
  notes: () => gpmNotes(gpmMetrics),
  json: deviceParts,
  run: dmon,
});

/** The metrics for the help: runs of one kind (nvl0rx, nvl1rx, ...) on one line. */
function gpmNotes(metrics: readonly GpmMetric[]): string {
  const kinds = new Map<string, GpmMetric[]>();
  for (const metric of metrics) {
    const kind = metric.help.replace(/ \d+/, ' N');
    kinds.set(kind, [...(kinds.get(kind) ?? []), metric]);
  }
  const lines = [...kinds].map(([kind, of]) => {
    const ids = of.map(({ id }) => id);
    const shown = ids.length < 4 ? ids.join(',') : `${ids[0]},${ids[1]},...,${ids.at(-1)}`;
    return `  ${shown.padEnd(18)} ${(of[0]?.name ?? '').padEnd(10)} ${kind}`;
  });
  return `Performance metrics (GPM), their numbers and first column:\n${lines.join('\n')}\n`;
}
