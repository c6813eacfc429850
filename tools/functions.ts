/** Writes entries.ts, api.ts and api-promises.ts: every function of NVML as one of TypeScript. */
import * as note from './annotations.js';
import { type ApiFunction, type ApiParam, api, resolve } from './api.js';
import { errorClass } from './errors.js';
import * as meaning from './meanings.js';
import { paramsOf, structRole } from './prototypes.js';
import { bare, isAbsentable, typeOf } from './types.js';

/** Functions that are written by hand: they open and close the library, or work without it. */
const BY_HAND: ReadonlySet<string> = new Set([
  'nvmlInit',
  'nvmlInit_v2',
  'nvmlInitWithFlags',
  'nvmlShutdown',
  'nvmlErrorString',
]);

const functionNames: readonly string[] = Object.keys(api.functions);
const generated = functionNames.filter((name) => !BY_HAND.has(name));

/** Versions that stand before an unversioned name, newest first. */
function newerOf(name: string): readonly string[] {
  const newest = api.unversionedNames[name];
  if (newest === undefined || !(newest in api.functions)) return [];
  const versions = functionNames.filter((other) => new RegExp(`^${name}_v\\d+$`).test(other));
  return versions.sort((a, b) => Number(b.slice(name.length + 2)) - Number(a.slice(name.length + 2)));
}

/** The function whose parameters an unversioned name has: its newest. */
const shapeOf = (name: string): string => newerOf(name)[0] ?? name;

interface Input {
  readonly name: string;
  readonly type: string;
  readonly of: string;
}

