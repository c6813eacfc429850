/** docs/fields.md: the relations with their fields, and the lists of each command's JSON. */
import type { JsonPart } from '../../src/commands/command.js';
import { commands } from '../../src/commands/index.js';
import { families } from '../../src/exporter/dialects/nvsmi.js';
import { type Field, fieldHelp, nameOf, type Source } from '../../src/query/field.js';
import { gpmMetrics } from '../../src/query/monitor/gpm.js';
import type { Probe } from '../../src/query/probe.js';
import type { Relation } from '../../src/query/relation.js';
import { relations } from '../../src/query/relations.js';
import { tables } from '../../src/query/tables/index.js';
import { OPTIONS } from '../command-schemas.js';

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();
const code = (text: string): string => `\`${text}\``;
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n');

const functionOf = (probe: Probe): string =>
  probe.field === undefined ? (probe.calls()[0]?.fn ?? '') : `nvmlDeviceGetFieldValues (${probe.field[0]})`;

/** The NVML functions that a value comes from; none where it was found with the record. */
function functionsOf(source: Source): readonly string[] {
  if ('probe' in source) return [functionOf(source.probe)];
  if ('derived' in source) return source.derived.flatMap((field) => functionsOf(field.source));
  if (!('asks' in source)) return [];
  const wanted = source.asks({
    link: 0,
    active: 1,
    index: 0,
    lane: 0,
    pid: 1,
    id: 0,
    handle: 1n,
    vgpuInstance: 1,
    type: 1,
  });
  return 'probe' in wanted ? [functionOf(wanted.probe)] : [];
}

const PREFIXES: Readonly<Record<string, string>> = { gpus: '', nvlinks: 'nvlink.' };

function metricOf(relation: string, field: Field): string {
  const prefix = PREFIXES[relation];
  return prefix === undefined ? '' : (families.get(prefix + nameOf(field))?.name ?? '');
}

const fieldRow = (relation: string, field: Field): readonly string[] => [
  field.names.map(code).join(', '),
  field.jsonHelp ?? fieldHelp(field),
  field.kind.unit ?? '',
  [...new Set(functionsOf(field.source))].map(code).join(', '),
  field.since === undefined ? '' : String(field.since),
  metricOf(relation, field),
];

const HEAD = ['field', 'what it is', 'unit', 'NVML function', 'since driver', 'metric'];

const relationSection = ({ name, record, fields }: Relation): string => {
  const option = tables.find((one) => one.name === name)?.option;
  const asked = option === undefined ? '' : ` Asked with \`--${option}\`.`;
  return `### ${name}\n\nOne record for each: ${record}.${asked}\n\n${table(
    HEAD,
    fields.map((field) => fieldRow(name, field)),
  )}\n`;
};

const listRow = ({ name, of, isList, fields, required }: JsonPart): readonly string[] => [
  code(name),
  isList ? `for each: ${of}` : of,
  fields
    .map((field) => (required.includes(field) ? code(nameOf(field)) : `${code(nameOf(field))}?`))
    .join(', '),
];

const ENGINES_AND_LINKS = new Set(
  gpmMetrics.map(({ name }) => name).filter((name) => /^(nv|c2c|gr\d)/.test(name)),
);

const isGpmMetric = ({ source }: Field): boolean => 'item' in source && ENGINES_AND_LINKS.has(source.item);

/** Lists that have all GPM metrics show the first few. */
const short = (part: JsonPart): JsonPart => ({
  ...part,
  fields: part.fields.filter((field) => !isGpmMetric(field)),
});

const listSection = (words: string, parts: readonly JsonPart[]): string =>
  `### ${words}\n\n${table(['part', 'records', 'fields'], parts.map(short).map(listRow))}\n`;

/** The document. */
export async function fieldReference(): Promise<string> {
  const lists = OPTIONS.map(([, words, parts]) => listSection(words, parts));
  for (const { name, load } of commands) {
    const { json, options } = await load();
    if (json === undefined) continue;
    const words = options.some(({ long }) => long === 'json') ? '--json' : '--format json';
    lists.push(listSection(`nvsmi ${name} ${words}`, json));
  }
  return `# Fields

What nvsmi can report, by name. The names are the same in \`--query-*\`, in the JSON of every command, in the library and in what the
recorder writes. \`npm run generate\` writes this page from the code.

- A name is that of nvidia-smi's queries where there is one. Units are in the tables, not in names.
- A record has \`gpu\`, the index that NVML gives the GPU, and \`uuid\`. A MIG device and a vGPU have a UUID of their own there.
- What is absent is \`null\`, and \`reasons\` of the record says why. A list that cannot be read is one record of nulls.
- A value has one number, whatever command shows it: 78,535 mW are 78.54 W in a query and in \`dmon --format json\`.
- Once is one document, in a loop each tick is one line. With \`jsonl\` each record is a line of its own.
- \`schema_version\` is in every document and in every line of \`jsonl\`. [schemas](../schemas) has a JSON Schema of each shape.
- A recording that answered is named by \`source\`.

The columns of the tables: an alias comes after the name. *Since driver* is empty where every supported driver has the field. *NVML
function* is empty where the value was found with the record, or needs no question; of a function that older drivers lack, the newest is
named. *Metric* is the name in \`nvsmi exporter\`, for what it collects.

## Relations

\`nvsmi.relation(name)\` of the library asks for these; [library.md](library.md) describes it.

${relations.map(relationSection).join('\n')}
## JSON of the commands

A field with \`?\` is there only where the option asks for it, or the GPU has it. Of the performance metrics (GPM) those of single engines
and links are left out.

${lists.join('\n')}`;
}
