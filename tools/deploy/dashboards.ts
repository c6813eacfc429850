/** Table: the dashboards for Grafana. Longer than logic may be. */
import {
  COLLECTION_AGE,
  EXPORTER_UP,
  GPU_INFO,
  HEALTH_CHECK,
  HEALTH_STATUS,
  metric,
  PROCESS_INFO,
} from './names.js';

type Unit = 'percentunit' | 'bytes' | 'celsius' | 'watt' | 'hertz' | 'Bps' | 'short' | 's' | 'bool_yes_no';

interface Panel {
  readonly title: string;
  readonly unit: Unit;
  readonly exprs: Readonly<Record<string, string>>;
  readonly kind?: 'timeseries' | 'stat' | 'table';
  readonly max?: number;
}

export interface Dashboard {
  readonly file: string;
  readonly title: string;
  /** Which variables it has beside the host. */
  readonly hasGpu: boolean;
  readonly panels: readonly Panel[];
}

const OF_HOST = '{instance=~"$instance"}';
const OF_GPU = '{instance=~"$instance",gpu=~"$gpu"}';
const LEGEND = '{{instance}} GPU {{gpu}}';

const of = (field: string): string => `${metric(field)}${OF_GPU}`;
const each = (title: string, unit: Unit, field: string, max?: number): Panel => ({
  title,
  unit,
  exprs: { [LEGEND]: of(field) },
  ...(max === undefined ? {} : { max }),
});
const rate = (title: string, unit: Unit, fields: Readonly<Record<string, string>>): Panel => ({
  title,
  unit,
  exprs: Object.fromEntries(
    Object.entries(fields).map(([legend, field]) => [
      `${LEGEND} ${legend}`,
      `rate(${of(field)}[$__rate_interval])`,
    ]),
  ),
});
const stat = (title: string, unit: Unit, expr: string): Panel => ({
  title,
  unit,
  exprs: { '': expr },
  kind: 'stat',
});

const reasons = [
  'sw_power_cap',
  'hw_thermal_slowdown',
  'sw_thermal_slowdown',
  'hw_power_brake_slowdown',
  'sync_boost',
];

