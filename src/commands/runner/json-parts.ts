/** The parts of JSON documents that relations make: their schema and their records. */
import { type Field, nameOf } from '../../query/field.js';
import { identity } from '../../query/identity.js';
import type { Relation } from '../../query/relation.js';
import type { JsonPart } from '../command.js';

/** Who a GPU is. */
export const IDENTITY = [identity.gpu, identity.name, identity.uuid] as const;

/** The list of GPUs: who each is, fields that all have, and fields that options ask for. */
export const gpusPart = (always: readonly Field[] = [], optional: readonly Field[] = []): JsonPart => ({
  name: 'gpus',
  of: 'a GPU',
  isList: true,
  isAlways: true,
  fields: [...new Set([...IDENTITY, ...always, ...optional])],
  required: [...new Set([...IDENTITY, ...always])],
});

/** What says which GPU a record is of; not repeated where the record has a UUID of its own. */
export const keysOf = ({ of, fields }: Pick<Relation, 'of' | 'fields'>): readonly Field[] =>
  of === 'system'
    ? []
    : [identity.gpu, identity.uuid].filter((key) => fields.every((field) => nameOf(field) !== nameOf(key)));

/** The list of a relation's records, or the one record of the system. Those fields are always there by which it was found. */
export const partOf = (relation: Relation): JsonPart => {
  const { name, record, of, fields } = relation;
  const keys = keysOf(relation);
  const isOne = of === 'system' && relation.find === undefined;
  const found = isOne ? [] : fields.filter(({ source }) => 'item' in source);
  return {
    name,
    of: record,
    isList: !isOne,
    isAlways: false,
    fields: [...keys, ...fields],
    required: [...keys, ...found],
  };
};

/** The same where every record has all fields, and the document always has the part. */
export const wholePart = (relation: Relation): JsonPart => {
  const part = partOf(relation);
  return { ...part, isAlways: true, required: part.fields };
};
