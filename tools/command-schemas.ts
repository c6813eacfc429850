/**
 * Writes schemas/<command>.schema.json, the JSON of the commands that show records of relations; Biome formats them. `--check`
 * compares instead of writing, and fails when a committed file does not say the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { desiredState } from '../src/act/apply/desired.js';
import { actionsShape } from '../src/act/audit.js';
import type { Shape } from '../src/base/shape.js';
import type { JsonPart } from '../src/commands/command.js';
import { spec as hostname } from '../src/commands/hostname.js';
import { commands } from '../src/commands/index.js';
import { listParts } from '../src/commands/list.js';
import { summaryParts } from '../src/commands/summary/summary.js';
import { excludedParts, versionParts } from '../src/commands/version.js';
import { eventShape } from '../src/format/events.js';
import { verdictShape } from '../src/format/verdicts.js';
import { settingsSchema } from '../src/top/settings.js';
import { REASONS, recordSchema, SCHEMA_VERSION_PROPERTY } from './record-schema.js';
import { SOURCE } from './source-schema.js';

/** What a record has where it is printed as a line. */
const OF_LINES = {
  schema_version: { ...SCHEMA_VERSION_PROPERTY, description: 'Of lines (jsonl).' },
  source: SOURCE,
};

function partSchema({ of, fields, required, isList }: JsonPart, hasLines: boolean): object {
  const record = recordSchema(fields, required, hasLines ? OF_LINES : {});
  if (!isList) return record;
  return { type: ['array', 'null'], description: `One record for each: ${of}.`, items: record };
}

const documentSchema = (words: string, parts: readonly JsonPart[], hasLines = false): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `What ${words} prints; in a loop each line is one document${hasLines ? ', with jsonl one record' : ''}`,
  type: 'object',
  required: [...parts.filter(({ isAlways }) => isAlways).map(({ name }) => name), 'schema_version'],
  properties: {
    ...Object.fromEntries(parts.map((part) => [part.name, partSchema(part, hasLines)])),
    reasons: { $ref: '#/$defs/reasons' },
    schema_version: SCHEMA_VERSION_PROPERTY,
    source: SOURCE,
  },
  additionalProperties: false,
  $defs: { reasons: REASONS },
});

/** What is printed without a subcommand: the name of the schema, the words, and the parts. */
export const OPTIONS: readonly (readonly [name: string, words: string, parts: readonly JsonPart[]])[] = [
  ['summary', 'nvsmi --json', summaryParts],
  ['list-gpus', 'nvsmi -L --json', listParts],
  ['list-excluded-gpus', 'nvsmi -B --json', excludedParts],
  ['get-hostname', 'nvsmi --get-hostname --json', hostname.json ?? []],
  ['version', 'nvsmi --version --json', versionParts],
];

/** Documents that no relation makes. */
const SHAPES: readonly (readonly [name: string, title: string, shape: Shape<unknown>])[] = [
  ['doctor', 'What nvsmi doctor --json prints: a verdict of each check', verdictShape],
  [
    'health',
    'What nvsmi health --json prints: a verdict of each check on each GPU; in a loop each line is one document',
    verdictShape,
  ],
  ['events', 'A line of nvsmi events --json: an event', eventShape],
  [
    'actions',
    'What options that change GPUs, and nvsmi apply, print with --json; a line of --audit has one action, with timestamp, host, user and command',
    actionsShape,
  ],
];

/** A document of a shape, with the version of that. */
function shapeSchema(title: string, { schema }: Shape<unknown>): object {
  const { required, properties, ...rest } = schema as {
    readonly required: readonly string[];
    readonly properties: object;
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...rest,
    required: [...required, 'schema_version'],
    properties: { ...properties, schema_version: SCHEMA_VERSION_PROPERTY, source: SOURCE },
  };
}

/** All schemas of documents, by their names. */
export async function commandSchemas(): Promise<Readonly<Record<string, object>>> {
  const schemas: Record<string, object> = {};
  for (const [name, title, shape] of SHAPES) schemas[name] = shapeSchema(title, shape);
  schemas['top-settings'] = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Settings of nvsmi top: $XDG_CONFIG_HOME/nvsmi/top.json',
    ...settingsSchema,
  };
  schemas.apply = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The desired state for nvsmi apply, in YAML or JSON',
    ...desiredState.schema,
  };
  for (const [name, words, parts] of OPTIONS) schemas[name] = documentSchema(words, parts);
  for (const { name, load } of commands) {
    const { json, options } = await load();
    const hasLines = options.every(({ long }) => long !== 'json');
    const words = `nvsmi ${name} ${hasLines ? '--format json' : '--json'}`;
    if (json !== undefined) schemas[name] = documentSchema(words, json, hasLines);
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
