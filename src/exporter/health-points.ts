/** The health checks as metrics: a series for each check of each GPU, and the worst of all. */
import { VERDICTS, type Verdict } from '../base/verdict.js';
import type { Collector } from './collector.js';
import { add, infoFamily, type Points } from './dialects/dialect.js';
import { healthNow } from './health-seen.js';
import type { HealthSeen, Labels } from './observed.js';

/** The numbers of Nagios, which are the exit statuses of `nvsmi health`, too. */
export const STATUS: Readonly<Record<Verdict, number>> = { ok: 0, warn: 1, fail: 2, unknown: 3 };

const NUMBERS = '0 ok, 1 warn, 2 fail, 3 unknown';

export const healthFamilies = {
  check: infoFamily('nvsmi_health_check_status', `Verdict of a health check: ${NUMBERS}.`),
  worst: infoFamily('nvsmi_health_status', `Worst verdict of the health checks: ${NUMBERS}.`),
  age: infoFamily('nvsmi_health_age_seconds', 'How long ago the health checks ran.'),
  took: infoFamily('nvsmi_health_duration_seconds', 'How long the health checks took.'),
} as const;

/** The worst counts where a check says several things of one GPU. */
const rank = (verdict: Verdict): number => VERDICTS.indexOf(verdict);

/** The verdicts of the checks. `labelsOf` has the labels of a GPU by its index. */
export function checkPoints({ findings }: HealthSeen, labelsOf: (gpu: string) => Labels): Points {
  const worst = new Map<string, { readonly labels: Labels; readonly verdict: Verdict }>();
  for (const { check, gpu, verdict } of findings) {
    const labels: Labels = { check, ...(gpu === undefined ? {} : labelsOf(String(gpu))) };
    const key = `${check} ${gpu ?? ''}`;
    const before = worst.get(key);
    if (before === undefined || rank(verdict) > rank(before.verdict)) worst.set(key, { labels, verdict });
  }
  const points: Points = new Map();
  for (const { labels, verdict } of worst.values())
    add(points, healthFamilies.check, labels, STATUS[verdict]);
  return points;
}

/** What changes from scrape to scrape. Nothing where the checks are switched off. */
export function healthPoints(collector: Collector, now: number): Points {
  const points: Points = new Map();
  const { health } = collector;
  if (!collector.checksHealth) return points;
  add(points, healthFamilies.worst, {}, STATUS[healthNow(collector, now).verdict]);
  if (health === undefined) return points;
  add(points, healthFamilies.age, {}, Math.max(0, now - health.at) / 1000);
  add(points, healthFamilies.took, {}, health.tookMs / 1000);
  return points;
}
