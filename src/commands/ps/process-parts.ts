/** Table: what the JSON of `ps` and `top` has. */
import { type Field, item, nameOf } from '../../query/field.js';
import { gpuRow } from '../../query/gpu-fields.js';
import { identity } from '../../query/identity.js';
import { count, type Kind, mebibytes, percent, text, timestamp } from '../../query/kind.js';
import { migDevices } from '../../query/mig/mig.js';
import { gpmFields, METRICS } from '../../watch/gpu-metrics.js';
import { processFields } from '../../watch/process-columns.js';
import { GROUPINGS } from '../../watch/process-sums.js';
import type { JsonPart } from '../command.js';

const field = (name: string, help: string, kind: Kind = text): Field => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

const list = (
  name: string,
  of: string,
  fields: readonly Field[],
  isAlways = true,
  required: readonly Field[] = fields,
): JsonPart => ({ name, of, isList: true, isAlways, fields, required });

const processes = (isAlways: boolean): JsonPart =>
  list('processes', 'a process on a GPU', processFields, isAlways);

const keys = Object.values(GROUPINGS).map((name) =>
  field(name, 'What the processes share; null if they share nothing, or it is unknown.'),
);
const sums = [
  field('processes', 'Number of processes.', count),
  field('gpus', 'Indexes of the GPUs, between commas.'),
  field('utilization.gpu', 'Sum of the shares of time in which a kernel of them ran.', percent),
  field('used_gpu_memory', 'Sum of the memory on GPUs.', mebibytes),
  field('cpu', 'Sum of the shares of CPUs.', percent),
  field('host_memory', 'Sum of the memory of the host.', mebibytes),
];

export const psParts: readonly JsonPart[] = [
  processes(false),
  list('sums', 'a user, a container, a pod or a Slurm job', [...keys, ...sums], false, sums),
  list('gpus', 'a GPU', [
    identity.gpu,
    identity.uuid,
    identity.name,
    gpuRow('memory.used'),
    field('processes', 'Number of processes that NVML lists.', count),
    field('unaccounted_memory', 'Memory in use that no listed process accounts for.', mebibytes),
    field('utilization_time', 'When the most recent sample of process utilization was taken.', timestamp),
  ]),
  list('device_holders', 'a process that has a device file of a GPU open', [
    field('pid', 'Id of the process.', count),
    field('devices', 'The device files, between commas.'),
  ]),
  list('hidden', 'something that cannot be seen', [
    field('what', 'What cannot be seen.'),
    field('remedy', 'What to do; empty where nothing can be done.'),
  ]),
];

const metrics = METRICS.map(gpuRow);
const OF_MIG = ['gpu_instance_id', 'compute_instance_id', 'profile', 'memory.used', 'memory.total'];

export const topParts: readonly JsonPart[] = [
  {
    name: 'system',
    of: 'the machine',
    isList: false,
    isAlways: true,
    fields: [gpuRow('timestamp'), gpuRow('driver_version')],
    required: [gpuRow('timestamp'), gpuRow('driver_version')],
  },
  list('gpus', 'a GPU', [identity.gpu, identity.uuid, identity.name, ...metrics, ...gpmFields]),
  list('mig_devices', migDevices.record, [
    identity.gpu,
    ...migDevices.fields.filter((one) => OF_MIG.includes(nameOf(one))),
  ]),
  processes(true),
];
