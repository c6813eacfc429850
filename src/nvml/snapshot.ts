/** A recorded machine: the file format, the driver that answers from it, and the driver that records one. */

import type { HandleNames, Json } from './answer.js';
import { AnswerError, decodeFieldValue, decodeOut, encodeFieldValue, encodeOut } from './answer.js';
import { type Answers, answerKey, fieldKey } from './answer-key.js';
import { type Arg, type Bound, type Call, type Driver, type Handle, isOut, type Out } from './call.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
} from './generated/constants.js';
import type { FunctionName } from './generated/functions.js';
import { allocate } from './memory.js';
import { type Status, statusFromSymbol, statusSymbol } from './status.js';

export const SNAPSHOT_VERSION = 1;

export interface Snapshot {
  readonly format: 'nvsmi-snapshot';
  readonly version: number;
  /** What machine this is, in a line. */
  readonly title: string;
  /** `recorded` on a real machine, or `built` from other recordings and public facts. */
  readonly origin: 'recorded' | 'built';
  readonly identities: 'made-up' | 'kept';
  /** Files of /proc and /sys that the commands read, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** function → arguments → answer. */
  readonly calls: Readonly<Record<string, Answers>>;
}

/** A snapshot that cannot be used; the message names the file and the place in it. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** Reads a snapshot from its text, or says in one line what is wrong and where. */
export function parseSnapshot(text: string, source: string): Snapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SnapshotError(`${source}${placeOf(error, text)}: not a snapshot: ${jsonReason(error)}`);
  }
  const fail = (place: string, what: string): never => {
    throw new SnapshotError(`${source}: ${place}: ${what}`);
  };
  if (!isRecord(json) || json.format !== 'nvsmi-snapshot') {
    return fail('format', 'not an nvsmi snapshot (format must be "nvsmi-snapshot")');
  }
  if (json.version !== SNAPSHOT_VERSION) {
    return fail('version', `${JSON.stringify(json.version)} is not known; this nvsmi reads version 1`);
  }
  if (!isRecord(json.calls)) return fail('calls', 'must be an object');
  for (const [fn, answers] of Object.entries(json.calls)) {
    if (!isRecord(answers)) return fail(`calls.${fn}`, 'must be an object');
  }
  if (!isRecord(json.files)) return fail('files', 'must be an object');
  for (const [path, content] of Object.entries(json.files)) {
    if (typeof content !== 'string') return fail(`files[${path}]`, 'must be text');
  }
  return json as unknown as Snapshot;
}

const isRecord = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function jsonReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ');
}

/**
 * `:line:column` of a JSON error. A text that ends too early is reported at its end; of an unexpected token
 * Node 20 shows the surroundings instead of a place.
 */
