/** Writes api-types.ts: handles, enums and structs as TypeScript types. */
import { ABSENT_FIELDS, TEXT_POINTERS } from '../src/nvml/functions/fields.js';
import * as note from './annotations.js';
import { type ApiField, api, resolve, scalarOf } from './api.js';
import * as meaning from './meanings.js';
import { versionOf } from './prototypes.js';

export const bare = (type: string): string => type.replace(/^const /, '').replace(/\*$/, '');

/** The TypeScript type of a C scalar, enum, handle or struct. */
export function typeOf(type: string): string {
  const name = bare(type);
  if (name in note.HANDLES || name in api.enums || name === 'nvmlValue_t') {
    return name === 'nvmlValue_t' ? 'Uint64' : name;
  }
  if (resolve(name) in api.structs) return name;
  switch (scalarOf(name)) {
    case 'u64':
    case 'i64':
      return 'Uint64';
    case 'ptr':
      return 'string | null';
    case undefined:
      throw new Error(`no TypeScript type for ${type}`);
    default:
      return 'number';
  }
}

export const isAbsentable = (name: string): boolean => ABSENT_FIELDS.has(name);

function fieldType(struct: string, field: ApiField, indent: string): string {
  const array = note.POINTED_ARRAYS[struct];
  if (array?.field === field.name)
    return array.item === 'unsigned char' ? 'Uint8Array' : `readonly ${typeOf(array.item)}[]`;
  const name = field.name ?? '';
  if (resolve(field.type) === 'char' && field.dims !== undefined) return 'string';
  const single =
    field.fields !== undefined
      ? `{\n${members(struct, field.fields, `${indent}  `).join('\n')}\n${indent}}`
      : TEXT_POINTERS.has(name) && field.type === 'char*'
        ? 'string | null'
        : field.type in note.HANDLES
          ? `${field.type} | null`
          : typeOf(field.type);
  if (field.dims !== undefined) {
    return resolve(field.type) === 'unsigned char'
      ? 'Uint8Array'
      : `readonly ${single.includes('|') ? `(${single})` : single}[]`;
  }
  return isAbsentable(name) ? `${single} | null` : single;
}

function members(struct: string, fields: readonly ApiField[], indent: string): string[] {
  return fields.flatMap((field) => {
    if (field.name === null) return members(struct, field.fields ?? [], indent);
    const unit =
      meaning.UNIT_OF_FIELD[`${struct}.${field.name}`] ??
      meaning.UNIT_OF_FIELD_NAME[field.name] ??
      meaning.UNIT_BY_ENDING.find(([ending]) => ending.test(field.name ?? ''))?.[1];
    const absent = isAbsentable(field.name)
      ? `${unit === undefined ? '' : '; '}null where it is not available`
      : '';
    const doc =
      unit === undefined && absent === ''
        ? []
        : [`${indent}/** ${unit ?? ''}${absent} */`.replace('/** ;', '/**')];
    return [...doc, `${indent}readonly ${field.name}: ${fieldType(struct, field, indent)};`];
  });
}

function struct(name: string): string {
  const declared = api.structs[name];
  const fields = (declared?.fields ?? []).filter(
    (field) => field.name !== 'version' || versionOf(name) === undefined,
  );
  return `export interface ${name} {\n${members(name, fields, '  ').join('\n')}\n}`;
}

function enumType(name: string): string {
  const values = Object.entries(api.enums[name] ?? {});
  const shown = values.slice(0, 4).map(([member, value]) => `{@link c.${member}} (${value})`);
  const more = values.length > 4 ? `, … ${values.length} in all` : '';
  const literals = [...new Set(values.map(([, value]) => value))].slice(0, 40);
  return [
    `/** ${shown.join(', ')}${more}. A newer driver may say other numbers. */`,
    `export type ${name} = ${literals.join(' | ')} | (number & {});`,
  ].join('\n');
}

export function types(): string {
  const handles = Object.entries(note.HANDLES).map(
    ([name, kind]) =>
      `/** An opaque handle: ${note.HANDLE_WORDS[kind]}. */\nexport type ${name} = bigint & { readonly __nvml: '${kind}' };`,
  );
  const aliases = Object.keys(api.typedefs)
    .filter((alias) => !(alias in note.HANDLES) && resolve(alias) in api.structs && !(alias in api.structs))
    .map((alias) => `export type ${alias} = ${resolve(alias)};`);
  return [
    "import type * as c from './constants.js';",
    '',
    '/** A 64-bit number: a number while it is a safe integer, a bigint beyond. `Number()` and `BigInt()` take both. */',
    'export type Uint64 = number | bigint;',
    '',
    ...handles,
    '',
    ...Object.keys(api.enums).map(enumType),
    '',
    ...Object.keys(api.structs)
      .filter((name) => name !== 'nvmlValue_t')
      .map(struct),
    ...aliases,
    '',
    '/** Numbers of the header that have names for readers only: the constants in their place. */',
    'export type Constants = typeof c;',
    '',
  ].join('\n');
}
