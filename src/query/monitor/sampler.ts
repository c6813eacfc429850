/** Compiles the columns of `dmon` for some GPUs. Every tick asks each call once and fills each cell once. */
import { NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { isNotSupported, Missing } from '../../nvml/status.js';
import type { Asker } from '../ask/asker.js';
import { together } from '../ask/asking.js';
import { Gathering } from '../ask/gathering.js';
import { nameOf } from '../field.js';
import { type GpmLevel, gpmOf } from '../gpm.js';
import type { Reader, Reading } from '../reading.js';
import type { Found, Records } from '../relation.js';
import type { Column, MonitorCell } from './column.js';
import type { GpmMetric } from './gpm.js';

/** A line of a tick. Where there are no GPM metrics its cells are one array that every tick fills again. */
export interface MonitorLine {
  readonly gpu: Gpu;
  /** The GPU instance that the GPM metrics are about, if not the whole GPU. */
  readonly instance: number | undefined;
  readonly cells: readonly MonitorCell[];
}

export interface SamplerOptions {
  readonly columns: readonly Column[];
  readonly gpm: readonly GpmMetric[];
  /** Lines for whole GPUs, for GPU instances, or both. */
  readonly levels: readonly GpmLevel[];
}

export interface MonitorSampler {
  readonly lines: readonly MonitorLine[];
  /** Fills the cells. A promise only where something waits on worker threads. */
  sample(): void | Promise<void>;
  /** Releases what NVML allocated. */
  close(): Promise<void>;
}

interface FilledLine extends MonitorLine {
  readonly cells: MonitorCell[];
  readonly fill: readonly (() => MonitorCell)[];
}

export async function compileSampler(
  asker: Asker,
  gpus: readonly Gpu[],
  options: SamplerOptions,
): Promise<MonitorSampler> {
  const gathering = new Gathering();
  const whole = gpus.map((gpu): FilledLine => {
    const fill = options.columns.map((column) => cellReader(column, gpu, gathering));
    return { gpu, instance: undefined, fill, cells: fill.map(() => Missing.of(gpu.status)) };
  });
  const { answers, start } = asker.prepare(gathering.questions);
  gathering.answers = answers;
  const fill = (): void => {
    for (const line of whole) {
      for (let i = 0; i < line.cells.length; i++) line.cells[i] = (line.fill[i] as () => MonitorCell)();
    }
  };
  if (options.gpm.length === 0 && !options.levels.includes('mig')) {
    return {
      lines: whole,
      sample: () => {
        const pending = start();
        return pending === undefined ? fill() : pending.then(fill);
      },
      close: async () => undefined,
    };
  }
  const run = gpmOf(options.levels).begin();
  const asked = new Set(options.gpm.map(({ field }) => field));
  let lines: readonly MonitorLine[] = [];
  return {
    get lines() {
      return lines;
    },
    /** The counters are read when the columns are: their calls would be counted. */
    sample: async () => {
      await start();
      const found = await asker.start(together(gpus.map((gpu) => run.find(gpu, asked))));
      fill();
      lines = whole.flatMap((line, i) => linesOf(line, found[i] as Records, options));
    },
    close: () => asker.start(run.end()),
  };
}

/** The lines of one GPU: itself, its GPU instances, or both. A GPU without instances keeps its line. */
function linesOf(
  { gpu, cells }: MonitorLine,
  found: Records,
  { gpm }: SamplerOptions,
): readonly MonitorLine[] {
  if (found instanceof Missing || found.length === 0) {
    const why = found instanceof Missing ? found : NO_INSTANCE;
    return [{ gpu, instance: undefined, cells: [...cells, ...gpm.map(() => why)] }];
  }
  const isShown = ({ values: { instance } }: Found): boolean =>
    !(instance instanceof Missing) || isNotSupported(instance);
  return found.filter(isShown).map(({ values }) => ({
    gpu,
    instance: values.instance instanceof Missing ? undefined : Number(values.instance),
    cells: [...cells, ...gpm.map(({ name }) => numberOf(values[name] ?? NO_INSTANCE))],
  }));
}

const NO_INSTANCE = Missing.of(NVML_ERROR_NOT_FOUND);

const numberOf = (reading: Reading): MonitorCell => (reading instanceof Missing ? reading : Number(reading));

function cellReader({ field, sinceLastTick }: Column, gpu: Gpu, gathering: Gathering): () => MonitorCell {
  const { source } = field;
  if (!('probe' in source)) throw new Error(`${nameOf(field)} asks nothing`);
  const pick = sinceLastTick === undefined ? source.pick : sinceLastTick();
  const read: Reader = gathering.reader({ probe: source.probe, pick }, gpu);
  return () => numberOf(read());
}
