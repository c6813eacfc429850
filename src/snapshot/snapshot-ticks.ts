/** What a recording holds beyond its first moment: ticks, each with the answers that changed since the moment before. */
import {
  type Fault,
  type Form,
  listOf,
  mapOf,
  number,
  object,
  objectOf,
  optional,
  own,
} from '../base/form.js';
import { jsonText } from '../base/plain-text.js';
import type { Json } from './answer.js';
import type { Answers } from './answer-key.js';

/** function → arguments → answer. */
export type Calls = Readonly<Record<string, Answers>>;

/** A later moment of a recording. */
export interface Tick {
  /** Milliseconds since the first moment, whose answers are the `calls` of the snapshot. */
  readonly ms: number;
  /** The answers that are not what they were at the moment before. */
  readonly calls: Calls;
}

/** The ticks with all answers of their moment, not only those that changed. */
export function* wholeTicks(calls: Calls, ticks: readonly Tick[]): Generator<Tick, void, undefined> {
  let now = calls;
  for (const { ms, calls: changed } of ticks) {
    const tables = Object.entries(changed).map(([fn, answers]) => [fn, { ...own(now, fn), ...answers }]);
    now = { ...now, ...Object.fromEntries(tables) };
    yield { ms, calls: now };
  }
}

/** The answers of a moment that are not those of the one before. */
export function changesBetween(before: Calls, after: Calls): Calls {
  const changes: [string, Answers][] = [];
  for (const [fn, answers] of Object.entries(after)) {
    const known = own(before, fn) ?? {};
    if (answers === known) continue;
    const changed = Object.entries(answers).filter(([key, answer]) => !isSame(own(known, key), answer));
    if (changed.length > 0) changes.push([fn, Object.fromEntries(changed)]);
  }
  return Object.fromEntries(changes);
}

export const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);

/** The answers of a function by its inputs follow from the function: they are checked when it is asked (answer-encode.ts). */
export const CALLS: Form = mapOf(object);

/** The form of the ticks of a file, which may have none. */
export const TICKS: Form = optional(listOf(objectOf({ ms: number(0), calls: CALLS })));

/** A tick that is before the one before it, or that has answers of a function which the first moment does not know. */
export function faultInOrder({
  calls,
  ticks = [],
}: {
  calls: Calls;
  ticks?: readonly Tick[];
}): Fault | undefined {
  let last = 0;
  for (const [i, tick] of ticks.entries()) {
    if (tick.ms < last) return { path: ['ticks', i, 'ms'], needed: `${last} or more`, found: tick.ms };
    last = tick.ms;
    const unknown = Object.keys(tick.calls).find((fn) => !Object.hasOwn(calls, fn));
    if (unknown !== undefined) {
      return { path: ['ticks', i, 'calls'], needed: 'a function of the first moment', found: unknown };
    }
  }
  return undefined;
}

/** Ticks as text, a function a line. */
export function formatTicks(ticks: readonly Tick[]): string {
  const lines = ticks.map(({ ms, calls }) => {
    const functions = Object.entries(calls).map(
      ([fn, answers]) => `      ${jsonText(fn)}: ${jsonText(answers)}`,
    );
    return `    {"ms": ${ms}, "calls": {${functions.length === 0 ? '' : `\n${functions.join(',\n')}\n    `}}}`;
  });
  return `[\n${lines.join(',\n')}\n  ]`;
}
