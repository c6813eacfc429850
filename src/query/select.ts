/** Which GPUs `-i` means. */
import { cInteger } from '../base/c-integer.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, together } from './ask/asking.js';
import { gpuFields } from './gpu-fields.js';
import type { Reading } from './reading.js';

/** A text that looks like a bus id and is not one. */
export class BadBusId extends Error {}

/** What a selector means: an index, or a field of the GPU by which it is named. */
interface Matcher {
  readonly field?: 'uuid' | 'serial' | 'pci.bus_id';
  readonly matches: (gpu: Gpu, value: Reading | undefined) => boolean;
}

const BUS_ID = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;
/** 580.159.04 takes a bus id without its function where it has its domain (on the fake); 550 finds nothing. */
const WITHOUT_FUNCTION = /^[0-9a-f]{1,8}:[0-9a-f]{1,2}:[0-9a-f]{1,2}$/i;

/** A bus id as four numbers in canonical text, whatever its zeros and case. */
function canonicalBusId(text: string): string | undefined {
  const parts = BUS_ID.exec(WITHOUT_FUNCTION.test(text) ? `${text}.0` : text);
  if (parts === null) return undefined;
  return [parts[1] ?? '0', parts[2], parts[3], parts[4]]
    .map((part) => Number.parseInt(part as string, 16))
    .join(':');
}

function matcher(selector: string, count: number): Matcher {
  // No serial number is as small as an index, so no GPU needs to be asked for its own. `0x1` and `+1` are the index 1 (550 on the fake).
  const index = cInteger(selector);
  if (index !== undefined && !selector.startsWith('-') && index < count) {
    return { matches: (gpu) => gpu.index === index };
  }
  if (/^(GPU|MIG)-/i.test(selector)) return { field: 'uuid', matches: (_, uuid) => same(uuid, selector) };
  if (selector.includes(':')) {
    const wanted = canonicalBusId(selector);
    if (wanted === undefined) throw new BadBusId(selector);
    // The system knows the place of a GPU that cannot be attached.
    return {
      field: 'pci.bus_id',
      matches: (gpu, busId) => canonicalBusId(gpu.busId ?? textOf(busId)) === wanted,
    };
  }
  return { field: 'serial', matches: (_, serial) => same(serial, selector) };
}

const textOf = (reading: Reading | undefined): string =>
  reading === undefined || reading instanceof Missing ? '' : String(reading);

const same = (reading: Reading | undefined, text: string): boolean =>
  textOf(reading).toLowerCase() === text.toLowerCase();

/**
 * The GPUs that a comma list names, in NVML's order, each once. What names none is ignored. GPUs are asked only for the fields
 * that a selector needs. Throws BadBusId.
 */
export function* selectGpus(gpus: readonly Gpu[], selectors: string): Asking<readonly Gpu[]> {
  const matchers = selectors
    .split(',')
    .map((selector) => selector.trim())
    .filter((selector) => selector !== '')
    .map((selector) => matcher(selector, gpus.length));
  const fields = [...new Set(matchers.flatMap(({ field }) => field ?? []))];
  const names = yield* together(gpus.map((gpu) => gpuFields(fields, gpu)));
  return gpus.filter((gpu, i) =>
    matchers.some(({ field, matches }) =>
      matches(gpu, field === undefined ? undefined : names[i]?.[fields.indexOf(field)]),
    ),
  );
}
