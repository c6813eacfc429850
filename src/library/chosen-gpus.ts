/** The GPUs that options name. */
import { checkNames, checkObject, shown } from '../nvml/api/check.js';
import type { Gpu, Session } from '../nvml/session.js';
import { BadBusId, namesIn, selectGpus } from '../query/select.js';
import { type GpuName, type GpuOptions, UnknownGpu } from './gpus.js';

/** The GPUs of `options.gpus`, or all. Throws UnknownGpu, or TypeError for unknown options. */
export function gpusOf(
  fn: string,
  session: Session,
  options: GpuOptions,
  others: readonly string[] = [],
): readonly Gpu[] {
  checkObject(fn, options, `{ ${[...others, 'gpus'].join(', ')} }`);
  checkNames(fn, options, [...others, 'gpus']);
  const { gpus } = options;
  if (gpus === undefined) return session.gpus;
  if (!Array.isArray(gpus)) {
    throw new TypeError(
      `${fn}: gpus must be an array of indexes, UUIDs, PCI bus ids or serial numbers, not ${shown(gpus)}`,
    );
  }
  return gpus.map((name: unknown, i) => {
    if (typeof name === 'number' || typeof name === 'string') return gpuNamed(session, name);
    throw new TypeError(
      `${fn}: gpus[${i}] must be an index, a UUID, a PCI bus id or a serial number, not ${shown(name)}`,
    );
  });
}

function gpuNamed(session: Session, name: GpuName): Gpu {
  const found = typeof name === 'number' ? session.gpus[name] : gpuCalled(session, name);
  if (found === undefined) throw new UnknownGpu(name, session.gpus.length);
  return found;
}

function gpuCalled(session: Session, name: string): Gpu | undefined {
  // The option takes a list; here each has a place of its own.
  if (name.includes(',')) return undefined;
  try {
    return selectGpus(session.gpus, name, namesIn(session))[0];
  } catch (error) {
    if (error instanceof BadBusId) return undefined;
    throw error;
  }
}
