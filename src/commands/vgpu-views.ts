/** What each option of `vgpu` shows: records for JSON, text otherwise. */

import { plainText } from '../base/plain-text.js';
import * as render from '../format/vgpu.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Subject } from '../query/ask/subject.js';
import { type Cell, type Cells, cell, cellText } from '../query/cell.js';
import { count, text } from '../query/kind.js';
import type { GpmMetric } from '../query/monitor/gpm.js';
import { readGpuFields, runOn } from '../query/read.js';
import type { Reading } from '../query/reading.js';
import * as vgpu from '../query/vgpu.js';
import * as instances from '../query/vgpu-instances.js';
import { cellsOf, type Field, type Line, lineAt, vgpuLines, vgpuTypeLines } from '../query/vgpu-lines.js';
import * as scheduler from '../query/vgpu-scheduler.js';
import { driverVersion } from './version.js';

/** The options other than that of the view. */
export interface Wanted {
  readonly verbose: boolean;
  /** Ids of GPU instances. */
  readonly instances: readonly number[] | undefined;
  readonly metrics: readonly GpmMetric[];
}

/** What one option shows: records for JSON, text otherwise. */
export interface View {
  readonly part: string;
  /** Printed once, above all ticks. */
  readonly head?: string;
  readonly records: (session: Session, gpu: Gpu) => readonly Cells[];
  readonly print: (session: Session, gpus: readonly Gpu[], now: number) => string;
  /** Milliseconds, where it repeats until it is stopped. */
  readonly period?: number;
  /** Gives back what NVML lent. */
  readonly close?: () => void;
}

const word = (reading: Reading): string => cellText(cell(text, reading));

const withUnit = (reading: Reading): string =>
  reading instanceof Missing ? statusWords(reading.status) : `${reading}%`;

const busId = (session: Session, gpu: Gpu): string =>
  word(readGpuFields(session, gpu, ['pci.bus_id'])[0] as Reading);

export const withGpu = (gpu: Gpu, cells: Cells): Cells => ({ gpu: cell(count, gpu.index), ...cells });

/** A block per GPU, with a blank line between them. */
const perGpu =
  (block: (session: Session, gpu: Gpu) => string): View['print'] =>
  (session, gpus) =>
    gpus.map((gpu) => render.gpuLine(busId(session, gpu)) + block(session, gpu)).join('\n');

/** The lines of each running vGPU, or why the vGPUs cannot be listed. */
function instanceLines(session: Session, gpu: Gpu, wanted?: readonly number[]) {
  const ids = vgpu.vgpuNumbers(session, gpu, 'active');
  if (ids instanceof Missing) return ids;
  const utilizationOf = vgpu.vgpuUtilizations(session, gpu);
  const runsThere = (id: number): boolean => {
    if (wanted === undefined) return true;
    const instance = instances.instanceOfVgpu(session, id);
    return !(instance instanceof Missing) && wanted.includes(Number(instance));
  };
  return ids.filter(runsThere).map((id) => vgpuLines(session, gpu, id, utilizationOf(id)));
}

/** In the place of the types of a GPU: a record of one that cannot be asked about. */
function unlistedType(session: Session, gpu: Gpu, why: Missing): Cells {
  const cells = cellsOf(vgpuTypeLines(session, { ...gpu, handle: undefined, status: why.status }, 0));
  return { ...cells, type_id: cell(count, why) };
}

/** The cells of each running vGPU. */
function instanceCells(session: Session, gpu: Gpu, wanted?: readonly number[]): readonly Cells[] {
  const found = instanceLines(session, gpu, wanted);
  // Why the vGPUs cannot be listed, in the place of one.
  return found instanceof Missing ? [{ vgpu_instance: cell(count, found) }] : found.map(cellsOf);
}

