/** Writes prototypes.ts: what each parameter of each function is for. */
import * as note from './annotations.js';
import { type ApiFunction, type ApiParam, api, resolve, scalarOf } from './api.js';

const bare = (type: string): string => type.replace(/^const /, '').replace(/\*$/, '');
const isPointer = (param: ApiParam): boolean => param.type.endsWith('*');
const quote = (text: string): string => `'${text}'`;

/** What a scalar means beyond its width: its enum, or the kind of handle. */
function meaningOf(type: string): string | undefined {
  if (type in note.HANDLES) return note.HANDLES[type];
  return type in api.enums ? type : undefined;
}

/** The versions constant of a struct, when it has a version to be set. */
export function versionOf(struct: string): string | undefined {
  const declared = api.structs[resolve(struct)];
  if (declared?.fields[0]?.name !== 'version') return undefined;
  const special = note.VERSION_CONSTANTS[resolve(struct)];
  if (special !== undefined) return special ?? undefined;
  const name = resolve(struct).replace(/_t$/, '');
  if (!(name in api.constants)) throw new Error(`no version constant for ${struct}`);
  return name;
}

export type StructRole = 'in' | 'out' | 'inout';

export function structRole(fn: string, param: ApiParam): StructRole {
  const noted = note.STRUCT_ROLES[fn]?.[param.name];
  if (noted !== undefined) return noted;
  if (param.type.startsWith('const ') || note.CHANGES.has(fn)) return 'in';
  return note.SELECTORS[resolve(bare(param.type))] === undefined ? 'out' : 'inout';
}

function structParam(fn: string, param: ApiParam): string {
  const layout = resolve(bare(param.type));
  const options: string[] = [];
  const version = versionOf(layout);
  if (version !== undefined) options.push(`version: ${api.constants[version]}`);
  const role = structRole(fn, param);
  if (role !== 'out') options.push(`role: '${role}'`);
  const select = note.SELECTORS[layout];
  if (select !== undefined && role === 'inout') options.push(`select: [${select.map(quote).join(', ')}]`);
  const array = note.POINTED_ARRAYS[layout];
  if (array !== undefined) {
    const filled = array.filled === undefined ? '' : `, filled: '${array.filled}'`;
    const item = itemOf(array.item);
    options.push(
      `array: { field: '${array.field}', count: '${array.count}'${filled}, item: ${item}, room: ${array.room} }`,
    );
  }
  const room = note.VARIABLE_STRUCTS[layout];
  if (room !== undefined && !fn.includes('Compatibility')) options.push(`room: ${room}`);
  const tail = options.length === 0 ? '' : `, { ${options.join(', ')} }`;
  return `['struct', '${param.name}', l.${layout}${tail}]`;
}

function itemOf(type: string): string {
  const scalar = scalarOf(type);
  return scalar === undefined ? `l.${resolve(type)}` : `'${scalar}'`;
}

function listParam(fn: ApiFunction, name: string, array: ApiParam, count: ApiParam): string {
  const options = [`room: ${note.ARRAY_ROOM[array.name] ?? 32}`];
  const of = meaningOf(bare(array.type));
  if (of !== undefined) options.push(`of: '${of}'`);
  if (fn.params.indexOf(array) < fn.params.indexOf(count)) options.push('arrayFirst: true');
  const beside = note.BESIDE_ARRAY[array.name];
  if (beside !== undefined && fn.params.some((p) => p.name === beside)) options.push(`beside: '${beside}'`);
  if (note.COUNT_FIRST.has(name)) options.push('countFirst: true');
  return `['list', '${array.name}', ${itemOf(bare(array.type))}, { ${options.join(', ')} }]`;
}

