/** Lays out calls of a function of the library with JavaScript values: arguments in, outputs back. */
import { isName } from '../backend/child/handles.js';
import type { Arg, Bound, Driver, FieldId, Handle, Out, Preset } from '../call.js';
import { outOf } from '../call-of.js';
import type { Entry } from '../entry.js';
import { nvmlFieldValue_t } from '../generated/layouts.js';
import type { Layout } from '../layout.js';
import { arrayAt } from '../memory.js';
import type { Param, Prototype, StructOptions } from '../prototype.js';
import { type Check, check, refuse, wrong } from './check.js';
import { resultReader } from './decode.js';
import { type InputFields, presetOf, writeArrays, writeItems } from './encode.js';
import type { TextAt } from './read.js';

/** A call that is laid out: running it again costs no more than NVML itself and the reading of the answer. */
export interface PreparedCall {
  readonly bound: Bound;
  readonly read: (bound: Bound) => unknown;
}

/** Laid out calls by their arguments: a level for each. */
type Level = Map<unknown, Level | PreparedCall>;

/** Laid out calls that are kept per function. Beyond it (process ids, times) they are made again. */
const KEPT = 128;

const isStruct = (param: Param): param is Extract<Param, readonly ['struct', ...unknown[]]> =>
  param[0] === 'struct';
const rolesOf = (param: Param): StructOptions['role'] => (isStruct(param) ? param[3]?.role : undefined);

/** Whether a parameter takes an argument from the caller. */
export const takesArgument = (param: Param): boolean =>
  ['handle', 'in', 'given', 'string', 'words', 'fields'].includes(param[0]) || rolesOf(param) !== undefined;

export class Caller {
  private kept: Level | PreparedCall | undefined;
  private count = 0;
  private isMissing = false;
  private makers: readonly ArgumentMaker[] | undefined;
  private readonly inputs: Prototype;
  /** Numbers, texts and handles distinguish calls by themselves. */
  private readonly plain: boolean;

  constructor(
    readonly entry: Entry,
    /** The name that the caller wrote, for what is refused: an unversioned one, where this is one of its versions. */
    private readonly called: string,
    private readonly driver: Driver,
    private readonly textAt: TextAt,
    /** The function whose form the answer has, where this is an older version of it. */
    private readonly newest?: Entry,
    /** Keeps the handles that a call gave out. */
    private readonly adopt?: (bound: Bound) => void,
  ) {
    this.inputs = entry.params.filter(takesArgument);
    this.plain = this.inputs.every((param) => !isStruct(param) && param[0] !== 'fields');
  }

  /** The call on these arguments, laid out the first time. Undefined where the driver lacks the function. */
  ready(args: readonly unknown[]): PreparedCall | undefined {
    if (this.isMissing) return undefined;
    if (this.plain) return this.find(args, this.inputs.length) ?? this.keep(args, this.inputs.length, args);
    const keys = this.keysOf(args);
    if (keys === undefined) return this.layOut(args);
    return this.find(keys, keys.length) ?? this.keep(keys, keys.length, args);
  }

  /** The same with memory of its own, for a worker thread. */
  layOut(args: readonly unknown[]): PreparedCall | undefined {
    const { fn, params } = this.entry;
    this.makers ??= params.map((param) => makerOf(this.called, param));
    let next = 0;
    const laid: Arg[] = [];
    for (let i = 0; i < params.length; i++) {
      const given = takesArgument(params[i] as Param) ? args[next++] : undefined;
      laid.push((this.makers[i] as ArgumentMaker)(given));
    }
    if (!this.driver.isElsewhere) this.refuseForeign(laid);
    const bound = this.driver.bind({ fn, args: laid });
    if (bound === undefined) {
      this.isMissing = true;
      return undefined;
    }
    this.writeGivenArrays(args, laid, bound);
    const read = resultReader(params, laid, this.textAt);
    const whole = this.newest === undefined ? read : completed(read, params, this.newest.params);
    return { bound, read: this.givesHandle ? this.adopting(whole) : whole };
  }

  private get givesHandle(): boolean {
    return this.entry.params.some(([role, , type]) => (role === 'out' || role === 'list') && type === 'ptr');
  }

  private adopting(read: PreparedCall['read']): PreparedCall['read'] {
    const { adopt } = this;
    if (adopt === undefined) return read;
    return (bound) => {
      adopt(bound);
      return read(bound);
    };
  }

  /** A handle that another process gave out is no pointer. */
  private refuseForeign(laid: readonly Arg[]): void {
    const place = laid.findIndex((arg) => typeof arg === 'bigint' && isName(arg));
    if (place === -1) return;
    const name = this.entry.params[place]?.[1] ?? '';
    throw new TypeError(
      `${this.called}: ${name} comes from a call with a timeout or a signal, and is good for such calls alone`,
    );
  }

  private find(keys: readonly unknown[], depth: number): PreparedCall | undefined {
    let at = this.kept;
    for (let i = 0; i < depth && at !== undefined; i++) at = (at as Level).get(keys[i]);
    return at as PreparedCall | undefined;
  }

  private keep(keys: readonly unknown[], depth: number, args: readonly unknown[]): PreparedCall | undefined {
    const ready = this.layOut(args);
    if (ready === undefined) return undefined;
    if (depth === 0) {
      this.kept = ready;
      return ready;
    }
    if (this.kept === undefined || this.count >= KEPT) {
      this.kept = new Map();
      this.count = 0;
    }
    this.count++;
    let level = this.kept as Level;
    for (const key of keys.slice(0, depth - 1)) {
      const inner = (level.get(key) as Level | undefined) ?? new Map();
      level.set(key, inner);
      level = inner;
    }
    level.set(keys[depth - 1], ready);
    return ready;
  }

