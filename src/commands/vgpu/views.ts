/** Table: what each option of `vgpu` shows: a relation, its fields, and their text. */

import { plainText } from '../../base/plain-text.js';
import { columnsHead } from '../../format/columns.js';
import { encoderColumns, fbcColumns } from '../../format/sessions.js';
import * as render from '../../format/vgpu.js';
import { isNotSupported } from '../../nvml/status.js';
import type { Asking } from '../../query/ask/asking.js';
import type { Field, RecordValues } from '../../query/field.js';
import { gpuRow } from '../../query/gpu-fields.js';
import type { GpmMetric } from '../../query/monitor/gpm.js';
import type { Relation } from '../../query/relation.js';
import { vgpuTurns } from '../../query/tables/vgpu-scheduler-logs.js';
import { vgpuGpmOf } from '../../query/vgpu/gpm.js';
import { vgpuEncoderSessions, vgpuFbcSessions, vgpuProcesses } from '../../query/vgpu/inside.js';
import { heterogeneousModes, vgpuMigration } from '../../query/vgpu/instances.js';
import { vgpuSchedulerCapabilities, vgpuSchedulers } from '../../query/vgpu/scheduler.js';
import { creatableTypesOn, nameOfType, supportedTypes, typeDetails, typeId } from '../../query/vgpu/types.js';
import * as running from '../../query/vgpu/vgpus.js';
import { driverVersion } from '../version.js';

/** The options other than that of the view. */
export interface VgpuViewOptions {
  readonly verbose: boolean;
  /** Ids of GPU instances. */
  readonly instances: readonly number[] | undefined;
  readonly metrics: readonly GpmMetric[];
}

/** What a text is made of beside the GPUs. */
interface TextMoment {
  readonly now: number;
  readonly driverVersion: string;
}

/** What one option shows. */
export interface VgpuView {
  readonly relation: Relation;
  /** Left out: all. */
  readonly fields?: readonly Field[];
  readonly gpuFields: readonly Field[];
  /** What JSON has otherwise: all fields, and not the records that only a text needs. */
  readonly json?: { readonly fields?: readonly Field[]; readonly keep?: (record: RecordValues) => boolean };
  readonly text: (gpus: readonly render.VgpuGpu[], moment: TextMoment) => string;
  /** Printed once, above all ticks. */
  readonly head?: string;
  /** Milliseconds, where it repeats until it is stopped. */
  readonly period?: number;
}

export function* momentOf(now: number): Asking<TextMoment> {
  return { now, driverVersion: plainText(yield* driverVersion()) };
}

const busId = gpuRow('pci.bus_id');

export const SUMMARY: VgpuView = {
  relation: running.vgpus,
  fields: [
    running.vgpuInstance,
    running.vgpuUuid,
    running.typeName,
    running.vmId,
    ...running.vgpuUtilization.slice(0, 1),
  ],
  gpuFields: [gpuRow('name'), busId, gpuRow('utilization.gpu')],
  text: (gpus, { now, driverVersion }) => render.vgpuSummary(gpus, new Date(now), driverVersion),
};

export const details = ({ instances }: VgpuViewOptions): VgpuView => ({
  relation: running.vgpusOn(instances),
  fields: running.vgpuDetails,
  gpuFields: [busId],
  text: (gpus) => render.perGpu(gpus, render.vgpusLog(running.vgpuDetails), render.activeLine),
});

const types = (relation: Relation, { verbose }: VgpuViewOptions): VgpuView => ({
  relation,
  fields: verbose ? typeDetails : [typeId, nameOfType],
  json: { fields: typeDetails },
  gpuFields: [busId],
  text: (gpus) =>
    render.perGpu(gpus, verbose ? render.typeLog(typeDetails) : render.typeNames, (why) =>
      render.typeList([why]),
    ),
});

export const supported = (wanted: VgpuViewOptions): VgpuView => types(supportedTypes, wanted);

export const creatable = (wanted: VgpuViewOptions): VgpuView =>
  types(creatableTypesOn(wanted.instances), wanted);

/** Some lines about each GPU, or about each of the GPU instances that -gi names. */
const lines = (relation: Relation): VgpuView => ({
  relation,
  gpuFields: [busId],
  text: (gpus) => render.perGpu(gpus, render.flatLog(relation.fields)),
});

export const schedulerState = ({ instances }: VgpuViewOptions): VgpuView => lines(vgpuSchedulers(instances));

export const heterogeneousMode = ({ instances }: VgpuViewOptions): VgpuView =>
  lines(heterogeneousModes(instances));

export const SCHEDULER_CAPABILITIES: VgpuView = lines(vgpuSchedulerCapabilities);

export const MIGRATION: VgpuView = lines(vgpuMigration);

const SECOND = 1000;

/** The log is as long as a fifth of a second: NVML expects it to be read often. nvidia-smi shows it every second. */
export function schedulerLogs({ instances }: VgpuViewOptions): VgpuView {
  const relation = vgpuTurns(instances);
  return {
    relation,
    gpuFields: [busId],
    period: SECOND,
    // A log without turns has a record of how it would share the engine.
    json: { keep: ({ runlist }) => !isNotSupported(runlist) },
    text: (gpus) => render.perGpu(gpus, render.turnsLog(relation.fields)),
  };
}

/** A line for each record, every second. */
const monitor = (
  relation: Relation,
  columns: readonly render.VgpuColumn[],
  fields = relation.fields,
): VgpuView => ({
  relation,
  fields,
  gpuFields: [gpuRow('mig.mode.current')],
  head: columnsHead(columns),
  period: SECOND,
  text: (gpus) => render.monitorLines(columns, gpus),
});

export const UTILIZATION = monitor(running.vgpus, render.utilizationColumns, [
  running.vgpuInstance,
  ...running.vgpuEngines,
]);

export const PROCESSES = monitor(vgpuProcesses, render.processColumns);

export const ENCODER_SESSIONS = monitor(vgpuEncoderSessions, render.sessionsOfVgpus(encoderColumns));

export const FBC_SESSIONS = monitor(vgpuFbcSessions, render.sessionsOfVgpus(fbcColumns));

/** `--gpm-metrics`: no line where no vGPU runs has a value, and the first of each vGPU has none. */
export const gpmMonitor = ({ metrics }: VgpuViewOptions): VgpuView =>
  monitor(vgpuGpmOf(metrics), render.gpmColumns(metrics.map(({ name }) => name)));
