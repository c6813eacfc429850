/** `vgpu`: the vGPUs of a virtualization host. On any other machine it says that there is none. */
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { Missing, statusReason } from '../nvml/status.js';
import { decimal } from '../period.js';
import { plainly } from '../plain-text.js';
import type { Cells } from '../query/cell.js';
import { type GpmMetric, gpmMetrics } from '../query/monitor/gpm.js';
import { encoderColumns, fbcColumns } from '../query/sessions.js';
import { accountedApps } from '../query/tables/accounted-apps.js';
import { instanceSchedulerLogs, vgpuSchedulerLogs } from '../query/tables/vgpu-scheduler-logs.js';
import { isVgpuHost } from '../query/vgpu.js';
import { jsonDocument } from '../render/document.js';
import type { Context } from './context.js';
import { tableHelp } from './help-query.js';
import type { CommandSpec } from './index.js';
import { jsonOption } from './json-option.js';
import { loop } from './loop.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { query } from './query.js';
import { readQuery } from './query-request.js';
import { chosenGpus, idOption } from './select.js';
import { refuseSetters, setter } from './setter.js';
import * as monitors from './vgpu-monitors.js';
import * as views from './vgpu-views.js';

interface Choice {
  readonly spec: OptionSpec;
  readonly view: (wanted: views.Wanted) => views.View;
  /** It can be asked about GPU instances, too. */
  readonly ofInstances?: true;
}

const choice = (short: string, long: string, help: string, view: Choice['view']): Choice => ({
  spec: { short: [short], long, help },
  view,
});

const ofInstances = (one: Choice): Choice => ({ ...one, ofInstances: true });

/** Names: H200, 580.159.04. */
const CHOICES: readonly Choice[] = [
  ofInstances(choice('q', 'query', 'Details of the active vGPUs.', views.running)),
  choice('s', 'supported', 'vGPU types that each GPU supports.', (wanted) =>
    views.types('supported', wanted),
  ),
  ofInstances(
    choice('c', 'creatable', 'vGPU types that can currently be created on each GPU.', (wanted) =>
      views.types('creatable', wanted),
    ),
  ),
  choice('u', 'utilization', 'Utilization of each vGPU, every second.', () => monitors.UTILIZATION),
  {
    spec: {
      long: 'gpm-metrics',
      value: 'optional',
      argument: 'ID,...',
      values: { words: gpmMetrics.map(({ id }) => String(id)), between: ',' },
      help: 'Performance metrics of the vGPUs that run on GPU instances, every second; the numbers are those of dmon.',
    },
    view: monitors.gpmMonitor,
  },
  choice('p', 'pmon', 'Utilization of each process in the vGPUs, every second.', () => monitors.PROCESSES),
  choice('es', 'encodersessions', 'Video encoder sessions in the vGPUs, every second.', () =>
    monitors.sessions('encoder_sessions', 'encoder', encoderColumns),
  ),
  choice('fs', 'fbcsessions', 'Frame buffer capture sessions in the vGPUs, every second.', () =>
    monitors.sessions('fbc_sessions', 'fbc', fbcColumns),
  ),
  choice('m', 'migrationcap', 'Migration capabilities of the vGPUs.', () => views.MIGRATION),
  ofInstances(choice('ss', 'schedulerstate', 'State of the vGPU scheduler.', views.schedulerState)),
  choice(
    'sc',
    'schedulercaps',
    'Capabilities of the vGPU scheduler: policies and limits.',
    () => views.SCHEDULER_CAPABILITIES,
  ),
  ofInstances(choice('sl', 'schedulerlogs', 'Log of the vGPU scheduler, every second.', views.schedulerLogs)),
  ofInstances(
    choice(
      'ghm',
      'get-heterogeneous-mode',
      'Heterogeneous mode: whether vGPUs of different sizes may run together.',
      views.heterogeneousMode,
    ),
  ),
];

const fields = (long: string, of: string, help: string): OptionSpec => ({
  long,
  value: 'optional',
  argument: 'FIELD,...',
  help: `Chosen fields of ${of}, as CSV or JSON. ${help} lists the fields.`,
});

