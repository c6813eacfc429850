/** Makes calls and writes down their answers, as a snapshot holds them. */

import { type Arg, type Bound, type Call, type Driver, type Handle, isOut, type Out } from '../nvml/call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../nvml/generated/constants.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import type { HandleNames, Json } from './answer.js';
import { decodeFieldValue, decodeOut } from './answer-decode.js';
import { answerKey, fieldKey } from './answer-key.js';
import { isAnswer, isRefusal, refusal, versionOf } from './answer-status.js';
import { type Calls, isSame } from './snapshot-ticks.js';
import { newerThan, newestIn, sinceOf } from './timed-samples.js';

/** Ranks the answers to one question by how much they say: newer structs, then other values, then refusals. */
const rank = (answer: Json): number => versionOf(answer) ?? (isRefusal(answer) ? 0 : 1);

/** A call that was made, and the key of its answer; of field values the key of their subject. */
export interface RecordedCall {
  readonly bound: Bound;
  readonly key: string;
}

/** The answers of a driver to all calls that were made here. */
export class Recorder implements HandleNames {
  private readonly calls: Record<string, Record<string, Json>> = {};
  private readonly names = new Map<bigint, string>();
  /** The question that gave each answer, by function and key. */
  private readonly asked = new Map<string, RecordedCall>();
  /** The answers that have changed since `changes` was called. */
  private changed: Record<string, Record<string, Json>> = {};

  constructor(private readonly driver: Driver) {}

  /** Gives a handle its name. */
  name(handle: Handle, name: string): void {
    this.names.set(handle, name);
  }

  /** Calls and remembers the answer. A new handle gets the name given here. */
  record(call: Call, subject?: Handle, handleName?: string): Bound | undefined {
    const bound = this.driver.bind(call, subject);
    if (bound === undefined) return undefined;
    const status = bound.run();
    if (handleName !== undefined && status === 0) this.remember(bound, handleName);
    const question = { bound, key: answerKey(call, (handle) => this.nameOf(handle), subject) };
    for (const [key, answer] of this.answersTo(question)) {
      if (this.keep(call.fn, key, answer)) this.asked.set(`${call.fn} ${key}`, question);
    }
    return bound;
  }

  /**
   * Writes down an answer without asking for it. Of a struct with several versions the newest is kept. False where a better
   * one is known.
   */
  keep(fn: FunctionName, key: string, answer: Json): boolean {
    const known = this.calls[fn]?.[key];
    if (known !== undefined && rank(answer) < rank(known)) return false;
    this.put(fn, key, answer);
    return true;
  }

  /** The questions whose answers were kept. */
  questions(): readonly RecordedCall[] {
    return [...new Set(this.asked.values())];
  }

  /**
   * Asks a question again, and writes down what is no longer as it was: of samples with a time all of them, or only those that
   * are newer than what is known. Returns whether anything was written.
   */
  askAgain(question: RecordedCall, samples: 'all' | 'newer'): boolean {
    const { bound } = question;
    const { fn } = bound.call;
    bound.run();
    let isOther = false;
    for (const [key, answer] of this.answersTo(question)) {
      if (key !== question.key && this.asked.get(`${fn} ${key}`) !== question) continue;
      const known = this.calls[fn]?.[key];
      const fresh = known === undefined || samples === 'all' ? answer : freshIn(fn, key, known, answer);
      if (fresh === undefined || isSame(known, fresh)) continue;
      this.put(fn, key, fresh);
      isOther = true;
    }
    return isOther;
  }

  /** The answers by function; those of functions that the driver only pretends to have are left out. */
  result(): Calls {
    return Object.fromEntries(
      Object.entries(this.calls)
        .filter(([, answers]) => Object.values(answers).some((answer) => JSON.stringify(answer) !== MISSING))
        .map(([fn, answers]) => [fn, { ...answers }]),
    );
  }

  /** The answers that have changed since this was called last. */
  changes(): Calls {
    const { changed } = this;
    this.changed = {};
    return changed;
  }

  nameOf(handle: bigint): string {
    return this.names.get(handle) ?? '';
  }

  handleOf(): Handle {
    throw new Error('a recording has no handles to give');
  }

  private put(fn: FunctionName, key: string, answer: Json): void {
    for (const into of [this.calls, this.changed]) {
      into[fn] ??= {};
      into[fn][key] = answer;
    }
  }

  /** The answers of a call that was run, by key. */
  private answersTo({ bound, key }: RecordedCall): readonly (readonly [key: string, answer: Json])[] {
    const fields = bound.call.args.find((arg) => isOut(arg) && arg.out === 'fields');
    if (bound.status !== 0) return [[key, refusal(bound.status)]];
    if (fields !== undefined) return this.fieldsOf(bound, fields, key);
    const outs = bound.call.args.filter(isOut);
    const values = outs.flatMap((out, i) =>
      isAnswer(out) ? [decodeOut(out, bound.memory[i] as Buffer, this)] : [],
    );
    return [[key, values.length === 1 ? (values[0] as Json) : values]];
  }

  /** Field values one by one; a refusal that the field gives without a scope too is not repeated. */
  private fieldsOf(bound: Bound, arg: Arg, subject: string): readonly (readonly [string, Json])[] {
    const { ids } = arg as Extract<Out, { out: 'fields' }>;
    const known = this.calls[bound.call.fn] ?? {};
    return ids.flatMap((id, i) => {
      const field = decodeFieldValue(bound.memory[0] as Buffer, i);
      const answer = field.status === 0 ? field.value : refusal(field.status);
      const unscoped = id[1] === 0 ? undefined : known[fieldKey(subject, [id[0], 0])];
      const key = fieldKey(subject, id);
      const isRepeated = field.status !== 0 && known[key] === undefined && isSame(unscoped, answer);
      return isRepeated ? [] : [[key, answer] as const];
    });
  }

  private remember(bound: Bound, name: string): void {
    const handle = (bound.memory[0] as Buffer).readBigUInt64LE(0);
    if (!this.names.has(handle)) this.names.set(handle, name);
  }
}

const MISSING = JSON.stringify(refusal(NVML_ERROR_FUNCTION_NOT_FOUND));

/** Of samples with a time those that are newer than the ones that are known; undefined where none is. */
function freshIn(fn: FunctionName, key: string, known: Json, answer: Json): Json | undefined {
  return sinceOf(fn, key) === undefined || isRefusal(answer) ? answer : newerThan(newestIn(known), answer);
}