  /** The key that distinguishes calls by the selectors or field ids of their structs. Undefined for other structs. */
  private keysOf(args: readonly unknown[]): readonly unknown[] | undefined {
    const keys: unknown[] = [];
    for (let i = 0; i < this.inputs.length; i++) {
      const param = this.inputs[i] as Param;
      const given = args[i];
      if (param[0] === 'fields') keys.push(fieldIds(this.called, given).join(';'));
      else if (!isStruct(param)) keys.push(given);
      else {
        const { select } = param[3] ?? {};
        if (select === undefined || typeof given !== 'object' || given === null) return undefined;
        if (Object.keys(given).some((name) => !select.includes(name))) return undefined;
        for (const name of select) keys.push((given as InputFields)[name]);
      }
    }
    return keys;
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
      bound.given?.();
      const [, , layout, { array } = {}] = param;
      writeArrays(into, 0, layout, without(given as InputFields, array?.field));
      const items = array === undefined ? undefined : (given as InputFields)[array.field];
      if (array !== undefined && Array.isArray(items)) {
        writeItems(into, arrayAt(layout), array.item, items, items.length);
      }
    });
  }
}

/** An older version's items have fewer fields: those of the newest that they lack are null. */
function completed(read: PreparedCall['read'], params: Prototype, newest: Prototype): PreparedCall['read'] {
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

const without = (given: InputFields, name: string | undefined): InputFields =>
  name === undefined ? given : { ...given, [name]: undefined };

/** Makes the argument of a call of what the caller gives, or throws. */
type ArgumentMaker = (given: unknown) => Arg;

function makerOf(fn: string, param: Param): ArgumentMaker {
  const [role, name] = param;
  const checked =
    (check: Check, make: ArgumentMaker, called = name): ArgumentMaker =>
    (given) => {
      const fault = check(given);
      return fault === undefined ? make(given) : refuse(fn, called, fault);
    };
  switch (role) {
    case 'fixed':
      return () => param[2];
    case 'handle':
      return checked(check.handle, (given) => given as Handle);
    case 'in':
      return checked(check.scalar(param[2]), scalarArgument);
    case 'string':
      return checked(check.string, (given) => given as string);
    case 'words':
      return checked(
        (given) => (given === undefined ? undefined : checkWords(given)),
        (given) => ({ out: 'words', length: given === undefined ? param[2] : Number(given) }),
        `${name}Size`,
      );
    case 'fields':
      return (given) => ({ out: 'fields', ids: checkedIds(fn, fieldIds(fn, given)) });
    case 'given':
      return checked(
        check.scalar(param[2]),
        (given) => outOf(param, { [name]: scalarArgument(given) }) as Out,
      );
    case 'struct': {
      if (rolesOf(param) === undefined) return () => outOf(param) as Out;
      const [, , layout, { array } = {}] = param;
      return checked(check.struct(layout, array), (given) => structOut(param, layout, given as InputFields));
    }
    default:
      return () => outOf(param) as Out;
  }
}

/** A bigint stays one only where it is not a safe integer; koffi accepts it unchanged. */
function scalarArgument(given: unknown): number | Handle {
  const number = Number(given);
  return typeof given === 'bigint' && !Number.isSafeInteger(number) ? (given as Handle) : number;
}

function structOut(
  param: Param & readonly ['struct', ...unknown[]],
  layout: Layout,
  given: InputFields,
): Out {
  const array = isStruct(param) ? param[3]?.array : undefined;
  const set: Preset = presetOf(layout, without(given, array?.field));
  const out = outOf(param, set) as Extract<Out, { out: 'struct' }>;
  const items = array === undefined ? undefined : given[array.field];
  // A given array is exactly as long as it is given.
  if (out.array === undefined || !Array.isArray(items)) return out;
  return { ...out, array: { ...out.array, room: items.length } };
}

function fieldIds(fn: string, given: unknown): FieldId[] {
  if (!Array.isArray(given)) return refuse(fn, 'fieldIds', wrong('an array', given));
  return given.map((id, i) => (typeof id === 'number' ? [id, 0] : scopedId(fn, id, i)));
}

/** A field id with its scope, as a pair or an object; a value that an earlier call returned is one, too. */
function scopedId(fn: string, given: unknown, i: number): FieldId {
  if (typeof given !== 'object' || given === null)
    return refuse(fn, `fieldIds[${i}]`, wrong('a field id', given));
  const isPair = Array.isArray(given);
  const id: unknown = isPair ? given[0] : (given as InputFields).fieldId;
  const scope: unknown = (isPair ? given[1] : (given as InputFields).scopeId) ?? 0;
  if (!isPair) {
    for (const name of Object.keys(given)) {
      if (!(name in nvmlFieldValue_t.fields)) refuse(fn, `fieldIds[${i}].${name}`, wrong('', given));
    }
  }
  if (typeof id !== 'number') return refuse(fn, `fieldIds[${i}]`, wrong('a field id', id));
  if (typeof scope !== 'number') return refuse(fn, `fieldIds[${i}].scopeId`, wrong('a whole number', scope));
  return [id, scope];
}

const checkNumber = check.scalar('u32');

/** Words of a set that is asked for, which is made as long as that: of four million CPUs. */
const checkWords = check.scalar('u16');

/** The ids, where they are 32-bit numbers. What is kept for a call is not looked at again. */
function checkedIds(fn: string, ids: FieldId[]): FieldId[] {
  ids.forEach(([id, scope], i) => {
    const fault = checkNumber(id) ?? checkNumber(scope);
    if (fault !== undefined) refuse(fn, `fieldIds[${i}]`, fault);
  });
  return ids;
}
