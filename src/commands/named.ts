/** GPUs by name, for the line above what is said about each. */
import type { Gpu } from '../nvml/session.js';
import type { Asking } from '../query/ask/asking.js';
import { readFields } from '../query/ask/records.js';
import { type Cells, cell } from '../query/cell.js';
import { identity } from '../query/identity.js';
import type { Reading } from '../query/reading.js';

/** Index, name and UUID as a record of JSON. */
export function* identityOf(gpu: Gpu): Asking<Cells<'gpu' | 'name' | 'uuid'>> {
  const [name, uuid] = (yield* readFields([identity.name, identity.uuid], gpu)) as [Reading, Reading];
  return {
    gpu: cell(identity.gpu.kind, gpu.index),
    name: cell(identity.name.kind, name),
    uuid: cell(identity.uuid.kind, uuid),
  };
}
