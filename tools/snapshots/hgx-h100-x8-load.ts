/**
 * What the GPUs of the HGX board do, second by second. Four of them train one model in step: they compute at the power limit,
 * write a checkpoint, and evaluate. One serves requests as they come. It is computed, not recorded: power follows what is
 * computed and the cube of the clock, the clock falls until the power fits its limit, temperature follows power slowly, and
 * counters add up what has been. The same numbers come out every time.
 */
import * as nvml from '../../src/nvml/generated/constants.js';

/** What a GPU is doing, and has done since the first moment. */
export interface Load {
  readonly celsius: number;
  readonly watts: number;
  /** Without the average that the driver makes of a second. */
  readonly instantWatts: number;
  readonly megahertz: number;
  readonly percent: number;
  readonly memoryPercent: number;
  readonly reasons: number;
  /** Computes in step with other GPUs, over the links. */
  readonly inStep: boolean;
  /** MiB/s over all links. */
  readonly nvlinkMib: number;
  readonly processes: readonly { readonly pid: number; readonly mib: number }[];
  readonly seconds: number;
  readonly joules: number;
  /** Seconds in which the power limit held the clock back. */
  readonly cappedSeconds: number;
  /** MiB over all links. */
  readonly nvlinkTotalMib: number;
}

const BEGINNING = { seconds: 0, joules: 0, cappedSeconds: 0, nvlinkTotalMib: 0 };
const LIMIT_WATTS = 700;
const capped = nvml.nvmlClocksEventReasonSwPowerCap;

const IDLE: Load = {
  ...BEGINNING,
  celsius: 31,
  watts: 71,
  instantWatts: 71.411,
  megahertz: 345,
  percent: 0,
  memoryPercent: 0,
  reasons: nvml.nvmlClocksEventReasonGpuIdle,
  inStep: false,
  nvlinkMib: 0,
  processes: [],
};

/** A collective fills about a third of the links. */
const collective = (watts: number): number => 148_000 + watts * 11;

const training = (celsius: number, watts: number, megahertz: number, pid: number): Load => ({
  ...BEGINNING,
  celsius,
  watts,
  instantWatts: watts + 0.411,
  megahertz,
  percent: 100,
  memoryPercent: 61,
  reasons: watts > 690 ? capped : 0,
  inStep: true,
  nvlinkMib: collective(watts),
  processes: [{ pid, mib: 71244 }],
});

/** GPU by GPU, at the first moment. */
export const LOADS: readonly Load[] = [
  training(63, 698, 1620, 81452),
  training(59, 682, 1755, 81453),
  training(66, 699, 1590, 81454),
  training(61, 671, 1755, 81455),
  {
    ...IDLE,
    celsius: 44,
    watts: 316,
    instantWatts: 316.411,
    megahertz: 1980,
    percent: 37,
    memoryPercent: 22,
    reasons: 0,
    nvlinkMib: 37 * 60,
    processes: [
      { pid: 90117, mib: 58722 },
      { pid: 90344, mib: 9216 },
    ],
  },
  IDLE,
  { ...IDLE, celsius: 33, watts: 74, instantWatts: 74.411 },
  {
    ...IDLE,
    processes: [{ pid: 4127, mib: 524 }],
    reasons: 0,
    megahertz: 1980,
    watts: 116,
    instantWatts: 116.411,
    celsius: 35,
  },
];

/** Numbers between 0 and 1 that look like chance and are always the same (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A GPU with a program in P0 that computes nothing. */
const AWAKE_WATTS = 116;
/** Air that comes in, and the seconds in which a heatsink gets 63% of the way to where it settles. */
const AIR_CELSIUS = 26;
const HEATSINK_SECONDS = 9;

/** How much of its chip a training GPU uses in a second: whole steps, a checkpoint, and an evaluation. */
function trainingActivity(second: number): number {
  if (second === 8) return 0.42;
  if (second === 9 || second === 10) return 0.03;
  if (second === 11) return 0.66;
  return second >= 16 && second <= 18 ? 0.84 : 1;
}

/** The highest clock at or below a ceiling at which the power fits the limit; clocks come in steps of 15 MHz. */
function clockFor(watts: (megahertz: number) => number, ceiling: number): number {
  let megahertz = ceiling;
  while (megahertz > 345 && watts(megahertz) > LIMIT_WATTS - 0.5) megahertz -= 15;
  return megahertz;
}

/** A second later, with so much of the chip in use. */
function nextSecond(load: Load, first: Load, activity: number, ceiling: number): Load {
  const atFull = (first.watts - AWAKE_WATTS) / (first.percent / 100) / first.megahertz ** 3;
  const wattsAt = (megahertz: number): number => AWAKE_WATTS + atFull * activity * megahertz ** 3;
  const megahertz = clockFor(wattsAt, ceiling);
  const instantWatts = wattsAt(megahertz);
  const isCapped = megahertz < ceiling;
  const settled = AIR_CELSIUS + ((first.celsius - AIR_CELSIUS) / first.watts) * instantWatts;
  const percent = Math.min(100, Math.round(activity * 100));
  const nvlinkMib = load.inStep ? activity * collective(instantWatts) : percent * 60;
  return {
    ...load,
    celsius: load.celsius + (settled - load.celsius) * (1 - Math.exp(-1 / HEATSINK_SECONDS)),
    watts: (load.instantWatts + instantWatts) / 2,
    instantWatts,
    megahertz,
    percent,
    memoryPercent: Math.round((first.memoryPercent / first.percent) * percent),
    reasons: isCapped ? capped : 0,
    nvlinkMib,
    seconds: load.seconds + 1,
    joules: load.joules + (load.instantWatts + instantWatts) / 2,
    cappedSeconds: load.cappedSeconds + (isCapped ? 1 : 0),
    nvlinkTotalMib: load.nvlinkTotalMib + (load.nvlinkMib + nvlinkMib) / 2,
  };
}

/** The clocks of the training are set to this; requests are served with all that there is. */
const TRAINING_MEGAHERTZ = 1755;
const FULL_MEGAHERTZ = 1980;

/** The loads of all GPUs, second by second, without the first moment. */
export function loadsOver(seconds: number): readonly (readonly Load[])[] {
  const next = dice(1980);
  let requests = 0.37;
  let loads = LOADS;
  return Array.from({ length: seconds }, (_, i) => {
    const step = trainingActivity(i + 1);
    requests += (0.15 + next() * 0.75 - requests) * 0.6;
    loads = loads.map((load, gpu) => {
      const first = LOADS[gpu] as Load;
      if (load.inStep) {
        return nextSecond(load, first, step * (0.985 + next() * 0.03), TRAINING_MEGAHERTZ);
      }
      if (first.percent > 0) return nextSecond(load, first, requests, FULL_MEGAHERTZ);
      const watts = first.watts + Math.round(next() * 12) / 20 - 0.3;
      return { ...load, watts, instantWatts: watts + 0.411, seconds: i + 1, joules: load.joules + watts };
    });
    return loads;
  });
}
