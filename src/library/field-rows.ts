/** The rows that names of fields stand for. */
import { shown } from '../nvml/api/check.js';
import type { Row } from '../query/field.js';
import { gpuTable } from '../query/gpu/index.js';
import { nearestNames } from '../query/nearest.js';
import { UnknownField } from './query.js';

const rowsByName: ReadonlyMap<string, Row> = new Map(
  gpuTable.fields.flatMap((row) => row.names.map((name) => [name, row] as const)),
);

/** The rows of the fields that `fn` was given. Throws UnknownField, TypeError. */
export function rowsOf(fn: string, fields: unknown): readonly Row[] {
  if (!Array.isArray(fields)) {
    const example = typeof fields === 'string' ? fields.split(',') : ['name', 'memory.used'];
    const given = typeof fields === 'string' ? `the string '${fields}'` : shown(fields);
    throw new TypeError(
      `${fn}: fields must be an array of names, [${example.map((name) => `'${name.trim()}'`).join(', ')}], not ${given}`,
    );
  }
  return fields.map((name: unknown, i) => {
    if (typeof name !== 'string') {
      throw new TypeError(`${fn}: fields[${i}] must be the name of a field, not ${shown(name)}`);
    }
    const row = rowsByName.get(name);
    if (row === undefined) throw new UnknownField(name, nearestNames(name, [...rowsByName.keys()]));
    return row;
  });
}
