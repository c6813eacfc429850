/** `vgpu`: the vGPUs of a virtualization host. On any other machine it says that there is none. */
import * as act from '../../act/vgpu.js';
import { UsageError } from '../../base/errors.js';
import { decimal } from '../../base/period.js';
import { plainly } from '../../base/plain-text.js';
import { jsonDocument, jsonLine } from '../../format/document.js';
import { Missing, statusReason } from '../../nvml/status.js';
import { Asker } from '../../query/ask/asker.js';
import { together } from '../../query/ask/asking.js';
import { releaseOf } from '../../query/driver-release.js';
import type { Field } from '../../query/field.js';
import { gpuRow } from '../../query/gpu-fields.js';
import { identity } from '../../query/identity.js';
import { type GpmMetric, gpmMetrics } from '../../query/monitor/gpm.js';
import type { Table } from '../../query/relation.js';
import { accountedApps } from '../../query/tables/accounted-apps.js';
import {
  instanceSchedulerLogs,
  vgpuSchedulerLogs,
  vgpuTurns,
} from '../../query/tables/vgpu-scheduler-logs.js';
import { vgpuGpmRecord } from '../../query/vgpu/gpm.js';
import { vgpuEncoderSessions, vgpuFbcSessions, vgpuProcesses } from '../../query/vgpu/inside.js';
import { heterogeneousModes, ofInstance, vgpuMigration } from '../../query/vgpu/instances.js';
import { vgpuSchedulerCapabilities, vgpuSchedulers } from '../../query/vgpu/scheduler.js';
import { creatableTypes, supportedTypes } from '../../query/vgpu/types.js';
import { isVgpuHost, vgpuNumbers } from '../../query/vgpu/vgpu.js';
import { vgpus } from '../../query/vgpu/vgpus.js';
import { type CommandSpec, command, type JsonPart } from '../command.js';
import type { Context } from '../context.js';
import { tableHelp } from '../query/help.js';
import { query } from '../query/query.js';
import { type QueryGiven, readQuery } from '../query/request.js';
import { beginActing } from '../runner/acting.js';
import { collect, endOf, partsOf, thereIn, wantedOf } from '../runner/collect.js';
import { onEachGpu } from '../runner/each-gpu.js';
import { gpusPart, IDENTITY, partOf } from '../runner/json-parts.js';
import { loop } from '../runner/loop.js';
import { lostAlone, lostLines, reachable, refusal, statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus } from '../runner/select.js';
import { CHOICES, INSTANCE_HELP, options, type VgpuChoice, type VgpuGiven } from './options.js';
import * as views from './views.js';

function chosenView(given: VgpuGiven): views.VgpuView {
  const chosen = (
    CHOICES as readonly (VgpuChoice & { readonly long: (typeof CHOICES)[number]['long'] })[]
  ).filter(({ long }) => given[long] !== undefined);
  if (chosen.length > 1) throw new UsageError('Only one view of vgpu can be given at a time.');
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
  if (given.id === undefined) throw new UsageError('-gi needs the GPU of the instances: -i GPU -gi ID.');
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

/** Refuses a setter with something else: nvidia-smi does one of them, and says nothing of the other (550.163.01). */
function refuseSeveral(given: VgpuGiven): void {
  const asked = [...SETTERS, ...CHOICES.map(({ long }) => long), ...SWITCHES].filter(
    (long) => given[long] !== undefined,
  );
  if (asked.length > 1) throw new UsageError('One, and only one, vgpu command allowed at a time');
  if (given['gpu-instance-id'] !== undefined && given['set-heterogeneous-mode'] === undefined) {
    throw new UsageError(plainly`Option "-gi" does not go with "--${asked[0] ?? ''}".`);
  }
}

const SWITCHES = [
  'query-vgpu-scheduler-logs',
  'query-gpu-instance-vgpu-scheduler-logs',
  'query-accounted-apps',
] as const;

/** Changes the GPUs of a vGPU host. */
async function set(given: VgpuGiven, context: Context): Promise<number> {
  refuseSeveral(given);
  const instances = instancesOf(given) ?? [undefined];
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
      ...(heterogeneous === undefined
        ? []
        : instances.map((instance) => act.setHeterogeneous(target, heterogeneous, instance))),
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
  const asJson = given.json === true;
  const release = await asker.start(releaseOf(session));
  const lost = chosen.find(({ handle }) => handle === undefined);
  // Nothing else is said (470 to 550 on the fake); 580 shows the others.
  if (lost !== undefined && !asJson && release < 580) {
    throw new UsageError(`${lostAlone(lost, release)}\n\n`, statusOf([lost]));
  }
  const asked = reachable(chosen);
  const areHosts = await asker.start(together(asked.map(isVgpuHost)));
  const hosts = asked.map((gpu, i) => ({ gpu, isHost: areHosts[i] }));
  const gpus = hosts.filter(({ isHost }) => isHost === true).map(({ gpu }) => gpu);
  const unknown = hosts.find(({ isHost }) => isHost instanceof Missing);
  if (unknown?.isHost instanceof Missing) {
    throw refusal(
      `Unable to determine the virtualization mode of GPU ${unknown.gpu.index}: ${statusReason(unknown.isHost.status)}`,
      unknown.isHost.status,
      chosen,
    );
  }
  if (gpus.length === 0 && !asJson) {
    // Status 0: H100 and H200, 580.159.04.
    io.out(`No supported devices in vGPU mode\n${lostLines(chosen)}`);
    return statusOf(chosen);
  }
  const shown = { long: '', help: '', ...view, ...(asJson ? view.json : {}) };
  const isThere = thereIn(release, asJson);
  const wanted = wantedOf([shown], asJson ? IDENTITY : [identity.gpu], () => '', isThere);
  const { relation } = view;
  const write = period === undefined || gpus.length === 0 ? jsonDocument : jsonLine;
  if (!asJson && view.head !== undefined) io.out(view.head);
  try {
    await loop(io, gpus.length === 0 ? undefined : period, async () => {
      asker.tick();
      const collected = await asker.start(collect(wanted, gpus, asJson ? view.json?.keep : undefined));
      const rows = collected.gpus.map(({ cells, recordsOf }) => ({ cells, records: recordsOf(relation) }));
      io.out(
        asJson
          ? write(partsOf(wanted, collected), context.source)
          : view.text(rows, await asker.start(views.momentOf(io.now()))),
      );
    });
  } finally {
    await asker.start(endOf(wanted));
  }
  if (!asJson) io.out(lostLines(chosen));
  return statusOf(chosen);
}

/** It has the metrics that were asked for. */
function gpmPart(): JsonPart {
  const part = partOf(vgpuGpmRecord);
  return { ...part, required: part.required.filter((field) => !isMetric(field)) };
}

const isMetric = (field: Field): boolean => gpmMetrics.some((metric) => metric.field === field);

/** Those about GPU instances have one field more. */
const parts: readonly JsonPart[] = [
  gpusPart([], [gpuRow('pci.bus_id'), gpuRow('utilization.gpu'), gpuRow('mig.mode.current')]),
  ...[
    vgpus,
    supportedTypes,
    creatableTypes,
    vgpuProcesses,
    vgpuEncoderSessions,
    vgpuFbcSessions,
    vgpuSchedulerCapabilities,
    vgpuMigration,
  ].map(partOf),
  gpmPart(),
  ...[vgpuSchedulers, vgpuTurns, heterogeneousModes].map((relationOf) => {
    const part = partOf(relationOf());
    return { ...part, fields: [...part.fields, ofInstance] };
  }),
];

export const spec: CommandSpec = command({ options, json: parts, run });
