/** GPUs by name, for the line above what is said about each. */
import type { Gpu, Session } from '../nvml/session.js';
import { type Cells, cell } from '../query/cell.js';
import { count, text } from '../query/kind.js';
import { readGpuFields } from '../query/read.js';
import type { Reading } from '../query/reading.js';

/** Index, name and UUID as a record of JSON. */
export function identityOf(session: Session, gpu: Gpu): Cells<'gpu' | 'name' | 'uuid'> {
  const [name, uuid] = readGpuFields(session, gpu, ['name', 'uuid']) as [Reading, Reading];
  return { gpu: cell(count, gpu.index), name: cell(text, name), uuid: cell(text, uuid) };
}
