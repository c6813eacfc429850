/** The JSON Schema of records of fields. */
import { SCHEMA_VERSION } from '../src/query/cell.js';
import { type Field, fieldHelp, nameOf } from '../src/query/field.js';
import type { Kind } from '../src/query/kind.js';

export interface Property {
  readonly type: readonly string[];
  readonly description?: string;
  readonly format?: string;
}

/** What a kind's JSON looks like; a value of 64 bits that a number cannot hold comes as text. */
export function kindProperty(kind: Kind): Property {
  const example = kind.json(0);
  const type = typeof example;
  const isTime = type === 'string' && /^\d{4}-\d\d-\d\dT/.test(String(example));
  return {
    type: type === 'number' ? ['number', 'string', 'null'] : [type, 'null'],
    ...(isTime ? { format: 'date-time' } : {}),
  };
}

/** What a field is, and its unit. */
function descriptionOf(field: Field): string {
  const help = field.jsonHelp ?? fieldHelp(field);
  return field.kind.unit === undefined ? help : `${help} In ${field.kind.unit}.`;
}

const propertyOf = (field: Field): Property => ({
  ...kindProperty(field.kind),
  description: descriptionOf(field),
});

export const SCHEMA_VERSION_PROPERTY = {
  type: 'integer',
  const: SCHEMA_VERSION,
  description: 'Grows when a name or a shape changes.',
} as const;

export const REASONS = {
  type: 'object',
  description: 'Why a value is null, by its name; there only where one is.',
  minProperties: 1,
  additionalProperties: { type: 'string', minLength: 1 },
} as const;

/** A record: those of its fields that are always there are required. */
export const recordSchema = (
  fields: readonly Field[],
  required: readonly Field[],
  more: object = {},
): object => ({
  type: 'object',
  required: required.map(nameOf),
  properties: {
    ...Object.fromEntries(fields.map((field) => [nameOf(field), propertyOf(field)])),
    reasons: { $ref: '#/$defs/reasons' },
    ...more,
  },
  additionalProperties: false,
});
