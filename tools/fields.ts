/** Writes src/api/generated/fields.ts: the TypeScript types of all fields, by names and numbers. */

import { type Field, fieldHelp, nameOf } from '../src/query/field.js';
import { gpuRelation, numberOf, relations } from '../src/query/relations.js';

/** What a kind makes of a value in JSON. Words and texts are strings, whatever they are given. */
function typeOf({ kind }: Field): string {
  return typeof kind.json(1);
}

/** The members of an interface, by their keys. */
type Members = ReadonlyMap<string, string>;

/** Every field under each of its names. */
const types = (fields: readonly Field[]): Members =>
  new Map(
    fields.flatMap((field) =>
      field.names.map((name) => {
        const { unit } = field.kind;
        const doc = `${field.jsonHelp ?? fieldHelp(field)}${unit === undefined ? '' : ` In ${unit}.`}`;
        return [`'${name}'`, `/** ${doc.replace(/\s+/g, ' ')} */\nreadonly '${name}': ${typeOf(field)};`];
      }),
    ),
  );

/** The name that each number names. */
const numbers = (fields: readonly Field[]): Members =>
  new Map(
    fields
      .filter((field) => numberOf(field) !== undefined)
      .map((field) => [`${numberOf(field)}`, `readonly ${numberOf(field)}: '${nameOf(field)}';`]),
  );

const indented = (texts: Iterable<string>, indent: string): readonly string[] =>
  [...texts].flatMap((text) => text.split('\n').map((line) => `${indent}${line}`));

/** The interface of the GPU, and that of all relations. What an earlier relation says of a field is taken from there. */
function declared(
  make: (fields: readonly Field[]) => Members,
  gpus: string,
  all: string,
  of: string,
): string {
  const ofGpu = make(gpuRelation.fields);
  const whose = new Map([...ofGpu].map(([key, text]) => [`${key} ${text}`, gpus]));
  const others = relations.filter((relation) => relation !== gpuRelation);
  const each = others.flatMap(({ name, record, fields }) => {
    const own: string[] = [];
    const taken = new Map<string, readonly string[]>();
    for (const [key, text] of make(fields)) {
      const from = whose.get(`${key} ${text}`);
      if (from === undefined) own.push(text);
      else taken.set(from, [...(taken.get(from) ?? []), key]);
      whose.set(`${key} ${text}`, from ?? `${all}['${name}']`);
    }
    const picked = [...taken].map(([from, keys]) => `Pick<${from}, ${keys.join(' | ')}> & `);
    return [
      `  /** Each record is ${record}. */`,
      `  readonly ${name}: ${picked.join('')}{`,
      ...indented(own, '    '),
      '  };',
    ];
  });
  return [
    `/** The fields of a GPU${of}: those of --query-gpu, then those that it does not have. */`,
    `export interface ${gpus} {`,
    ...indented(ofGpu.values(), '  '),
    '}',
    '',
    `/** The relations, and the fields of each${of}. */`,
    `export interface ${all} {`,
    `  /** Each record is ${gpuRelation.record}. */`,
    `  readonly gpus: ${gpus};`,
    ...each,
    '}',
    '',
  ].join('\n');
}

export const fields = (): string =>
  [
    declared(types, 'GpuFields', 'RelationFields', ' and the types of their values'),
    declared(numbers, 'GpuFieldNumbers', 'RelationNumbers', ' by their numbers'),
  ].join('\n');
