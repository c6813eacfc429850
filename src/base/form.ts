/**
 * The form that the JSON of a file has to have. It is checked once, where the file is read: nothing after that place meets a
 * value of a wrong type. A fault is one line: where it is, what is needed there, and what was found.
 */
import { jsonText } from './plain-text.js';

/** A value that is not of its form. */
export interface Fault {
  /** The keys that lead there, the innermost last. */
  readonly path: readonly (string | number)[];
  readonly needed: string;
  readonly found: unknown;
}

/** Finds the first fault of a value. */
export type Form = (json: unknown) => Fault | undefined;

/** A value that passes a test; `needed` is what it is called: "a number". */
export const form =
  (needed: string, holds: (json: unknown) => boolean): Form =>
  (json) =>
    holds(json) ? undefined : { path: [], needed, found: json };

export const text = form('text', (json) => typeof json === 'string');

/** A finite number between two bounds. JSON can write numbers that become Infinity. */
export const number = (least = -Number.MAX_VALUE, most = Number.MAX_VALUE): Form =>
  form('a number', (json) => typeof json === 'number' && json >= least && json <= most);

export const wholeNumber = (least: number, most: number): Form =>
  form(
    `a whole number from ${least} to ${most}`,
    (json) => Number.isInteger(json) && Number(json) >= least && Number(json) <= most,
  );

export const orNull =
  (inner: Form): Form =>
  (json) =>
    json === null ? undefined : inner(json);

/** A member that may be left out. */
export const optional =
  (inner: Form): Form =>
  (json) =>
    json === undefined ? undefined : inner(json);

export const oneOf = (...words: readonly string[]): Form =>
  form(words.map((word) => `"${word}"`).join(' or '), (json) => words.includes(json as string));

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

export const object = form('an object', isObject);

const within = (key: string | number, fault: Fault | undefined): Fault | undefined =>
  fault && { ...fault, path: [key, ...fault.path] };

/** A list whose items have a form each by their place, or one for the rest. */
export const listOf =
  (rest: Form, ...first: readonly Form[]): Form =>
  (json) => {
    if (!Array.isArray(json)) return { path: [], needed: 'a list', found: json };
    for (let i = 0; i < Math.max(json.length, first.length); i++) {
      const fault = (first[i] ?? rest)(json[i]);
      if (fault !== undefined) return within(i, fault);
    }
    return undefined;
  };

/** A list that is not longer than it can be. */
export const atMost = (most: number, list: Form): Form => {
  const short = form(`a list of at most ${most}`, (json) => !Array.isArray(json) || json.length <= most);
  return (json) => short(json) ?? list(json);
};

/** An object with any keys. */
export const mapOf =
  (each: Form): Form =>
  (json) => {
    if (!isObject(json)) return object(json);
    for (const key of Object.keys(json)) {
      const fault = each(json[key]);
      if (fault !== undefined) return within(key, fault);
    }
    return undefined;
  };

/** An object with these members; others are ignored. */
export const objectOf =
  (members: Readonly<Record<string, Form>>): Form =>
  (json) => {
    if (!isObject(json)) return object(json);
    for (const [name, each] of Object.entries(members)) {
      const fault = each(own(json, name));
      if (fault !== undefined) return within(name, fault);
    }
    return undefined;
  };

/** A member of an object whose keys come from a file: never one of all objects, such as `constructor`. */
export const own = <T>(object: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

const LONGEST = 60;

/** A value as a message names it. */
export function shown(json: unknown): string {
  if (json === undefined) return 'nothing';
  if (Array.isArray(json)) return json.length === 0 ? 'an empty list' : 'a list';
  if (typeof json === 'object' && json !== null) return 'an object';
  const written = typeof json === 'number' ? String(json) : jsonText(json);
  return written.length > LONGEST ? `${written.slice(0, LONGEST)}...` : written;
}

const step = (key: string | number, i: number): string => {
  if (typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key)) return i === 0 ? key : `.${key}`;
  const name = String(key);
  return `[${name.length > LONGEST ? `${name.slice(0, LONGEST)}...` : name}]`;
};

/** A fault in words: `gpus[0].index: a whole number from 0 to 255 is needed, not "a"`. */
export function faultText({ path, needed, found }: Fault): string {
  const place = path.map(step).join('');
  return `${place === '' ? '' : `${place}: `}${needed} is needed, not ${shown(found)}`;
}
