/** The answers of a recording as entries of a table (simulator/runtime.c). */

import { type Call, isOut } from '../nvml/call.js';
import { nvmlFieldValue_t } from '../nvml/generated/layouts.js';
import { AnswerError } from '../snapshot/answer.js';
import { encodeFieldValue } from '../snapshot/answer-encode.js';
import { answerKey } from '../snapshot/answer-key.js';
import type { Calls } from '../snapshot/snapshot-ticks.js';
import type { SimulatedHandles } from './handles.js';
import { hex, statusIn, tokens } from './tokens.js';

/** Answers, and when they are given: milliseconds from the first moment on; always where it is left out. */
export interface Period {
  readonly calls: Calls;
  readonly from?: number;
  readonly until?: number;
}

/** The entries of some calls. `limit` is put into each of them: ` a:3`. */
export function answerLines(
  { calls, from, until }: Period,
  asked: readonly Call[],
  handles: SimulatedHandles,
  limit = '',
): readonly string[] {
  const window = until === undefined ? '' : ` i:${from ?? 0}:${until}`;
  return asked.flatMap((one) => callLines(calls, one, handles, `${window}${limit}`));
}

/** A call about a subject is answered for every subject that there is an answer for. */
function callLines(calls: Calls, one: Call, handles: SimulatedHandles, limit: string): string[] {
  const recorded = calls[one.fn];
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
    const words = placed(one.fn, key, () => tokens(one, subject, answer, handles));
    return [`${one.fn} k:${encodeURI(key)}${limit} ${words.join(' ')}`];
  });
}

/** What an answer is made to; one that cannot be is named by its place in the recording. */
function placed<T>(fn: string, key: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    throw new AnswerError(`calls.${fn}[${key}]: ${error.message}`);
  }
}

/** The field values of each subject, of all periods, whichever of them a call asks for. */
export function fieldLines(
  periods: readonly Period[],
  handles: SimulatedHandles,
  limit = '',
): readonly string[] {
  const bySubject = new Map<string, string[]>();
  for (const { calls, from = 0, until = 0 } of periods) {
    for (const [key, answer] of Object.entries(calls.nvmlDeviceGetFieldValues ?? {})) {
      const [, subject = key, id, scope = '0'] = /^(.*),(\d+)(?::(\d+))?$/.exec(key) ?? [];
      const words = bySubject.get(subject) ?? [];
      bySubject.set(subject, words);
      const status = statusIn(answer);
      if (id === undefined) {
        if (status !== 0) words.push(`r:${status}`);
        continue;
      }
      const memory = Buffer.alloc(nvmlFieldValue_t.size);
      placed('nvmlDeviceGetFieldValues', key, () => encodeFieldValue(memory, 0, status, answer));
      const type = memory.readUInt32LE(nvmlFieldValue_t.fields.valueType[1]);
      const [, at] = nvmlFieldValue_t.fields.value;
      const bytes = hex(memory.subarray(at, at + 8));
      words.push(`f:${id}:${scope}:${status}:${type}:${from}:${until}:${bytes}`);
    }
  }
  return [...bySubject].map(
    ([subject, words]) =>
      `nvmlDeviceGetFieldValues k:${encodeURI(subject)}${limit} =:0:${handles.handleOf(subject)} ${words.join(' ')}`,
  );
}
