/** Writes entries.ts, api.ts and api-promises.ts: every function of NVML as one of TypeScript. */
import { OLDER, type OlderNote } from './annotations.js';
import { type ApiFunction, api } from './api.js';
import { docOf } from './docstrings.js';
import { changesGpu, paramsOf, versionOf } from './prototypes.js';
import { functionNames, newerOf, type Signature, shapeOf, signatureOf } from './signatures.js';

/** Functions that are written by hand: they open and close the library, or work without it. */
const BY_HAND: ReadonlySet<string> = new Set([
  'nvmlInit',
  'nvmlInit_v2',
  'nvmlInitWithFlags',
  'nvmlShutdown',
  'nvmlErrorString',
]);

const generated = functionNames.filter((name) => !BY_HAND.has(name));

/** Names of this module's types, with where they come from. */
function qualified(type: string): string {
  return type.replace(/(?<![\w.])(nvml\w+_t|Uint64|FieldRequest|FieldValue|Given)\b/g, (name) =>
    /^(FieldRequest|FieldValue|Given)$/.test(name) ? name : `t.${name}`,
  );
}

function returnType({ outputs }: Signature): string {
  const types = outputs.map(({ type }) => qualified(type));
  if (types.length === 0) return 'void';
  if (types.length === 1) return types[0] as string;
  return `[${outputs.map(({ name }, i) => `${name}: ${types[i]}`).join(', ')}]`;
}

const parameterText = ({ name, type }: Signature['inputs'][number]): string => `${name}: ${qualified(type)}`;

const parameterList = ({ inputs }: Signature): string => inputs.map(parameterText).join(', ');

function functionText(name: string): string {
  const signature = signatureOf(shapeOf(name));
  const type = returnType(signature);
  const args = [`e.${name}`, ...signature.inputs.map(({ name: param }) => param)].join(', ');
  const body = type === 'void' ? `  now(${args});` : `  return now(${args}) as ${type};`;
  return [
    ...docOf(name),
    `export function ${name}(${parameterList(signature)}): ${type} {`,
    body,
    '}',
    '',
  ].join('\n');
}

/** Old names that the header keeps as macros. */
function renamed(): readonly (readonly [old: string, current: string])[] {
  return Object.entries(api.unversionedNames).filter(
    ([old, current]) => !(old in api.functions) && current in api.functions,
  );
}

export function entries(): string {
  const lines = functionNames.map((name) => {
    const newer = newerOf(name);
    const tail = newer.length === 0 ? '' : `, newer: [${newer.join(', ')}]`;
    return [
      newer.length,
      `export const ${name} = { fn: '${name}', params: [${paramsOf(name, api.functions[name] as ApiFunction).join(', ')}]${tail} } as const satisfies Entry;`,
    ] as const;
  });
  // Those that name others come after them.
  const sorted = [...lines.filter(([newer]) => newer === 0), ...lines.filter(([newer]) => newer > 0)];
  return [
    "import type { Entry } from '../entry.js';",
    "import * as l from './layouts.js';",
    '',
    ...sorted.map(([, line]) => line),
    '',
  ].join('\n');
}

/** The entry of an older question: one of entries.ts, or the function with another struct. */
function olderEntry(name: string, { fn, struct }: OlderNote): string {
  if (fn !== undefined) {
    if (!(fn in api.functions)) throw new Error(`annotated, not declared: ${fn}`);
    return `e.${fn}`;
  }
  const params = paramsOf(name, api.functions[name] as ApiFunction).map((param) =>
    param.startsWith("['struct'") && struct !== undefined ? otherStruct(param, struct) : param,
  );
  return `{ fn: '${name}', params: [${params.join(', ')}] }`;
}

function otherStruct(param: string, struct: string): string {
  const version = api.constants[versionOf(struct) ?? ''];
  return param.replace(/l\.\w+/, `l.${struct}`).replace(/version: \d+/, `version: ${version}`);
}

/** Writes older.ts: what is asked in place of the functions that a driver does not know. */
export function older(): string {
  const lines = Object.entries(OLDER).map(([name, notes]) => {
    const items = notes.map((note) => {
      const as = Object.entries(note.as ?? {}).map(([from, to]) => `${from}: '${to}'`);
      return `{ entry: ${olderEntry(name, note)}${as.length === 0 ? '' : `, as: { ${as.join(', ')} }`} }`;
    });
    return `  ${name}: [${items.join(', ')}],`;
  });
  return [
    "import type { Older } from '../entry.js';",
    "import * as e from './entries.js';",
    "import type { FunctionName } from './functions.js';",
    "import * as l from './layouts.js';",
    '',
    'export const older: Readonly<Partial<Record<FunctionName, readonly Older[]>>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}

const TYPE_IMPORTS = [
  "import type { FieldRequest, FieldValue, InputStruct } from '../functions/given.js';",
  "import type * as t from './api-types.js';",
  "import * as e from './entries.js';",
];

export function functions(): string {
  const aliases = renamed().map(
    ([old, current]) =>
      `/** @deprecated The header calls it {@link ${current}} now. */\nexport const ${old} = ${current};`,
  );
  return [
    "import { now } from '../functions/state.js';",
    ...TYPE_IMPORTS,
    '',
    ...generated.map(functionText),
    ...aliases,
    '',
  ].join('\n');
}

export function promises(): string {
  const texts = generated.map((name) => {
    const signature = signatureOf(shapeOf(name));
    const inputs = signature.inputs.map(({ name: param }) => param);
    const type = returnType(signature);
    // What changes a GPU cannot be cut short: it may have been done all the same.
    const isWrite = changesGpu(name);
    const options = isWrite ? [] : ['options?: CallOptions'];
    const parameters = [...signature.inputs.map(parameterText), ...options].join(', ');
    const given = [`[${inputs.join(', ')}]`, ...(isWrite ? [] : ['options'])];
    return [
      ...docOf(name, true),
      `export function ${name}(${parameters}): Promise<${type}> {`,
      `  return later(${[`e.${name}`, ...given].join(', ')}) as Promise<${type}>;`,
      '}',
      '',
    ].join('\n');
  });
  return [
    "import type { CallOptions } from '../functions/limits.js';",
    "import { later } from '../functions/state.js';",
    ...TYPE_IMPORTS,
    '',
    ...texts,
    '',
  ].join('\n');
}
