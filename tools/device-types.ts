/** Writes src/library/generated/device.ts: the TypeScript type of what deviceQuery returns, from its table. */
import { deviceParts } from '../src/library/device-fields.js';
import type { DevicePart, GroupPart, LeafPart } from '../src/library/device-tree.js';
import { QUERY_NAMES } from '../src/library/ids.js';
import { gpuTable } from '../src/query/gpu/index.js';

/** A leaf's absence is a text, so that a number may be one, too. */
const typeOf = ({ spell }: LeafPart): string => (typeof spell(1) === 'number' ? 'number | string' : 'string');

const namesOf = (ids: readonly number[]): readonly string[] =>
  [...QUERY_NAMES].filter(([, id]) => ids.includes(id)).map(([name]) => name);

/** How many leaves each id asks for. */
const leavesOf = new Map<number, number>();
function count(parts: readonly DevicePart[]): void {
  for (const part of parts) {
    if (part.type === 'group') count(part.parts);
    else if (part.type === 'leaf') for (const id of part.ids) leavesOf.set(id, (leavesOf.get(id) ?? 0) + 1);
  }
}
count(deviceParts);

/** Values that are not what the field says by whose name they are asked for. */
const HELP: Readonly<Record<string, string>> = {
  display_mode: 'Whether a display is connected to the GPU.',
  minor_number: 'Number of the device file of the GPU, N in /dev/nvidiaN.',
};

/** The help of the field of --query-gpu that has this leaf alone. */
function helpOf({ key, ids }: LeafPart): string | undefined {
  if (HELP[key] !== undefined) return HELP[key];
  const [id] = ids;
  if (ids.length !== 1 || id === undefined || leavesOf.get(id) !== 1) return undefined;
  const names = namesOf(ids);
  return gpuTable.fields.find((row) => row.names.some((name) => names.includes(name)))?.help;
}

/** Units as texts spell them. */
const SPELLED: Readonly<Record<string, string>> = { '%': 'percent', C: 'degrees C' };

/** The unit beside a value: a constant of its own, or its group's. */
function unitOf(
  leaf: LeafPart,
  siblings: readonly DevicePart[],
  groupUnit: string | undefined,
): string | undefined {
  if (typeof leaf.spell(1) !== 'number') return undefined;
  const word = siblings.find((part) => part.key === `${leaf.key}_unit`);
  return word?.type === 'word' ? word.word : groupUnit;
}

const comment = (words: readonly (string | undefined)[], indent: string): string[] => {
  const text = words
    .filter((word) => word !== undefined)
    .join(' ')
    .replace(/\s+/g, ' ');
  return text === '' ? [] : [`${indent}/** ${text} */`];
};

/** Which names ask for a value; of many the first and the last. */
function askedAs(part: DevicePart): string | undefined {
  if (part.type === 'group') return undefined;
  const names = namesOf(part.ids).map((name) => `\`${name}\``);
  if (names.length === 0) return part.ids.length === 0 ? 'Only in the full answer.' : undefined;
  return `Asked for as ${names.length > 3 ? `${names[0]} … ${names.at(-1)}` : names.join(', ')}.`;
}

const lines = (parts: readonly DevicePart[], indent: string, groupUnit?: string): string[] =>
  parts.flatMap((part) => partLines(part, parts, indent, groupUnit));

function partLines(
  part: DevicePart,
  siblings: readonly DevicePart[],
  indent: string,
  groupUnit: string | undefined,
): string[] {
  switch (part.type) {
    case 'group':
      return [`${indent}readonly ${part.key}?: {`, ...groupLines(part, `${indent}  `), `${indent}};`];
    case 'leaf': {
      const help = helpOf(part);
      const unit = unitOf(part, siblings, groupUnit);
      const isSaid = unit === undefined || help?.includes(SPELLED[unit] ?? `in ${unit}`);
      const words = [help, isSaid ? undefined : `In ${unit}.`, askedAs(part)];
      return [...comment(words, indent), `${indent}readonly ${part.key}?: ${typeOf(part)};`];
    }
    case 'word':
      return [`${indent}readonly ${part.key}?: '${part.word}';`];
    case 'list':
      return [...comment([askedAs(part)], indent), `${indent}readonly ${part.key}?: ${part.declared};`];
  }
}

/** Its values are there as they are asked for; what is always in it, and its unit, whenever it is there. */
function groupLines({ parts, always = [], unit }: GroupPart, indent: string): string[] {
  return [
    ...lines(parts, indent, unit),
    ...always.map((leaf) => `${indent}readonly ${leaf.key}: ${typeOf(leaf)};`),
    ...(unit === undefined ? [] : [`${indent}readonly unit: '${unit}';`]),
  ];
}

/** The names of device-lists.ts that the table uses. */
function listTypes(parts: readonly DevicePart[]): string[] {
  return parts.flatMap((part) => {
    if (part.type === 'group') return listTypes(part.parts);
    return part.type === 'list' ? (part.declared.match(/[A-Z]\w+/g) ?? []) : [];
  });
}

export function deviceTypes(): string {
  const imported = [...new Set(listTypes(deviceParts))].sort();
  return [
    `import type { ${imported.join(', ')} } from '../device-lists.js';`,
    '',
    '/**',
    ' * One GPU of deviceQuery: what the filter asks for. A value that the GPU does not have is a text instead: `N/A`, or',
    " * NVML's words for why.",
    ' */',
    'export interface DeviceGpu {',
    ...lines(deviceParts, '  '),
    '}',
    '',
    '/** What deviceQuery answers: what the filter asks for. */',
    'export interface DeviceResult {',
    '  /** The day, as YYYY-MM-DD in local time. Asked for as `timestamp`. */',
    '  readonly timestamp?: string;',
    '  /** Asked for as `driver_version`. */',
    '  readonly driver_version?: string;',
    '  /** How many GPUs there are. Asked for as `count`. */',
    '  readonly count?: number;',
    '  /** In their order; not there where nothing about GPUs is asked. */',
    '  readonly gpu?: readonly DeviceGpu[];',
    '}',
    '',
  ].join('\n');
}
