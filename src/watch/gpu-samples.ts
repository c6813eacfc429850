/** Asks NVML what the monitor shows of its GPUs. All NVML reading of `top` is here and in process-samples.ts. */
import { NVML_PCIE_UTIL_RX_BYTES, NVML_PCIE_UTIL_TX_BYTES } from '../nvml/generated/constants.js';
import { nvmlGpmQueryDeviceSupport } from '../nvml/generated/entries.js';
import { GpmMeter } from '../nvml/gpm.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { derive } from '../query/derive.js';
import { gpuRow, readGpuFields } from '../query/gpu-fields.js';
import { count } from '../query/kind.js';
import { computeInstanceId, gpuInstanceId, migName } from '../query/mig.js';
import { migDevicesOf } from '../query/mig-devices.js';
import { pcieThroughput } from '../query/pcie-throughput.js';
import { compilePlan } from '../query/plan.js';
import { fixed } from '../query/probe.js';
import { askerOf, askProbe } from '../query/read.js';
import { from, type Row } from '../query/row.js';
import { GPM_METRICS, type GpmMetricName, METRICS, type Metric } from './gpu-metrics.js';
import type { GpuSample, MigSample } from './sample.js';

const GPM_NAMES = Object.keys(GPM_METRICS) as readonly GpmMetricName[];
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
  /** Asks now. A promise only where something waits on worker threads. */
  sample(): void | Promise<void>;
  read(): readonly GpuSample[];
  close(): void;
}

export function gpuSource(session: Session, gpus: readonly Gpu[], now: () => number): GpuSource {
  const context = { session, now };
  const plan = compilePlan(METRICS.map(gpuRow), gpus, context);
  const meters = gpus.map((gpu) => meterOf(session, gpu));
  // The counters of the PCIe link take 20 ms each: only GPUs without GPM are asked for them.
  const slow = gpus.filter((gpu, i) => meters[i] === undefined && gpu.handle !== undefined);
  const rows = [pcieRow(NVML_PCIE_UTIL_TX_BYTES), pcieRow(NVML_PCIE_UTIL_RX_BYTES)];
  const pcie = slow.length === 0 ? undefined : compilePlan(rows, slow, context);
  const named = gpus.map((gpu) => {
    const [name, uuid] = readGpuFields(session, gpu, ['name', 'uuid']).map(textOf);
    return { name: name ?? '', uuid: uuid ?? '' };
  });
  const traffic = (gpu: Gpu, place: number): Reading => {
    const line = pcie?.lines.find(({ subject }) => subject === gpu);
    return line === undefined ? NOT_SUPPORTED : mebibytesPerSecond(line.readers[place]?.() ?? NOT_SUPPORTED);
  };
  const valuesOf = (gpu: Gpu, i: number): Readonly<Record<Metric, Reading>> => {
    const readers = plan.lines[i]?.readers ?? [];
    const fields = METRICS.map((name, place) => [name, readers[place]?.() ?? NOT_SUPPORTED]);
    const meter = meters[i];
    const gpm = GPM_NAMES.map((name, place) => [
      name,
      meter?.read(place) ?? (gpu.status === 0 ? NOT_SUPPORTED : Missing.of(gpu.status)),
    ]);
    const counters = meter === undefined ? { pcitx: traffic(gpu, 0), pcirx: traffic(gpu, 1) } : {};
    return { ...Object.fromEntries([...fields, ...gpm]), ...counters };
  };
  return {
    sample: () => {
      const pending = [plan.sample(), pcie?.sample()].filter((one) => one !== undefined);
      for (const meter of meters) meter?.take();
      return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
    },
    read: () =>
      gpus.map((gpu, i): GpuSample => {
        const { name, uuid } = named[i] as { name: string; uuid: string };
        const lost = gpu.handle === undefined ? statusWords(gpu.status) : undefined;
        const migs = lost === undefined ? migsOf(session, gpu) : [];
        return { index: gpu.index, name, uuid, lost, values: valuesOf(gpu, i), migs };
      }),
    close: () => {
      for (const meter of meters) meter?.close();
    },
  };
}

const textOf = (reading: Reading): string => (reading instanceof Missing ? '' : String(reading));

function meterOf(session: Session, gpu: Gpu): GpmMeter | undefined {
  if (gpu.handle === undefined) return undefined;
  if (askProbe(session, support, gpu).read('isSupportedDevice') !== 1) return undefined;
  return new GpmMeter(session.driver, gpu.handle, Object.values(GPM_METRICS));
}

/** The MIG devices of a GPU; none where they cannot be listed. */
function migsOf(session: Session, gpu: Gpu): readonly MigSample[] {
  const ask = askerOf(session, gpu);
  const found = migDevicesOf(gpu, ask);
  if (found === undefined || found instanceof Missing) return [];
  return found.map((mig) => {
    const [usedMemory, totalMemory] = readGpuFields(session, mig, ['memory.used', 'memory.total']) as [
      Reading,
      Reading,
    ];
    return {
      name: textOf(migName(session, mig)),
      gi: ask(gpuInstanceId, mig).read('value'),
      ci: ask(computeInstanceId, mig).read('value'),
      usedMemory,
      totalMemory,
    };
  });
}

export const driverVersion = (session: Session, gpus: readonly Gpu[]): string => {
  const [first] = gpus;
  return first === undefined ? '' : textOf(readGpuFields(session, first, ['driver_version'])[0] as Reading);
};
