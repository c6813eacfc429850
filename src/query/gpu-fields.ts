/** The fields of --query-gpu by their names, and their values at once, where a command needs a few and no plan. */
import type { Session } from '../nvml/session.js';
import type { Reading } from './bound-probe.js';
import { type Cells, cell } from './cell.js';
import { gpuTable } from './gpu/index.js';
import { compilePlan, type Subject } from './plan.js';
import { nameOf, type Row } from './row.js';

const byName = new Map(gpuTable.rows.map((row) => [nameOf(row), row]));

/** The row of a --query-gpu field. Throws for a name that does not exist: a mistake of the caller. */
export function gpuRow(name: string): Row {
  const row = byName.get(name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row;
}

/** Values of some --query-gpu fields of one GPU or MIG device. Not for fields that wait. */
export function readGpuFields(
  session: Session,
  subject: Subject,
  names: readonly string[],
): readonly Reading[] {
  const plan = compilePlan(names.map(gpuRow), [subject], { session, now: Date.now });
  void plan.sample();
  return plan.lines.flatMap(({ readers }) => readers.map((read) => read()));
}

/** The same as cells, by the names of the fields. */
export function fieldCells<Name extends string>(
  session: Session,
  subject: Subject,
  names: readonly Name[],
): Cells<Name> {
  const readings = readGpuFields(session, subject, names);
  const cells = names.map((name, i) => [name, cell(gpuRow(name).kind, readings[i] as Reading)]);
  return Object.fromEntries(cells) as Cells<Name>;
}
