/** The health checks of the exporter: made now and then beside its collections, from the same machine. */
import { UsageError } from '../../base/errors.js';
import type { HealthSeen } from '../../exporter/observed.js';
import { type HealthCheck, readingsOf } from '../../health/check.js';
import { COUNTERS } from '../../health/checks/index.js';
import { type Examined, examine } from '../../health/examine.js';
import { type Expectations, LIMITS, readExpectations } from '../../health/expectations.js';
import { isSlow } from '../../health/readings.js';
import { machineDigest, type State, stateOf } from '../../health/state.js';
import type { Context } from '../context.js';
import { HealthSource } from '../health/source.js';
import { systemOf } from '../runner/system-option.js';

/** Which checks are made, and how often. */
export interface Checking {
  readonly checks: readonly HealthCheck[];
  /** Milliseconds. */
  readonly period: number;
  /** The file of expectations. */
  readonly expect: string | undefined;
}

const HOUR = 3_600_000;
/** Milliseconds between two runs of checks whose readings take the driver long. */
const RARELY = 900_000;

const takesLong = (check: HealthCheck): boolean => readingsOf(check).some(isSlow);

/** Makes the checks that are due each time it is called; undefined where none is. */
export async function healthWatch(
  { checks, period, expect }: Checking,
  selectors: string | undefined,
  context: Context,
): Promise<() => Promise<HealthSeen | undefined>> {
  const { io } = context;
  const system = systemOf(undefined, context);
  const machine = machineDigest(system);
  const expected: Expectations | undefined =
    expect === undefined ? undefined : readable(() => readExpectations(expect, machine));
  const watchedSince = 'the exporter began to watch';
  const source = await HealthSource.open({
    context,
    root: undefined,
    id: selectors,
    isLoop: true,
    watchedSince,
  });
  const prompt = checks.filter((check) => !takesLong(check));
  const isSlowOne = ({ check }: { readonly check: string }): boolean =>
    !prompt.some(({ id }) => id === check);
  let before: State | undefined;
  let due = 0;
  let rareDue = 0;
  let rare: Examined = { findings: [], notApplicable: [] };
  return async () => {
    const began = io.elapsed();
    if (began < due) return undefined;
    due = began + period;
    const isRare = began >= rareDue;
    const asked = isRare ? checks : prompt;
    const look = await source.look([...asked.flatMap(readingsOf), ...COUNTERS]);
    const limits = { ...LIMITS, ...expected?.limits };
    const found = examine(asked, { ...look, system, expected, before, limits });
    if (isRare) {
      rareDue = began + RARELY;
      rare = {
        findings: found.findings.filter(isSlowOne),
        notApplicable: found.notApplicable.filter(isSlowOne),
      };
    }
    // Growth is over an hour at most.
    if (before === undefined || look.now - before.time >= HOUR) {
      before = stateOf(look.gpus, COUNTERS, { now: look.now, machine, before });
    }
    return {
      at: io.now(),
      tookMs: io.elapsed() - began,
      period,
      findings: isRare ? found.findings : [...found.findings, ...rare.findings],
      notApplicable: isRare ? found.notApplicable : [...found.notApplicable, ...rare.notApplicable],
    };
  };
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`--health-expect: ${(error as Error).message}`);
  }
}
