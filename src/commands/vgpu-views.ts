/** What each option of `vgpu` shows: records for JSON, text otherwise. */

import { plainText } from '../base/plain-text.js';
import * as render from '../format/vgpu.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { type Asking, eachOf, together } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { type Cell, type Cells, cell, cellText } from '../query/cell.js';
import { gpuField, gpuFields } from '../query/gpu-fields.js';
import { count, text } from '../query/kind.js';
import type { GpmMetric } from '../query/monitor/gpm.js';
import type { Reading } from '../query/reading.js';
import * as vgpu from '../query/vgpu.js';
import * as instances from '../query/vgpu-instances.js';
import {
  cellsOf,
  lineAt,
  type VgpuField,
  type VgpuLine,
  vgpuLines,
  vgpuTypeLines,
} from '../query/vgpu-lines.js';
import * as scheduler from '../query/vgpu-scheduler.js';
import { driverVersion } from './version.js';

/** The options other than that of the view. */
export interface VgpuViewOptions {
  readonly verbose: boolean;
  /** Ids of GPU instances. */
  readonly instances: readonly number[] | undefined;
  readonly metrics: readonly GpmMetric[];
}

/** What one option shows: records for JSON, text otherwise. */
export interface VgpuView {
  readonly part: string;
  /** Printed once, above all ticks. */
  readonly head?: string;
  readonly records: (gpu: Gpu) => Asking<readonly Cells[]>;
  readonly print: (gpus: readonly Gpu[], now: number) => Asking<string>;
  /** Milliseconds, where it repeats until it is stopped. */
  readonly period?: number;
  /** Gives back what NVML lent. */
  readonly close?: () => Asking<void>;
}

const word = (reading: Reading): string => cellText(cell(text, reading));

const withUnit = (reading: Reading): string =>
  reading instanceof Missing ? statusWords(reading.status) : `${reading}%`;

function* busId(gpu: Gpu): Asking<string> {
  return word(yield* gpuField('pci.bus_id', gpu));
}

export const withGpu = (gpu: Gpu, cells: Cells): Cells => ({ gpu: cell(count, gpu.index), ...cells });

/** A block per GPU, with a blank line between them. */
const perGpu = (block: (gpu: Gpu) => Asking<string>): VgpuView['print'] =>
  function* (gpus) {
    const blocks = yield* together(
      gpus.map(function* (gpu): Asking<string> {
        return render.gpuLine(yield* busId(gpu)) + (yield* block(gpu));
      }),
    );
    return blocks.join('\n');
  };

/** The lines of each running vGPU, or why the vGPUs cannot be listed. */
function* instanceLines(
  gpu: Gpu,
  wanted?: readonly number[],
): Asking<readonly (readonly VgpuLine[])[] | Missing> {
  const ids = yield* vgpu.vgpuNumbers(gpu, 'active');
  if (ids instanceof Missing) return ids;
  const utilizationOf = yield* vgpu.vgpuUtilizations(gpu);
  const running = wanted === undefined ? ids : yield* runningOn(wanted, ids);
  return yield* together(running.map((id) => vgpuLines(gpu, id, utilizationOf(id))));
}

/** The vGPUs that run on these GPU instances. */
function* runningOn(wanted: readonly number[], ids: readonly number[]): Asking<readonly number[]> {
  const places = yield* together(ids.map(instances.instanceOfVgpu));
  return ids.filter((_, i) => {
    const place = places[i] as Reading;
    return !(place instanceof Missing) && wanted.includes(Number(place));
  });
}

/** In the place of the types of a GPU: a record of one that cannot be asked about. */
function* unlistedType(gpu: Gpu, why: Missing): Asking<Cells> {
  const cells = cellsOf(yield* vgpuTypeLines({ ...gpu, handle: undefined, status: why.status }, 0));
  return { ...cells, type_id: cell(count, why) };
}

