/** What the monitor knows at one moment. Plain data: it may come from this process, from another one, or from a recording. */
import type { Reading } from '../query/reading.js';
import type { HostLoad } from '../system/host-load.js';
import type { Metric } from './gpu-metrics.js';
import type { ProcessEntry } from './process-entry.js';

export interface MigSample {
  readonly name: string;
  readonly gi: Reading;
  readonly ci: Reading;
  /** Bytes. */
  readonly usedMemory: Reading;
  readonly totalMemory: Reading;
}

export interface GpuSample {
  readonly index: number;
  readonly name: string;
  readonly uuid: string;
  /** Why the GPU cannot be asked: `GPU is lost`. */
  readonly lost: string | undefined;
  /** NVML's numbers: milliwatts, bytes, MHz; MiB a second for traffic. */
  readonly values: Readonly<Record<Metric, Reading>>;
  readonly migs: readonly MigSample[];
  /** Whether all that was asked about it had an answer, even a refusal. */
  readonly hasAnswered: boolean;
  /** Where it has not: since when its values, and its processes, are as they are; undefined where there were none before. */
  readonly since?: number | undefined;
}

/** A process of the host that is above processes on a GPU. */
export interface Ancestor {
  readonly pid: number;
  readonly parent: number;
  readonly user: string | undefined;
  readonly command: string;
}

export interface WatchSample {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly driver: string;
  readonly gpus: readonly GpuSample[];
  readonly processes: readonly ProcessEntry[];
  readonly ancestors: ReadonlyMap<number, Ancestor>;
  /** Of the machine that the GPUs are in; undefined for a recorded one. */
  readonly host?: HostLoad | undefined;
  /** Lines for people: what cannot be seen, and why. */
  readonly notes: readonly string[];
}

/** Where samples come from. One that does not answer leaves its promise open: the screen says since when. */
export interface WatchSampler {
  /** Asks now. */
  take(): Promise<WatchSample>;
  /** The whole report of a GPU, as `-q` prints it, line by line. */
  report?(gpu: number): Promise<readonly string[]>;
  /** The environment of a process, or undefined where it may not be read. */
  environ?(pid: number): readonly string[] | undefined;
  close(): void;
}
