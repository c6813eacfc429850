/** What the health checks found last, and what that means now: a verdict that is old, or that never came, is unknown. */
import { type Finding, unknown, type Verdict, worstOf } from '../base/verdict.js';
import type { Collector } from './collector.js';

/** Runs of the checks that may be missed. */
const MISSED = 3;
/** Milliseconds that a run may take. */
const PATIENCE = 10_000;

export interface HealthNow {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Whether the findings are of a run that is not too old. */
  readonly isCurrent: boolean;
}

/** What is known now. Fails closed: without a recent run the verdict is unknown at best. */
export function healthNow({ health, stuckSince, latest }: Collector, now: number): HealthNow {
  const why =
    stuckSince !== undefined
      ? `NVML has not answered since ${new Date(stuckSince).toISOString()}.`
      : health === undefined
        ? latest === undefined
          ? 'Nothing was collected yet.'
          : 'The health checks did not run yet, or are switched off.'
        : now - health.at > MISSED * health.period + PATIENCE
          ? `The last run of the checks ended ${Math.round((now - health.at) / 1000)} seconds ago.`
          : undefined;
  if (why === undefined && health !== undefined) {
    return { verdict: worstOf(health.findings), findings: health.findings, isCurrent: true };
  }
  const own = { check: 'exporter', ...unknown(why ?? '', 'Run nvsmi health on the machine.') };
  const findings = [own, ...(health?.findings ?? [])];
  return { verdict: worstOf(findings), findings, isCurrent: false };
}
