/**
 * Samples with a time as entries of a table. A recording has them moment by moment; the library gets all of them at once, with
 * times relative to the first moment, and answers with those that the driver would have when it is asked.
 */
import { own } from '../base/form.js';
import { type Call, isOut } from '../nvml/call.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import { prototypes } from '../nvml/generated/prototypes.js';
import type { Layout, ScalarType } from '../nvml/layout.js';
import { fieldOf } from '../nvml/memory.js';
import type { Json } from '../snapshot/answer.js';
import { isRefusal } from '../snapshot/answer-status.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { newestIn, samplesIn, TIMED, withSamples } from '../snapshot/timed-samples.js';
import type { SimulatedHandles } from './handles.js';
import { roundOf } from './periods.js';
import { recordedCalls } from './recorded-calls.js';
import { parameterOf, tokens } from './tokens.js';

/** Where there is only one sample the next comes a second later. In microseconds. */
const SECOND = 1_000_000;

const SINCE = 'lastSeenTimeStamp';

/** The entries of all functions that take a time. */
export function sampleLines(snapshot: Snapshot, handles: SimulatedHandles): readonly string[] {
  const moments = [snapshot.calls, ...(snapshot.ticks ?? []).map((tick) => tick.calls)];
  const first = TIMED.flatMap((fn) => Object.values(own(snapshot.calls, fn) ?? {})).map(newestIn);
  const moving = { start: Math.max(0, ...first), round: roundOf(snapshot) * 1000, head: 0 };
  return TIMED.flatMap((fn) =>
    Object.keys(own(snapshot.calls, fn) ?? {}).flatMap((key) => {
      const answers = moments
        .map((calls) => own(own(calls, fn) ?? {}, key))
        .filter((answer) => answer !== undefined);
      const samples = answers.find((answer) => newestIn(answer) > 0);
      const time = moving.round > 0 || samples === undefined ? moving : repeated(samples);
      const [call] = recordedCalls({ [fn]: { [key]: answers[0] ?? null } }, (name) => handles.handleOf(name));
      if (call === undefined) return [];
      const words =
        samples === undefined
          ? tokens(call, undefined, answers[0] ?? null, handles)
          : timed(call, answers, samples, time, handles);
      return [
        `${fn} k:${encodeURI(key)} ${words.filter((word) => !word.startsWith(sinceOf(call).word)).join(' ')}`,
      ];
    }),
  );
}

/** How the times of samples are meant, in microseconds. */
interface Time {
  /** The first moment. */
  readonly start: number;
  readonly round: number;
  /** Samples of so much before the first moment come again in each round, too. */
  readonly head: number;
}

/** Of a recording of one moment the samples come again and again. */
function repeated(samples: Json): Time {
  const times = samplesIn(samples).map(({ timeStamp }) => Number(timeStamp));
  const start = Math.max(...times);
  const span = start - Math.min(...times);
  const round = span === 0 ? SECOND : Math.round((span * times.length) / (times.length - 1));
  return { start, round, head: round };
}

function timed(
  call: Call,
  answers: readonly Json[],
  samples: Json,
  time: Time,
  handles: SimulatedHandles,
): readonly string[] {
  const all = answers.filter((answer) => !isRefusal(answer)).flatMap(samplesIn);
  const relative = [...all]
    .sort((a, b) => Number(a.timeStamp) - Number(b.timeStamp))
    .map((sample) => ({
      ...sample,
      timeStamp: BigInt.asUintN(64, BigInt(Number(sample.timeStamp) - time.start)).toString(),
    }));
  // What is in the struct beside the samples is what was asked.
  const words = tokens(
    call,
    undefined,
    withSamples(samples, () => relative),
    handles,
  ).filter((word) => sinceOf(call).offset === undefined || !word.startsWith('>'));
  const { parameter, offset = -1 } = sinceOf(call);
  const kept = samplesIn(samples).length;
  const [, place] = fieldOf(itemOf(call) as Layout, 'timeStamp');
  return [...words, `y:${parameter}:${offset + 1}:${place}:${kept}:${time.round}:${time.head}`];
}

interface TimePlace {
  readonly parameter: number;
  /** Where the time is in the struct; undefined where it is a parameter. */
  readonly offset: number | undefined;
  /** How the token begins that selects the time. */
  readonly word: string;
}

/** Where a call has the time that samples must be newer than. */
function sinceOf(call: Call): TimePlace {
  const index = prototypes[call.fn].findIndex((param) => param[1] === SINCE);
  const struct = call.args.findIndex((arg) => typeof arg === 'object' && isOut(arg) && arg.out === 'struct');
  const out = call.args[struct];
  const parameter = parameterOf(call, index === -1 ? struct : index);
  if (index !== -1 || typeof out !== 'object' || !isOut(out) || out.out !== 'struct') {
    return { parameter, offset: undefined, word: `=:${parameter}:` };
  }
  const [, offset] = fieldOf(out.layout, SINCE);
  return { parameter, offset, word: `@:${parameter}:${offset}:` };
}

function itemOf({ args }: Call): Layout | ScalarType | undefined {
  for (const arg of args) {
    if (typeof arg !== 'object' || !isOut(arg)) continue;
    if (arg.out === 'list') return arg.item;
    if (arg.out === 'struct') return arg.array?.item;
  }
  return undefined;
}

/** Whether a function is answered by samples. */
export const isTimed = (fn: string): boolean =>
  (TIMED as readonly FunctionName[]).includes(fn as FunctionName);
