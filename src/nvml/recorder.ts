/** Makes calls and writes down their answers, as a snapshot holds them. */
import type { HandleNames, Json } from './answer.js';
import { decodeFieldValue, decodeOut } from './answer-decode.js';
import { type Answers, answerKey, fieldKey } from './answer-key.js';
import { isAnswer, isRefusal, refusal, versionOf } from './answer-status.js';
import { type Arg, type Bound, type Call, type Driver, type Handle, isOut, type Out } from './call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from './generated/constants.js';
import type { FunctionName } from './generated/functions.js';

/** Ranks the answers to one question by how much they tell: newer structs, then other values, then refusals. */
const rank = (answer: Json): number => versionOf(answer) ?? (isRefusal(answer) ? 0 : 1);

/** The answers of a driver to all calls that were made here. */
export class Recorder implements HandleNames {
  private readonly calls: Record<string, Record<string, Json>> = {};
  private readonly names = new Map<bigint, string>();

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
    const key = answerKey(call, (handle) => this.nameOf(handle), subject);
    const fields = call.args.find((arg) => isOut(arg) && arg.out === 'fields');
    if (fields !== undefined) this.keepFields(bound, fields, key);
    else this.keep(call.fn, key, status === 0 ? this.answerOf(bound) : refusal(status));
    return bound;
  }

  /** Writes down an answer without asking for it. Of a struct with several versions the newest is kept. */
  keep(fn: FunctionName, key: string, answer: Json): void {
    const answers = this.answersOf(fn);
    const known = answers[key];
    if (known === undefined || rank(answer) >= rank(known)) answers[key] = answer;
  }

  /** The answers by function; those of functions that the driver only pretends to have are left out. */
  result(): Readonly<Record<string, Answers>> {
    const missing = JSON.stringify(refusal(NVML_ERROR_FUNCTION_NOT_FOUND));
    return Object.fromEntries(
      Object.entries(this.calls).filter(([, answers]) =>
        Object.values(answers).some((answer) => JSON.stringify(answer) !== missing),
      ),
    );
  }

  nameOf(handle: bigint): string {
    return this.names.get(handle) ?? '';
  }

  handleOf(): Handle {
    throw new Error('a recording has no handles to give');
  }

  private answerOf(bound: Bound): Json {
    const outs = bound.call.args.filter(isOut);
    const values = outs.flatMap((out, i) =>
      isAnswer(out) ? [decodeOut(out, bound.memory[i] as Buffer, this)] : [],
    );
    return values.length === 1 ? (values[0] as Json) : values;
  }

  /** Field values one by one; a refusal that the field gives without a scope too is not repeated. */
  private keepFields(bound: Bound, arg: Arg, key: string): void {
    const { ids } = arg as Extract<Out, { out: 'fields' }>;
    const answers = this.answersOf(bound.call.fn);
    if (bound.status !== 0) {
      answers[key] = refusal(bound.status);
      return;
    }
    ids.forEach((id, i) => {
      const field = decodeFieldValue(bound.memory[0] as Buffer, i);
      const answer = field.status === 0 ? field.value : refusal(field.status);
      const unscoped = id[1] === 0 ? undefined : answers[fieldKey(key, [id[0], 0])];
      if (field.status !== 0 && JSON.stringify(unscoped) === JSON.stringify(answer)) return;
      answers[fieldKey(key, id)] = answer;
    });
  }

  private remember(bound: Bound, name: string): void {
    const handle = (bound.memory[0] as Buffer).readBigUInt64LE(0);
    if (!this.names.has(handle)) this.names.set(handle, name);
  }

  private answersOf(fn: FunctionName): Record<string, Json> {
    this.calls[fn] ??= {};
    return this.calls[fn];
  }
}
