/** Asks NVML what the monitor shows of its GPUs. All NVML reading of `top` is here and in process-samples.ts. */
import { NVML_PCIE_UTIL_RX_BYTES, NVML_PCIE_UTIL_TX_BYTES } from '../nvml/generated/constants.js';
import { nvmlGpmQueryDeviceSupport } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NO_ANSWER, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, ask, read, together, want } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { derive } from '../query/derive.js';
import { from, type RecordValues, type Row } from '../query/field.js';
import { gpmOf } from '../query/gpm.js';
import { gpuFields, gpuRow } from '../query/gpu-fields.js';
import { count } from '../query/kind.js';
import { pcieThroughput } from '../query/links/pcie-throughput.js';
import { migDevicesOf } from '../query/mig/devices.js';
import { computeInstanceId, gpuInstanceId, migName } from '../query/mig/mig.js';
import { compilePlan } from '../query/plan.js';
import { fixed } from '../query/probe.js';
import type { Reader, Reading } from '../query/reading.js';
import { GPM_METRICS, gpmFields, METRICS, type Metric, SLOW_METRICS } from './gpu-metrics.js';
import { isNoAnswer } from './process-samples.js';
import type { GpuSample, MigSample, WatchSample } from './sample.js';

const GPM_ASKED = new Set(gpmFields);
const support = fixed(nvmlGpmQueryDeviceSupport);

const pcieRow = (counter: number): Row => ({
  id: 0,
  names: ['pcie'],
  help: '',
  kind: count,
  source: from(pcieThroughput(counter), 'value'),
});

/** NVML's KB a second as MiB a second. */
const mebibytesPerSecond = (reading: Reading): Reading =>
  derive([reading], (kilobytes) => Math.floor((kilobytes * 100) / 1024) / 100);

export interface GpuSource {
  /** Asks now, and what another asks at the same time: each round of questions wakes two processes. */
  sample<T>(other: Asking<T>): Promise<Pick<WatchSample, 'driver' | 'gpus'> & { readonly other: T }>;
  close(): void;
}

const FIXED = ['name', 'uuid', 'driver_version'] as const;
const QUICK = METRICS.filter((name) => !SLOW_METRICS.has(name));
const SLOW_NAMES = METRICS.filter((name) => SLOW_METRICS.has(name));
const SLOW = [...FIXED, ...SLOW_NAMES];

/** Milliseconds between two questions about what seldom changes. */
const SLOW_PERIOD = 5000;

