/** The processes of a GPU with their names, and where on it they are: on all of it, or on one of its MIG devices. */
import { NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { type Asking, read, together, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { type Field, type FieldMetric, item, type RecordValues } from '../field.js';
import { count, type Kind, mebibytesOfProcess, percent, processId, text } from '../kind.js';
import { migDevicesOf } from '../mig/devices.js';
import { computeInstanceId, gpuInstanceId } from '../mig/mig.js';
import { type Engine, ProcessUtilization } from '../monitor/process-utilization.js';
import type { Reading } from '../reading.js';
import type { Found, Relation } from '../relation.js';
import type { ProcessType } from './process-type.js';
import { namesOf, type ProcessNames, processesOf } from './processes.js';

/** A process on a GPU. One that ended meanwhile has no name. */
export type PlacedProcess = {
  readonly gpuInstance: Reading;
  readonly computeInstance: Reading;
  readonly pid: number;
  readonly type: ProcessType;
  readonly name: Reading;
  /** Bytes. */
  readonly usedMemory: Reading;
};

/** A GPU that is not divided, or a MIG device of one that is. */
interface Place {
  readonly subject: Subject;
  readonly gpuInstance: Reading;
  readonly computeInstance: Reading;
}

/** Where processes can be, or why that is not known. */
function* placesOn(gpu: Subject): Asking<readonly Place[] | Missing> {
  if (gpu.status !== 0) return Missing.of(gpu.status);
  const migs = yield* migDevicesOf(gpu);
  if (migs instanceof Missing) return migs;
  if (migs === undefined || migs.length === 0) {
    return [{ subject: gpu, gpuInstance: NOT_SUPPORTED, computeInstance: NOT_SUPPORTED }];
  }
  return yield* together(migs.map(placeOf));
}

function* placeOf(subject: Subject): Asking<Place> {
  const ids = yield* read([want(gpuInstanceId), want(computeInstanceId)], subject);
  const [gpuInstance, computeInstance] = ids as [Reading, Reading];
  return { subject, gpuInstance, computeInstance };
}

/** The processes, or why they cannot be listed: so it is where those of one MIG device cannot. */
export function* gpuProcesses(
  gpu: Subject,
  names: ProcessNames = namesOf,
): Asking<readonly PlacedProcess[] | Missing> {
  const places = yield* placesOn(gpu);
  if (places instanceof Missing) return places;
  const all: PlacedProcess[] = [];
  for (const found of yield* together(places.map((place) => processesAt(place, names)))) {
    if (found instanceof Missing) return found;
    all.push(...found);
  }
  return all;
}

function* processesAt(
  { subject, gpuInstance, computeInstance }: Place,
  namesOf: ProcessNames,
): Asking<readonly PlacedProcess[] | Missing> {
  const found = yield* processesOf(subject);
  if (found instanceof Missing) return found;
  const names = yield* namesOf(found.map(({ pid }) => pid));
  return found.map((process, i) => ({
    gpuInstance,
    computeInstance,
    pid: process.pid,
    type: process.type,
    name: names[i] as Reading,
    usedMemory: process.usedMemory,
  }));
}

const field = (
  name: string,
  value: keyof PlacedProcess,
  kind: Kind,
  help: string,
  metric: FieldMetric | null = null,
): Field => ({ names: [name], help, kind, source: item(value), metric });

/** What a process is, where it runs, and its memory: all that the driver lists of it. */
export const listedFields = {
  gpuInstance: field(
    'gpu_instance_id',
    'gpuInstance',
    count,
    'GPU instance that the process runs on; only with MIG.',
  ),
  computeInstance: field(
    'compute_instance_id',
    'computeInstance',
    count,
    'Compute instance that the process runs on; only with MIG.',
  ),
  pid: field('pid', 'pid', processId, 'Id of the process.'),
  type: field('type', 'type', text, 'C compute, G graphics, C+G both, M+C compute through MPS.'),
  name: field('process_name', 'name', text, 'Name of the process, as it was started.'),
  usedMemory: field(
    'used_gpu_memory',
    'usedMemory',
    mebibytesOfProcess,
    'Memory of the GPU that the process has allocated.',
    { name: 'used_memory' },
  ),
} as const;

/** Found with the process, but only where it is asked for. */
const use = (name: string, engine: Engine, help: string, metric: FieldMetric = {}): Field => ({
  names: [`utilization.${name}`],
  help: `${help}, in the driver's most recent sample.`,
  kind: percent,
  source: { derived: [{ source: item(engine) }], of: (value) => value },
  metric,
});

/** What it uses of the engines, by the names that pmon has for them. */
export const engineUse: Readonly<Record<Engine, Field>> = {
  sm: use('gpu', 'sm', 'Share of time in which a kernel of the process ran', { name: 'utilization.sm' }),
  mem: use('memory', 'mem', 'Share of time in which the process read or wrote memory'),
  enc: use('encoder', 'enc', 'Utilization of the video encoders'),
  dec: use('decoder', 'dec', 'Utilization of the video decoders'),
  jpg: use('jpeg', 'jpg', 'Utilization of the JPEG decoders'),
  ofa: use('ofa', 'ofa', 'Utilization of the optical flow engine'),
};

const NO_SAMPLE = Missing.of(NVML_ERROR_NOT_FOUND);

/** Reads what each process used, or why that is not known. NVML is asked for all samples that it has: no time is remembered. */
function* usesOn(gpu: Subject): Asking<(pid: number) => RecordValues> {
  const utilization = new ProcessUtilization(gpu);
  const uses = yield* utilization.sample();
  const absent = utilization.answered === 0 ? NO_SAMPLE : Missing.of(utilization.answered);
  return (pid) =>
    Object.fromEntries(
      Object.keys(engineUse).map((engine) => [engine, uses.get(pid)?.[engine as Engine] ?? absent]),
    );
}

/** In place of the processes of a GPU or a MIG device: where, and why they cannot be listed. */
const unlistedAt = ({ gpuInstance, computeInstance }: Place, why: Missing): RecordValues => ({
  gpuInstance,
  computeInstance,
  pid: why,
  type: why,
  name: why,
  usedMemory: why,
  ...Object.fromEntries(Object.keys(engineUse).map((engine) => [engine, why])),
});

/** All that runs on a GPU: what computes, what draws, and what computes through MPS. */
export const processes: Relation = {
  name: 'processes',
  record: 'a process on a GPU',
  fields: [...Object.values(listedFields), ...Object.values(engineUse)],
  *find(gpu, asked) {
    const places = yield* placesOn(gpu);
    if (places instanceof Missing) return places;
    const lists = yield* together(places.map((place) => processesAt(place, namesOf)));
    const isUsed =
      Object.values(engineUse).some((one) => asked.has(one)) &&
      lists.some((list) => !(list instanceof Missing) && list.length > 0);
    const useOf = isUsed ? yield* usesOn(gpu) : () => ({});
    return lists.flatMap((list, i): readonly Found[] =>
      list instanceof Missing
        ? [{ values: unlistedAt(places[i] as Place, list) }]
        : list.map((values) => ({ values: { ...values, ...useOf(values.pid) } })),
    );
  },
};
