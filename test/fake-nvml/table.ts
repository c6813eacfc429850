/** Writes the table that the fake answers from: a recorded machine, and what shall go wrong. */
import { AnswerError, type HandleNames } from '../../src/nvml/answer.js';
import { encodeFieldValue } from '../../src/nvml/answer-encode.js';
import { answerKey } from '../../src/nvml/answer-key.js';
import { type Arg, type Call, type Handle, isOut } from '../../src/nvml/call.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import { nvmlFieldValue_t } from '../../src/nvml/generated/layouts.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import type { Status } from '../../src/nvml/status.js';
import { recordedCalls } from './recorded-calls.js';
import { hex, statusIn, tokens, unsigned } from './tokens.js';

/** What shall go wrong, or take long. */
export interface Fault {
  /** The function, or all of them. */
  readonly fn: FunctionName | '*';
  /** C parameters from the first: a handle's name, a number, a text; undefined is any. */
  readonly when?: readonly (string | number | undefined)[];
  /** The status to return; 0 succeeds without an answer. Without it the call continues to its answer. */
  readonly status?: Status;
  readonly sleepMs?: number;
  /** Is written to the log, and never returns. */
  readonly hangs?: true;
  /** Exact, even for a few microseconds. */
  readonly delayMicros?: number;
  /** Waits until so many calls are made at once, and times out after five seconds where they are made in turn. */
  readonly together?: number;
  /** Leaves the first so many matching calls alone. Counted per function. */
  readonly after?: number;
  /** Ends after so many calls. */
  readonly times?: number;
}

export interface Machine {
  readonly snapshot?: Snapshot;
  /** Calls to be answered from the snapshot that are not what src/nvml/generated/prototypes.ts says. */
  readonly calls?: readonly Call[] | ((handleOf: (name: string) => Handle) => readonly Call[]);
  readonly faults?: readonly Fault[];
  /** Answers that change: each question is answered from here once it was asked `after` times. */
  readonly later?: { readonly after: number; readonly snapshot: Snapshot };
  /** Microseconds that a function takes, for benchmarks. */
  readonly delays?: Readonly<Partial<Record<FunctionName, number>>>;
  /** Those of them that wait one after the other, whatever thread they are called on. */
  readonly locked?: ReadonlySet<string>;
  /** Front mode: the library that is asked for what is not answered here. It gives out all handles. */
  readonly real?: string;
  /** Where every call is written, if not beside the library; false where a benchmark minds the time. */
  readonly log?: string | false;
  /** Nothing is written past an array of field values: nvidia-smi has no room for it. */
  readonly within?: true;
}

/** Made-up addresses that do not fit 32 bits, so that a truncated handle is noticed. */
class Handles implements HandleNames {
  private readonly byName = new Map<string, Handle>();

  handleOf(name: string): Handle {
    if (name === '') return 0n as Handle;
    let found = this.byName.get(name);
    if (found === undefined) {
      found = (0x7fa5_c0de_0000n + BigInt(this.byName.size + 1) * 0x100n) as Handle;
      this.byName.set(name, found);
    }
    return found;
  }

  nameOf(address: bigint): string {
    return this.names().find(([, known]) => known === address)?.[0] ?? '';
  }

  names(): readonly (readonly [string, Handle])[] {
    return [...this.byName];
  }
}

export function tableOf(machine: Machine): string {
  const handles = new Handles();
  const handleOf = (name: string): Handle => handles.handleOf(name);
  if (machine.real !== undefined) for (let i = 0; i < 16; i++) handleOf(`gpu${i}`);
  const given = typeof machine.calls === 'function' ? machine.calls(handleOf) : (machine.calls ?? []);
  const answers = (snapshot: Snapshot, limit: string): string[] => {
    const calls = [...given, ...recordedCalls(snapshot, handleOf)];
    const answered = machine.real === undefined ? calls : calls.filter((one) => !one.args.some(givesHandle));
    const lines = answered.flatMap((one) => callLines(snapshot, one, handles, limit));
    return [...new Set([...lines, ...fieldLines(snapshot, handles, limit)])];
  };
  const lines = [
    ...(machine.faults ?? []).map((fault) => faultLine(fault, handles)),
    ...Object.entries(machine.delays ?? {}).map(
      ([fn, micros]) => `${fn} ${machine.locked?.has(fn) ? 'm' : 'u'}:${Math.round(micros)} c`,
    ),
    ...(machine.later === undefined ? [] : answers(machine.later.snapshot, ` a:${machine.later.after}`)),
    ...(machine.snapshot === undefined ? [] : answers(machine.snapshot, '')),
  ];
  const head = handles.names().map(([name, address]) => `!handle ${name} ${address}`);
  if (typeof machine.log === 'string') head.push(`!log ${machine.log}`);
  if (machine.within) head.push('!within');
  if (machine.real !== undefined) head.push(`!real ${machine.real}`);
  return `${[...head, ...lines].join('\n')}\n`;
}

