/** `vgpu`: the vGPUs of a virtualization host. On any other machine it says that there is none. */
import * as act from '../act/vgpu.js';
import { dated, type Given, type OptionSpec, setter, setterOf } from '../base/argv.js';
import { UsageError } from '../base/errors.js';
import { decimal } from '../base/period.js';
import { plainly } from '../base/plain-text.js';
import { jsonDocument, jsonLine } from '../format/document.js';
import { encoderColumns, fbcColumns } from '../format/sessions.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { Asker } from '../query/ask/asker.js';
import { type Asking, eachOf, together } from '../query/ask/asking.js';
import { type Cell, type Cells, cell } from '../query/cell.js';
import { nameOf } from '../query/field.js';
import { gpuField } from '../query/gpu-fields.js';
import { identity } from '../query/identity.js';
import { text } from '../query/kind.js';
import { type GpmMetric, gpmMetrics } from '../query/monitor/gpm.js';
import type { Table } from '../query/relation.js';
import { accountedApps } from '../query/tables/accounted-apps.js';
import { instanceSchedulerLogs, vgpuSchedulerLogs } from '../query/tables/vgpu-scheduler-logs.js';
import { isVgpuHost, vgpuNumbers } from '../query/vgpu.js';
import { vgpuParts } from '../query/vgpu-parts.js';
import { actingOptions, beginActing } from './acting.js';
import { type CommandSpec, command, type JsonPart } from './command.js';
import type { Context } from './context.js';
import { onEachGpu } from './each-gpu.js';
import { tableHelp } from './help-query.js';
import { jsonOption } from './json-option.js';
import { loop } from './loop.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { query } from './query.js';
import { type QueryGiven, readQuery } from './query-request.js';
import { chosenGpus, idOption } from './select.js';
import * as monitors from './vgpu-monitors.js';
import * as views from './vgpu-views.js';

interface Choice extends OptionSpec {
  readonly view: (wanted: views.VgpuViewOptions) => views.VgpuView;
  /** It can be asked about GPU instances, too. */
  readonly ofInstances?: true;
}

const choice = <const Long extends string>(short: string, long: Long, help: string, view: Choice['view']) =>
  ({ short: [short], long, help, view }) as const satisfies Choice;

const ofInstances = <const One extends Choice>(one: One) => ({ ...one, ofInstances: true }) as const;

/** Names: H200, 580.159.04. */
const CHOICES = [
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
    long: 'gpm-metrics',
    since: 550,
    value: 'optional',
    argument: 'ID,...',
    values: { words: gpmMetrics.map(({ id }) => String(id)), between: ',' },
    help: 'Performance metrics of the vGPUs that run on GPU instances, every second; the numbers are those of dmon.',
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
] as const satisfies readonly Choice[];

const fields = <const Long extends string>(long: Long, of: string, help: string) =>
  ({
    long,
    value: 'optional',
    argument: 'FIELD,...',
    help: `Chosen fields of ${of}, as CSV or JSON. ${help} lists the fields.`,
    asksFields: true,
  }) as const satisfies OptionSpec;

const INSTANCE_HELP = 'help-gpu-instance-vgpu-query-scheduler-logs';

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
    help: 'For --query-*: repeat with the time in milliseconds.',
    beside: 'asksFields',
  },
] as const satisfies readonly OptionSpec[];

