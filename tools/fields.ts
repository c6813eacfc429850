/** Writes src/api/generated/fields.ts and relations.ts: the TypeScript types of all fields, by names and numbers. */

import { type Field, nameOf } from '../src/query/field.js';
import { gpuRelation, numberOf, relations } from '../src/query/relations.js';

/** What a kind makes of a value in JSON. Words and texts are strings, whatever they are given. */
function typeOf({ kind }: Field): string {
  return typeof kind.json(1);
}

/** Every field under each of its names. */
const types = (fields: readonly Field[], indent: string): readonly string[] =>
  fields.flatMap((field) =>
    field.names.map((name) => {
      const { unit } = field.kind;
      const doc = `${field.jsonHelp ?? field.help}${unit === undefined ? '' : ` In ${unit}.`}`;
      return `${indent}/** ${doc.replace(/\s+/g, ' ')} */\n${indent}readonly '${name}': ${typeOf(field)};`;
    }),
  );

/** The name that each number names. */
const numbers = (fields: readonly Field[], indent: string): readonly string[] =>
  fields
    .filter((field) => numberOf(field) !== undefined)
    .map((field) => `${indent}readonly ${numberOf(field)}: '${nameOf(field)}';`);

export function fields(): string {
  return [
    '/** The fields of a GPU and the types of their values: those of --query-gpu, then those that it does not have. */',
    'export interface GpuFields {',
    ...types(gpuRelation.fields, '  '),
    '}',
    '',
    '/** The numbers of the fields. */',
    'export interface GpuFieldNumbers {',
    ...numbers(gpuRelation.fields, '  '),
    '}',
    '',
  ].join('\n');
}

export function relationFields(): string {
  const others = relations.filter((relation) => relation !== gpuRelation);
  const each = (make: typeof types): readonly string[] =>
    others.flatMap(({ name, record, fields: own }) => [
      `  /** Each record is ${record}. */`,
      `  readonly ${name}: {`,
      ...make(own, '    '),
      '  };',
    ]);
  return [
    "import type { GpuFieldNumbers, GpuFields } from './fields.js';",
    '',
    '/** The relations, and the types of the values of their fields. */',
    'export interface RelationFields {',
    `  /** Each record is ${gpuRelation.record}. */`,
    '  readonly gpus: GpuFields;',
    ...each(types),
    '}',
    '',
    '/** The numbers of the fields of each relation. */',
    'export interface RelationNumbers {',
    '  readonly gpus: GpuFieldNumbers;',
    ...each(numbers),
    '}',
    '',
  ].join('\n');
}