export const dashboards: readonly Dashboard[] = [
  {
    file: 'overview.json',
    title: 'nvsmi: overview',
    hasGpu: false,
    panels: [
      stat('GPUs', 'short', `count(${GPU_INFO}${OF_HOST})`),
      stat('Hosts', 'short', `count(count by (instance) (${GPU_INFO}${OF_HOST}))`),
      stat('Busy', 'short', `count(${metric('utilization.gpu')}${OF_HOST} > 0) or vector(0)`),
      stat('Power', 'watt', `sum(${metric('power.draw')}${OF_HOST})`),
      {
        title: 'Utilization by host',
        unit: 'percentunit',
        max: 1,
        exprs: { '{{instance}}': `avg by (instance) (${metric('utilization.gpu')}${OF_HOST})` },
      },
      {
        title: 'Memory in use by host',
        unit: 'percentunit',
        max: 1,
        exprs: {
          '{{instance}}': `sum by (instance) (${metric('memory.used')}${OF_HOST}) / sum by (instance) (${metric('memory.total')}${OF_HOST})`,
        },
      },
      {
        title: 'Power by host',
        unit: 'watt',
        exprs: { '{{instance}}': `sum by (instance) (${metric('power.draw')}${OF_HOST})` },
      },
      {
        title: 'Hottest GPU by host',
        unit: 'celsius',
        exprs: { '{{instance}}': `max by (instance) (${metric('temperature.gpu')}${OF_HOST})` },
      },
      { title: 'GPUs', unit: 'short', kind: 'table', exprs: { '': `${GPU_INFO}${OF_HOST}` } },
    ],
  },
  {
    file: 'gpu.json',
    title: 'nvsmi: one GPU',
    hasGpu: true,
    panels: [
      each('Utilization', 'percentunit', 'utilization.gpu', 1),
      {
        title: 'Memory',
        unit: 'bytes',
        exprs: { [`${LEGEND} used`]: of('memory.used'), [`${LEGEND} total`]: of('memory.total') },
      },
      each('Temperature', 'celsius', 'temperature.gpu'),
      {
        title: 'Power',
        unit: 'watt',
        exprs: { [`${LEGEND} draw`]: of('power.draw'), [`${LEGEND} limit`]: of('enforced.power.limit') },
      },
      {
        title: 'Clocks',
        unit: 'hertz',
        exprs: {
          [`${LEGEND} SM`]: of('clocks.current.sm'),
          [`${LEGEND} memory`]: of('clocks.current.memory'),
        },
      },
      {
        title: 'SM and tensor core activity',
        unit: 'percentunit',
        max: 1,
        exprs: { [`${LEGEND} SM`]: of('gpm.sm_util'), [`${LEGEND} tensor`]: of('gpm.any_tensor_util') },
      },
      each('Memory bandwidth', 'percentunit', 'gpm.dram_bw_util', 1),
      {
        title: 'PCIe',
        unit: 'Bps',
        exprs: { [`${LEGEND} sent`]: of('gpm.pcie_tx'), [`${LEGEND} received`]: of('gpm.pcie_rx') },
      },
      {
        title: 'NVLink',
        unit: 'Bps',
        exprs: { [`${LEGEND} sent`]: of('gpm.nvlink_tx'), [`${LEGEND} received`]: of('gpm.nvlink_rx') },
      },
      {
        title: 'Why the clocks are low',
        unit: 'bool_yes_no',
        exprs: Object.fromEntries(
          reasons.map((reason) => [`${LEGEND} ${reason}`, of(`clocks_event_reasons.${reason}`)]),
        ),
      },
      rate('Energy as power', 'watt', { '': 'energy' }),
      each('Performance state', 'short', 'pstate'),
    ],
  },
  {
    file: 'processes.json',
    title: 'nvsmi: processes',
    hasGpu: true,
    panels: [
      {
        title: 'Memory by process',
        unit: 'bytes',
        exprs: { '{{process_name}} ({{pid}}) {{user}}': of('process.used_memory') },
      },
      {
        title: 'SM activity by process',
        unit: 'percentunit',
        max: 1,
        exprs: { '{{process_name}} ({{pid}}) {{user}}': of('process.utilization.sm') },
      },
      {
        title: 'Processes by GPU',
        unit: 'short',
        exprs: { [LEGEND]: `count by (instance, gpu) (${PROCESS_INFO}${OF_GPU})` },
      },
      { title: 'Processes', unit: 'short', kind: 'table', exprs: { '': `${PROCESS_INFO}${OF_GPU}` } },
    ],
  },
  {
    file: 'health.json',
    title: 'nvsmi: health',
    hasGpu: true,
    panels: [
      stat('Lost', 'short', `count(${of('gpu.reachable')} == 0) or vector(0)`),
      stat('To be recovered', 'short', `count(${of('gpu_recovery_action')} > 0) or vector(0)`),
      stat('Hosts that are not well', 'short', `count(${HEALTH_STATUS}${OF_HOST} == 2) or vector(0)`),
      {
        title: 'Checks by verdict',
        unit: 'short',
        exprs: Object.fromEntries(
          ['ok', 'warn', 'fail', 'unknown'].map((verdict, number) => [
            verdict,
            `count(${HEALTH_CHECK}${OF_HOST} == ${number}) or vector(0)`,
          ]),
        ),
      },
      {
        title: 'What is not well',
        unit: 'short',
        kind: 'table',
        exprs: { '': `${HEALTH_CHECK}${OF_HOST} != 0` },
      },
      stat('Exporters without values', 'short', `count(${EXPORTER_UP}${OF_HOST} == 0) or vector(0)`),
      { title: 'Age of the values', unit: 's', exprs: { '{{instance}}': `${COLLECTION_AGE}${OF_HOST}` } },
      {
        title: 'ECC errors',
        unit: 'short',
        exprs: {
          [`${LEGEND} corrected`]: of('ecc.errors.corrected.volatile.total'),
          [`${LEGEND} uncorrected`]: of('ecc.errors.uncorrected.volatile.total'),
        },
      },
      {
        title: 'Remapped rows',
        unit: 'short',
        exprs: {
          [`${LEGEND} correctable`]: of('remapped_rows.correctable'),
          [`${LEGEND} uncorrectable`]: of('remapped_rows.uncorrectable'),
          [`${LEGEND} failed`]: of('remapped_rows.failure'),
        },
      },
      each('Last Xid', 'short', 'xid.last'),
      rate('PCIe packets sent again', 'short', { '': 'pcie.replay_counter' }),
      {
        title: 'NVLinks that are up',
        unit: 'short',
        exprs: { [LEGEND]: `sum by (instance, gpu) (${of('nvlink.active')})` },
      },
      each('Thermal margin', 'celsius', 'temperature.gpu.tlimit'),
    ],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** Panels of a row, and the height of one, in Grafana's grid of 24. */
const IN_A_ROW = 2;
const WIDTH = 24 / IN_A_ROW;
const HEIGHT = 8;

function panelOf({ title, unit, exprs, kind = 'timeseries', max }: Panel, i: number): unknown {
  return {
    id: i + 1,
    title,
    type: kind,
    datasource: DATASOURCE,
    gridPos: { x: (i % IN_A_ROW) * WIDTH, y: Math.floor(i / IN_A_ROW) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0, ...(max === undefined ? {} : { max }) }, overrides: [] },
    options: {},
    targets: Object.entries(exprs).map(([legendFormat, expr], n) => ({
      refId: String.fromCharCode(65 + n),
      datasource: DATASOURCE,
      expr,
      legendFormat,
      ...(kind === 'timeseries' ? {} : { instant: true, format: kind === 'table' ? 'table' : 'time_series' }),
    })),
  };
}

const variable = (name: string, query: string): unknown => ({
  name,
  type: 'query',
  datasource: DATASOURCE,
  query,
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

export const dashboardJson = ({ title, file, hasGpu, panels }: Dashboard): string =>
  `${JSON.stringify(
    {
      title,
      uid: `nvsmi-${file.replace(/\.json$/, '')}`,
      tags: ['nvsmi', 'gpu'],
      schemaVersion: 39,
      version: 1,
      editable: true,
      refresh: '30s',
      time: { from: 'now-1h', to: 'now' },
      templating: {
        list: [
          { name: 'datasource', type: 'datasource', query: 'prometheus' },
          variable('instance', `label_values(${GPU_INFO}, instance)`),
          ...(hasGpu ? [variable('gpu', `label_values(${GPU_INFO}{instance=~"$instance"}, gpu)`)] : []),
        ],
      },
      panels: panels.map(panelOf),
    },
    null,
    2,
  )}\n`;
