/** Compiles the columns of `dmon` for some GPUs. Every tick asks each call once and fills each cell once. */
import { NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import { GpmMeter } from '../../nvml/gpm.js';
import type { Gpu, Session } from '../../nvml/session.js';
import { Missing, type Status } from '../../nvml/status.js';
import type { Asker } from '../ask/asker.js';
import { type Asking, readOne, together } from '../ask/asking.js';
import { Gathering } from '../ask/gathering.js';
import { gpuInstanceId } from '../mig.js';
import { migDevicesIn } from '../mig-devices.js';
import type { Reader } from '../reading.js';
import type { Cell, Column } from './column.js';
import type { GpmMetric } from './gpm.js';

/** A line of a tick. The cells stand in one array that every tick fills again. */
export interface MonitorLine {
  readonly gpu: Gpu;
  /** The GPU instance that the GPM metrics are about, if not the whole GPU. */
  readonly instance: number | undefined;
  readonly cells: readonly Cell[];
}

export interface SamplerOptions {
  readonly columns: readonly Column[];
  readonly gpm: readonly GpmMetric[];
  /** Lines for whole GPUs, for GPU instances, or both. */
  readonly levels: readonly ('device' | 'mig')[];
}

export interface Sampler {
  readonly lines: readonly MonitorLine[];
  /** Fills the cells. A promise only where something waits on worker threads. */
  sample(): void | Promise<void>;
  /** Gives back what NVML lent. */
  close(): void;
}

interface Line extends MonitorLine {
  readonly cells: Cell[];
  readonly fill: readonly (() => Cell)[];
  readonly meter: GpmMeter | undefined;
}

export function compileSampler(asker: Asker, gpus: readonly Gpu[], options: SamplerOptions): Sampler {
  const gathering = new Gathering();
  const lines = gpus.flatMap((gpu) => linesOf(asker, gpu, options, gathering));
  const { answers, start } = asker.prepare(gathering.questions);
  gathering.answers = answers;
  const fill = (): void => {
    for (const line of lines) {
      line.meter?.take();
      for (let i = 0; i < line.cells.length; i++) line.cells[i] = (line.fill[i] as () => Cell)();
    }
  };
  return {
    lines,
    sample: () => {
      const pending = start();
      return pending === undefined ? fill() : pending.then(fill);
    },
    close: () => {
      for (const line of lines) line.meter?.close();
    },
  };
}

/** The lines of one GPU: itself, its GPU instances, or both. A GPU without instances keeps its line. */
function linesOf(asker: Asker, gpu: Gpu, options: SamplerOptions, gathering: Gathering): readonly Line[] {
  const found = options.levels.includes('mig') ? asker.run(instancesOf(gpu)) : [];
  const instances = found instanceof Missing ? [] : found;
  const whole = options.levels.includes('device');
  // Why there is no metric: of a GPU that cannot be asked, or whose instances cannot be listed.
  const why = found instanceof Missing && !whole ? found.status : gpu.status;
  const line = (instance: number | undefined, measured: boolean): Line => {
    const device = options.columns.map((column) => cellReader(column, gpu, gathering));
    const meter = measured ? meterOf(asker.session, gpu, options.gpm, instance) : undefined;
    const metrics = options.gpm.map((_, i) => gpmReader(meter, i, why));
    const fill = [...device, ...metrics];
    return { gpu, instance, meter, fill, cells: fill.map(() => Missing.of(gpu.status)) };
  };
  const lines = instances.map((instance) => line(instance, true));
  return whole || lines.length === 0 ? [line(undefined, whole), ...lines] : lines;
}

function meterOf(
  session: Session,
  gpu: Gpu,
  gpm: readonly GpmMetric[],
  instance: number | undefined,
): GpmMeter | undefined {
  if (gpm.length === 0 || gpu.handle === undefined) return undefined;
  return new GpmMeter(
    session.driver,
    gpu.handle,
    gpm.map(({ id }) => id),
    instance,
  );
}

function gpmReader(meter: GpmMeter | undefined, index: number, status: Status): () => Cell {
  if (meter === undefined) return () => Missing.of(status === 0 ? NVML_ERROR_NOT_FOUND : status);
  return () => {
    const value = meter.read(index);
    return value instanceof Missing ? value : Math.floor(value * 100) / 100;
  };
}

function cellReader({ probe, pick, scale }: Column, gpu: Gpu, gathering: Gathering): () => Cell {
  const made = typeof pick === 'object' ? pick.sinceLastTick() : pick;
  const read: Reader = gathering.reader({ probe, pick: made }, gpu);
  return () => {
    const reading = read();
    if (reading instanceof Missing) return reading;
    const value = Number(reading);
    return scale === undefined ? value : scale(value);
  };
}

/** The ids of a GPU's instances that have MIG devices. */
function* instancesOf(gpu: Gpu): Asking<readonly number[] | Missing> {
  if (gpu.handle === undefined) return [];
  const migs = yield* migDevicesIn(gpu);
  if (migs instanceof Missing) return migs;
  const ids = yield* together(migs.map((mig) => readOne(gpuInstanceId, mig)));
  return [...new Set(ids.filter((id) => !(id instanceof Missing)).map(Number))];
}
