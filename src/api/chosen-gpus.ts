/** The GPUs and MIG devices that options name. */
import { checkNames, checkObject, shown } from '../nvml/functions/check.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { Asker } from '../query/ask/asker.js';
import { type Asking, together } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { gpuField } from '../query/gpu-fields.js';
import { migDevicesIn } from '../query/mig/devices.js';
import type { Reading } from '../query/reading.js';
import { BadBusId, selectGpus } from '../query/select.js';
import { type GpuName, type GpuOptions, UnknownGpu } from './gpus.js';

/** A GPU, or one of its MIG devices. */
export interface Chosen {
  readonly gpu: Gpu;
  /** What is asked: the MIG device where one was named, else the GPU. It has the GPU's index. */
  readonly subject: Subject;
}

/** What `options.gpus` names, or all GPUs. Throws UnknownGpu, or TypeError for unknown options. */
export function chosenOf(
  fn: string,
  session: Session,
  options: GpuOptions,
  others: readonly string[] = [],
): readonly Chosen[] {
  checkObject(fn, options, `{ ${[...others, 'gpus'].join(', ')} }`);
  checkNames(fn, options, [...others, 'gpus']);
  const { gpus } = options;
  if (gpus === undefined) return session.gpus.map(whole);
  if (!Array.isArray(gpus)) {
    throw new TypeError(
      `${fn}: gpus must be an array of indexes, UUIDs, PCI bus ids or serial numbers, not ${shown(gpus)}`,
    );
  }
  return gpus.map((name: unknown, i) => {
    if (typeof name === 'number' || typeof name === 'string') return named(session, name);
    throw new TypeError(
      `${fn}: gpus[${i}] must be an index, a UUID, a PCI bus id or a serial number, not ${shown(name)}`,
    );
  });
}

/** The GPUs that are meant, each once: those of the MIG devices among them. */
export const gpusAmong = (chosen: readonly Chosen[]): readonly Gpu[] => [
  ...new Set(chosen.map(({ gpu }) => gpu)),
];

const whole = (gpu: Gpu): Chosen => ({ gpu, subject: gpu });

function named(session: Session, name: GpuName): Chosen {
  if (typeof name === 'string' && /^MIG-/i.test(name)) {
    const found = new Asker(session).run(migCalled(session.gpus, name));
    if (found !== undefined) return found;
  } else {
    const gpu = typeof name === 'number' ? session.gpus[name] : gpuCalled(session, name);
    if (gpu !== undefined) return whole(gpu);
  }
  throw new UnknownGpu(name, session.gpus.length);
}

function gpuCalled(session: Session, name: string): Gpu | undefined {
  // The option takes a list; here each has a place of its own.
  if (name.includes(',')) return undefined;
  try {
    return new Asker(session).run(selectGpus(session.gpus, name))[0];
  } catch (error) {
    if (error instanceof BadBusId) return undefined;
    throw error;
  }
}

function* migCalled(gpus: readonly Gpu[], uuid: string): Asking<Chosen | undefined> {
  const all = yield* together(gpus.map(migsOf));
  return all.flat().find((mig) => String(mig.uuid).toLowerCase() === uuid.toLowerCase());
}

function* migsOf(gpu: Gpu): Asking<readonly (Chosen & { readonly uuid: Reading })[]> {
  const migs = yield* migDevicesIn(gpu);
  // What cannot be listed cannot be named; another GPU may have the device.
  if (migs instanceof Missing) return [];
  const uuids = yield* together(migs.map((mig) => gpuField('uuid', mig)));
  return migs.map(({ handle }, i) => ({
    gpu,
    subject: { index: gpu.index, handle, status: 0 },
    uuid: uuids[i] as Reading,
  }));
}
