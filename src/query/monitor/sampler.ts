/** Compiles the columns of `dmon` for some GPUs. Every tick asks each call once and fills each cell once. */
import { NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, type Status } from '../../nvml/status.js';
import type { Asker } from '../ask/asker.js';
import { type Asking, readOne, together } from '../ask/asking.js';
import { Gathering } from '../ask/gathering.js';
import { nameOf } from '../field.js';
import { GpmMeter } from '../gpm-meter.js';
import { gpuInstanceId } from '../mig.js';
import { migDevicesIn } from '../mig-devices.js';
import type { Reader } from '../reading.js';
import type { Column, MonitorCell } from './column.js';
import type { GpmMetric } from './gpm.js';

/** A line of a tick. The cells stand in one array that every tick fills again. */
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
  readonly levels: readonly ('device' | 'mig')[];
}

export interface MonitorSampler {
  readonly lines: readonly MonitorLine[];
  /** Fills the cells. A promise only where something waits on worker threads. */
  sample(): void | Promise<void>;
  /** Gives back what NVML lent. */
  close(): Promise<void>;
}

interface FilledLine extends MonitorLine {
  readonly cells: MonitorCell[];
  readonly fill: readonly (() => MonitorCell)[];
  readonly meter: GpmMeter | undefined;
}

export async function compileSampler(
  asker: Asker,
  gpus: readonly Gpu[],
  options: SamplerOptions,
): Promise<MonitorSampler> {
  const gathering = new Gathering();
  const instances = await asker.start(together(gpus.map((gpu) => instancesOf(gpu, options))));
  const lines = gpus.flatMap((gpu, i) =>
    linesOf(gpu, instances[i] as readonly number[] | Missing, options, gathering),
  );
  const meters = lines.flatMap(({ meter }) => meter ?? []);
  const { answers, start } = asker.prepare(gathering.questions);
  gathering.answers = answers;
  const fill = (): void => {
    for (const line of lines) {
      for (let i = 0; i < line.cells.length; i++) line.cells[i] = (line.fill[i] as () => MonitorCell)();
    }
  };
  /** The counters are read when the columns are: their calls would be counted. */
  const measured = async (pending: void | Promise<void>): Promise<void> => {
    await pending;
    await asker.start(together(meters.map((meter) => meter.take())));
    fill();
  };
  return {
    lines,
    sample: () => {
      const pending = start();
      if (meters.length > 0) return measured(pending);
      return pending === undefined ? fill() : pending.then(fill);
    },
    close: async () => {
      await asker.start(together(meters.map((meter) => meter.close())));
    },
  };
}

/** The lines of one GPU: itself, its GPU instances, or both. A GPU without instances keeps its line. */
function linesOf(
  gpu: Gpu,
  found: readonly number[] | Missing,
  options: SamplerOptions,
  gathering: Gathering,
): readonly FilledLine[] {
  const instances = found instanceof Missing ? [] : found;
  const whole = options.levels.includes('device');
  // Why there is no metric: of a GPU that cannot be asked, or whose instances cannot be listed.
  const why = found instanceof Missing && !whole ? found.status : gpu.status;
  const line = (instance: number | undefined, measured: boolean): FilledLine => {
    const device = options.columns.map((column) => cellReader(column, gpu, gathering));
    const meter = measured ? meterOf(gpu, options.gpm, instance) : undefined;
    const metrics = options.gpm.map((_, i) => gpmReader(meter, i, why));
    const fill = [...device, ...metrics];
    return { gpu, instance, meter, fill, cells: fill.map(() => Missing.of(gpu.status)) };
  };
  const lines = instances.map((instance) => line(instance, true));
  return whole || lines.length === 0 ? [line(undefined, whole), ...lines] : lines;
}

function meterOf(gpu: Gpu, gpm: readonly GpmMetric[], instance: number | undefined): GpmMeter | undefined {
  if (gpm.length === 0 || gpu.handle === undefined) return undefined;
  return new GpmMeter(
    gpu,
    gpm.map(({ id }) => id),
    instance,
  );
}

function gpmReader(meter: GpmMeter | undefined, index: number, status: Status): () => MonitorCell {
  if (meter === undefined) return () => Missing.of(status === 0 ? NVML_ERROR_NOT_FOUND : status);
  return () => {
    const value = meter.read(index);
    return value instanceof Missing ? value : Math.floor(value * 100) / 100;
  };
}

function cellReader({ field, sinceLastTick }: Column, gpu: Gpu, gathering: Gathering): () => MonitorCell {
  const { source } = field;
  if (!('probe' in source)) throw new Error(`${nameOf(field)} asks nothing`);
  const pick = sinceLastTick === undefined ? source.pick : sinceLastTick();
  const read: Reader = gathering.reader({ probe: source.probe, pick }, gpu);
  return () => {
    const reading = read();
    return reading instanceof Missing ? reading : Number(reading);
  };
}

/** The ids of a GPU's instances that have MIG devices. */
function* instancesOf(gpu: Gpu, { levels }: SamplerOptions): Asking<readonly number[] | Missing> {
  if (gpu.handle === undefined || !levels.includes('mig')) return [];
  const migs = yield* migDevicesIn(gpu);
  if (migs instanceof Missing) return migs;
  const ids = yield* together(migs.map((mig) => readOne(gpuInstanceId, mig)));
  return [...new Set(ids.filter((id) => !(id instanceof Missing)).map(Number))];
}
