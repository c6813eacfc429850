/** Functions of NVML as functions of TypeScript: what a caller gives, and what comes back. */
import * as note from './annotations.js';
import { type ApiFunction, type ApiParam, api, resolve } from './api.js';
import { paramsOf, structRole } from './prototypes.js';
import { bare, isAbsentable, typeOf } from './types.js';

export const functionNames: readonly string[] = Object.keys(api.functions);

/** Versions that are tried before an unversioned name, newest first. */
export function newerOf(name: string): readonly string[] {
  const newest = api.unversionedNames[name];
  if (newest === undefined || !(newest in api.functions)) return [];
  const versions = functionNames.filter((other) => new RegExp(`^${name}_v\\d+$`).test(other));
  return versions.sort((a, b) => Number(b.slice(name.length + 2)) - Number(a.slice(name.length + 2)));
}

/** The function whose parameters an unversioned name has: its newest. */
export const shapeOf = (name: string): string => newerOf(name)[0] ?? name;

interface Input {
  readonly name: string;
  readonly type: string;
  readonly of: string;
}

export interface Signature {
  readonly inputs: readonly Input[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
}

/** What a caller gives, and what comes back, in the order of the parameters. */
export function signatureOf(name: string): Signature {
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
      case 'fixed':
        // The library's own business: neither given nor returned.
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
      case 'out':
        outputs.push({ name: param.name, type: outputType(param) });
        break;
      default:
        throw new Error(`${name}: what does a caller see of ${role} ${param.name}?`);
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
        : `InputStruct<t.${type}>`;
    inputs.push({ name: param.name, type: given, of: type });
  }
  if (role !== 'in') outputs.push({ name: param.name, type });
}
