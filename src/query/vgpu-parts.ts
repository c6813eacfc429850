/** Table: what the JSON of `vgpu` has of each thing that it lists. Longer than logic may be. */
import { type Field, item } from './field.js';
import {
  count,
  enabled,
  type Kind,
  mebibytes,
  microseconds,
  number,
  percent,
  processId,
  supported,
  text,
} from './kind.js';
import { gpmMetrics } from './monitor/gpm.js';
import type { Relation } from './relation.js';
import { encoderSessions, fbcSessions } from './sessions.js';
import { adaptive, engines, policies } from './vgpu-scheduler.js';

const field = (name: string, kind: Kind, help: string): Field => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

const framesPerSecond = number('FPS');
const nanoseconds = number('ns');
const hertz = number('Hz');

const vgpuInstance = field('vgpu_instance', count, 'Number of the vGPU.');
const typeId = field('type_id', count, 'Number of the type.');
const typeName = field('type_name', text, 'Name of the type.');
const frameRateLimit = field('frame_rate_limit', framesPerSecond, 'Maximum frame rate.');
const gpuInstance = field('gpu_instance_id', count, 'GPU instance, where it was asked about one.');
const total = field('memory.total', mebibytes, 'Memory of a vGPU.');
const pid = field('pid', processId, 'Id of the process in the virtual machine.');

const utilization = [
  field('utilization.gpu', percent, 'Share of time in which a kernel of it ran.'),
  field('utilization.memory', percent, 'Share of time in which it read or wrote memory.'),
  field('utilization.encoder', percent, 'Use of the video encoders.'),
  field('utilization.decoder', percent, 'Use of the video decoders.'),
];

const stats = (of: string): readonly Field[] => [
  field(`${of}.stats.sessionCount`, count, 'Number of its sessions.'),
  field(`${of}.stats.averageFps`, count, 'Frames a second of its sessions, as a moving average.'),
  field(`${of}.stats.averageLatency`, microseconds, 'Latency of its sessions in us, as a moving average.'),
];

const types = [
  typeId,
  typeName,
  field('class', text, 'Class of the type: NVS, Quadro, Compute.'),
  field('gpu_instance_profile_id', count, 'GPU instance profile that the type needs.'),
  field('max_instances', count, 'How many the GPU can run.'),
  field('max_instances_per_vm', count, 'How many a virtual machine can have.'),
  field('device_id', text, 'PCI device id, hexadecimal.'),
  field('subsystem_id', text, 'PCI subsystem id, hexadecimal.'),
  total,
  field('display_heads', count, 'Number of displays.'),
  field('max_x_resolution', count, 'Maximum horizontal resolution in pixels.'),
  field('max_y_resolution', count, 'Maximum vertical resolution in pixels.'),
  frameRateLimit,
  field('license', text, 'Licenses that allow the type.'),
];

const state = [
  field('scheduler_policy', policies, 'Best Effort, Equal Share or Fixed Share.'),
  field('arr_mode', adaptive, 'Adaptive round robin: Default, Disabled or Enabled.'),
  field('time_slice', nanoseconds, 'Time slice of a vGPU.'),
  field('avg_factor', count, 'Average factor of the adaptive round robin.'),
];

/** What always is there: all but `sometimes`. */
interface VgpuPart extends Relation {
  readonly sometimes: readonly Field[];
}

const part = (
  name: string,
  record: string,
  always: readonly Field[],
  sometimes: readonly Field[] = [],
): VgpuPart => ({ name, record, fields: [...always, ...sometimes], sometimes });

