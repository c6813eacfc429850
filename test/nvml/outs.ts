/** Outputs of calls that tests write by hand. */
import type { Out } from '../../src/nvml/call.js';
import type { Layout, ScalarType } from '../../src/nvml/layout.js';

export const scalar = (type: ScalarType, name = 'value'): Out => ({ out: 'scalar', name, type });
export const u32 = (name?: string): Out => scalar('u32', name);
export const u64 = (name?: string): Out => scalar('u64', name);
export const handle = (name?: string): Out => scalar('ptr', name);
export const text = (length: number): Out => ({ out: 'text', length });
export const list = (
  item: Layout | ScalarType,
  capacity = 32,
  set: Readonly<Record<string, number>> = {},
): Extract<Out, { out: 'list' }> => ({
  out: 'list',
  item,
  capacity,
  set,
});

/** A list for which NVML needs the exact count, or that is nearly always empty: the count is asked first. */
export const countedList = (item: Layout | ScalarType, capacity?: number): Out => ({
  ...list(item, capacity),
  countFirst: true,
});
