/** What a recording holds beyond its first moment: ticks, each with the answers that changed since the moment before. */
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
    const tables = Object.entries(changed).map(([fn, answers]) => [fn, { ...now[fn], ...answers }]);
    now = { ...now, ...Object.fromEntries(tables) };
    yield { ms, calls: now };
  }
}

/** The answers of a moment that are not those of the one before. */
export function changesBetween(before: Calls, after: Calls): Calls {
  const changes: [string, Answers][] = [];
  for (const [fn, answers] of Object.entries(after)) {
    const known = before[fn] ?? {};
    if (answers === known) continue;
    const changed = Object.entries(answers).filter(([key, answer]) => !isSame(known[key], answer));
    if (changed.length > 0) changes.push([fn, Object.fromEntries(changed)]);
  }
  return Object.fromEntries(changes);
}

export const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);

/** Where a file is wrong, and what is. */
type Fault = readonly [place: string, what: string];

/** What is wrong with the ticks of a file whose `calls` are sound. */
export function faultInTicks(ticks: unknown, calls: Calls): Fault | undefined {
  if (ticks === undefined) return undefined;
  if (!Array.isArray(ticks)) return ['ticks', 'must be an array'];
  let last = 0;
  for (const [i, tick] of (ticks as readonly unknown[]).entries()) {
    const fault = faultIn(tick, last, calls);
    if (fault !== undefined) return [`ticks[${i}]${fault[0]}`, fault[1]];
    last = (tick as Tick).ms;
  }
  return undefined;
}

function faultIn(tick: unknown, last: number, calls: Calls): Fault | undefined {
  if (!isRecord(tick)) return ['', 'must be an object'];
  const { ms } = tick;
  if (typeof ms !== 'number' || !(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
    return ['.ms', 'must be the milliseconds since the first moment'];
  }
  if (ms < last) return ['.ms', `${ms} is before ${last}, the time of the tick before`];
  if (!isRecord(tick.calls)) return ['.calls', 'must be an object'];
  for (const [fn, answers] of Object.entries(tick.calls)) {
    if (!Object.hasOwn(calls, fn)) return [`.calls.${fn}`, 'is not among the calls of the first moment'];
    if (!isRecord(answers)) return [`.calls.${fn}`, 'must be an object'];
  }
  return undefined;
}

const isRecord = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Ticks as text, a function a line. */
export function formatTicks(ticks: readonly Tick[]): string {
  const lines = ticks.map(({ ms, calls }) => {
    const functions = Object.entries(calls).map(
      ([fn, answers]) => `      ${JSON.stringify(fn)}: ${JSON.stringify(answers)}`,
    );
    return `    {"ms": ${JSON.stringify(ms)}, "calls": {${functions.length === 0 ? '' : `\n${functions.join(',\n')}\n    `}}}`;
  });
  return `[\n${lines.join(',\n')}\n  ]`;
}
