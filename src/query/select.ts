/** Which GPUs `-i` means. */
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Reading } from './bound-probe.js';
import { readGpuFields } from './gpu-fields.js';

/** The names by which a GPU can be selected. Each is asked only where a selector needs it. */
export interface GpuNames {
  uuid(gpu: Gpu): Reading;
  serial(gpu: Gpu): Reading;
  /** As NVML spells it: 00000000:00:06.0 */
  busId(gpu: Gpu): Reading;
}

/** The names that a session's GPUs tell. */
export function namesIn(session: Session): GpuNames {
  const read =
    (name: string) =>
    (gpu: Gpu): Reading =>
      readGpuFields(session, gpu, [name])[0] as Reading;
  return { uuid: read('uuid'), serial: read('serial'), busId: read('pci.bus_id') };
}

/** A text that looks like a bus id and is not one. */
export class BadBusId extends Error {}

type Match = (gpu: Gpu) => boolean;

const BUS_ID = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;

/** A bus id as four numbers in canonical text, whatever its zeros and case. */
function canonicalBusId(text: string): string | undefined {
  const parts = BUS_ID.exec(text);
  if (parts === null) return undefined;
  return [parts[1] ?? '0', parts[2], parts[3], parts[4]]
    .map((part) => Number.parseInt(part as string, 16))
    .join(':');
}

function matcher(selector: string, names: GpuNames, count: number): Match {
  // No serial number is as small as an index, so no GPU needs to be asked for its own.
  if (/^\d+$/.test(selector) && Number(selector) < count) {
    const index = Number(selector);
    return (gpu) => gpu.index === index;
  }
  if (/^(GPU|MIG)-/i.test(selector)) return (gpu) => same(names.uuid(gpu), selector);
  if (selector.includes(':')) {
    const wanted = canonicalBusId(selector);
    if (wanted === undefined) throw new BadBusId(selector);
    return (gpu) => {
      const busId = names.busId(gpu);
      return !(busId instanceof Missing) && canonicalBusId(String(busId)) === wanted;
    };
  }
  return (gpu) => same(names.serial(gpu), selector);
}

const same = (reading: Reading, text: string): boolean =>
  !(reading instanceof Missing) && String(reading).toLowerCase() === text.toLowerCase();

/** The GPUs that a comma list names, in NVML's order, each once. What names none is passed over. */
export function selectGpus(gpus: readonly Gpu[], selectors: string, names: GpuNames): readonly Gpu[] {
  const matchers = selectors
    .split(',')
    .map((selector) => selector.trim())
    .filter((selector) => selector !== '')
    .map((selector) => matcher(selector, names, gpus.length));
  return gpus.filter((gpu) => matchers.some((matches) => matches(gpu)));
}