const options = [
  idOption,
  {
    short: ['gi'],
    long: 'gpu-instance-id',
    since: 551,
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
    'Forget the ended processes in the accounting buffers of the active vGPUs.',
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
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

type VgpuGiven = Given<typeof options>;

function chosenView(given: VgpuGiven): views.VgpuView {
  const chosen = (
    CHOICES as readonly (Choice & { readonly long: (typeof CHOICES)[number]['long'] })[]
  ).filter(({ long }) => given[long] !== undefined);
  if (chosen.length > 1) throw new UsageError('Only one of the views of vgpu can be asked for at a time.');
  const [only] = chosen;
  if (only === undefined) return views.SUMMARY;
  const instances = only.ofInstances ? instancesOf(given) : undefined;
  return only.view({ verbose: given.verbose === true, instances, metrics: metricsOf(given) });
}

/** The ids of `-gi`, which nvidia-smi requires together with the GPU. */
function instancesOf(given: VgpuGiven): readonly number[] | undefined {
  const list = given['gpu-instance-id'];
  if (list === undefined) return undefined;
  const ids = list.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined) throw new UsageError(plainly`GPU instance id "${wrong}" is not a number.`);
  if (given.id === undefined) throw new UsageError('Name the GPU of the GPU instances: -i GPU -gi ID.');
  return ids.map(Number);
}

/** The refusals are those of an H200 (580.159.04). */
function metricsOf(given: VgpuGiven): readonly GpmMetric[] {
  const list = given['gpm-metrics'];
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
function periodOf(given: VgpuGiven): number | undefined {
  const text = given.loop;
  if (text === undefined) return undefined;
  const seconds = text === '' ? USUAL_PERIOD : decimal(text);
  if (seconds >= 1 && seconds <= LONGEST_PERIOD) return seconds * 1000;
  throw new UsageError(
    `Provided [-l(sec) | --loop(sec)=] value is incorrect. Loop frequency must be between 1 and ${LONGEST_PERIOD}.\n`,
  );
}

/** A --query-* switch with a value, and that value; without one nvidia-smi ignores the switch. */
function tableAskedBy(given: VgpuGiven): { table: Table; list: string } | undefined {
  const instances = instanceSchedulerLogs(instancesOf(given));
  return [
    { table: vgpuSchedulerLogs, list: given['query-vgpu-scheduler-logs'] ?? '' },
    { table: instances, list: given['query-gpu-instance-vgpu-scheduler-logs'] ?? '' },
    { table: accountedApps, list: given['query-accounted-apps'] ?? '' },
  ].find(({ list }) => list !== '');
}

/** For a --query-* switch `--json` is one more word of `--format`, and is refused where it does not go with the others. */
const withFormat = ({ format = '', json, ...given }: VgpuGiven): QueryGiven => ({
  ...given,
  format: json ? `${format},json` : format,
});

async function run(given: VgpuGiven, context: Context): Promise<number> {
  const { io } = context;
  if (given[INSTANCE_HELP]) {
    io.out(tableHelp(instanceSchedulerLogs(undefined), context));
    return 0;
  }
  if (SETTERS.some((long) => given[long] !== undefined)) return set(given, context);
  const asked = tableAskedBy(given);
  if (asked === undefined) return show(chosenView(given), given, context);
  const { table, list } = asked;
  const names = table.fields.flatMap((row) => row.names);
  const request = readQuery(withFormat(given), { option: table.option, names, list }, io);
  return query(request, context, table);
}

const SETTERS = ['set-heterogeneous-mode', 'set-mig-timeslice-mode', 'clear-accounted-apps'] as const;

/** Changes the GPUs of a vGPU host. */
async function set(given: VgpuGiven, context: Context): Promise<number> {
  const acting = await beginActing(given, context);
  const { session } = acting;
  const asker = new Asker(session);
  const asked = reachable(await chosenGpus(session, given.id));
  const areHosts = await asker.start(together(asked.map(isVgpuHost)));
  const hosts = asked.filter((_, i) => areHosts[i] === true);
  if (hosts.length === 0) {
    acting.say('No supported devices in vGPU mode\n');
    return acting.finish(0);
  }
  const {
    'set-heterogeneous-mode': heterogeneous,
    'set-mig-timeslice-mode': timeslicing,
    'clear-accounted-apps': clear,
  } = given;
  const numbers = await asker.start(together(hosts.map((gpu) => vgpuNumbers(gpu, 'active'))));
  const vgpusOf = (index: number): readonly number[] => {
    const found = numbers[hosts.findIndex((gpu) => gpu.index === index)];
    return found === undefined || found instanceof Missing ? [] : found;
  };
  return onEachGpu(
    acting,
    hosts,
    (target) => [
      ...(heterogeneous === undefined ? [] : [act.setHeterogeneous(target, heterogeneous)]),
      ...(timeslicing === undefined ? [] : [act.setTimeslicing(target, timeslicing)]),
      ...(clear ? vgpusOf(target.gpu.index).map((id) => act.clearAccounted(target, id)) : []),
    ],
    { endsAtFailure: true },
  );
}

async function show(view: views.VgpuView, given: VgpuGiven, context: Context): Promise<number> {
  const { io } = context;
  const period = periodOf(given) ?? view.period;
  const { session, asker } = await machineOf(context);
  const chosen = await chosenGpus(session, given.id);
  const asked = reachable(chosen);
  const areHosts = await asker.start(together(asked.map(isVgpuHost)));
  const hosts = asked.map((gpu, i) => ({ gpu, isHost: areHosts[i] }));
  const gpus = hosts.filter(({ isHost }) => isHost === true).map(({ gpu }) => gpu);
  const asJson = given.json === true;
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
  const write = period === undefined ? jsonDocument : jsonLine;
  if (!asJson && view.head !== undefined) io.out(view.head);
  try {
    await loop(io, period, async () => {
      asker.tick();
      io.out(
        asJson
          ? write(
              { [view.part]: await asker.start(eachOf(gpus, (gpu) => withUuid(view, gpu))) },
              context.source,
            )
          : await asker.start(view.print(gpus, io.now())),
      );
    });
  } finally {
    if (view.close !== undefined) await asker.start(view.close());
  }
  if (!asJson) io.out(lostLines(chosen));
  return statusOf(chosen);
}

/** The records of a GPU, with its UUID; a vGPU has a UUID of its own. */
function* withUuid(view: views.VgpuView, gpu: Gpu): Asking<readonly Cells[]> {
  const uuid: Cell = cell(text, yield* gpuField('uuid', gpu));
  return (yield* view.records(gpu)).map(({ gpu: index, ...rest }) => ({
    ...(index === undefined ? {} : { gpu: index }),
    uuid,
    ...rest,
  }));
}

const parts: readonly JsonPart[] = vgpuParts.map(({ name, record, fields, sometimes }) => {
  const keys = [identity.gpu, ...(fields.some((field) => nameOf(field) === 'uuid') ? [] : [identity.uuid])];
  return {
    name,
    of: record,
    isList: true,
    isAlways: false,
    fields: [...keys, ...fields],
    required: [...keys, ...fields.filter((field) => !sometimes.includes(field))],
  };
});

export const spec: CommandSpec = command({ options, json: parts, run });
