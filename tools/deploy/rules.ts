/** Alerts and recording rules as Prometheus reads them, and the cases by which promtool tests them. */
import { stringify } from 'yaml';
import { type Alert, alerts } from './alerts.js';
import { GPU_INFO, metric } from './names.js';

const HEAD = '# Written by tools/deploy.ts: npm run generate.\n';

const yaml = (value: unknown): string =>
  HEAD + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** A summary with the places in it, as a template or as a case has them. */
const placed = (summary: string, gpu: string, host: string): string =>
  summary.replace('GPU of', `GPU ${gpu} of`).replace('HOST', host);

export const alertRules = (): string =>
  yaml({
    groups: [
      {
        name: 'nvsmi',
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: alert.expr,
          for: alert.for,
          labels: { severity: alert.severity },
          annotations: {
            summary: placed(alert.summary, '{{ $labels.gpu }}', '{{ $labels.instance }}'),
            runbook: alert.runbook,
          },
        })),
      },
    ],
  });

const byInstance = 'by (instance, job)';

/** What a fleet is asked for often, computed once. */
const RECORDS: Readonly<Record<string, string>> = {
  'instance:nvsmi_gpus:count': `count ${byInstance} (${GPU_INFO})`,
  'instance:nvsmi_utilization_gpu:avg': `avg ${byInstance} (${metric('utilization.gpu')})`,
  'instance:nvsmi_power_draw_watts:sum': `sum ${byInstance} (${metric('power.draw')})`,
  'instance:nvsmi_memory_used_bytes:sum': `sum ${byInstance} (${metric('memory.used')})`,
  'instance:nvsmi_memory_total_bytes:sum': `sum ${byInstance} (${metric('memory.total')})`,
  'instance:nvsmi_gpus_busy:count': `count ${byInstance} (${metric('utilization.gpu')} > 0)`,
  'job:nvsmi_gpus:count': 'sum by (job) (instance:nvsmi_gpus:count)',
  'job:nvsmi_gpus_busy:count': 'sum by (job) (instance:nvsmi_gpus_busy:count)',
  'job:nvsmi_utilization_gpu:avg': `avg by (job) (${metric('utilization.gpu')})`,
  'job:nvsmi_power_draw_watts:sum': 'sum by (job) (instance:nvsmi_power_draw_watts:sum)',
  'job:nvsmi_energy_joules:rate5m': `sum by (job) (rate(${metric('energy')}[5m]))`,
};

export const recordingRules = (): string =>
  yaml({
    groups: [
      { name: 'nvsmi-fleet', rules: Object.entries(RECORDS).map(([record, expr]) => ({ record, expr })) },
    ],
  });

const HOST = 'node1:9835';
const OF_GPU = { gpu: '0', uuid: 'GPU-00000000-0000-4000-8000-000000000000' };

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');

/** `name{link="3"}` with the labels of the host and its GPU. */
function series(name: string, { isHost }: Alert): string {
  const [, metricName, own = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(name) ?? [];
  const labels = labelText({ instance: HOST, job: 'gpu', ...(isHost ? {} : OF_GPU) });
  return `${metricName}{${labels}${own === '' ? '' : `,${own}`}}`;
}

const DEFAULT_MINUTES = 30;

interface Case {
  readonly series: ReadonlyMap<string, string>;
  readonly test: unknown;
}

function caseOf(alert: Alert, which: 'firing' | 'quiet'): Case {
  const labels = {
    severity: alert.severity,
    instance: HOST,
    job: 'gpu',
    ...(alert.isHost ? {} : OF_GPU),
    ...alert.labels,
  };
  const fired = {
    exp_labels: labels,
    exp_annotations: { summary: placed(alert.summary, OF_GPU.gpu, HOST), runbook: alert.runbook },
  };
  return {
    series: new Map(Object.entries(alert[which]).map(([name, values]) => [series(name, alert), values])),
    test: {
      eval_time: `${alert.after ?? DEFAULT_MINUTES}m`,
      alertname: alert.name,
      exp_alerts: which === 'firing' ? [fired] : [],
    },
  };
}

/** Cases that want different values of the same series are apart. promtool takes as long for each group as for a case. */
function grouped(cases: readonly Case[]): readonly (readonly Case[])[] {
  const groups: { readonly cases: Case[]; readonly series: Map<string, string> }[] = [];
  for (const each of cases) {
    const fits = groups.find(({ series: known }) =>
      [...each.series].every(([name, values]) => (known.get(name) ?? values) === values),
    );
    const group = fits ?? { cases: [], series: new Map<string, string>() };
    if (fits === undefined) groups.push(group);
    group.cases.push(each);
    for (const [name, values] of each.series) group.series.set(name, values);
  }
  return groups.map((group) => group.cases);
}

export const alertTests = (): string =>
  yaml({
    rule_files: ['alerts.yml'],
    evaluation_interval: '1m',
    tests: (['firing', 'quiet'] as const).flatMap((which) =>
      grouped(alerts.map((alert) => caseOf(alert, which))).map((cases, i) => ({
        name: `${which}, ${i + 1}`,
        interval: '1m',
        input_series: [...new Map(cases.flatMap((each) => [...each.series]))].map(([name, values]) => ({
          series: name,
          values,
        })),
        alert_rule_test: cases.map(({ test }) => test),
      })),
    ),
  });
