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

/** What the metrics of a relation begin with. */
const PREFIXES: Readonly<Record<string, string>> = {
  gpus: '',
  nvlinks: 'nvlink.',
  processes: 'process.',
  gpm: '',
};

function metricOf(relation: string, { names, metric }: Field): string {
  const prefix = PREFIXES[relation];
  if (prefix === undefined) return '';
  const found = [...names, metric?.name].flatMap((name) => families.get(`${prefix}${name}`) ?? []);
  return found[0]?.name ?? '';
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

/** Those of one engine or link each, of which there are many. */
const NUMBERED_METRICS = new Set(
  gpmMetrics.map(({ name }) => name).filter((name) => /^(nv|c2c|gr\d)/.test(name)),
);

const isNumberedMetric = ({ source }: Field): boolean =>
  'item' in source && NUMBERED_METRICS.has(source.item);

const relationSection = ({ name, record, fields }: Relation): string => {
  const option = tables.find((one) => one.name === name)?.option;
  const asked = option === undefined ? '' : ` Option: \`--${option}\`.`;
  return `### ${name}\n\nOne record for each: ${record}.${asked}\n\n${table(
    HEAD,
    fields.filter((field) => !isNumberedMetric(field)).map((field) => fieldRow(name, field)),
  )}\n`;
};

const listRow = ({ name, of, isList, fields, required }: JsonPart): readonly string[] => [
  code(name),
  isList ? `for each: ${of}` : of,
  fields
    .map((field) => (required.includes(field) ? code(nameOf(field)) : `${code(nameOf(field))}?`))
    .join(', '),
];

/** Lists that have all GPM metrics show the first few. */
const short = (part: JsonPart): JsonPart => ({
  ...part,
  fields: part.fields.filter((field) => !isNumberedMetric(field)),
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

Everything that nvsmi can report, by name. The names are the same in \`--query-*\`, in the JSON of every command, in the library and in the
files of the recorder. \`npm run generate\` writes this page.

- The name is nvidia-smi's query name, if there is one. Units are in the tables, not in the names.
- A record has \`gpu\` (NVML's index of the GPU) and \`uuid\`. For a MIG device or a vGPU, \`uuid\` is its own UUID.
- A missing value is \`null\`, and \`reasons\` of the record says why. A list that cannot be read is one record of nulls.
- A value has the same number in every command: 78,535 mW are 78.54 W in a query and in \`dmon --format json\`.
- A single run prints one document; a loop prints one line per tick. With \`jsonl\` each record is one line.
- \`schema_version\` is in every document and in every line of \`jsonl\`. [schemas](../schemas) has a JSON Schema of each shape.
- \`source\` names the recording that the values come from, if any.

The columns of the tables: aliases follow the name. *Since driver* is empty if every supported driver has the field. *NVML
function* is empty if the value comes with the record or needs no call; if older drivers lack the function, the newest version is
listed. *Metric* is the name in \`nvsmi exporter\`, if it is exported.

## Relations

\`nvsmi.relation(name)\` of the library reads these; see [library.md](library.md#relations).

${relations.map(relationSection).join('\n')}
## JSON of the commands

A field with \`?\` is only present if an option requests it, or the GPU supports it. Performance metrics (GPM) of single engines
and links are omitted.

${lists.join('\n')}`;
}
