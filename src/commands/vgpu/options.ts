/** Table: the options of `vgpu`, and the view that each of them shows. */
import { dated, type Given, type OptionSpec, setter, setterOf } from '../../base/argv.js';
import { gpmMetrics } from '../../query/monitor/gpm.js';
import { actingOptions } from '../runner/acting.js';
import { jsonOption } from '../runner/json-option.js';
import { idOption } from '../runner/select.js';
import * as views from './views.js';

/** A view that an option shows. */
export interface VgpuChoice extends OptionSpec {
  readonly view: (wanted: views.VgpuViewOptions) => views.VgpuView;
  /** It can be asked about GPU instances, too. */
  readonly ofInstances?: true;
}

const choice = <const Long extends string>(
  short: string,
  long: Long,
  help: string,
  view: VgpuChoice['view'],
) => ({ short: [short], long, help, view }) as const satisfies VgpuChoice;

const ofInstances = <const One extends VgpuChoice>(one: One) => ({ ...one, ofInstances: true }) as const;

/** Names: H200, 580.159.04. */
export const CHOICES = [
  ofInstances(choice('q', 'query', 'Details of the active vGPUs.', views.details)),
  choice('s', 'supported', 'vGPU types that each GPU supports.', views.supported),
  ofInstances(
    choice('c', 'creatable', 'vGPU types that can currently be created on each GPU.', views.creatable),
  ),
  choice('u', 'utilization', 'Utilization of each vGPU, every second.', () => views.UTILIZATION),
  {
    long: 'gpm-metrics',
    since: 550,
    value: 'optional',
    argument: 'ID,...',
    values: { words: gpmMetrics.map(({ id }) => String(id)), between: ',' },
    help: 'Performance metrics of vGPUs on GPU instances, every second; the numbers are those of dmon.',
    view: views.gpmMonitor,
  },
  choice('p', 'pmon', 'Utilization of each process in the vGPUs, every second.', () => views.PROCESSES),
  choice(
    'es',
    'encodersessions',
    'Video encoder sessions in the vGPUs, every second.',
    () => views.ENCODER_SESSIONS,
  ),
  choice(
    'fs',
    'fbcsessions',
    'Frame buffer capture sessions in the vGPUs, every second.',
    () => views.FBC_SESSIONS,
  ),
  choice('m', 'migrationcap', 'Migration capabilities of the vGPUs.', () => views.MIGRATION),
  dated(
    525,
    ofInstances(choice('ss', 'schedulerstate', 'State of the vGPU scheduler.', views.schedulerState)),
  ),
  dated(
    525,
    choice(
      'sc',
      'schedulercaps',
      'Capabilities of the vGPU scheduler: policies and limits.',
      () => views.SCHEDULER_CAPABILITIES,
    ),
  ),
  dated(
    525,
    ofInstances(
      choice('sl', 'schedulerlogs', 'Log of the vGPU scheduler, every second.', views.schedulerLogs),
    ),
  ),
  dated(
    551,
    ofInstances(
      choice(
        'ghm',
        'get-heterogeneous-mode',
        'Heterogeneous mode: whether vGPUs of different sizes may run together.',
        views.heterogeneousMode,
      ),
    ),
  ),
] as const satisfies readonly VgpuChoice[];

const fields = <const Long extends string>(long: Long, of: string, help: string) =>
  ({
    long,
    value: 'optional',
    argument: 'FIELD,...',
    help: `Chosen fields of ${of}, as CSV or JSON. ${help} lists the fields.`,
    asksFields: true,
  }) as const satisfies OptionSpec;

export const INSTANCE_HELP = 'help-gpu-instance-vgpu-query-scheduler-logs';

/** Options that belong to the --query-* switches. */
const QUERY_ONLY = [
  {
    long: 'format',
    value: 'optional',
    argument: 'FORMAT,...',
    values: { words: ['csv', 'noheader', 'nounits', 'json', 'jsonl'], between: ',' },
    help: 'For --query-*: csv (with noheader, nounits), json, or jsonl (one object a line).',
    beside: 'asksFields',
  },
  {
    short: ['f'],
    long: 'filename',
    value: 'required',
    argument: 'FILE',
    help: 'For --query-*: write to a file instead of the terminal.',
    beside: 'asksFields',
  },
  {
    short: ['lms'],
    long: 'loop-ms',
    value: 'optional',
    argument: 'MILLISECONDS',
    help: 'For --query-*: repeat at this interval, in milliseconds.',
    beside: 'asksFields',
  },
] as const satisfies readonly OptionSpec[];

export const options = [
  idOption,
  {
    short: ['gi'],
    long: 'gpu-instance-id',
    since: 551,
    value: 'required',
    argument: 'ID,...',
    help: 'With -q, -c, -ss, -sl, -ghm: only these GPU instances of the GPU of -i.',
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Repeat until interrupted, every 1 to 10 seconds (default 5).',
  },
  ...CHOICES,
  { short: ['v'], long: 'verbose', help: 'With -s or -c: details of each type.' },
  dated(
    525,
    fields('query-vgpu-scheduler-logs', 'the vGPU scheduler logs', 'nvsmi --help-vgpu-query-scheduler-logs'),
  ),
  dated(
    551,
    fields(
      'query-gpu-instance-vgpu-scheduler-logs',
      'the vGPU scheduler logs of GPU instances',
      `--${INSTANCE_HELP}`,
    ),
  ),
  {
    long: INSTANCE_HELP,
    since: 551,
    help: 'List the fields of --query-gpu-instance-vgpu-scheduler-logs.',
    asksFields: true,
  },
  fields('query-accounted-apps', 'processes in the accounting buffer', 'nvsmi --help-query-accounted-apps'),
  ...QUERY_ONLY,
  jsonOption,
  setter(
    'caa',
    'clear-accounted-apps',
    'Clear ended processes from the accounting buffers of the active vGPUs.',
  ),
  dated(
    550,
    setterOf(
      'shm',
      'set-heterogeneous-mode',
      '0/DISABLED|1/ENABLED',
      'Allow vGPUs of different sizes on a GPU.',
    ),
  ),
  dated(
    551,
    setterOf(
      'smts',
      'set-mig-timeslice-mode',
      '0/DISABLED|1/ENABLED',
      'Allow timesliced vGPUs on MIG devices.',
    ),
  ),
  ...(
    [
      ['tm', 'matrix'],
      ['p2p', 'p2pstatus'],
    ] as const
  ).map(([short, long]) => ({
    short: [short],
    long,
    help: 'Refused: NVML has no function for it.',
    hidden: true as const,
    refused: 'NVML has no function for the topology of a virtual machine. Use nvidia-smi for it.',
  })),
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

export type VgpuGiven = Given<typeof options>;
