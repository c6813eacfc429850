/** Calls a function of the library with JavaScript values: arguments in, outputs back, a status thrown. */
import type { Arg, Bound, Driver, FieldId, Handle, Out, Preset } from '../call.js';
import type { Entry } from '../entry.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_FUNCTION_NOT_FOUND,
} from '../generated/constants.js';
import type { Layout } from '../layout.js';
import { arrayAt } from '../memory.js';
import { outOf } from '../prepare.js';
import type { Param, Prototype, StructOptions } from '../prototype.js';
import { resultReader, type TextAt } from './decode.js';
import { type Given, presetOf, writeArrays, writeItems } from './encode.js';
import { errorOf } from './raise.js';

/** A call that is laid out: running it again costs no more than NVML itself and the reading of the answer. */
interface Ready {
  readonly bound: Bound;
  readonly read: (bound: Bound) => unknown;
}

/** Laid out calls that are kept per function. Beyond it (process ids, times) they are made anew. */
const KEPT = 128;

const isStruct = (param: Param): param is Extract<Param, readonly ['struct', ...unknown[]]> =>
  param[0] === 'struct';
const rolesOf = (param: Param): StructOptions['role'] => (isStruct(param) ? param[3]?.role : undefined);

/** Whether a parameter takes an argument from the caller. */
export const takesArgument = (param: Param): boolean =>
  ['handle', 'in', 'given', 'string', 'words', 'fields'].includes(param[0]) || rolesOf(param) !== undefined;

export class Caller {
  private readonly kept = new Map<unknown, Ready>();
  private readonly inputs: Prototype;
  /** Calls whose arguments are all numbers, texts or handles can be told apart cheaply. */
  private readonly plain: boolean;

  constructor(
    private readonly entry: Entry,
    private readonly driver: Driver,
    private readonly textAt: TextAt,
    /** The function whose form the answer has, where this is an older version of it. */
    private readonly newest?: Entry,
  ) {
    this.inputs = entry.params.filter(takesArgument);
    this.plain = this.inputs.every((param) => !isStruct(param) && param[0] !== 'fields');
  }

  /** Undefined where the driver lacks the function. */
  run(args: readonly unknown[]): { value: unknown } | undefined {
    const ready = this.ready(args);
    if (ready === undefined) return undefined;
    const status = ready.bound.run();
    if (status !== 0) throw errorOf(status, this.entry.fn);
    return { value: ready.read(ready.bound) };
  }

  /** The same on a worker thread, with memory of its own. */
  async start(args: readonly unknown[]): Promise<{ value: unknown } | undefined> {
    const ready = this.layOut(args);
    if (ready === undefined) return undefined;
    const status = await ready.bound.start();
    if (status !== 0) throw errorOf(status, this.entry.fn);
    return { value: ready.read(ready.bound) };
  }

  private ready(args: readonly unknown[]): Ready | undefined {
    const key = this.plain ? (args.length === 1 ? args[0] : args.join()) : this.keyOf(args);
    const known = key === undefined ? undefined : this.kept.get(key);
    if (known !== undefined) return known;
    const ready = this.layOut(args);
    if (ready === undefined || key === undefined) return ready;
    if (this.kept.size >= KEPT) this.kept.clear();
    this.kept.set(key, ready);
    return ready;
  }

  /** A key for calls with structs that only say what is asked, and with field ids. */
  private keyOf(args: readonly unknown[]): string | undefined {
    const parts: unknown[] = [];
    for (const [i, param] of this.inputs.entries()) {
      if (!isStruct(param)) parts.push(args[i]);
      else {
        const { select } = param[3] ?? {};
        const given = args[i] as Given | undefined;
        if (select === undefined || given === undefined) return undefined;
        if (Object.keys(given).some((name) => !select.includes(name))) return undefined;
        parts.push(...select.map((name) => given[name]));
      }
    }
    return parts.map((part) => (Array.isArray(part) ? part.join(';') : part)).join();
  }

  private layOut(args: readonly unknown[]): Ready | undefined {
    const { fn, params } = this.entry;
    let next = 0;
    const laid = params.map((param): Arg => {
      const given = takesArgument(param) ? args[next++] : undefined;
      return argumentOf(fn, param, given);
    });
    const bound = this.driver.bind({ fn, args: laid });
    if (bound === undefined) return undefined;
    this.writeGivenArrays(args, laid, bound);
    const read = resultReader(params, laid, this.textAt);
    return { bound, read: this.newest === undefined ? read : completed(read, params, this.newest.params) };
  }

