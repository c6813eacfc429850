/** The fields that names and numbers mean. */

import type { AskedField } from '../format/json.js';
import { shown } from '../nvml/functions/check.js';
import { type Field, nameOf } from '../query/field.js';
import { nearestNames } from '../query/nearest.js';
import type { Relation } from '../query/relation.js';
import { fieldsByName, gpuRelation, relations } from '../query/relations.js';
import { UnknownField } from './query.js';
import { UnknownRelation } from './relation.js';

/** The fields of a relation that `fn` was given, by the names that a record has them under. Throws UnknownField, TypeError. */
export function askedFields(fn: string, fields: unknown, relation = gpuRelation): readonly AskedField[] {
  if (!Array.isArray(fields)) {
    const names = relation === gpuRelation ? ['name', 'memory.used'] : relation.fields.slice(-2).map(nameOf);
    const example = typeof fields === 'string' ? fields.split(',') : names;
    const given = typeof fields === 'string' ? `the string '${fields}'` : shown(fields);
    const array = example.map((name) => `'${name.trim()}'`).join(', ');
    throw new TypeError(`${fn}: fields must be an array of names, [${array}], not ${given}`);
  }
  const known = fieldsByName(relation);
  return fields.map((name: unknown, i) => {
    if (typeof name !== 'string' && typeof name !== 'number') {
      throw new TypeError(`${fn}: fields[${i}] must be the name or number of a field, not ${shown(name)}`);
    }
    const field = known.get(name);
    if (field === undefined) throw unknownField(name, relation);
    return { name: typeof name === 'number' ? nameOf(field) : name, field };
  });
}

function unknownField(name: string | number, relation: Relation): UnknownField {
  const names = [...fieldsByName(relation).keys()].filter((each) => typeof each === 'string');
  const of = relation === gpuRelation ? undefined : relation.name;
  return new UnknownField(name, typeof name === 'number' ? [] : nearestNames(name, names), of);
}

/** All fields of a relation, as they are asked for without a choice. */
export const allFields = ({ fields }: Relation): readonly AskedField[] =>
  fields.map((field: Field) => ({ name: nameOf(field), field }));

/** The relation of a name. Throws UnknownRelation, TypeError. */
export function relationNamed(fn: string, name: unknown): Relation {
  if (typeof name !== 'string') {
    throw new TypeError(`${fn}: name must be the name of a relation, 'compute_apps', not ${shown(name)}`);
  }
  const found = relations.find((relation) => relation.name === name);
  if (found !== undefined) return found;
  const names = relations.map((relation) => relation.name);
  throw new UnknownRelation(name, nearestNames(name, names), names);
}
