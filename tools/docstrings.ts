/** The comment above a function of NVML: a sentence made of its name, units, values, errors, versions. */
import { type ApiFunction, api } from './api.js';
import { errorClass } from './errors.js';
import * as meaning from './meanings.js';
import { newerOf, type Signature, shapeOf } from './signatures.js';

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

export function docOf(name: string, signature: Signature): string[] {
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
