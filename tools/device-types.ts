/** Writes src/api/generated/device.ts: the TypeScript type of what deviceQuery returns, from its table. */
import { gpuRows, headRows, type ResultLeaf, type ResultRow } from '../src/api/pynvml/fields.js';
import { isGroup, isLeaf, keyOf, type ResultPart, treeOf, unitOf } from '../src/api/pynvml/tree.js';
import { fieldNamed, numberOf, relations } from '../src/query/relations.js';
import { filterNames } from './pynvml-ids.js';

/** A leaf's absence is a text, so that a number may be one, too. */
const isNumber = ({ spelling }: ResultLeaf): boolean => typeof spelling.of(1) === 'number';
const typeOf = (leaf: ResultLeaf): string => (isNumber(leaf) ? 'number | string' : 'string');

/** What a leaf means: the help of its field, or of the one by which it is asked for where it is made of several. */
function helpOf({ fields: [field, ...others], asked: [asked] }: ResultLeaf): string | undefined {
  if (others.length === 0) return field?.help;
  return asked === 'bar1.total' ? undefined : fieldNamed(asked ?? '').help;
}

/** Units as texts spell them. */
const SPELLED: Readonly<Record<string, string>> = { '%': 'percent', C: 'degrees C' };

const comment = (words: readonly (string | undefined)[], indent: string): string[] => {
  const text = words
    .filter((word) => word !== undefined)
    .join(' ')
    .replace(/\s+/g, ' ');
  return text === '' ? [] : [`${indent}/** ${text} */`];
};

/** Which names ask for a value; of many the first and the last. */
function askedAs({ asked }: ResultRow): string | undefined {
  if (asked.length === 0) return 'Only in the full answer.';
  const numbers = asked.map(
    (name) => relations.find((each) => each.name === name)?.id ?? numberOf(fieldNamed(name)),
  );
  const names = filterNames.filter(([, id]) => numbers.includes(id)).map(([name]) => `\`${name}\``);
  if (names.length === 0) return undefined;
  return `Asked for as ${names.length > 3 ? `${names[0]} … ${names.at(-1)}` : names.join(', ')}.`;
}

const lines = (parts: readonly ResultPart[], path: readonly string[] = []): readonly string[] =>
  parts.flatMap((part) => partLines(part, path));

function partLines(part: ResultPart, path: readonly string[]): readonly string[] {
  const indent = '  '.repeat(path.length + 1);
  const key = keyOf(part);
  if (isGroup(part)) {
    const inside = [...path, key];
    const unit = unitOf(inside, gpuRows);
    return [
      `${indent}readonly ${key}?: {`,
      ...lines(part.parts, inside),
      ...(unit === undefined ? [] : [`${indent}  readonly unit: '${unit}';`]),
      `${indent}};`,
    ];
  }
  if (!isLeaf(part)) {
    return [...comment([askedAs(part)], indent), `${indent}readonly ${key}?: ${part.declared};`];
  }
  // What is always in its group is there whenever the group is.
  if (part.always === true) return [`${indent}readonly ${key}: ${typeOf(part)};`];
  const help = helpOf(part);
  const { unit } = part.spelling;
  const isSaid = unit === undefined || help?.includes(SPELLED[unit] ?? `in ${unit}`);
  return [
    ...comment([help, isSaid ? undefined : `In ${unit}.`, askedAs(part)], indent),
    `${indent}readonly ${key}?: ${typeOf(part)};`,
    ...(part.unitBeside === true ? [`${indent}readonly ${key}_unit?: '${unit}';`] : []),
  ];
}

export function deviceTypes(): string {
  const declared = gpuRows.flatMap((row) => (isLeaf(row) ? [] : (row.declared.match(/[A-Z]\w+/g) ?? [])));
  return [
    `import type { ${[...new Set(declared)].sort().join(', ')} } from '../pynvml/lists.js';`,
    '',
    '/**',
    ' * One GPU of deviceQuery: what the filter asks for. A value that the GPU does not have is a text instead: `N/A`, or',
    " * NVML's words for why.",
    ' */',
    'export interface DeviceGpu {',
    ...lines(treeOf(gpuRows)),
    '}',
    '',
    '/** What deviceQuery answers: what the filter asks for. */',
    'export interface DeviceResult {',
    '  /** The day, as YYYY-MM-DD in local time. Asked for as `timestamp`. */',
    '  readonly timestamp?: string;',
    ...lines(treeOf(headRows.slice(1, 2))),
    '  /** How many GPUs there are. Asked for as `count`. */',
    '  readonly count?: number;',
    '  /** In their order; not there where nothing about GPUs is asked. */',
    '  readonly gpu?: readonly DeviceGpu[];',
    '}',
    '',
  ].join('\n');
}
