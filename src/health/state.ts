/** What a run of health leaves for the next one: counters, so that their growth can be judged. */
import { createHash } from 'node:crypto';
import {
  type Form,
  faultText,
  listOf,
  mapOf,
  number,
  objectOf,
  optional,
  orNull,
  text,
  wholeNumber,
} from '../base/form.js';
import { type System, Unread } from '../system/system.js';
import { BadFile } from './bad-file.js';
import type { GpuReadings } from './readings.js';

/** Counters as a run read them. */
export interface CounterReadings {
  /** The boot_id of the kernel: most counters start at zero with a boot. */
  readonly boot?: string | null | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** By UUID and name of the reading. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface State extends CounterReadings {
  readonly format: 'nvsmi-health-state';
  readonly version: 1;
  readonly machine: string | null;
  /** What the last run did not read: of GPUs that it was not asked about, or that did not answer. */
  readonly earlier?: readonly CounterReadings[] | undefined;
}

const COUNTED = {
  boot: optional(orNull(text)),
  time: number(0),
  counters: mapOf(mapOf(number(0))),
};

const FORM: Form = objectOf({
  version: wholeNumber(1, 1),
  machine: orNull(text),
  ...COUNTED,
  earlier: optional(listOf(objectOf(COUNTED))),
});

/** A clock may be set back a little. */
const EARLY = 60_000;

/** Reads the text of a state file. Throws BadFile. */
export function parseState(content: string, path: string, machine: string | null, now: number): State {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new BadFile(path, 'it is torn, or no JSON');
  }
  const { format, version, machine: of } = (json ?? {}) as Partial<State>;
  if (format !== 'nvsmi-health-state')
    throw new BadFile(path, 'it is no state of health (format must be "nvsmi-health-state")');
  if (version !== 1)
    throw new BadFile(path, `it is of version ${String(version)}, and this nvsmi knows version 1`);
  const fault = FORM(json);
  if (fault !== undefined) throw new BadFile(path, faultText(fault));
  if (machine !== null && of !== null && of !== machine) throw new BadFile(path, 'it is of another machine');
  const state = json as State;
  if (state.time > now + EARLY)
    throw new BadFile(
      path,
      `it is of ${new Date(state.time).toISOString()}, which has not come yet: look at the clock`,
    );
  return state;
}

/** What a run leaves. */
export const stateOf = (
  gpus: readonly GpuReadings[],
  counters: readonly string[],
  {
    now,
    machine,
    boot,
    before,
  }: {
    readonly now: number;
    readonly machine: string | null;
    readonly boot?: Boot | undefined;
    readonly before?: State | undefined;
  },
): State => {
  const read = { boot: boot?.id ?? null, time: now, counters: countersOf(gpus, counters) };
  const earlier = before === undefined ? [] : unreadSince(read, before);
  return {
    format: 'nvsmi-health-state',
    version: 1,
    machine,
    ...read,
    ...(earlier.length === 0 ? {} : { earlier }),
  };
};

const countersOf = (gpus: readonly GpuReadings[], counters: readonly string[]): CounterReadings['counters'] =>
  Object.fromEntries(
    gpus.flatMap(({ uuid, answers }) => {
      if (uuid === undefined) return [];
      const own = counters.flatMap((name): [string, number][] => {
        const value = answers[name]?.value;
        return typeof value === 'number' ? [[name, value]] : [];
      });
      return [[uuid, Object.fromEntries(own)]];
    }),
  );

/** The newest value of a counter, and when it was read. */
export function lastCount(
  state: State,
  uuid: string,
  name: string,
): { readonly count: number; readonly of: CounterReadings } | undefined {
  for (const of of [state, ...(state.earlier ?? [])]) {
    const count = of.counters[uuid]?.[name];
    if (count !== undefined) return { count, of };
  }
  return undefined;
}

/** What was read before, and not since. */
function unreadSince(
  read: CounterReadings,
  { boot, time, counters, earlier = [] }: State,
): readonly CounterReadings[] {
  const known = new Set<string>();
  const without = (each: CounterReadings): CounterReadings => ({
    ...each,
    counters: Object.fromEntries(
      Object.entries(each.counters).flatMap(([uuid, own]): [string, Readonly<Record<string, number>>][] => {
        const rest = Object.entries(own).filter(([name]) => !known.has(`${uuid} ${name}`));
        for (const name of Object.keys(own)) known.add(`${uuid} ${name}`);
        return rest.length === 0 ? [] : [[uuid, Object.fromEntries(rest)]];
      }),
    ),
  });
  const [, ...kept] = [read, { boot, time, counters }, ...earlier].map(without);
  return kept.filter((each) => Object.keys(each.counters).length > 0);
}

/** This boot of the kernel. */
export interface Boot {
  readonly id: string;
  readonly hours: number;
}

const SECONDS_PER_HOUR = 3600;

/** Undefined where /proc does not say so. */
export function bootOf(system: System): Boot | undefined {
  const id = system.read('/proc/sys/kernel/random/boot_id');
  const uptime = system.read('/proc/uptime');
  if (id instanceof Unread || uptime instanceof Unread) return undefined;
  const hours = Number.parseFloat(uptime) / SECONDS_PER_HOUR;
  return Number.isFinite(hours) ? { id: id.trim(), hours } : undefined;
}

/** Identifies a machine without giving away its machine-id, which is confidential. Null where there is none. */
export function machineDigest(system: System): string | null {
  const id = system.read('/etc/machine-id');
  if (id instanceof Unread || id.trim() === '') return null;
  return createHash('sha256').update(`nvsmi ${id.trim()}`).digest('hex').slice(0, 16);
}
