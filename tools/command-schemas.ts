/**
 * Writes schemas/<command>.schema.json, the JSON of the commands that show records of relations; Biome formats them. `--check`
 * compares instead of writing, and fails when a committed file does not say the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { JsonPart } from '../src/commands/command.js';
import { commands } from '../src/commands/index.js';
import { SCHEMA_VERSION } from '../src/format/document.js';
import { REASONS, recordSchema } from './record-schema.js';
import { SOURCE } from './source-schema.js';

function partSchema({ of, fields, required, isList }: JsonPart): object {
  const record = recordSchema(fields, required);
  if (!isList) return record;
  return { type: ['array', 'null'], description: `One record for each: ${of}.`, items: record };
}

const documentSchema = (command: string, parts: readonly JsonPart[]): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `What nvsmi ${command} --json prints; in a loop each line is one document`,
  type: 'object',
  required: [...parts.filter(({ isAlways }) => isAlways).map(({ name }) => name), 'schema_version'],
  properties: {
    ...Object.fromEntries(parts.map((part) => [part.name, partSchema(part)])),
    reasons: { $ref: '#/$defs/reasons' },
    schema_version: { const: SCHEMA_VERSION, description: 'Grows when a name or a shape changes.' },
    source: SOURCE,
  },
  additionalProperties: false,
  $defs: { reasons: REASONS },
});

const isCheck = process.argv.includes('--check');
for (const { name, load } of commands) {
  const { json } = await load();
  if (json === undefined) continue;
  const file = new URL(`../schemas/${name}.schema.json`, import.meta.url);
  const text = JSON.stringify(documentSchema(name, json), null, 2);
  if (!isCheck) writeFileSync(file, `${text}\n`);
  else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8')), null, 2) !== text) {
    console.error(`schemas/${name}.schema.json is not what tools/command-schemas.ts writes`);
    process.exitCode = 1;
  }
}
