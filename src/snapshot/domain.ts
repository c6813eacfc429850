/** Table: which values the arguments of NVML's reading functions take on a machine. */
import type { Handle, Preset } from '../nvml/call.js';
import { enumValues } from '../nvml/generated/prototypes.js';
import type { HandleKind, Param, StructOptions } from '../nvml/prototype.js';

/** A handle and what a recording calls it. */
export interface Named {
  readonly name: string;
  readonly handle: Handle;
}

export interface SurveyedGpu extends Named {
  readonly links: readonly number[];
  readonly fans: readonly number[];
  readonly memoryClocks: readonly number[];
  readonly gpuInstanceProfiles: readonly number[];
  readonly maxMigDevices: number;
  readonly pids: readonly number[];
  readonly vgpuTypes: readonly number[];
  readonly vgpuInstances: readonly number[];
  readonly uuid: string | undefined;
  readonly serial: string | undefined;
  readonly busIds: readonly string[];
}

export interface SurveyedInstance extends Named {
  readonly id: number;
  readonly gpu: SurveyedGpu;
  readonly computeProfiles: readonly number[];
  readonly computeIds: readonly number[];
}

/** What a machine has: handles to ask about, numbers to ask with. */
export interface SurveyedMachine {
  readonly gpus: readonly SurveyedGpu[];
  readonly migs: readonly (Named & { readonly gpu: SurveyedGpu; readonly uuid: string | undefined })[];
  readonly gpuInstances: readonly SurveyedInstance[];
  readonly computeInstances: readonly Named[];
  readonly units: readonly Named[];
  readonly excluded: number;
  readonly cpus: number;
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** What a call is about: the GPU that its first handle belongs to, and the GPU instance if the handle is one's. */
export interface About {
  readonly gpu?: SurveyedGpu;
  readonly instance?: SurveyedInstance;
}

type Domain = (found: SurveyedMachine, about: About) => readonly (number | string)[];

/** Values by function and parameter, or by parameter alone. Parameters that are enums take the values of the enum. */
const DOMAINS: Readonly<Record<string, Domain>> = {
  'nvmlUnitGetHandleByIndex.index': ({ units }) => upTo(units.length),
  'nvmlGetExcludedDeviceInfoByIndex.index': ({ excluded }) => upTo(excluded),
  'nvmlDeviceGetMigDeviceHandleByIndex.index': (_, { gpu }) => upTo(gpu?.maxMigDevices ?? 0),
  'nvmlDeviceGetGpuInstanceById.id': ({ gpuInstances }, { gpu }) =>
    gpuInstances.filter((instance) => instance.gpu === gpu).map(({ id }) => id),
  'nvmlGpuInstanceGetComputeInstanceById.id': (_, { instance }) => instance?.computeIds ?? [],
  'nvmlUnitGetTemperature.type': () => [0, 1, 2],
  'nvmlGpuInstanceGetComputeInstanceProfileInfo.profile': () => upTo(9),
  'nvmlGpuInstanceGetComputeInstanceProfileInfoV.profile': () => upTo(9),
  'nvmlGpuInstanceGetComputeInstanceRemainingCapacity.profileId': (_, { instance }) =>
    instance?.computeProfiles ?? [],
  'nvmlGpuInstanceGetComputeInstancePossiblePlacements.profileId': (_, { instance }) =>
    instance?.computeProfiles ?? [],
  'nvmlGpuInstanceGetComputeInstances.profileId': (_, { instance }) => instance?.computeProfiles ?? [],
  'nvmlDeviceGetHandleBySerial.serial': ({ gpus }) => unique(gpus.flatMap(({ serial }) => serial ?? [])),
  uuid: ({ gpus, migs }) => [...gpus, ...migs].flatMap(({ uuid }) => uuid ?? []),
  pciBusId: ({ gpus }) => unique(gpus.flatMap(({ busIds }) => busIds)),
  pid: ({ gpus }, { gpu }) => unique((gpu === undefined ? gpus : [gpu]).flatMap(({ pids }) => pids)),
  cpuNumber: ({ cpus }) => upTo(cpus),
  index: ({ gpus }) => upTo(gpus.length),
  link: (_, { gpu }) => gpu?.links ?? [],
  counter: () => [0, 1],
  fan: (_, { gpu }) => gpu?.fans ?? [0],
  memoryClockMHz: (_, { gpu }) => gpu?.memoryClocks ?? [],
  sensorIndex: () => [0, 1, 2, 15],
  scope: () => [0, 1],
  profile: () => upTo(18),
  profileId: (_, { gpu }) => gpu?.gpuInstanceProfiles ?? [],
  engProfile: () => [0],
  lastSeenTimeStamp: () => [0],
  displayIndex: () => [0],
  vgpuTypeId: ({ gpus }) => unique(gpus.flatMap(({ vgpuTypes }) => vgpuTypes)),
  vgpuInstance: ({ gpus }) => unique(gpus.flatMap(({ vgpuInstances }) => vgpuInstances)),
  /** Struct fields. */
  type: () => enumValues.nvmlClockType_t ?? [],
  pstate: () => upTo(16),
  sensorType: () => [0],
  mode: () => [0, 1, 2],
  engineId: () => [1, 2, 3],
};

/** Stand-ins for "unknown" at the end of an enum. */
const UNKNOWNS: Readonly<Record<string, readonly number[]>> = {
  nvmlPstates_t: [32],
  nvmlEncoderType_t: [255],
};

function handlesOf(kind: HandleKind, found: SurveyedMachine): readonly Named[] {
  switch (kind) {
    case 'device':
      return [...found.gpus, ...found.migs];
    case 'gpuInstance':
      return found.gpuInstances;
    case 'computeInstance':
      return found.computeInstances;
    case 'unit':
      return found.units;
    default:
      return [];
  }
}

/** The handles that a parameter takes. A second handle is there to be compared with, and only whole GPUs are compared. */
export function handleDomain(
  param: readonly ['handle', string, HandleKind],
  found: SurveyedMachine,
  first: boolean,
): readonly Named[] {
  return first ? handlesOf(param[2], found) : found.gpus;
}

/** Values of a scalar or string parameter. Throws where no table knows it: a new function needs a row. */
export function valueDomain(
  fn: string,
  param: Param,
  found: SurveyedMachine,
  about: About,
): readonly (number | string)[] {
  const name = param[1];
  const of = param[0] === 'in' ? param[3] : undefined;
  if (of !== undefined) {
    const unknown = UNKNOWNS[of] ?? [];
    return (enumValues[of] ?? []).filter((value) => !unknown.includes(value));
  }
  const domain = DOMAINS[`${fn}.${name}`] ?? DOMAINS[name];
  if (domain === undefined) throw new Error(`${fn}: no values are known for ${name}`);
  return domain(found, about);
}

/** Every way to fill a struct's selectors. */
export function selections(
  fn: string,
  options: StructOptions | undefined,
  found: SurveyedMachine,
  about: About,
): readonly Preset[] {
  return (options?.select ?? []).reduce<readonly Preset[]>(
    (sets, name) =>
      sets.flatMap((set) => {
        const domain = DOMAINS[`${fn}.${name}`] ?? DOMAINS[name];
        if (domain === undefined) throw new Error(`${fn}: no values are known for ${name}`);
        return domain(found, about).map((value) => ({ ...set, [name]: value }));
      }),
    [{}],
  );
}