const INSTANCE_HELP = 'help-gpu-instance-vgpu-query-scheduler-logs';

const formatOption: OptionSpec = {
  long: 'format',
  value: 'optional',
  argument: 'FORMAT,...',
  values: { words: ['csv', 'noheader', 'nounits', 'json', 'jsonl'], between: ',' },
  help: 'For --query-*: csv (with noheader, nounits), json, or jsonl (one object a line).',
};

/** Options that belong to the --query-* switches. */
const QUERY_ONLY: readonly OptionSpec[] = [
  formatOption,
  {
    short: ['f'],
    long: 'filename',
    value: 'required',
    argument: 'FILE',
    help: 'For --query-*: write to a file instead of the terminal.',
  },
  {
    short: ['lms'],
    long: 'loop-ms',
    value: 'optional',
    argument: 'MILLISECONDS',
    help: 'For --query-*: repeat with the time in milliseconds.',
  },
];

const options: readonly OptionSpec[] = [
  idOption,
  {
    short: ['gi'],
    long: 'gpu-instance-id',
    value: 'required',
    argument: 'ID,...',
    help: 'With -q, -c, -ss, -sl, -ghm: only these GPU instances of the GPU that -i names.',
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Repeat until interrupted, every 1 to 10 seconds; 5 if no time is given.',
  },
  ...CHOICES.map(({ spec: option }) => option),
  { short: ['v'], long: 'verbose', help: 'With -s or -c: details of each type.' },
  fields(vgpuSchedulerLogs.option, 'the vGPU scheduler logs', 'nvsmi --help-vgpu-query-scheduler-logs'),
  fields(
    'query-gpu-instance-vgpu-scheduler-logs',
    'the vGPU scheduler logs of GPU instances',
    `--${INSTANCE_HELP}`,
  ),
  { long: INSTANCE_HELP, help: 'List the fields of --query-gpu-instance-vgpu-scheduler-logs.' },
  fields(accountedApps.option, 'processes in the accounting buffer', 'nvsmi --help-query-accounted-apps'),
  ...QUERY_ONLY,
  jsonOption,
  setter('caa', 'clear-accounted-apps'),
  setter('shm', 'set-heterogeneous-mode', 'required'),
  setter('smts', 'set-mig-timeslice-mode', 'required'),
];

const isGiven = (tokens: readonly Token[], long: string): boolean => lastValue(tokens, long) !== undefined;

function chosenView(tokens: readonly Token[]): views.View {
  const chosen = CHOICES.filter(({ spec: { long } }) => isGiven(tokens, long));
  if (chosen.length > 1) throw new UsageError('Only one of the views of vgpu can be asked for at a time.');
  const [only] = chosen;
  if (only === undefined) return views.SUMMARY;
  const instances = only.ofInstances ? instancesOf(tokens) : undefined;
  return only.view({ verbose: isGiven(tokens, 'verbose'), instances, metrics: metricsOf(tokens) });
}

/** The ids of `-gi`, which nvidia-smi requires together with the GPU. */
function instancesOf(tokens: readonly Token[]): readonly number[] | undefined {
  const list = lastValue(tokens, 'gpu-instance-id');
  if (list === undefined) return undefined;
  const ids = list.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined) throw new UsageError(plainly`GPU instance id "${wrong}" is not a number.`);
  if (!isGiven(tokens, 'id')) throw new UsageError('Name the GPU of the GPU instances: -i GPU -gi ID.');
  return ids.map(Number);
}

/** The refusals are those of an H200 (580.159.04). */
function metricsOf(tokens: readonly Token[]): readonly GpmMetric[] {
  const list = lastValue(tokens, 'gpm-metrics');
  if (list === undefined) return [];
  if (list === '') throw new UsageError('Invalid argument. Provide metric value.');
  const offending = /[^\d,]/.exec(list);
  if (offending !== null) throw new UsageError(plainly`Found offending character: ${offending[0]}`);
  return list
    .split(',')
    .filter((id) => id !== '')
    .map((text) => {
      const metric = gpmMetrics.find(({ id }) => id === Number(text));
      if (metric === undefined) throw new UsageError(plainly`Invalid metric value ${text}.`);
      return metric;
    });
}

