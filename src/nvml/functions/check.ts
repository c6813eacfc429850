/**
 * Checks what callers give before C sees it, which would cut numbers to 32 bits and take what is not there for zero. A
 * check is made once for a function, and costs nothing where a call is laid out already.
 */
import type { Layout, ScalarType } from '../layout.js';

/** What is wrong: where in the argument, what it must be (nothing: there is no such field), and what it is. */
interface ArgumentFault {
  readonly path: string;
  readonly must: string;
  readonly given: unknown;
  readonly isRange: boolean;
}

export type Check = (given: unknown) => ArgumentFault | undefined;

export const wrong = (must: string, given: unknown): ArgumentFault => ({
  path: '',
  must,
  given,
  isRange: false,
});
const beyond = (must: string, given: unknown): ArgumentFault => ({ path: '', must, given, isRange: true });

const RANGES: Readonly<
  Record<Exclude<ScalarType, 'f64'>, readonly [least: number | bigint, most: number | bigint]>
> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffffffff],
  i32: [-0x80000000, 0x7fffffff],
  u64: [0n, 2n ** 64n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  ptr: [0n, 2n ** 64n - 1n],
};

function scalar(type: ScalarType): Check {
  if (type === 'f64') return (given) => (typeof given === 'number' ? undefined : wrong('a number', given));
  const [least, most] = RANGES[type];
  const range = `${least} to ${most}`;
  return (given) => {
    if (typeof given === 'boolean') return undefined;
    if (typeof given !== 'bigint' && !Number.isInteger(given)) return wrong('a whole number', given);
    // A number and a bigint can be compared.
    const number = given as number;
    return number < least || number > most ? beyond(range, given) : undefined;
  };
}

const pointer = scalar('ptr');
const handle: Check = (given) => (typeof given === 'bigint' ? pointer(given) : wrong('a handle', given));

/** How many items or bytes there may be. */
function fits(length: number, room: number, what: string): ArgumentFault | undefined {
  return length > room ? beyond(`at most ${room} ${what}`, length) : undefined;
}

const text =
  (room: number): Check =>
  (given) =>
    // The last byte ends it.
    string(given) ?? fits(Buffer.byteLength(given as string), room - 1, 'bytes');

function items(type: ScalarType | Layout, room: number): Check {
  const check = value(type);
  return (given) => {
    if (!Array.isArray(given) && !(ArrayBuffer.isView(given) && 'length' in given))
      return wrong('an array', given);
    const list = given as ArrayLike<unknown>;
    for (let i = 0; i < list.length; i++) {
      const fault = check(list[i]);
      if (fault !== undefined) return { ...fault, path: `[${i}]${fault.path}` };
    }
    return fits(list.length, room, 'items');
  };
}

const value = (type: ScalarType | Layout): Check =>
  typeof type === 'object' ? struct(type) : type === 'ptr' ? handle : scalar(type);

/** A struct; `pointed` is an array that it points to. A field that is undefined or null is not given. */
function struct(
  layout: Layout,
  pointed?: { readonly field: string; readonly item: Layout | ScalarType },
): Check {
  const fields = Object.entries(layout.fields).map(([name, [type, , length]]): [string, Check] => {
    if (name === pointed?.field) return [name, items(pointed.item, Number.POSITIVE_INFINITY)];
    if (type === 'text') return [name, text(length ?? 1)];
    return [name, length === undefined ? value(type) : items(type, length)];
  });
  const known = new Set(fields.map(([name]) => name));
  return (given) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return wrong('an object', given);
    for (const name of Object.keys(given)) {
      if (!known.has(name)) return { path: `.${name}`, must: '', given, isRange: false };
    }
    for (const [name, check] of fields) {
      const one = (given as Readonly<Record<string, unknown>>)[name];
      if (one === undefined || one === null) continue;
      const fault = check(one);
      if (fault !== undefined) return { ...fault, path: `.${name}${fault.path}` };
    }
    return undefined;
  };
}

const string: Check = (given) => (typeof given === 'string' ? undefined : wrong('a string', given));

export const check = { scalar, handle, string, struct };

/** Throws what is wrong with an argument. */
export function refuse(fn: string, name: string, { path, must, given, isRange }: ArgumentFault): never {
  const what = must === '' ? 'is no field of the struct' : `must be ${must}, not ${shown(given)}`;
  const message = `${fn}: ${name}${path} ${what}`;
  throw isRange ? new RangeError(message) : new TypeError(message);
}

/** A value as messages name it: itself where it is short, else its type. */
export function shown(given: unknown): string {
  if (typeof given === 'number' || typeof given === 'bigint' || typeof given === 'boolean') return `${given}`;
  if (given === '') return 'an empty string';
  if (given === null) return 'null';
  return Array.isArray(given) ? 'array' : typeof given;
}

/** Throws a TypeError where options are not an object. */
export function checkObject(fn: string, options: unknown, form: string): asserts options is object {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new TypeError(`${fn}: the options must be an object, ${form}, not ${shown(options)}`);
}

/** Throws a TypeError where options have a name that does not exist. */
export function checkNames(fn: string, options: object, names: readonly string[]): void {
  const wrong = Object.keys(options).find((name) => !names.includes(name));
  if (wrong === undefined) return;
  throw new TypeError(`${fn}: there is no option ${wrong}; there ${isAre(names)} ${names.join(', ')}`);
}

const isAre = ({ length }: readonly string[]): string => (length === 1 ? 'is' : 'are');

/** Throws a TypeError for anything but an AbortSignal; one of another realm is one. */
export function checkSignal(fn: string, signal: unknown): void {
  if (signal === undefined) return;
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return;
  throw new TypeError(`${fn}: signal must be an AbortSignal, not ${shown(signal)}`);
}

/** A day. A timer of more than 24 of them would end at once. */
const LONGEST_TIMEOUT = 86_400_000;

/** Throws a TypeError, RangeError for anything but milliseconds that can be waited. */
export function checkTimeout(fn: string, timeout: unknown): void {
  const what = `${fn}: timeout must be a number of milliseconds above 0, at most ${LONGEST_TIMEOUT}, not ${shown(timeout)}`;
  if (typeof timeout !== 'number') throw new TypeError(what);
  if (!(timeout > 0 && timeout <= LONGEST_TIMEOUT)) throw new RangeError(what);
}
