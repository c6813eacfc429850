/** The GPU instances that vGPUs run on: found by their ids, and what a vGPU host says of them. */
import { call, type Handle, handle, type Out, SUBJECT, struct, u32 } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import * as layouts from '../nvml/generated/layouts.js';
import { arrayAt, filledOf, READ } from '../nvml/memory.js';
import type { Gpu, Session } from '../nvml/session.js';
import type { Missing, Status } from '../nvml/status.js';
import type { Reading } from './bound-probe.js';
import { derived } from './derive.js';
import { enabled, supported } from './kind.js';
import type { Subject } from './plan.js';
import { type Probe, sample } from './probe.js';
import { askProbe } from './read.js';
import type { AskProbe } from './table.js';
import { type Field, lineAt } from './vgpu-lines.js';

/** A GPU instance with its id. Where there is none with that id, every question about it is refused. */
export interface Instance extends Subject {
  readonly id: number;
}

const byId = (id: number): Probe =>
  sample(`GPU instance ${id}`, call('nvmlDeviceGetGpuInstanceById', SUBJECT, id, handle('instance')));

const instanceOf = (asked: ReturnType<AskProbe>, gpu: Subject, id: number): Instance => {
  const memory = asked.memory();
  const found = memory === undefined ? undefined : (READ.ptr(memory, 0) as Handle);
  return { index: gpu.index, id, handle: found, status: asked.status };
};

export const gpuInstance = (session: Session, gpu: Gpu, id: number): Instance =>
  instanceOf(askProbe(session, byId(id), gpu), gpu, id);

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
export function allInstances(gpu: Subject, ask: AskProbe): readonly Instance[] | Missing {
  const instances: Instance[] = [];
  for (let id = 0; id < IDS; id++) {
    const asked = ask(byId(id));
    if (asked.status === 0) instances.push(instanceOf(asked, gpu, id));
    else if (!NO_INSTANCE.includes(asked.status)) return asked.refusal();
  }
  return instances;
}

const creatable: Out = {
  out: 'struct',
  layout: layouts.nvmlVgpuTypeIdInfo_v1_t,
  set: { version: nvml.nvmlVgpuTypeIdInfo_v1 },
  array: { field: 'vgpuTypeIds', count: 'vgpuCount', item: 'u32', room: 64 },
};

/** Types of vGPU that an instance has room for. */
export function creatableOn(session: Session, instance: Instance): readonly number[] | Missing {
  const probe = sample('creatable vGPU types', call('nvmlGpuInstanceGetCreatableVgpus', SUBJECT, creatable));
  const asked = askProbe(session, probe, instance);
  const memory = asked.memory();
  if (memory === undefined) return NO_INSTANCE.includes(asked.status) ? [] : asked.refusal();
  const at = arrayAt(layouts.nvmlVgpuTypeIdInfo_v1_t);
  return Array.from({ length: filledOf(creatable, memory) }, (_, i) => memory.readUInt32LE(at + 4 * i));
}

/** The GPU instance that a vGPU runs on. */
export const instanceOfVgpu = (session: Session, vgpu: number): Reading =>
  askProbe(
    session,
    sample(`vGPU ${vgpu} GPU instance`, call('nvmlVgpuInstanceGetGpuInstanceId', vgpu, u32())),
  ).read('value');

const mode = { version: nvml.nvmlVgpuHeterogeneousMode_v1 };
const HETEROGENEOUS = {
  gpu: sample(
    'vGPU heterogeneous mode',
    call('nvmlDeviceGetVgpuHeterogeneousMode', SUBJECT, struct(layouts.nvmlVgpuHeterogeneousMode_v1_t, mode)),
  ),
  instance: sample(
    'vGPU heterogeneous mode',
    call(
      'nvmlGpuInstanceGetVgpuHeterogeneousMode',
      SUBJECT,
      struct(layouts.nvmlVgpuHeterogeneousMode_v1_t, mode),
    ),
  ),
} as const;

/** `-ghm`. The label is that of the report; the output of the option was not seen. */
export const heterogeneousLines = (
  session: Session,
  of: Subject,
  which: keyof typeof HETEROGENEOUS,
): readonly Field[] => [
  lineAt(
    1,
    'heterogeneous_mode',
    'vGPU Heterogeneous Mode',
    enabled,
    askProbe(session, HETEROGENEOUS[which], of).read('mode'),
  ),
];

/** Bytes of a GPU's metadata behind its head. */
const METADATA_ROOM = 4096;

const metadata = sample(
  'vGPU metadata',
  call('nvmlDeviceGetVgpuMetadata', SUBJECT, {
    out: 'struct',
    layout: layouts.nvmlVgpuPgpuMetadata_t,
    room: METADATA_ROOM,
  }),
);

/** `-m`: whether vGPUs can move to another GPU, or sleep. The output of the option was not seen. */
export const migrationLines = (session: Session, gpu: Subject): readonly Field[] => [
  lineAt(
    1,
    'migration',
    'Migration',
    supported,
    askProbe(session, metadata, gpu).pick(
      derived(
        ['pgpuVirtualizationCaps'],
        (caps) => caps & nvml.NVML_VGPU_PGPU_VIRTUALIZATION_CAP_MIGRATION_YES,
      ),
    )(),
  ),
];