function placeOf(error: unknown, text: string): string {
  const reason = jsonReason(error);
  const position = /position (\d+)/.exec(reason)?.[1];
  if (position === undefined && !reason.startsWith('Unexpected end')) return '';
  const before = text.slice(0, position === undefined ? text.length : Number(position));
  const lines = before.split('\n');
  return `:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Names for the handles that a recording speaks of; each name gets a made-up address. */
class SnapshotHandles implements HandleNames {
  private readonly names: string[] = [];
  private readonly handles = new Map<string, Handle>();

  handleOf(name: string): Handle {
    let handle = this.handles.get(name);
    if (handle === undefined) {
      this.names.push(name);
      handle = (BigInt(this.names.length) << 8n) as Handle;
      this.handles.set(name, handle);
    }
    return handle;
  }

  nameOf(handle: bigint): string {
    return this.names[Number(handle >> 8n) - 1] ?? '';
  }
}

/** Answers calls from a snapshot. What was not recorded is a symbol, or an answer, that does not exist. */
export function snapshotDriver(snapshot: Snapshot, source: string): Driver {
  const handles = new SnapshotHandles();
  return {
    source,
    bind(call, subject) {
      const answers = snapshot.calls[call.fn];
      if (answers === undefined) return undefined;
      return new SnapshotCall(call, subject, answers, handles, source);
    },
    close() {},
  };
}

class SnapshotCall implements Bound {
  memory: Buffer[] = [];
  status: Status = 0;
  private answered = false;

  constructor(
    readonly call: Call,
    private readonly subject: Handle | undefined,
    private readonly answers: Answers,
    private readonly handles: SnapshotHandles,
    private readonly source: string,
  ) {}

  run(): Status {
    if (!this.answered) {
      this.answer();
      this.answered = true;
    }
    return this.status;
  }

  async start(): Promise<Status> {
    return this.run();
  }

  private answer(): void {
    const outs = this.call.args.filter(isOut);
    this.memory = outs.map((out) => allocate(out));
    if (this.subject === 0n) {
      this.status = NVML_ERROR_INVALID_ARGUMENT;
      return;
    }
    const key = answerKey(this.call, (handle) => this.handles.nameOf(handle), this.subject);
    try {
      if (outs[0]?.out === 'fields') this.answerFields(outs[0].ids, key);
      else this.answerOuts(outs, key);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw new SnapshotError(`${this.source}: calls.${this.call.fn}[${key}]: ${error.message}`);
    }
  }

  private answerOuts(all: readonly Out[], key: string): void {
    const answer = this.answers[key];
    const outs = all.filter(isAnswer);
    if (answer === undefined) {
      this.status = NVML_ERROR_NOT_FOUND;
      return;
    }
    this.status = statusOf(answer);
    if (this.status !== 0) return;
    const asked = outs[0]?.out === 'struct' ? outs[0].set?.version : undefined;
    const recorded = versionOf(answer);
    if (asked !== undefined && recorded !== undefined && asked !== recorded) {
      this.status = NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
      return;
    }
    const answers = outs.length === 1 ? [answer] : answer;
    if (!Array.isArray(answers)) throw new AnswerError(`an array of ${outs.length} outputs is needed`);
    this.memory = all.map((out) =>
      isAnswer(out) ? encodeOut(out, answers[outs.indexOf(out)], this.handles) : allocate(out),
    );
  }

  private answerFields(ids: readonly (readonly [number, number])[], subject: string): void {
    const memory = this.memory[0] as Buffer;
    const whole = this.answers[subject];
    this.status = whole === undefined ? 0 : statusOf(whole);
    ids.forEach((id, i) => {
      const answer = this.answers[fieldKey(subject, id)] ?? this.refusalOf(subject, id[0]);
      const status = answer === undefined ? NVML_ERROR_NOT_FOUND : statusOf(answer);
      encodeFieldValue(memory, i, status, answer);
    });
  }

  /** A field that was refused without a scope is refused with any: those are not written down. */
  private refusalOf(subject: string, id: number): Json | undefined {
    const answer = this.answers[fieldKey(subject, [id, 0])];
    return answer !== undefined && statusOf(answer) !== 0 ? answer : undefined;
  }
}

/** A struct that NVML only reads leaves no answer. */
const isAnswer = (out: Out): boolean => !(out.out === 'struct' && out.given);

/** An answer that is no value: `{"error": "NVML_ERROR_NOT_SUPPORTED"}`. */
function statusOf(answer: Json): Status {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return 0;
  const symbol = (answer as Record<string, Json>).error;
  if (symbol === undefined) return 0;
  const status = typeof symbol === 'string' ? statusFromSymbol(symbol) : undefined;
  if (status === undefined) throw new AnswerError(`unknown status ${JSON.stringify(symbol)}`);
  return status;
}

/**
 * The struct version that an answer was recorded with, if it is such a struct. A driver may leave 0 there:
 * nvmlDeviceGetGpuInstanceProfileInfoV does (H100, driver 580.159.04).
 */
function versionOf(answer: Json): number | undefined {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
  const version = (answer as Record<string, Json>).version;
  return typeof version === 'number' && version !== 0 ? version : undefined;
}

/** Which of two answers to one question tells more: a newer struct, any value, a refusal. */
const rank = (answer: Json): number => versionOf(answer) ?? (isRefusal(answer) ? 0 : 1);

const isRefusal = (answer: Json): boolean =>
  typeof answer === 'object' && answer !== null && 'error' in answer;

/** Everything that was called through a recording driver, as the calls of a snapshot. */
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

const refusal = (status: Status): Json => ({ error: statusSymbol(status) });

/** A snapshot as text: one answer a line, so that two recordings compare well. */
export function formatSnapshot(snapshot: Snapshot): string {
  const lines = (entries: readonly (readonly [string, string])[], indent: string): string =>
    entries.map(([key, value]) => `${indent}${JSON.stringify(key)}: ${value}`).join(',\n');
  const { files, calls, ...head } = snapshot;
  const functions = Object.entries(calls).map(([fn, answers]): [string, string] => {
    const entries = Object.entries(answers).map(([key, answer]): [string, string] => [
      key,
      JSON.stringify(answer),
    ]);
    return [fn, `{\n${lines(entries, '      ')}\n    }`];
  });
  const parts: [string, string][] = Object.entries(head).map(([key, value]) => [key, JSON.stringify(value)]);
  const fileLines = Object.entries(files).map(([path, text]): [string, string] => [
    path,
    JSON.stringify(text),
  ]);
  parts.push(['files', `{\n${lines(fileLines, '    ')}\n  }`]);
  parts.push(['calls', `{\n${lines(functions, '    ')}\n  }`]);
  return `{\n${lines(parts, '  ')}\n}\n`;
}
