/** Writes the table that the fake answers from: a recorded machine, and what is to go wrong. */
import { type Arg, type Call, type Handle, isOut } from '../../src/nvml/call.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import type { Status } from '../../src/nvml/status.js';
import { answerLines, fieldLines } from '../../src/simulator/answer-lines.js';
import { SimulatedHandles } from '../../src/simulator/handles.js';
import { recordedCalls } from '../../src/simulator/recorded-calls.js';
import { withUseOfRoom } from '../../src/simulator/simulation.js';
import { hex, unsigned } from '../../src/simulator/tokens.js';
import { stateLines, type Writable } from '../../src/simulator/writable.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

/** What is to go wrong, or take long. */
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
  /** Setters change what getters answer. */
  readonly writable?: Writable;
  /** Nothing is written past the array of field values, as NVML does: another client may keep something there. */
  readonly sparesFields?: true;
  /** Where every call is written, if not beside the library; false where a benchmark minds the time. */
  readonly log?: string | false;
  /** For nvidia-smi itself: lists use their room as the driver's do, and nothing is written past an array of field values. */
  readonly isForProgram?: true;
}

export function tableOf(machine: Machine): string {
  const handles = new SimulatedHandles();
  const handleOf = (name: string): Handle => handles.handleOf(name);
  if (machine.real !== undefined) for (let i = 0; i < 16; i++) handleOf(`gpu${i}`);
  const given = typeof machine.calls === 'function' ? machine.calls(handleOf) : (machine.calls ?? []);
  const answers = (snapshot: Snapshot, limit: string): string[] => {
    const calls = [...given, ...recordedCalls(snapshot.calls, handleOf)];
    const answered = machine.real === undefined ? calls : calls.filter((one) => !one.args.some(givesHandle));
    const lines = answerLines(snapshot, answered, handles, limit);
    return [...new Set([...lines, ...fieldLines([snapshot], handles, limit)])];
  };
  const lines = [
    ...(machine.faults ?? []).map((fault) => faultLine(fault, handles)),
    ...Object.entries(machine.delays ?? {}).map(
      ([fn, micros]) => `${fn} ${machine.locked?.has(fn) ? 'm' : 'u'}:${Math.round(micros)} c`,
    ),
    ...(machine.later === undefined ? [] : answers(machine.later.snapshot, ` a:${machine.later.after}`)),
    ...(machine.snapshot === undefined ? [] : answers(machine.snapshot, '')),
  ];
  // As NVML does (H200, 580.159.04): a value at the end of the array that has not failed is written to.
  const head = [...handles.lines(), ...(machine.isForProgram || machine.sparesFields ? [] : ['!overrun'])];
  if (typeof machine.log === 'string') head.push(`!log ${machine.log}`);
  if (machine.real !== undefined) head.push(`!real ${machine.real}`);
  if (machine.writable !== undefined) head.push(...stateLines(machine.writable, machine.snapshot));
  const entries = machine.isForProgram ? lines.map(withUseOfRoom) : lines;
  return `${[...head, ...entries].join('\n')}\n`;
}

const givesHandle = (arg: Arg): boolean =>
  typeof arg === 'object' &&
  isOut(arg) &&
  ((arg.out === 'scalar' && arg.type === 'ptr') || (arg.out === 'list' && arg.item === 'ptr'));

function faultLine(fault: Fault, handles: SimulatedHandles): string {
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