/** The parameters of a function, those that belong together as one. */
export function paramsOf(name: string, fn: ApiFunction): string[] {
  const taken = new Set<ApiParam>();
  const named = (wanted: string): ApiParam | undefined => fn.params.find((p) => p.name === wanted);
  const take = (param: ApiParam | undefined): ApiParam | undefined => {
    if (param !== undefined) taken.add(param);
    return param;
  };
  /** An array by its count, or by itself when it comes first. */
  const pairOf = (param: ApiParam): [array: ApiParam, count: ApiParam] | undefined => {
    for (const array of fn.params) {
      const count = note.COUNT_OF_ARRAY[array.name]?.map(named).find((p) => p !== undefined && isPointer(p));
      if (count !== undefined && isPointer(array) && (param === array || param === count))
        return [array, count];
    }
    return undefined;
  };
  const out: string[] = [];
  if (fn.returns !== 'nvmlReturn_t') out.push(`['text', 'text', 128, 'result']`);
  for (const [i, param] of fn.params.entries()) {
    if (taken.has(param)) continue;
    const next = fn.params[i + 1];
    const pair = pairOf(param);
    const fixed = note.FIXED_PARAM[name]?.[param.name];
    const words = Object.entries(note.WORD_SETS).find(([, set]) => set.length === param.name);
    if (pair !== undefined) {
      const [array, count] = pair;
      take(array);
      take(count);
      take(named(note.BESIDE_ARRAY[array.name] ?? ''));
      out.push(listParam(fn, name, array, count));
    } else if (fixed !== undefined) {
      out.push(`['fixed', '${param.name}', ${fixed}]`);
    } else if (words !== undefined) {
      take(named(words[0]));
      out.push(`['words', '${words[0]}', ${words[1].words}]`);
    } else if (param.name === 'valuesCount') {
      take(next);
      out.push(`['fields', 'values']`);
    } else if (param.name in note.SIZED_ARRAY && next !== undefined && isPointer(param)) {
      take(next);
      const length = note.SIZED_ARRAY[param.name];
      out.push(
        `['sized', '${param.name}', '${scalarOf(bare(param.type))}', ${length}, '${bare(param.type)}']`,
      );
    } else if (resolve(param.type) === 'char*') {
      if (param.type.startsWith('const')) out.push(`['string', '${param.name}']`);
      else {
        const room = note.TEXT_ROOM_OF[name] ?? note.TEXT_ROOM[param.name];
        if (room === undefined) throw new Error(`${name}: how long is ${param.name}?`);
        const by = next === undefined ? 'none' : isPointer(next) ? 'pointer' : undefined;
        take(next);
        out.push(`['text', '${param.name}', ${room}${by === undefined ? '' : `, '${by}'`}]`);
      }
    } else out.push(single(name, param, take, next));
  }
  return out;
}

function single(
  name: string,
  param: ApiParam,
  take: (param: ApiParam | undefined) => unknown,
  next: ApiParam | undefined,
): string {
  const base = bare(param.type);
  const of = meaningOf(isPointer(param) ? base : param.type);
  const scalar = scalarOf(isPointer(param) ? base : param.type);
  if (!isPointer(param)) {
    if (scalar === 'ptr') return `['handle', '${param.name}', '${of}']`;
    return `['in', '${param.name}', '${scalar}'${of === undefined ? '' : `, '${of}'`}]`;
  }
  if (scalar === undefined) {
    if (next?.name === 'bufferSize') take(next);
    return structParam(name, param);
  }
  if (note.SCALARS_IN[name]?.includes(param.name)) return `['given', '${param.name}', '${scalar}']`;
  const type = note.SIGNED.has(`${name}.${param.name}`) ? 'i32' : scalar;
  return `['out', '${param.name}', '${type}'${of === undefined ? '' : `, '${of}'`}]`;
}

/** Values of the enums that functions take; counts and limits at their end left out. */
function enumValues(): string[] {
  const used = new Set(
    Object.values(api.functions).flatMap((fn) => fn.params.map((p) => p.type).filter((t) => t in api.enums)),
  );
  return [...used].map((name) => {
    const members = Object.entries(api.enums[name] ?? {}).filter(([member]) => !/_(COUNT|MAX)$/.test(member));
    return `  ${name}: [${[...new Set(members.map(([, value]) => value))].join(', ')}],`;
  });
}

export function prototypes(): string {
  const unknown = [...note.CHANGES].filter((name) => !(name in api.functions));
  if (unknown.length > 0) throw new Error(`annotated, not declared: ${unknown.join(' ')}`);
  return [
    "import type { Entry } from '../entry.js';",
    "import type { Prototype } from '../prototype.js';",
    "import type { FunctionName } from './functions.js';",
    "import * as entries from './entries.js';",
    '',
    '/** What each parameter of each function is for, in order. */',
    'export const prototypes = Object.fromEntries(',
    '  Object.values<Entry>(entries).map(({ fn, params }) => [fn, params]),',
    ') as Readonly<Record<FunctionName, Prototype>>;',
    '',
    '/** Functions that change something. */',
    'export const changing: ReadonlySet<FunctionName> = new Set<FunctionName>([',
    ...[...note.CHANGES].map((name) => `  '${name}',`),
    ']);',
    '',
    '/** The values of the enums that functions take. */',
    'export const enumValues: Readonly<Record<string, readonly number[]>> = {',
    ...enumValues(),
    '};',
    '',
  ].join('\n');
}

/** Whether a function changes a GPU or the machine. */
export const changesGpu = (name: string): boolean => note.CHANGES.has(name) && !note.OF_THE_PROCESS.has(name);

/** The functions that change a GPU or the machine, for the driver that refuses them. */
export const writes = (): string =>
  [
    "import type { FunctionName } from './functions.js';",
    '',
    '/** Functions that change a GPU or the machine. */',
    'export const writes: ReadonlySet<FunctionName> = new Set<FunctionName>([',
    ...[...note.CHANGES].filter(changesGpu).map((name) => `  '${name}',`),
    ']);',
    '',
  ].join('\n');