const givesHandle = (arg: Arg): boolean =>
  typeof arg === 'object' &&
  isOut(arg) &&
  ((arg.out === 'scalar' && arg.type === 'ptr') || (arg.out === 'list' && arg.item === 'ptr'));

function faultLine(fault: Fault, handles: Handles): string {
  const words: string[] = [fault.fn];
  fault.when?.forEach((value, p) => {
    if (value === undefined) return;
    const letter = fault.fn === '*' ? 'p' : signatures[fault.fn][p];
    if (letter === 's') words.push(`s:${p}:${hex(Buffer.from(String(value)))}`);
    else
      words.push(`=:${p}:${typeof value === 'string' ? handles.handleOf(value) : unsigned(letter, value)}`);
  });
  if (fault.after !== undefined) words.push(`a:${fault.after}`);
  if (fault.times !== undefined) words.push(`n:${fault.times}`);
  const micros = (fault.sleepMs ?? 0) * 1000 + (fault.delayMicros ?? 0);
  if (micros > 0) words.push(`u:${Math.round(micros)}`);
  if (fault.together !== undefined) words.push(`j:${fault.together}`);
  if (fault.hangs) words.push('h');
  words.push(fault.status === undefined ? 'c' : `r:${fault.status}`);
  return words.join(' ');
}

/** A call about a subject is answered for every subject that the snapshot has an answer for. */
function callLines(snapshot: Snapshot, one: Call, handles: Handles, limit: string): string[] {
  const recorded = snapshot.calls[one.fn];
  if (recorded === undefined) return [];
  const subjects = one.args.some((arg) => typeof arg === 'object' && !isOut(arg))
    ? [...new Set(Object.keys(recorded).flatMap((key) => key.split(',')))].filter((name) =>
        /^[a-z]/.test(name),
      )
    : [undefined];
  return subjects.flatMap((name) => {
    const subject = name === undefined ? undefined : handles.handleOf(name);
    const key = answerKey(one, (address) => handles.nameOf(address), subject);
    const answer = recorded[key];
    if (answer === undefined) return [];
    try {
      return [`${one.fn} k:${encodeURI(key)}${limit} ${tokens(one, subject, answer, handles).join(' ')}`];
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw new Error(`calls.${one.fn}[${key}]: ${error.message}`);
    }
  });
}

/** The field values of each subject, whichever of them a call asks for. */
function fieldLines(snapshot: Snapshot, handles: Handles, limit: string): string[] {
  const recorded = snapshot.calls.nvmlDeviceGetFieldValues ?? {};
  const bySubject = new Map<string, string[]>();
  for (const [key, answer] of Object.entries(recorded)) {
    const [, subject = key, id, scope = '0'] = /^(.*),(\d+)(?::(\d+))?$/.exec(key) ?? [];
    const words = bySubject.get(subject) ?? [];
    bySubject.set(subject, words);
    const status = statusIn(answer);
    if (id === undefined) {
      if (status !== 0) words.push(`r:${status}`);
      continue;
    }
    const memory = Buffer.alloc(nvmlFieldValue_t.size);
    encodeFieldValue(memory, 0, status, answer);
    const type = memory.readUInt32LE(nvmlFieldValue_t.fields.valueType[1]);
    const [, at] = nvmlFieldValue_t.fields.value;
    words.push(`f:${id}:${scope}:${status}:${type}:${hex(memory.subarray(at, at + 8))}`);
  }
  return [...bySubject].map(
    ([subject, words]) =>
      `nvmlDeviceGetFieldValues k:${encodeURI(subject)}${limit} =:0:${handles.handleOf(subject)} ${words.join(' ')}`,
  );
}