interface Signature {
  readonly inputs: readonly Input[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
}

/** What a caller gives, and what comes back, in the order of the parameters. */
function signatureOf(name: string): Signature {
  const fn = api.functions[name] as ApiFunction;
  const inputs: Input[] = [];
  const outputs: { name: string; type: string }[] = [];
  const byName = (wanted: string): ApiParam | undefined => fn.params.find((param) => param.name === wanted);
  for (const text of paramsOf(name, fn)) {
    // The prototype's own text is the one place that says which parameters belong together.
    const [role, first] = [...text.matchAll(/'([^']*)'/g)].map(([, word]) => word ?? '');
    const param = byName(first ?? '');
    const type = param === undefined ? '' : bare(param.type);
    if (param === undefined || role === undefined) {
      if (role === 'fields') addFields(inputs, outputs);
      continue;
    }
    switch (role) {
      case 'handle':
      case 'in':
        inputs.push({ name: param.name, type: inputType(param.type), of: param.type });
        break;
      case 'given':
        inputs.push({ name: param.name, type: 'number', of: type });
        break;
      case 'string':
        inputs.push({ name: param.name, type: 'string', of: 'const char*' });
        break;
      case 'words':
        inputs.push({ name: sizeName(param.name), type: 'number', of: 'unsigned int' });
        outputs.push({ name: param.name, type: 'Uint64[]' });
        break;
      case 'fields':
        addFields(inputs, outputs);
        break;
      case 'text':
        outputs.push({ name: param.name, type: 'string' });
        break;
      case 'sized':
      case 'list':
        outputs.push({ name: param.name, type: `${typeOf(type)}[]` });
        if (text.includes('beside'))
          outputs.push({ name: note.BESIDE_ARRAY[param.name] ?? '', type: 'Uint64[]' });
        break;
      case 'struct':
        addStruct(name, param, type, inputs, outputs);
        break;
      default:
        outputs.push({ name: param.name, type: outputType(param) });
    }
  }
  return { inputs, outputs };
}

const sizeName = (set: string): string => note.WORD_SETS[set]?.length ?? set;

function inputType(type: string): string {
  return resolve(type) !== type && type in note.HANDLES ? type : typeOf(type);
}

function outputType(param: ApiParam): string {
  const type = typeOf(bare(param.type));
  return isAbsentable(param.name) ? `${type} | null` : type;
}

function addFields(inputs: Input[], outputs: { name: string; type: string }[]): void {
  inputs.push({ name: 'fieldIds', type: 'readonly FieldRequest[]', of: 'fields' });
  outputs.push({ name: 'values', type: 'FieldValue[]' });
}

function addStruct(
  fn: string,
  param: ApiParam,
  type: string,
  inputs: Input[],
  outputs: { name: string; type: string }[],
): void {
  const role = structRole(fn, param);
  const select = note.SELECTORS[resolve(type)];
  if (role !== 'out') {
    const given =
      role === 'inout' && select !== undefined
        ? `Pick<t.${type}, ${select.map((name) => `'${name}'`).join(' | ')}>`
        : `Given<t.${type}>`;
    inputs.push({ name: param.name, type: given, of: type });
  }
  if (role !== 'in') outputs.push({ name: param.name, type });
}

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

const words = (name: string): string =>
  name
    .replace(/_v\d+$/, '')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(' ')
    .map((word) => (/^[A-Z][a-z]/.test(word) ? word.toLowerCase() : word))
    .join(' ')
    .replace(/nv link/g, 'NVLink')
    .replace(/\b(mig|vgpu|gpu|ecc|pci|uuid|nvml|mps|fbc|gsp|cpu|vm|bios|vbios)\b/g, (word) =>
      word === 'vgpu' ? 'vGPU' : word.toUpperCase(),
    );

/** A sentence made of the function's name. */
function summaryOf(name: string): string {
  const known = meaning.SUMMARIES[name];
  if (known !== undefined) return known;
  const rest = name.replace(/^nvml/, '');
  const [prefix, subject] = meaning.SUBJECTS.find(([pattern]) => pattern.test(rest)) ?? [/^/, 'NVML'];
  const [, before = '', verb = '', what = ''] =
    /^(.*?)(Get|Set|Query|Reset|Clear|Create|Destroy|Validate|Freeze|Register|Modify|Remove|Discover|Read|Force|Activate|Update)(?=[A-Z_]|$)(.*)$/.exec(
      rest.replace(prefix, ''),
    ) ?? [];
  if (verb === '') return `${words(rest)} of ${subject}.`;
  const object = words(`${before}${what}`).trim();
  const sentence = meaning.VERBS[verb] ?? verb;
  return object === '' ? `${sentence} ${subject}.` : `${sentence} the ${object} of ${subject}.`;
}

function unitOf(name: string, of: string): string | undefined {
  return meaning.UNIT_OF[name] ?? meaning.UNIT_BY_ENDING.find(([ending]) => ending.test(of))?.[1];
}

function replacementOf(name: string): string | undefined {
  const known = meaning.DEPRECATED[name];
  if (known !== undefined) return known;
  const unversioned = name.replace(/_v\d+$/, '');
  const [newest] = newerOf(unversioned);
  return newest !== undefined && unversioned !== name && newest !== name ? unversioned : undefined;
}

/** The values of an enum, for a parameter's line. */
function valuesOf(type: string): string {
  const members = Object.keys(api.enums[type] ?? {});
  if (members.length === 0) return '';
  const [first = ''] = members;
  const common = members.reduce((prefix, member) => {
    let length = prefix.length;
    while (!member.startsWith(prefix.slice(0, length))) length--;
    return prefix.slice(0, length);
  }, first);
  return `${common.replace(/[^_]*$/, '')}*`;
}

function docOf(name: string, signature: Signature): string[] {
  const fn = api.functions[shapeOf(name)] as ApiFunction;
  const lines = [summaryOf(name), ''];
  for (const { name: param, of } of signature.inputs) {
    const values = valuesOf(of);
    const unit = signature.outputs.length === 0 ? unitOf(name, param) : unitOf('', param);
    const about = [values, unit].filter((part) => part !== undefined && part !== '').join(', ');
    lines.push(`@param ${param}${about === '' ? '' : ` ${about}`}`);
  }
  if (signature.outputs.length > 0) {
    const outputs = signature.outputs.map(({ name: output, type }) => {
      const values = valuesOf(type);
      const absent = type.endsWith('| null') ? ', null where it is not available' : '';
      return `${output}${values === '' ? '' : ` (${values})`}${absent}`;
    });
    const unit = unitOf(name, signature.outputs[0]?.name ?? '');
    lines.push(`@returns ${outputs.join(', ')}${unit === undefined ? '' : `; ${unit}`}`);
  }
  const errors = (fn.returnCodes ?? []).filter((code) => code.startsWith('NVML_ERROR_'));
  if (errors.length > 0) lines.push(`@throws ${errors.map(errorClass).join(', ')}`);
  const newer = newerOf(name);
  const versions = newer.length === 0 ? '' : `: ${[...newer, name].join(', else ')}`;
  lines.push(`@see NVML ${newer.length === 0 ? name : `${name}${versions}`}`);
  const replacement = replacementOf(name);
  if (replacement !== undefined) lines.push(`@deprecated NVML has ${replacement} for it.`);
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}

const parameterList = (signature: Signature, name: string): string =>
  signature.inputs
    .map(({ name: param, type }) => `${param}: ${qualified(type)}`)
    .join(', ')
    .replace(/^$/, '') || (name === '' ? '' : '');

function functionText(name: string): string {
  const signature = signatureOf(shapeOf(name));
  const type = returnType(signature);
  const args = [`e.${name}`, ...signature.inputs.map(({ name: param }) => param)].join(', ');
  const body = type === 'void' ? `  now(${args});` : `  return now(${args}) as ${type};`;
  return [
    ...docOf(name, signature),
    `export function ${name}(${parameterList(signature, name)}): ${type} {`,
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
      `/** nvmlsync.${name} on a worker thread. */`.replace('nvmlsync.', ''),
      `export function ${name}(${parameterList(signature, name)}): Promise<${type}> {`,
      `  return later(${args}) as Promise<${type}>;`,
      '}',
    ].join('\n');
  });
  return ["import { later } from '../api/state.js';", ...TYPE_IMPORTS, '', ...texts, ''].join('\n');
}
