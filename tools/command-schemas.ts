/**
 * Writes schemas/<command>.schema.json, the JSON of the commands that show records of relations; Biome formats them. `--check`
 * compares instead of writing, and fails when a committed file does not say the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonPart } from '../src/commands/command.js';
import { spec as hostname } from '../src/commands/hostname.js';
import { commands } from '../src/commands/index.js';
import { listParts } from '../src/commands/list.js';
import { summaryParts } from '../src/commands/summary.js';
import { excludedParts, versionParts } from '../src/commands/version.js';
import { REASONS, recordSchema, SCHEMA_VERSION_PROPERTY } from './record-schema.js';
import { SOURCE } from './source-schema.js';

function partSchema({ of, fields, required, isList }: JsonPart): object {
  const record = recordSchema(fields, required);
  if (!isList) return record;
  return { type: ['array', 'null'], description: `One record for each: ${of}.`, items: record };
}

const documentSchema = (command: string, parts: readonly JsonPart[]): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `What ${['nvsmi', command, '--json'].filter((word) => word !== '').join(' ')} prints; in a loop each line is one document`,
  type: 'object',
  required: [...parts.filter(({ isAlways }) => isAlways).map(({ name }) => name), 'schema_version'],
  properties: {
    ...Object.fromEntries(parts.map((part) => [part.name, partSchema(part)])),
    reasons: { $ref: '#/$defs/reasons' },
    schema_version: SCHEMA_VERSION_PROPERTY,
    source: SOURCE,
  },
  additionalProperties: false,
  $defs: { reasons: REASONS },
});

/** What is printed without a subcommand: the name of the schema, the option, and the parts. */
const OPTIONS: readonly (readonly [name: string, option: string, parts: readonly JsonPart[]])[] = [
  ['summary', '', summaryParts],
  ['list-gpus', '-L', listParts],
  ['list-excluded-gpus', '-B', excludedParts],
  ['get-hostname', '--get-hostname', hostname.json ?? []],
  ['version', '--version', versionParts],
];

/** All schemas of documents that relations make, by their names. */
export async function commandSchemas(): Promise<Readonly<Record<string, object>>> {
  const schemas: Record<string, object> = {};
  for (const [name, option, parts] of OPTIONS) schemas[name] = documentSchema(option, parts);
  for (const { name, load } of commands) {
    const { json } = await load();
    if (json !== undefined) schemas[name] = documentSchema(name, json);
  }
  return schemas;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isCheck = process.argv.includes('--check');
  for (const [name, schema] of Object.entries(await commandSchemas())) {
    const file = new URL(`../schemas/${name}.schema.json`, import.meta.url);
    const text = JSON.stringify(schema, null, 2);
    if (!isCheck) writeFileSync(file, `${text}\n`);
    else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8')), null, 2) !== text) {
      console.error(`schemas/${name}.schema.json is not what tools/command-schemas.ts writes`);
      process.exitCode = 1;
    }
  }
}
