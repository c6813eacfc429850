/**
 * Writes schemas/report.schema.json, which the report trees make; Biome formats it. `--check` compares instead, and fails
 * where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { PRESENT } from '../src/base/release.js';
import type { Kind } from '../src/query/kind.js';
import type { Tree } from '../src/report/document.js';
import { gpuTree } from '../src/report/gpu.js';
import type { List, Node } from '../src/report/node.js';
import { treeAt } from '../src/report/release.js';
import { unitTree } from '../src/report/unit.js';
import { SCHEMA_VERSION_PROPERTY } from './record-schema.js';
import { SOURCE } from './source-schema.js';

type Schema = { readonly [key: string]: unknown };

const REASONS: Schema = {
  type: 'object',
  description: 'Why the keys that are null have no value.',
  additionalProperties: { type: 'string' },
};

/** The type of a kind's values: that of what it makes of a number. */
const typeOf = (kind: Kind): string => typeof kind.json(1);

function described(label: string | undefined, unit: string | undefined): Schema {
  const words = [label?.trim(), unit === undefined ? undefined : `in ${unit}`].filter((word) => word);
  return words.length === 0 ? {} : { description: words.join(', ') };
}

/** The JSON of all drivers. */
const ofAll = (tree: Tree): Tree => treeAt(tree, Number.MAX_SAFE_INTEGER, 'json');

/** An object of the nodes with a tag. Those that every GPU has are required, unless `-d` may leave them out. */
function objectOf(nodes: readonly Node[], more: Schema = {}, isWhole = true): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const node of nodes) {
    if (node.tag === undefined) continue;
    const known = properties[node.tag];
    properties[node.tag] = known === undefined ? schemaOf(node) : either(known, node);
    if (
      isWhole &&
      node.when === undefined &&
      !('newer' in node && node.newer) &&
      (node.since ?? 0) <= PRESENT
    )
      required.push(node.tag);
  }
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: { ...more, ...properties, reasons: REASONS },
    additionalProperties: false,
  };
}

/** A tag that is used for different nodes on different GPUs. */
function either(known: Schema, node: Node): Schema {
  const options = (known as { anyOf?: readonly Schema[] }).anyOf ?? [known];
  const schema = schemaOf(node);
  return options.some((one) => isDeepStrictEqual(one, schema)) ? known : { anyOf: [...options, schema] };
}

function schemaOf(node: Node): Schema {
  switch (node.type) {
    case 'leaf':
      return { type: [typeOf(node.of.kind), 'null'], ...described(node.label, node.of.kind.unit) };
    case 'section': {
      const inside = objectOf(node.parts);
      return {
        ...inside,
        ...(node.gate === undefined ? {} : { type: ['object', 'null'] }),
        ...described(node.label, undefined),
      };
    }
    case 'list':
      return { type: ['array', 'null'], ...described(node.label, undefined), items: itemOf(node) };
  }
}

const itemOf = ({ item }: List): Schema =>
  'of' in item
    ? { type: [typeOf(item.of.kind), 'null'], ...described(item.label, item.of.kind.unit) }
    : { ...objectOf(item.parts), ...described(item.label, undefined) };

function documentOf(tree: Tree): Schema {
  const { properties, required, ...rest } = objectOf([...tree.head, ...tree.counts]) as {
    readonly properties: object;
    readonly required: readonly string[];
  };
  const id = { type: typeOf(tree.id.kind), description: `What identifies the ${tree.label}.` };
  return {
    ...rest,
    required: [...required, tree.tag, 'schema_version'],
    properties: {
      ...properties,
      schema_version: SCHEMA_VERSION_PROPERTY,
      source: SOURCE,
      [tree.tag]: { type: 'array', items: { ...objectOf(tree.parts, { id }, false), required: ['id'] } },
    },
  };
}

/** The schema of both documents. */
export const reportSchema = (): Schema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The report of nvsmi -q --json, of the GPUs or with -u of the units',
  anyOf: [documentOf(ofAll(gpuTree)), documentOf(ofAll(unitTree))],
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../schemas/report.schema.json', import.meta.url);
  const text = JSON.stringify(reportSchema(), null, 2);
  if (!process.argv.includes('--check')) writeFileSync(file, `${text}\n`);
  else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8')), null, 2) !== text) {
    console.error('schemas/report.schema.json is not what the report trees make: npm run generate');
    process.exitCode = 1;
  }
}