/** The cells of each running vGPU. */
function* instanceCells(gpu: Gpu, wanted?: readonly number[]): Asking<readonly Cells[]> {
  const found = yield* instanceLines(gpu, wanted);
  // Why the vGPUs cannot be listed, in the place of one.
  return found instanceof Missing ? [{ vgpu_instance: cell(count, found) }] : found.map(cellsOf);
}

export const SUMMARY: VgpuView = {
  part: 'vgpus',
  *records(gpu) {
    return (yield* instanceCells(gpu)).map(({ vgpu_instance: id, ...rest }) => {
      const shown = ['uuid', 'type_name', 'vm_id', 'utilization.gpu'].flatMap((name) => {
        const value = rest[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      return withGpu(gpu, { vgpu_instance: id as Cell, ...Object.fromEntries(shown) });
    });
  },
  *print(gpus, now) {
    return render.vgpuSummary({
      time: new Date(now),
      driverVersion: plainText(yield* driverVersion()),
      gpus: yield* together(gpus.map(summaryGpu)),
    });
  },
};

function* summaryGpu(gpu: Gpu): Asking<render.VgpuSummary['gpus'][number]> {
  const [name, utilization] = (yield* gpuFields(['name', 'utilization.gpu'], gpu)) as [Reading, Reading];
  const ids = yield* vgpu.vgpuNumbers(gpu, 'active');
  return {
    index: String(gpu.index),
    name: word(name),
    busId: yield* busId(gpu),
    utilization: withUnit(utilization),
    ...(ids instanceof Missing
      ? { problem: `Unable to determine the vGPUs: ${word(ids)}`, vgpus: [] }
      : { vgpus: yield* summaryVgpus(gpu, ids) }),
  };
}

function* summaryVgpus(
  gpu: Gpu,
  ids: readonly number[],
): Asking<render.VgpuSummary['gpus'][number]['vgpus']> {
  const utilizationOf = yield* vgpu.vgpuUtilizations(gpu);
  const identities = yield* together(ids.map(vgpu.vgpuIdentity));
  return identities.map(({ vmId, typeName }, i) => {
    const id = ids[i] as number;
    const utilization = withUnit(utilizationOf(id).sm);
    return { id: String(id), name: word(typeName), vmId: word(vmId), vmName: 'N/A', utilization };
  });
}

export const running = ({ instances: wanted }: VgpuViewOptions): VgpuView => ({
  part: 'vgpus',
  *records(gpu) {
    return (yield* instanceCells(gpu, wanted)).map((cells) => withGpu(gpu, cells));
  },
  print: perGpu(function* (gpu) {
    const lines = yield* instanceLines(gpu, wanted);
    const active = (reading: Reading) => lineAt(1, 'active', 'Active vGPUs', count, reading);
    if (lines instanceof Missing) return render.vgpuLog([active(lines)]);
    return render.vgpuLog([active(lines.length), ...lines.flat()]);
  }),
});

export function types(
  which: 'supported' | 'creatable',
  { verbose, instances: wanted }: VgpuViewOptions,
): VgpuView {
  function* idsOf(gpu: Gpu): Asking<readonly number[] | Missing> {
    if (which === 'supported' || wanted === undefined) return yield* vgpu.vgpuNumbers(gpu, which);
    const found = new Set<number>();
    for (const id of wanted) {
      const types = yield* instances.creatableOn(yield* instances.gpuInstance(gpu, id));
      if (types instanceof Missing) return types;
      for (const type of types) found.add(type);
    }
    return [...found];
  }
  return {
    part: `${which}_types`,
    *records(gpu) {
      const ids = yield* idsOf(gpu);
      const records =
        ids instanceof Missing
          ? [yield* unlistedType(gpu, ids)]
          : (yield* together(ids.map((type) => vgpuTypeLines(gpu, type)))).map(cellsOf);
      return records.map((cells) => withGpu(gpu, cells));
    },
    print: perGpu(function* (gpu) {
      const ids = yield* idsOf(gpu);
      if (ids instanceof Missing) return render.typeList([word(ids)]);
      return verbose
        ? render.vgpuLog(yield* eachOf(ids, (type) => vgpuTypeLines(gpu, type)))
        : render.typeList((yield* together(ids.map(vgpu.vgpuTypeName))).map(word));
    }),
  };
}

/** A GPU, or one of its GPU instances. */
type SchedulerPlace = readonly [of: Subject, which: scheduler.Scheduled, head: readonly VgpuField[]];

/** The GPU itself, or the instances that -gi names. */
function* placesOf(gpu: Gpu, { instances: wanted }: VgpuViewOptions): Asking<readonly SchedulerPlace[]> {
  if (wanted === undefined) return [[gpu, 'gpu', []]];
  return yield* together(
    wanted.map(function* (id): Asking<SchedulerPlace> {
      const instance = yield* instances.gpuInstance(gpu, id);
      return [instance, 'instance', [lineAt(1, 'gpu_instance_id', 'GPU Instance ID', count, id)]];
    }),
  );
}

/** What is read of each place, with its head. */
function* readPlaces<T>(
  gpu: Gpu,
  wanted: VgpuViewOptions,
  read: (of: Subject, which: scheduler.Scheduled) => Asking<T>,
): Asking<readonly { readonly head: readonly VgpuField[]; readonly found: T }[]> {
  const places = yield* placesOf(gpu, wanted);
  const all = yield* together(places.map(([of, which]) => read(of, which)));
  return places.map(([, , head], i) => ({ head, found: all[i] as T }));
}

/** Some lines about each GPU, or about each of the GPU instances that -gi names. */
const lines = (
  part: string,
  wanted: VgpuViewOptions,
  read: (of: Subject, which: scheduler.Scheduled) => Asking<readonly VgpuField[]>,
): VgpuView => ({
  part,
  *records(gpu) {
    const places = yield* readPlaces(gpu, wanted, read);
    return places.map(({ head, found }) => withGpu(gpu, cellsOf([...head, ...found])));
  },
  print: perGpu(function* (gpu) {
    const places = yield* readPlaces(gpu, wanted, read);
    return render.vgpuLog(places.flatMap(({ head, found }) => [...head, ...found]));
  }),
});

export const schedulerState = (wanted: VgpuViewOptions): VgpuView =>
  lines('schedulers', wanted, scheduler.schedulerLines);

export const heterogeneousMode = (wanted: VgpuViewOptions): VgpuView =>
  lines('heterogeneous_modes', wanted, instances.heterogeneousLines);

/** Only of whole GPUs. */
const WHOLE: VgpuViewOptions = { verbose: false, instances: undefined, metrics: [] };

export const SCHEDULER_CAPABILITIES: VgpuView = lines(
  'scheduler_capabilities',
  WHOLE,
  scheduler.schedulerCapabilityLines,
);

export const MIGRATION: VgpuView = lines('migration', WHOLE, instances.migrationLines);

export const SECOND = 1000;

/** The log is as long as a fifth of a second: NVML expects it to be read often. nvidia-smi shows it every second. */
export const schedulerLogs = (wanted: VgpuViewOptions): VgpuView => ({
  part: 'scheduler_logs',
  period: SECOND,
  *records(gpu) {
    const places = yield* readPlaces(gpu, wanted, scheduler.schedulerLog);
    return places.flatMap(({ head, found: { state, turns } }) =>
      turns.map((turn) => withGpu(gpu, cellsOf([...head, ...state, ...turn]))),
    );
  },
  print: perGpu(function* (gpu) {
    const places = yield* readPlaces(gpu, wanted, scheduler.schedulerLog);
    return render.vgpuLog(
      places.flatMap(({ head, found: { state, turns } }): readonly VgpuLine[] => [
        ...head,
        ...state,
        ...turns.flat(),
      ]),
    );
  }),
});
