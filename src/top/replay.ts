/** The files of a recorder's folder in place of a machine: what the GPUs did, sample by sample. */
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { deviceColumns } from '../query/monitor/device.js';
import { type RecordedGpu, replayed } from '../query/monitor/recording.js';
import type { Metric } from '../watch/gpu-metrics.js';
import { GPM_METRICS, METRICS } from '../watch/gpu-metrics.js';
import type { GpuSample, WatchSample, WatchSampler } from '../watch/sample.js';
import type { Replayer } from './app.js';
import type { ReplayState } from './state.js';

/** Table: the columns of a recording, which are those of dmon, and what the monitor calls them; its PCIe throughput is in MiB/s. */
const COLUMNS: readonly (readonly [column: string, metric: Metric, scale: number])[] = [
  ['pwr', 'power.draw', 1],
  ['gtemp', 'temperature.gpu', 1],
  ['sm', 'utilization.gpu', 1],
  ['mem', 'utilization.memory', 1],
  ['enc', 'utilization.encoder', 1],
  ['dec', 'utilization.decoder', 1],
  ['mclk', 'clocks.current.memory', 1],
  ['pclk', 'clocks.current.graphics', 1],
  ['fb', 'memory.used', 1],
  ['sbecc', 'ecc.errors.corrected.volatile.total', 1],
  ['dbecc', 'ecc.errors.uncorrected.volatile.total', 1],
  ['rxpci', 'pcirx', 1 / 1024],
  ['txpci', 'pcitx', 1 / 1024],
];

const wanted = COLUMNS.flatMap(([name]) => deviceColumns.filter((column) => column.name === name));

/** The samples of one file, as numbers in one array: a day of seconds on eight GPUs has nine million. */
interface Recorded {
  readonly times: readonly number[];
  readonly gpus: readonly RecordedGpu[];
  /** By sample, GPU and column; NaN is absent. */
  readonly values: Float64Array;
}

export interface RecordingFile {
  readonly name: string;
  /** Its lines. Throws RecordingError. */
  lines(): Iterable<string>;
}

function read({ lines }: RecordingFile, isWanted: (gpu: RecordedGpu) => boolean): Recorded {
  const gpus = new Map<number, RecordedGpu>();
  const times: number[] = [];
  const rows: { readonly sample: number; readonly gpu: number; readonly cells: readonly number[] }[] = [];
  const keep = (gpu: RecordedGpu): boolean => {
    if (!isWanted(gpu)) return false;
    gpus.set(gpu.index, gpu);
    return true;
  };
  for (const { milliseconds, gpu, cells } of replayed(lines(), wanted, keep, () => {})) {
    if (times.at(-1) !== milliseconds) times.push(milliseconds);
    const numbers = cells.map((cell) => (cell instanceof Missing ? Number.NaN : cell));
    rows.push({ sample: times.length - 1, gpu, cells: numbers });
  }
  const sorted = [...gpus.values()].sort((a, b) => a.index - b.index);
  const place = new Map(sorted.map(({ index }, i) => [index, i]));
  const values = new Float64Array(times.length * sorted.length * wanted.length).fill(Number.NaN);
  for (const { sample, gpu, cells } of rows) {
    values.set(cells, (sample * sorted.length + (place.get(gpu) ?? 0)) * wanted.length);
  }
  return { times, gpus: sorted, values };
}

const NOT_RECORDED = Missing.of(NVML_ERROR_NOT_FOUND);
const NAMES: readonly Metric[] = [...METRICS, ...GPM_METRICS];

/** Shows the last file of a folder first, and those before it where a user goes back. */
export class Replay implements Replayer, WatchSampler {
  private file: number;
  private current: Recorded;
  private at = 0;
  private isPlaying = true;

  constructor(
    private readonly files: readonly RecordingFile[],
    private readonly isWanted: (gpu: RecordedGpu) => boolean,
  ) {
    this.file = files.length - 1;
    this.current = this.load();
  }

  get state(): ReplayState {
    const { at, isPlaying, current } = this;
    return { at, count: current.times.length, isPlaying, file: this.files[this.file]?.name ?? '' };
  }

  play(isPlaying: boolean): void {
    this.isPlaying = isPlaying;
  }

  step(by: number): boolean {
    const wantedAt = this.at + by;
    const { length } = this.current.times;
    if (wantedAt >= 0 && wantedAt < length) {
      this.at = wantedAt;
      return true;
    }
    const neighbour = this.file + Math.sign(by);
    if (neighbour < 0 || neighbour >= this.files.length) {
      this.at = by < 0 ? 0 : Math.max(0, length - 1);
      this.isPlaying = false;
      return false;
    }
    this.file = neighbour;
    this.current = this.load();
    this.at = by < 0 ? Math.max(0, this.current.times.length - 1) : 0;
    return true;
  }

  async take(): Promise<WatchSample> {
    return this.sampleAt(this.at);
  }

  past(milliseconds: number): readonly WatchSample[] {
    const { times } = this.current;
    const begin = (times[this.at] ?? 0) - milliseconds;
    const first = times.findIndex((time) => time >= begin);
    return Array.from({ length: Math.max(0, this.at - first) }, (_, i) => this.sampleAt(first + i));
  }

  private sampleAt(at: number): WatchSample {
    const { gpus, times, values } = this.current;
    const sample = (gpu: RecordedGpu, i: number): GpuSample => {
      const start = (at * gpus.length + i) * wanted.length;
      const known = COLUMNS.map(([, metric, scale], column) => {
        const value = values[start + column] ?? Number.NaN;
        return [metric, Number.isNaN(value) ? NOT_RECORDED : value * scale] as const;
      });
      return {
        index: gpu.index,
        name: gpu.name ?? '',
        uuid: gpu.uuid ?? '',
        lost: undefined,
        values: {
          ...Object.fromEntries(NAMES.map((name) => [name, NOT_RECORDED])),
          ...Object.fromEntries(known),
        } as GpuSample['values'],
        migs: [],
        hasAnswered: true,
      };
    };
    return {
      time: times[at] ?? 0,
      driver: '',
      gpus: gpus.map(sample),
      processes: [],
      ancestors: new Map(),
      notes: ['A recorder keeps no processes.'],
    };
  }

  close(): void {}

  private load(): Recorded {
    const file = this.files[this.file];
    return file === undefined
      ? { times: [], gpus: [], values: new Float64Array(0) }
      : read(file, this.isWanted);
  }
}
