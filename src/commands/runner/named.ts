/** GPUs by name, for the line above what is said about each. */
import type { Gpu } from '../../nvml/session.js';
import type { Asking } from '../../query/ask/asking.js';
import { readFields } from '../../query/ask/records.js';
import type { Cells } from '../../query/cell.js';
import { identity } from '../../query/identity.js';
import { cellsOf } from '../../query/record-cells.js';

const WHO = Object.values(identity);

/** Index, name and UUID as a record of JSON. */
export function* identityOf(gpu: Gpu): Asking<Cells<'gpu' | 'name' | 'uuid'>> {
  return cellsOf(WHO, yield* readFields(WHO, gpu)) as Cells<'gpu' | 'name' | 'uuid'>;
}
