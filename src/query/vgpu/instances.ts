/** The GPU instances that vGPUs run on: found by their ids, and what a vGPU host says of them. */

import type { Handle, Out } from '../../nvml/call.js';
import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetGpuInstanceById,
  nvmlDeviceGetVgpuHeterogeneousMode,
  nvmlDeviceGetVgpuMetadata,
  nvmlGpuInstanceGetCreatableVgpus,
  nvmlGpuInstanceGetVgpuHeterogeneousMode,
  nvmlVgpuInstanceGetGpuInstanceId,
} from '../../nvml/generated/entries.js';
import * as layouts from '../../nvml/generated/layouts.js';
import { arrayAt, filledOf, READ } from '../../nvml/memory.js';
import type { Missing, Status } from '../../nvml/status.js';
import { type Asking, ask, askAll, readOne, together } from '../ask/asking.js';
import { type Subject, SYSTEM } from '../ask/subject.js';
import { derived } from '../derive.js';
import { type Field, from, item } from '../field.js';
import { count, enabled, supported } from '../kind.js';
import { type Probe, sample } from '../probe.js';
import type { Answer, Reading } from '../reading.js';
import type { Found, Relation } from '../relation.js';

/** A GPU instance with its id. Where there is none with that id, every question about it is refused. */
export interface VgpuGpuInstance extends Subject {
  readonly id: number;
}

const byId = (id: number): Probe => sample(nvmlDeviceGetGpuInstanceById, { id });

const instanceOf = (asked: Answer, gpu: Subject, id: number): VgpuGpuInstance => {
  const memory = asked.memory();
  const found = memory === undefined ? undefined : (READ.ptr(memory, 0) as Handle);
  return { index: gpu.index, id, handle: found, status: asked.status };
};

export function* gpuInstance(gpu: Subject, id: number): Asking<VgpuGpuInstance> {
  return instanceOf(yield* ask(byId(id), gpu), gpu, id);
}

/** Ids go up to here: more than any GPU has had. */
const IDS = 32;

/** How NVML says that there is no instance with an id. */
const NO_INSTANCE: readonly Status[] = [
  nvml.NVML_ERROR_NOT_FOUND,
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
];

/** All GPU instances of a GPU. */
export function* allInstances(gpu: Subject): Asking<readonly VgpuGpuInstance[] | Missing> {
  const ids = Array.from({ length: IDS }, (_, id) => id);
  const answers = yield* askAll(ids.map((id) => ({ probe: byId(id), subject: gpu })));
  const failed = answers.find(({ status }) => status !== 0 && !NO_INSTANCE.includes(status));
  if (failed !== undefined) return failed.refusal();
  return ids.flatMap((id) => {
    const asked = answers[id] as Answer;
    return asked.status === 0 ? [instanceOf(asked, gpu, id)] : [];
  });
}

const creatable: Out = {
  out: 'struct',
  layout: layouts.nvmlVgpuTypeIdInfo_v1_t,
  set: { version: nvml.nvmlVgpuTypeIdInfo_v1 },
  array: { field: 'vgpuTypeIds', count: 'vgpuCount', item: 'u32', room: 64 },
};

/** Types of vGPU that an instance has room for. */
export function* creatableOn(instance: VgpuGpuInstance): Asking<readonly number[] | Missing> {
  const asked = yield* ask(sample(nvmlGpuInstanceGetCreatableVgpus), instance);
  const memory = asked.memory();
  if (memory === undefined) return NO_INSTANCE.includes(asked.status) ? [] : asked.refusal();
  const at = arrayAt(layouts.nvmlVgpuTypeIdInfo_v1_t);
  return Array.from({ length: filledOf(creatable, memory) }, (_, i) => memory.readUInt32LE(at + 4 * i));
}

/** The GPU instance that a vGPU runs on. */
export const instanceOfVgpu = (vgpu: number): Asking<Reading> =>
  readOne(sample(nvmlVgpuInstanceGetGpuInstanceId, { vgpuInstance: vgpu }), SYSTEM);

/** GPU instances of a GPU as records about them, by their ids. */
const foundInstances = (gpu: Subject, wanted: readonly number[]): Asking<readonly Found[]> =>
  together(
    wanted.map(function* (id): Asking<Found> {
      return { values: { instance: id }, about: yield* gpuInstance(gpu, id) };
    }),
  );

export const ofInstance: Field = {
  names: ['gpu_instance_id'],
  label: 'GPU Instance ID',
  help: 'GPU instance, where it was asked about one.',
  kind: count,
  source: item('instance'),
};

/**
 * A relation with one record of each GPU, or one of each of its GPU instances with these ids. NVML asks about a GPU and about a
 * GPU instance with functions of their own.
 */
export const ofGpuOrInstances = (
  name: string,
  record: string,
  fieldsOf: (which: 'gpu' | 'instance') => readonly Field[],
  wanted?: readonly number[],
): Relation =>
  wanted === undefined
    ? { name, record: `${record} of a GPU`, fields: fieldsOf('gpu') }
    : {
        name,
        record: `${record} of a GPU instance`,
        fields: [ofInstance, ...fieldsOf('instance')],
        find: (gpu) => foundInstances(gpu, wanted),
      };

const HETEROGENEOUS = {
  gpu: sample(nvmlDeviceGetVgpuHeterogeneousMode),
  instance: sample(nvmlGpuInstanceGetVgpuHeterogeneousMode),
} as const;

/** `-ghm`. The label is that of the report; the output of the option was not seen. */
export const heterogeneousModes = (wanted?: readonly number[]): Relation =>
  ofGpuOrInstances(
    'vgpu_heterogeneous_modes',
    'the heterogeneous mode',
    (which) => [
      {
        names: ['heterogeneous_mode'],
        label: 'vGPU Heterogeneous Mode',
        help: 'Whether vGPUs of different sizes may run at the same time.',
        kind: enabled,
        source: from(HETEROGENEOUS[which], 'mode'),
      },
    ],
    wanted,
  );

const canMigrate = derived(
  ['pgpuVirtualizationCaps'],
  (caps) => caps & nvml.NVML_VGPU_PGPU_VIRTUALIZATION_CAP_MIGRATION_YES,
);

/** `-m`: whether vGPUs can move to another GPU, or sleep. The output of the option was not seen. */
export const vgpuMigration: Relation = {
  name: 'vgpu_migration',
  record: 'a GPU',
  fields: [
    {
      names: ['migration'],
      label: 'Migration',
      help: 'Whether vGPUs can move to another GPU.',
      kind: supported,
      source: from(sample(nvmlDeviceGetVgpuMetadata), canMigrate),
    },
  ],
};
