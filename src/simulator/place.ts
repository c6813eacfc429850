/** A number or text in the answers of a recording: where it is, and a recording with another one there. */
import { own } from '../base/form.js';
import type { Json } from '../snapshot/answer.js';
import { isRefusal } from '../snapshot/answer-status.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { Calls } from '../snapshot/snapshot-ticks.js';

export interface AnswerPlace {
  readonly fn: string;
  /** The inputs of the call, as a recording has them: "gpu0,1". */
  readonly key: string;
  /** The members that lead to the value; SAMPLES are all values of a list of samples. */
  readonly path: readonly (string | number)[];
}

/** All samples of the answer of nvmlDeviceGetSamples. */
export const SAMPLES = '*';

export type AnswerValue = number | string;

/** Every number and text of an answer; of a refusal the place of a whole answer. */
export function placesIn(calls: Calls, fn: string, key: string): readonly AnswerPlace[] {
  const answer = own(own(calls, fn) ?? {}, key);
  if (answer === undefined) return [];
  const found: AnswerPlace[] = [];
  const look = (json: Json, path: readonly (string | number)[]): void => {
    if (Array.isArray(json))
      json.forEach((item, i) => {
        look(item, [...path, i]);
      });
    else if (typeof json === 'object' && json !== null) {
      for (const [name, item] of Object.entries(json)) if (name !== 'version') look(item, [...path, name]);
    } else found.push({ fn, key, path });
  };
  if (isRefusal(answer)) return [{ fn, key, path: fn === FIELDS ? ['value'] : [] }];
  look(answer, []);
  return found;
}

const FIELDS = 'nvmlDeviceGetFieldValues';
/** The type of a field value that was refused: NVML_VALUE_TYPE_UNSIGNED_INT, as most have. */
const UNSIGNED = 1;

export function valueAt(calls: Calls, { fn, key, path }: AnswerPlace): Json | undefined {
  let json = own(own(calls, fn) ?? {}, key);
  for (const name of path) {
    if (typeof json !== 'object' || json === null) return undefined;
    json = (json as Readonly<Record<string, Json>>)[name];
  }
  return json;
}

/** The recording with a value at a place, in all of its moments. */
export function withValue(snapshot: Snapshot, place: AnswerPlace, value: AnswerValue): Snapshot {
  const { calls, ticks } = snapshot;
  return {
    ...snapshot,
    calls: changed(calls, place, value),
    ...(ticks === undefined
      ? {}
      : { ticks: ticks.map((tick) => ({ ...tick, calls: changed(tick.calls, place, value) })) }),
  };
}

function changed(calls: Calls, { fn, key, path }: AnswerPlace, value: AnswerValue): Calls {
  const answers = own(calls, fn);
  const answer = own(answers ?? {}, key);
  if (answer === undefined) return calls;
  const whole = fn === FIELDS && isRefusal(answer) ? { type: UNSIGNED, value: 0 } : answer;
  return { ...calls, [fn]: { ...answers, [key]: put(whole, path, value) } };
}

function put(json: Json, [name, ...rest]: readonly (string | number)[], value: AnswerValue): Json {
  if (name === undefined) return value;
  if (Array.isArray(json))
    return json.map((item, i) => (name === SAMPLES || i === name ? put(item, rest, value) : item));
  if (typeof json !== 'object' || json === null) return json;
  if (name === SAMPLES)
    return Object.fromEntries(Object.entries(json).map(([member, item]) => [member, put(item, rest, value)]));
  return name in json
    ? { ...json, [name]: put((json as Readonly<Record<string, Json>>)[name] ?? null, rest, value) }
    : json;
}