export async function gpuSource(asker: Asker, gpus: readonly Gpu[], now: () => number): Promise<GpuSource> {
  const context = { asker, now };
  const quick = compilePlan(QUICK.map(gpuRow), gpus, context);
  const slow = compilePlan(SLOW.map(gpuRow), gpus, context);
  let slowAt = Number.NEGATIVE_INFINITY;
  const sampleSlow = async (time: number): Promise<void> => {
    if (time - slowAt < SLOW_PERIOD) return;
    await slow.sample();
    // What has not answered is asked again at once.
    const isSilent = slow.lines.some(({ readers }) => readers.some((read) => isNoAnswer(read())));
    slowAt = isSilent ? Number.NEGATIVE_INFINITY : time;
  };
  const gpm = gpmOf(['device']).begin();
  const haveGpm = await asker.start(together(gpus.map(hasGpm)));
  /** Of each GPU at the last tick. */
  const measured: RecordValues[] = gpus.map(() => ({}));
  // The counters of the PCIe link take 20 ms each: only GPUs without GPM are asked for them.
  const counted = gpus.filter((gpu, i) => !haveGpm[i] && gpu.handle !== undefined);
  const rows = [pcieRow(NVML_PCIE_UTIL_TX_BYTES), pcieRow(NVML_PCIE_UTIL_RX_BYTES)];
  const pcie = counted.length === 0 ? undefined : compilePlan(rows, counted, context);
  function* gpmNow(gpu: Gpu): Asking<RecordValues> {
    const found = yield* gpm.find(gpu, GPM_ASKED);
    return found instanceof Missing ? {} : (found[0]?.values ?? {});
  }
  const traffic = (gpu: Gpu, place: number): Reading => {
    const line = pcie?.lines.find(({ subject }) => subject === gpu);
    return line === undefined ? NOT_SUPPORTED : mebibytesPerSecond(line.readers[place]?.() ?? NOT_SUPPORTED);
  };
  const fixedOf = (i: number, name: (typeof FIXED)[number]): string =>
    textOf(slow.lines[i]?.readers[FIXED.indexOf(name)]?.() ?? NOT_SUPPORTED);
  /** The readers of a GPU, found once. */
  const readersOf = (gpu: Gpu, i: number): readonly (readonly [Metric, Reader])[] => {
    const none: Reader = () => NOT_SUPPORTED;
    const absent = gpu.status === 0 ? NOT_SUPPORTED : Missing.of(gpu.status);
    const readers: (readonly [Metric, Reader])[] = [
      ...QUICK.map((name, place) => [name, quick.lines[i]?.readers[place] ?? none] as const),
      ...SLOW_NAMES.map(
        (name, place) => [name, slow.lines[i]?.readers[FIXED.length + place] ?? none] as const,
      ),
      ...GPM_METRICS.map((name) => [name, () => measured[i]?.[name] ?? absent] as const),
    ];
    if (!haveGpm[i]) readers.push(['pcitx', () => traffic(gpu, 0)], ['pcirx', () => traffic(gpu, 1)]);
    return readers;
  };
  const readers = gpus.map(readersOf);
  const valuesOf = (i: number): Readonly<Record<Metric, Reading>> => {
    const values: Partial<Record<Metric, Reading>> = {};
    for (const [name, read] of readers[i] ?? []) values[name] = read();
    return values as Readonly<Record<Metric, Reading>>;
  };
  const sampleOf = (gpu: Gpu, i: number, migs: readonly MigSample[] | Missing): GpuSample => ({
    index: gpu.index,
    name: fixedOf(i, 'name'),
    uuid: fixedOf(i, 'uuid'),
    lost: gpu.handle === undefined ? statusWords(gpu.status) : undefined,
    values: valuesOf(i),
    migs: migs instanceof Missing ? [] : migs,
    hasAnswered: true,
  });
  return {
    sample: async (other) => {
      const migs: (readonly MigSample[] | Missing)[] = [];
      function* aboutGpu(gpu: Gpu, i: number): Asking<void> {
        if (haveGpm[i]) measured[i] = yield* gpmNow(gpu);
        if (gpu.handle !== undefined) migs[i] = yield* migsOf(gpu);
      }
      const [answered] = await Promise.all([
        asker.start(beside(other, gpus.map(aboutGpu))),
        quick.sample(),
        sampleSlow(now()),
        pcie?.sample(),
      ]);
      return {
        driver: gpus.map((_, i) => fixedOf(i, 'driver_version')).find((driver) => driver !== '') ?? '',
        gpus: gpus.map((gpu, i) => sampleOf(gpu, i, migs[i] ?? [])),
        other: answered,
      };
    },
    close: () => {
      // The memory of samples in another process ends with that.
      if (asker.session.driver.isElsewhere) return;
      asker.run(gpm.end());
    },
  };
}

const textOf = (reading: Reading): string => (reading instanceof Missing ? '' : String(reading));

function* hasGpm(gpu: Gpu): Asking<boolean> {
  if (gpu.handle === undefined) return false;
  const answer = yield* ask(support, gpu);
  // One that does not answer now may have metrics later.
  return answer.status === NO_ANSWER || answer.read('isSupportedDevice') === 1;
}

/** One asking's result, and what is asked at the same time. */
function* beside<T>(asking: Asking<T>, others: readonly Asking<unknown>[]): Asking<T> {
  const [result] = yield* together<unknown>([asking, ...others]);
  return result as T;
}

/** The MIG devices of a GPU; none where it is not divided. */
function* migsOf(gpu: Subject): Asking<readonly MigSample[] | Missing> {
  const found = yield* migDevicesOf(gpu);
  if (found === undefined || found instanceof Missing) return found ?? [];
  return yield* together(found.map(migOf));
}

function* migOf(mig: Subject): Asking<MigSample> {
  const [usedMemory, totalMemory] = (yield* gpuFields(['memory.used', 'memory.total'], mig)) as [
    Reading,
    Reading,
  ];
  const [gi, ci] = (yield* read([want(gpuInstanceId), want(computeInstanceId)], mig)) as [Reading, Reading];
  return { name: textOf(yield* migName(mig)), gi, ci, usedMemory, totalMemory };
}
