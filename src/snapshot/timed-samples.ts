/**
 * Samples with a time. NVML keeps the last samples of a GPU and answers with those that are newer than the time it is given.
 * A recording has what it answered to 0, all that it had.
 */

import type { FunctionName } from '../nvml/generated/functions.js';
import type { Json } from './answer.js';

const LAST = /(?<=,)\d+$/;
const MEMBER = /(?<=lastSeenTimeStamp=)\d+$/;

/** Where the time is in the key of a call. */
const TIME: Readonly<Partial<Record<FunctionName, RegExp>>> = {
  nvmlDeviceGetSamples: LAST,
  nvmlDeviceGetProcessUtilization: LAST,
  nvmlDeviceGetProcessesUtilizationInfo: MEMBER,
  nvmlDeviceGetVgpuUtilization: LAST,
  nvmlDeviceGetVgpuInstancesUtilizationInfo: MEMBER,
  nvmlDeviceGetVgpuProcessUtilization: LAST,
  nvmlDeviceGetVgpuProcessesUtilizationInfo: MEMBER,
};

/** The functions that take a time. */
export const TIMED = Object.keys(TIME) as readonly FunctionName[];

/** What a call asks for: the key of all samples, and the time, in microseconds, that they must be newer than. */
export interface Since {
  readonly key: string;
  readonly time: number;
}

/** Undefined for functions that take no time. */
export function sinceOf(fn: FunctionName, key: string): Since | undefined {
  const place = TIME[fn];
  const [found] = place?.exec(key) ?? [];
  if (place === undefined || found === undefined) return undefined;
  return { key: key.replace(place, '0'), time: Number(found) };
}

export type Members = { readonly [key: string]: Json };

const isObject = (json: Json): json is Members =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
const isTimed = (json: Json): json is Members => isObject(json) && 'timeStamp' in json;

/** An answer with other lists of samples: they may lie in a tuple or in a struct. */
export function withSamples(json: Json, change: (samples: readonly Members[]) => readonly Json[]): Json {
  if (Array.isArray(json)) {
    return json.length > 0 && json.every(isTimed)
      ? change(json)
      : json.map((item) => withSamples(item, change));
  }
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, withSamples(value, change)]));
}

/** The time of the newest sample of an answer; 0 where there is none. */
export function newestIn(answer: Json): number {
  let newest = 0;
  withSamples(answer, (samples) => {
    for (const { timeStamp } of samples) newest = Math.max(newest, Number(timeStamp));
    return samples;
  });
  return newest;
}

/** The samples of an answer. */
export function samplesIn(answer: Json): readonly Members[] {
  const found: Members[] = [];
  withSamples(answer, (samples) => {
    found.push(...samples);
    return samples;
  });
  return found;
}

/** The samples of an answer that are newer than a time; undefined where none is. */
export function newerThan(time: number, answer: Json): Json | undefined {
  if (newestIn(answer) <= time) return undefined;
  return withSamples(answer, (samples) => samples.filter(({ timeStamp }) => Number(timeStamp) > time));
}

/** An answer whose samples were all taken so much later, in microseconds. */
export const laterBy = (microseconds: number, answer: Json): Json =>
  microseconds === 0
    ? answer
    : withSamples(answer, (samples) =>
        samples.map((sample) => ({ ...sample, timeStamp: Number(sample.timeStamp) + microseconds })),
      );