const USUAL_PERIOD = 5;
const LONGEST_PERIOD = 10;

/** The period of `-l` in milliseconds. */
function periodOf(tokens: readonly Token[]): number | undefined {
  const text = lastValue(tokens, 'loop');
  if (text === undefined) return undefined;
  const seconds = text === '' ? USUAL_PERIOD : decimal(text);
  if (seconds >= 1 && seconds <= LONGEST_PERIOD) return seconds * 1000;
  throw new UsageError(
    `Provided [-l(sec) | --loop(sec)=] value is incorrect. Loop frequency must be between 1 and ${LONGEST_PERIOD}.\n`,
  );
}

/** A --query-* switch with a value; without one nvidia-smi passes it over. */
function tableOf(tokens: readonly Token[]) {
  const instances = instanceSchedulerLogs(instancesOf(tokens));
  return [vgpuSchedulerLogs, instances, accountedApps].find(
    ({ option }) => (lastValue(tokens, option) ?? '') !== '',
  );
}

/** For a --query-* switch `--json` is one more word of `--format`, and is refused where it does not go with the others. */
function withFormat(tokens: readonly Token[]): readonly Token[] {
  if (!isGiven(tokens, 'json')) return tokens;
  const value = `${lastValue(tokens, 'format') ?? ''},json`;
  return [...tokens, { spec: formatOption, value, written: '--json' }];
}

async function run(tokens: readonly Token[], context: Context): Promise<number> {
  refuseSetters(tokens);
  const { io } = context;
  if (isGiven(tokens, INSTANCE_HELP)) {
    io.out(tableHelp(instanceSchedulerLogs(undefined), context));
    return 0;
  }
  const table = tableOf(tokens);
  if (table !== undefined) {
    const names = table.rows.flatMap((row) => row.names);
    const request = readQuery(withFormat(tokens), { option: table.option, names }, io);
    return query(request, tokens, context, table);
  }
  const misplaced = tokens.find(({ spec: option }) => QUERY_ONLY.includes(option));
  if (misplaced !== undefined)
    throw new UsageError(plainly`Option "${misplaced.written}" is not recognized.`);
  return show(chosenView(tokens), tokens, context);
}

async function show(view: views.View, tokens: readonly Token[], context: Context): Promise<number> {
  const { io } = context;
  const period = periodOf(tokens) ?? view.period;
  const { session } = await context.machine();
  const chosen = chosenGpus(session, lastValue(tokens, 'id'));
  const hosts = reachable(chosen).map((gpu) => ({ gpu, isHost: isVgpuHost(session, gpu) }));
  const gpus = hosts.filter(({ isHost }) => isHost === true).map(({ gpu }) => gpu);
  const asJson = isGiven(tokens, 'json');
  const unknown = hosts.find(({ isHost }) => isHost instanceof Missing);
  if (unknown?.isHost instanceof Missing) {
    throw refusal(
      `Unable to determine the virtualization mode of GPU ${unknown.gpu.index}: ${statusReason(unknown.isHost.status)}`,
      unknown.isHost.status,
      chosen,
    );
  }
  if (gpus.length === 0) {
    // Status 0: H100 and H200, 580.159.04.
    const nothing = `No supported devices in vGPU mode\n${lostLines(chosen)}`;
    io.out(asJson ? jsonDocument({ [view.part]: [] }, context.source) : nothing);
    return statusOf(chosen);
  }
  if (!asJson && view.head !== undefined) io.out(view.head);
  try {
    await loop(io, period, () => {
      session.driver.beginSample?.(view);
      const records = (): readonly Cells[] => gpus.flatMap((gpu) => view.records(session, gpu));
      io.out(
        asJson
          ? jsonDocument({ [view.part]: records() }, context.source)
          : view.print(session, gpus, io.now()),
      );
    });
  } finally {
    view.close?.();
  }
  if (!asJson) io.out(lostLines(chosen));
  return statusOf(chosen);
}

export const spec: CommandSpec = { options, run };
