/** Alerts made of the health checks: one for each verdict of each check that no alert of a metric is about already. */
import { STATUS } from '../../src/exporter/health-points.js';
import type { HealthCheck } from '../../src/health/check.js';
import { healthChecks } from '../../src/health/checks/index.js';
import type { Alert } from './alerts.js';
import { HEALTH_CHECK, HEALTH_STATUS } from './names.js';

/** What is wrong of a check: it fails, or it warns. */
export type Level = 'fail' | 'warn';

/** Checks that are about the machine, and no GPU of it. */
const OF_HOST: ReadonlySet<string> = new Set(['gpu-count', 'driver-version']);

const LEVELS: readonly {
  readonly level: Level;
  readonly text: (check: HealthCheck) => string | undefined;
  readonly word: string;
  readonly severity: Alert['severity'];
  readonly lasting: string;
}[] = [
  { level: 'fail', text: ({ fails }) => fails, word: 'Failed', severity: 'critical', lasting: '2m' },
  { level: 'warn', text: ({ warns }) => warns, word: 'Warned', severity: 'warning', lasting: '15m' },
];

const pascal = (id: string): string =>
  id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** Of these checks at these levels there are alerts already: `row-remap fail`. */
export function healthAlerts(covered: ReadonlySet<string>): readonly Alert[] {
  return healthChecks.flatMap((check) =>
    LEVELS.flatMap(({ level, text, word, severity, lasting }): Alert[] => {
      const why = text(check);
      if (why === undefined || covered.has(`${check.id} ${level}`)) return [];
      const series = `${HEALTH_CHECK}{check="${check.id}"}`;
      const isHost = OF_HOST.has(check.id);
      return [
        {
          name: `${isHost ? 'Host' : 'Gpu'}Health${pascal(check.id)}${word}`,
          expr: `${series} == ${STATUS[level]}`,
          for: lasting,
          severity,
          summary: `${isHost ? 'HOST' : 'GPU of HOST'}: the health check ${check.id} ${level === 'fail' ? 'fails' : 'warns'}`,
          runbook: `Reason: ${why.replaceAll('`', '')}. Run nvsmi health --checks ${check.id} -v on the host for details and what to do.`,
          firing: { [series]: `${STATUS[level]}x60` },
          quiet: { [series]: '0x60' },
          labels: { check: check.id },
          ...(isHost ? { isHost } : {}),
        },
      ];
    }),
  );
}

/** The checks themselves do not come to a verdict. */
export const unknownAlert: Alert = {
  name: 'NvsmiHealthUnknown',
  expr: `${HEALTH_STATUS} == ${STATUS.unknown}`,
  for: '30m',
  severity: 'warning',
  summary: 'The health of HOST is unknown',
  runbook:
    'Run nvsmi health on the host: it names the values that cannot be read, and why. The exporter option --health-skip omits checks that cannot run there.',
  firing: { [HEALTH_STATUS]: '3x60' },
  quiet: { [HEALTH_STATUS]: '0x60' },
  isHost: true,
  after: 45,
};