export const SUMMARY: View = {
  part: 'vgpus',
  records: (session, gpu) =>
    instanceCells(session, gpu).map(({ vgpu_instance: id, ...rest }) => {
      const shown = ['uuid', 'type_name', 'vm_id', 'utilization.gpu'].flatMap((name) => {
        const value = rest[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      return withGpu(gpu, { vgpu_instance: id as Cell, ...Object.fromEntries(shown) });
    }),
  print: (session, gpus, now) =>
    render.vgpuSummary({
      time: new Date(now),
      driverVersion: plainText(runOn(session, driverVersion())),
      gpus: gpus.map((gpu) => summaryGpu(session, gpu)),
    }),
};

function summaryGpu(session: Session, gpu: Gpu) {
  const [name, utilization] = readGpuFields(session, gpu, ['name', 'utilization.gpu']) as [Reading, Reading];
  const ids = vgpu.vgpuNumbers(session, gpu, 'active');
  return {
    index: String(gpu.index),
    name: word(name),
    busId: busId(session, gpu),
    utilization: withUnit(utilization),
    ...(ids instanceof Missing
      ? { problem: `Unable to determine the vGPUs: ${word(ids)}`, vgpus: [] }
      : { vgpus: summaryVgpus(session, gpu, ids) }),
  };
}

function summaryVgpus(session: Session, gpu: Gpu, ids: readonly number[]) {
  const utilizationOf = vgpu.vgpuUtilizations(session, gpu);
  return ids.map((id) => {
    const { vmId, typeName } = vgpu.vgpuIdentity(session, id);
    const utilization = withUnit(utilizationOf(id).sm);
    return { id: String(id), name: word(typeName), vmId: word(vmId), vmName: 'N/A', utilization };
  });
}

export const running = ({ instances: wanted }: Wanted): View => ({
  part: 'vgpus',
  records: (session, gpu) => instanceCells(session, gpu, wanted).map((cells) => withGpu(gpu, cells)),
  print: perGpu((session, gpu) => {
    const lines = instanceLines(session, gpu, wanted);
    const active = (reading: Reading) => lineAt(1, 'active', 'Active vGPUs', count, reading);
    if (lines instanceof Missing) return render.vgpuLog([active(lines)]);
    return render.vgpuLog([active(lines.length), ...lines.flat()]);
  }),
});

export function types(which: 'supported' | 'creatable', { verbose, instances: wanted }: Wanted): View {
  const idsOf = (session: Session, gpu: Gpu): readonly number[] | Missing => {
    if (which === 'supported' || wanted === undefined) return vgpu.vgpuNumbers(session, gpu, which);
    const found = new Set<number>();
    for (const id of wanted) {
      const types = instances.creatableOn(session, instances.gpuInstance(session, gpu, id));
      if (types instanceof Missing) return types;
      for (const type of types) found.add(type);
    }
    return [...found];
  };
  return {
    part: `${which}_types`,
    records: (session, gpu) => {
      const ids = idsOf(session, gpu);
      const records =
        ids instanceof Missing
          ? [unlistedType(session, gpu, ids)]
          : ids.map((type) => cellsOf(vgpuTypeLines(session, gpu, type)));
      return records.map((cells) => withGpu(gpu, cells));
    },
    print: perGpu((session, gpu) => {
      const ids = idsOf(session, gpu);
      if (ids instanceof Missing) return render.typeList([word(ids)]);
      return verbose
        ? render.vgpuLog(ids.flatMap((type) => vgpuTypeLines(session, gpu, type)))
        : render.typeList(ids.map((type) => word(vgpu.vgpuTypeName(session, type))));
    }),
  };
}

/** A GPU, or one of its GPU instances. */
type Place = readonly [of: Subject, which: scheduler.Scheduled, head: readonly Field[]];

/** The GPU itself, or the instances that -gi names. */
const placesOf = (session: Session, gpu: Gpu, { instances: wanted }: Wanted): readonly Place[] =>
  wanted === undefined
    ? [[gpu, 'gpu', []]]
    : wanted.map((id) => [
        instances.gpuInstance(session, gpu, id),
        'instance',
        [lineAt(1, 'gpu_instance_id', 'GPU Instance ID', count, id)],
      ]);

/** Some lines about each GPU, or about each of the GPU instances that -gi names. */
const lines = (
  part: string,
  wanted: Wanted,
  read: (session: Session, of: Subject, which: scheduler.Scheduled) => readonly Field[],
): View => ({
  part,
  records: (session, gpu) =>
    placesOf(session, gpu, wanted).map(([of, which, head]) =>
      withGpu(gpu, cellsOf([...head, ...read(session, of, which)])),
    ),
  print: perGpu((session, gpu) =>
    render.vgpuLog(
      placesOf(session, gpu, wanted).flatMap(([of, which, head]) => [...head, ...read(session, of, which)]),
    ),
  ),
});

export const schedulerState = (wanted: Wanted): View => lines('schedulers', wanted, scheduler.schedulerLines);

export const heterogeneousMode = (wanted: Wanted): View =>
  lines('heterogeneous_modes', wanted, instances.heterogeneousLines);

/** Only of whole GPUs. */
const WHOLE: Wanted = { verbose: false, instances: undefined, metrics: [] };

export const SCHEDULER_CAPABILITIES: View = lines(
  'scheduler_capabilities',
  WHOLE,
  scheduler.schedulerCapabilityLines,
);

export const MIGRATION: View = lines('migration', WHOLE, instances.migrationLines);

export const SECOND = 1000;

/** The log is as long as a fifth of a second: NVML expects it to be read often. nvidia-smi shows it every second. */
export const schedulerLogs = (wanted: Wanted): View => ({
  part: 'scheduler_logs',
  period: SECOND,
  records: (session, gpu) =>
    placesOf(session, gpu, wanted).flatMap(([of, which, head]) => {
      const { state, turns } = scheduler.schedulerLog(session, of, which);
      return turns.map((turn) => withGpu(gpu, cellsOf([...head, ...state, ...turn])));
    }),
  print: perGpu((session, gpu) =>
    render.vgpuLog(
      placesOf(session, gpu, wanted).flatMap(([of, which, head]): readonly Line[] => {
        const { state, turns } = scheduler.schedulerLog(session, of, which);
        return [...head, ...state, ...turns.flat()];
      }),
    ),
  ),
});
