/** The comment above a function of NVML: what it does, parameters, result, errors, versions. */
import { type ApiFunction, api } from './api.js';
import { errorClass } from './errors.js';
import * as meaning from './meanings.js';
import { OUTPUTS, PARAMETERS } from './parameters.js';
import { changesGpu } from './prototypes.js';
import { functionNames, newerOf, type Signature, shapeOf, signatureOf } from './signatures.js';
import { sinceText } from './since.js';
import { SUMMARIES } from './summaries.js';

const unversioned = (name: string): string => name.replace(/_v\d+$/, '');

const words = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(' ')
    .map((word) => (/^[A-Z][a-z]/.test(word) ? word.toLowerCase() : word))
    .join(' ')
    .replace(/\bconf compute\b/g, 'confidential computing')
    .replace(/\bvgpu\b/g, 'vGPU')
    .replace(/\b(gpu|uuid)\b/g, (word) => word.toUpperCase());

/** A sentence of the table, or one made of the function's name. */
export function summaryOf(name: string): string {
  const known = SUMMARIES[unversioned(name)];
  if (known !== undefined) return known;
  const rest = unversioned(name).replace(/^nvml/, '');
  const [prefix, subject] = meaning.SUBJECTS.find(([pattern]) => pattern.test(rest)) ?? [];
  const [, verb = '', what = ''] = /^(Get|Set|Destroy)(.*)$/.exec(rest.replace(prefix ?? /^/, '')) ?? [];
  const does = meaning.VERBS[verb];
  if (does === undefined || subject === undefined)
    throw new Error(`${name}: tools/summaries.ts does not say what it does`);
  return what === '' ? `${does} ${subject}.` : `${does} the ${words(what)} of ${subject}.`;
}

/** The first that a table has: by function and name, by function without its version and name, by name. */
function entry(table: Readonly<Record<string, string>>, fn: string, name: string): string | undefined {
  return table[`${fn}.${name}`] ?? table[`${unversioned(fn)}.${name}`] ?? table[name];
}

const byEnding = (name: string): string | undefined =>
  meaning.UNIT_BY_ENDING.find(([ending]) => ending.test(name))?.[1];

function replacementOf(name: string): string | undefined {
  const known = meaning.DEPRECATED[name];
  if (known !== undefined) return known;
  const stem = unversioned(name);
  const [newest] = newerOf(stem);
  return newest !== undefined && stem !== name && newest !== name ? stem : undefined;
}

/** What members of an enum have in common: NVML_CLOCK_*, NVML_*_SAMPLES; a few are named one by one. */
function membersOf(type: string): string | undefined {
  const members = Object.keys(api.enums[type] ?? {}).filter((member) => !/_(COUNT|MAX)$/.test(member));
  if (type === 'nvmlReturn_t') return 'NVML_SUCCESS or NVML_ERROR_*';
  if (members.length < 3) return members.length === 0 ? undefined : members.join(' or ');
  const parts = members.map((member) => member.split('_'));
  const common = (words: readonly (readonly string[])[]): number => {
    const [first = []] = words;
    const end = first.findIndex((word, i) => words.some((other) => other[i] !== word));
    return end < 0 ? first.length : end;
  };
  const [first = []] = parts;
  const head = first.slice(0, common(parts));
  const reversed = parts.map((one) => [...one].reverse());
  const tail = [...first].reverse().slice(0, common(reversed)).reverse();
  return [...head, '*', ...tail].join('_');
}

/** An enum's link and members. */
function enumText(type: string): string | undefined {
  const members = membersOf(type);
  return members === undefined ? undefined : `{@link t.${type}}: ${members}`;
}

function paramText(fn: string, name: string, of: string): string {
  const unit = byEnding(name);
  const text =
    PARAMETERS[`${unversioned(fn)}.${name}`] ??
    enumText(of) ??
    PARAMETERS[name] ??
    (unit === undefined ? undefined : `in ${unit}`);
  if (text === undefined) throw new Error(`${fn}: tools/parameters.ts does not say what ${name} is`);
  return text;
}

function outputText(fn: string, name: string, type: string): string {
  const unit = entry(meaning.UNIT_OF, fn, name) ?? meaning.UNIT_OF[fn] ?? byEnding(name);
  const said = entry(OUTPUTS, fn, name) ?? enumText(type);
  const absent = type.endsWith('| null') ? ', or null if not available' : '';
  return `${name}${said === undefined ? '' : `: ${said}`}${unit === undefined ? '' : `, in ${unit}`}${absent}`;
}

/** Undefined where there is nothing to add to the names, which the types have. */
function returnsText(fn: string, { outputs }: Signature): string | undefined {
  const texts = outputs.map(({ name, type }) => outputText(fn, name, type));
  return texts.every((text, i) => text === outputs[i]?.name) ? undefined : texts.join('; ');
}

const errorsOf = (name: string): readonly string[] =>
  (api.functions[name]?.returnCodes ?? []).filter((code) => code.startsWith('NVML_ERROR_'));

/** What is asked first: functions on the same kind of thing are refused for the same reasons. */
const subjectOf = (name: string): string => (api.functions[name] as ApiFunction).params[0]?.type ?? '';

/** Errors that most functions on the same kind of thing have. */
function usualErrors(name: string): readonly string[] {
  const known = functionNames.filter((other) => errorsOf(other).length > 0);
  const same = known.filter((other) => subjectOf(other) === subjectOf(name));
  const alike = same.length < 3 ? known : same;
  const counts = new Map<string, number>();
  for (const code of alike.flatMap(errorsOf)) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > alike.length / 2)
    .map(([code]) => code)
    .sort();
}

/** The errors that the header names for a function, or for another version of it; else those of functions like it. */
function throwsText(name: string): string {
  const stem = unversioned(name);
  const versions = functionNames.filter((other) => unversioned(other) === stem).reverse();
  const known = [shapeOf(name), ...versions, `${stem}V`].map(errorsOf).find((codes) => codes.length > 0);
  if (known !== undefined) return known.map(errorClass).join(', ');
  const usual = usualErrors(name).map(errorClass);
  return `${usual.join(', ')} (those of similar functions; the header lists none)`;
}

/** `isLater`: for the function on a worker thread. */
export function docOf(name: string, isLater = false): string[] {
  const signature = signatureOf(shapeOf(name));
  const summary = summaryOf(name);
  const since = sinceText(name, functionNames);
  const lines = [
    isLater ? `${summary.replace(/ Blocks the thread[^.]*\./, '')} On a worker thread.` : summary,
    '',
  ];
  for (const { name: param, of } of signature.inputs)
    lines.push(`@param ${param} ${paramText(name, param, of)}`);
  if (isLater && !changesGpu(name)) {
    lines.push('@param options `timeout` in ms and `signal`: with either, another process makes the call');
  }
  const returns = returnsText(name, signature);
  if (returns !== undefined) lines.push(`@returns ${returns}`);
  lines.push(`@throws ${throwsText(name)}`);
  const newer = newerOf(name);
  const versions = newer.length === 0 ? '' : `: ${[...newer, name].join(', else ')}`;
  if (since !== undefined) lines.push(since);
  lines.push(`@see NVML ${name}${versions}`);
  const replacement = replacementOf(name);
  if (replacement !== undefined) lines.push(`@deprecated Replaced by ${replacement} in NVML.`);
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}
