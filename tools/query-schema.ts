/**
 * Writes schemas/query.schema.json, the JSON of --query-*, from the tables of fields; Biome formats it. `--check`
 * compares instead of writing and fails when the committed file does not say the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Kind } from '../src/query/kind.js';
import { tables } from '../src/query/tables/index.js';
import { instanceSchedulerLogs } from '../src/query/tables/vgpu-scheduler-logs.js';
import { kindProperty, type Property, SCHEMA_VERSION_PROPERTY } from './record-schema.js';
import { SOURCE } from './source-schema.js';

/** Its unit is all that tables which share a name agree about. */
const propertyOf = ({ kind }: { readonly kind: Kind }): Property => ({
  ...kindProperty(kind),
  ...(kind.unit === undefined ? {} : { description: kind.unit }),
});

/** By every name; a name that tables share has one property only if they agree about it. */
const properties: Record<string, Property> = {};
for (const { option, fields } of tables) {
  for (const row of fields) {
    for (const name of row.names) {
      const made = propertyOf(row);
      const known = properties[name];
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(made)) {
        throw new Error(`--${option}: ${name} is of another kind in another table`);
      }
      properties[name] = made;
    }
  }
}

/** The records of a table. */
const listOf = (option: string, record: string): object => ({
  type: 'array',
  description: `With --${option}: one record for each: ${record}.`,
  items: { $ref: '#/$defs/record' },
});

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title:
    'What nvsmi --query-* prints with --format=json, in a loop each line is one document; with jsonl each line is one record, which has schema_version itself',
  type: 'object',
  required: ['schema_version'],
  properties: {
    ...Object.fromEntries(
      [...tables, instanceSchedulerLogs(undefined)].map(({ name, option, record }) => [
        name,
        listOf(option, record),
      ]),
    ),
    schema_version: SCHEMA_VERSION_PROPERTY,
    source: SOURCE,
  },
  additionalProperties: false,
  minProperties: 2,
  $defs: {
    record: {
      type: 'object',
      description:
        'The fields that were asked for, by the names they were asked for. Null where there is no value, and then reasons says why. A field that is not known is null, too, for the reason Unknown field (--lenient).',
      properties: {
        reasons: {
          type: 'object',
          description: 'Why a value is null, by the name of its field; not there where every value is known.',
          minProperties: 1,
          additionalProperties: { type: 'string', minLength: 1 },
        },
        schema_version: { ...SCHEMA_VERSION_PROPERTY, description: 'Of lines (jsonl).' },
        source: SOURCE,
        ...properties,
      },
      additionalProperties: { type: 'null' },
    },
  },
};

const file = new URL('../schemas/query.schema.json', import.meta.url);
const text = JSON.stringify(schema, null, 2);
if (!process.argv.includes('--check')) writeFileSync(file, `${text}\n`);
else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8')), null, 2) !== text) {
  console.error('schemas/query.schema.json is not what tools/query-schema.ts writes');
  process.exitCode = 1;
}
