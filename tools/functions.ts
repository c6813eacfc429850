/** Writes entries.ts, api.ts and api-promises.ts: every function of NVML as one of TypeScript. */
import { type ApiFunction, api } from './api.js';
import { docOf } from './docstrings.js';
import { paramsOf } from './prototypes.js';
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

const parameterList = ({ inputs }: Signature): string =>
  inputs.map(({ name, type }) => `${name}: ${qualified(type)}`).join(', ');

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
      `export const ${name}: Entry = { fn: '${name}', params: [${paramsOf(name, api.functions[name] as ApiFunction).join(', ')}]${tail} };`,
    ] as const;
  });
  // Those that name others stand behind them.
  const sorted = [...lines.filter(([newer]) => newer === 0), ...lines.filter(([newer]) => newer > 0)];
  return [
    "import type { Entry } from '../entry.js';",
    "import * as l from './layouts.js';",
    '',
    ...sorted.map(([, line]) => line),
    '',
  ].join('\n');
}

const TYPE_IMPORTS = [
  "import type { FieldRequest, FieldValue, Given } from '../api/given.js';",
  "import type * as t from './api-types.js';",
  "import * as e from './entries.js';",
];

export function functions(): string {
  const aliases = renamed().map(
    ([old, current]) =>
      `/** @deprecated The header calls it {@link ${current}} now. */\nexport const ${old} = ${current};`,
  );
  return [
    "import { now } from '../api/state.js';",
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
    const args = [`e.${name}`, ...signature.inputs.map(({ name: param }) => param)].join(', ');
    const type = returnType(signature);
    return [
      ...docOf(name, true),
      `export function ${name}(${parameterList(signature)}): Promise<${type}> {`,
      `  return later(${args}) as Promise<${type}>;`,
      '}',
      '',
    ].join('\n');
  });
  return ["import { later } from '../api/state.js';", ...TYPE_IMPORTS, '', ...texts, ''].join('\n');
}