export const vgpuParts: readonly VgpuPart[] = [
  part(
    'vgpus',
    'a vGPU that runs',
    [vgpuInstance],
    [
      field('vm_id', text, 'UUID or domain id of the virtual machine.'),
      field('vm_name', text, 'Null: NVML has no function for it.'),
      typeName,
      typeId,
      field('uuid', text, 'UUID of the vGPU.'),
      field('mdev_uuid', text, 'UUID of the mediated device, where there is one.'),
      field('guest_driver_version', text, 'Driver in the virtual machine.'),
      field('license_status', text, 'License, and when it ends.'),
      field('gpu_instance_id', count, 'GPU instance that it runs on.'),
      field('placement_id', count, 'Place in the memory of the GPU.'),
      field('accounting.mode', enabled, 'Whether processes are accounted.'),
      field('ecc.mode.current', enabled, 'Whether ECC is on.'),
      field('accounting.buffer_size', count, 'Number of processes that the accounting remembers.'),
      frameRateLimit,
      field('pci.bus_id', text, 'PCI address in the virtual machine.'),
      total,
      field('memory.used', mebibytes, 'Memory that is used.'),
      field('memory.free', mebibytes, 'Memory that is free.'),
      ...utilization,
      ...stats('encoder'),
      ...stats('fbc'),
    ],
  ),
  part('supported_types', 'a type of vGPU that the GPU supports', types),
  part('creatable_types', 'a type of vGPU that the GPU has room for', types),
  part('utilization', 'a vGPU that runs', [
    vgpuInstance,
    ...utilization,
    field('utilization.jpeg', percent, 'Use of the JPEG decoders.'),
    field('utilization.ofa', percent, 'Use of the optical flow engine.'),
  ]),
  part('processes', 'a process in a vGPU', [
    vgpuInstance,
    pid,
    field('process_name', text, 'Name of the process.'),
    ...utilization,
  ]),
  part('encoder_sessions', 'an encoder session in a vGPU', [vgpuInstance, ...encoderSessions.fields]),
  part('fbc_sessions', 'a frame buffer capture session in a vGPU', [vgpuInstance, ...fbcSessions.fields]),
  part('schedulers', 'the scheduler of a GPU or a GPU instance', state, [gpuInstance]),
  part(
    'scheduler_logs',
    'a turn of a software runlist',
    [
      field('engine_id', engines, 'Graphics, NVENC0 or NVENC1.'),
      ...state,
      field('sw_runlist_id', count, 'Software runlist that had the turn.'),
      field('time_stamp', nanoseconds, 'When the turn ended.'),
      field('cumulative_run_time', nanoseconds, 'Time of all turns of the runlist.'),
      field('previous_timeslice_runtime', nanoseconds, 'Time of this turn.'),
      field('target_time_slice', nanoseconds, 'Time that this turn should have had.'),
      field('cumulative_preempt_time', nanoseconds, 'Time that ending the turns of the runlist took.'),
    ],
    [gpuInstance],
  ),
  part('scheduler_capabilities', 'the capabilities of the scheduler of a GPU', [
    field('supported_policies', text, 'Names of the policies, between commas.'),
    field('max_time_slice', nanoseconds, 'Maximum time slice.'),
    field('min_time_slice', nanoseconds, 'Minimum time slice.'),
    field('arr_mode.supported', supported, 'Whether there is adaptive round robin.'),
    field('max_frequency', hertz, 'Maximum frequency of the adaptive round robin.'),
    field('min_frequency', hertz, 'Minimum frequency of the adaptive round robin.'),
    field('max_avg_factor', count, 'Maximum average factor of the adaptive round robin.'),
    field('min_avg_factor', count, 'Minimum average factor of the adaptive round robin.'),
  ]),
  part('migration', 'a GPU', [field('migration', supported, 'Whether vGPUs can move to another GPU.')]),
  part(
    'heterogeneous_modes',
    'a GPU or a GPU instance',
    [field('heterogeneous_mode', enabled, 'Whether vGPUs of several sizes may run at the same time.')],
    [gpuInstance],
  ),
  part(
    'gpm',
    'a vGPU that runs',
    [
      vgpuInstance,
      field('device', count, 'Number of the MIG device among those of its GPU.'),
      field('gpu_instance_id', count, 'Number of the GPU instance.'),
      field('compute_instance_id', count, 'Number of the compute instance.'),
    ],
    gpmMetrics.map(({ field: metric }) => metric),
  ),
];