  /** Arrays inside the structs that the caller gives. */
  private writeGivenArrays(args: readonly unknown[], laid: readonly Arg[], bound: Bound): void {
    let memory = 0;
    let input = 0;
    this.entry.params.forEach((param, i) => {
      const given = takesArgument(param) ? args[input++] : undefined;
      const out = laid[i];
      if (typeof out !== 'object' || !('out' in out)) return;
      const into = bound.memory[memory++];
      if (!isStruct(param) || given === undefined || into === undefined) return;
      const [, , layout, { array } = {}] = param;
      writeArrays(into, 0, layout, without(given as Given, array?.field));
      const items = array === undefined ? undefined : (given as Given)[array.field];
      if (array !== undefined && Array.isArray(items)) {
        writeItems(into, arrayAt(layout), array.item, items, items.length);
      }
    });
  }
}

/** An older version's items have fewer fields: those of the newest that they lack are null. */
function completed(read: Ready['read'], params: Prototype, newest: Prototype): Ready['read'] {
  const own = itemFields(params);
  const missing = itemFields(newest).filter((name) => !own.includes(name));
  if (missing.length === 0) return read;
  const nulls = Object.fromEntries(missing.map((name) => [name, null]));
  return (bound) => (read(bound) as readonly object[]).map((item) => ({ ...item, ...nulls }));
}

function itemFields(params: Prototype): readonly string[] {
  const list = params.find((param) => param[0] === 'list');
  return list?.[0] === 'list' && typeof list[2] === 'object' ? Object.keys(list[2].fields) : [];
}

const without = (given: Given, name: string | undefined): Given =>
  name === undefined ? given : { ...given, [name]: undefined };

function argumentOf(fn: string, param: Param, given: unknown): Arg {
  const fail = (what: string): never => {
    throw new TypeError(`${fn}: ${param[1]} must be ${what}, not ${given === null ? 'null' : typeof given}`);
  };
  switch (param[0]) {
    case 'fixed':
      return param[2];
    case 'handle':
      return typeof given === 'bigint' ? (given as Handle) : fail('a handle');
    case 'in':
      if (typeof given === 'boolean') return Number(given);
      // A 64-bit number that is no safe integer; koffi takes it as it is.
      if (typeof given === 'bigint') return given as Handle;
      return typeof given === 'number' && Number.isInteger(given) ? given : fail('a whole number');
    case 'string':
      return typeof given === 'string' ? given : fail('a string');
    case 'words':
      return { out: 'words', length: given === undefined ? param[2] : Number(given) };
    case 'fields':
      return {
        out: 'fields',
        ids: Array.isArray(given) ? given.map(fieldId) : fail('an array of field ids'),
      };
    case 'given':
      return outOf(param, { [param[1]]: typeof given === 'number' ? given : fail('a number') }) as Out;
    case 'struct': {
      if (rolesOf(param) === undefined) return outOf(param) as Out;
      if (typeof given !== 'object' || given === null) return fail('an object');
      return structOut(param, param[2], given as Given);
    }
    default:
      return outOf(param) as Out;
  }
}

function structOut(param: Param & readonly ['struct', ...unknown[]], layout: Layout, given: Given): Out {
  const array = isStruct(param) ? param[3]?.array : undefined;
  const set: Preset = presetOf(layout, without(given, array?.field));
  const out = outOf(param, set) as Extract<Out, { out: 'struct' }>;
  const items = array === undefined ? undefined : given[array.field];
  // A given array is exactly as long as it is given.
  if (out.array === undefined || !Array.isArray(items)) return out;
  return { ...out, array: { ...out.array, room: items.length } };
}

function fieldId(id: unknown): FieldId {
  if (typeof id === 'number') return [id, 0];
  if (Array.isArray(id)) return [Number(id[0]), Number(id[1] ?? 0)];
  const { fieldId: number, scopeId } = id as { fieldId: number; scopeId?: number };
  return [number, scopeId ?? 0];
}

/** Whether an older version of the function should be asked. */
export const isTooNew = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === NVML_ERROR_FUNCTION_NOT_FOUND || error.code === NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
