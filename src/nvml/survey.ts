/** Asks a machine everything that can be asked without changing it, and records the answers. */

import {
  type Arg,
  type Call,
  call,
  type Driver,
  type FieldId,
  type Handle,
  handle,
  list,
  type Preset,
  SUBJECT,
  struct,
  text,
  u32,
} from './call.js';
import {
  type About,
  type Found,
  handleDomain,
  type Named,
  type SurveyedGpu,
  type SurveyedInstance,
  selections,
  valueDomain,
} from './domain.js';
import { surveyedFields } from './field-scopes.js';
import type { FunctionName } from './generated/functions.js';
import * as layouts from './generated/layouts.js';
import { changing, prototypes } from './generated/prototypes.js';
import { LIST_HEAD, readText } from './memory.js';
import { outOf } from './prepare.js';
import type { Param, Prototype } from './prototype.js';
import { Recorder } from './recorder.js';
import { ask } from './session.js';
import type { Snapshot } from './snapshot.js';

/**
 * Functions that only read but are not recorded: certificates and reports are identities, error records
 * belong to the whole host, and the last three need answers of a vGPU host, samples or privileges.
 */
const NOT_RECORDED: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'nvmlDeviceGetConfComputeGpuCertificate',
  'nvmlDeviceGetConfComputeGpuAttestationReport',
  'nvmlSystemGetCPER_v1',
  'nvmlGetVgpuCompatibility',
  'nvmlGpmMetricsGet',
  'nvmlDeviceReadPRMCounters_v1',
]);

/** Given structs that no domain makes: how the functions that want them are asked about a GPU. */
const GIVEN: Readonly<Partial<Record<FunctionName, (gpu: SurveyedGpu) => Preset | undefined>>> = {
  /** NVML_UUID_TYPE_ASCII */
  nvmlDeviceGetHandleByUUIDV: ({ uuid }) => (uuid === undefined ? undefined : { type: 1, 'value.str': uuid }),
  nvmlDeviceQueryDrainState: ({ busIds }) => (busIds[0] === undefined ? undefined : pciPreset(busIds[0])),
};

/** A bus id as the fields of nvmlPciInfo_t that NVML looks at. */
export function pciPreset(busId: string): Preset {
  const [, domain = '0', bus = '0', device = '0'] =
    /^([0-9a-f]+):([0-9a-f]+):([0-9a-f]+)\./i.exec(busId) ?? [];
  const number = (hex: string): number => Number.parseInt(hex, 16);
  return { domain: number(domain), bus: number(bus), device: number(device), busId };
}

export interface SurveyOptions {
  /** Calls beside NVML's own list, e.g. of probes with particular arguments. Asked about every GPU and MIG device. */
  readonly extraCalls?: readonly Call[];
  /** Field ids with scopes beside the known ones. */
  readonly extraFields?: readonly FieldId[];
  /** CPUs of the machine, for nvmlSystemGetTopologyGpuSet. */
  readonly cpus?: number;
}

/** The answers of an initialised NVML, by function and arguments. */
export function survey(driver: Driver, options: SurveyOptions = {}): Snapshot['calls'] {
  const recorder = new Recorder(driver);
  const found = find(driver, recorder, options.cpus ?? 0);
  recorder.keep('nvmlInit_v2', '', []);
  recorder.keep('nvmlInitWithFlags', '0', []);
  recorder.keep('nvmlShutdown', '', []);
  for (const fn of Object.keys(prototypes) as FunctionName[]) {
    if (changing.has(fn) || NOT_RECORDED.has(fn)) continue;
    if (fn === 'nvmlDeviceGetFieldValues') recordFields(recorder, found, options.extraFields ?? []);
    else for (const args of argumentLists(fn, found)) recorder.record({ fn, args });
  }
  for (const extra of options.extraCalls ?? []) {
    const subjects = extra.args.includes(SUBJECT) ? [...found.gpus, ...found.migs] : [undefined];
    for (const subject of subjects) recorder.record(extra, subject?.handle);
  }
  return recorder.result();
}

/** Every list of arguments that a function is asked with. */
function argumentLists(fn: FunctionName, found: Found): readonly (readonly Arg[])[] {
  const prototype = prototypes[fn];
  const given = GIVEN[fn];
  if (given !== undefined) {
    return found.gpus.flatMap((gpu) => {
      const set = given(gpu);
      return set === undefined
        ? []
        : [prototype.map((param) => outOf(param, isGiven(param) ? set : {}) as Arg)];
    });
  }
  return extend(fn, prototype, found, {}, true);
}

const isGiven = (param: Param): boolean => param[0] === 'struct' && param[3]?.role === 'in';

/** The arguments for the first parameter, each with all arguments for the rest. */
function extend(
  fn: FunctionName,
  prototype: Prototype,
  found: Found,
  about: About,
  first: boolean,
): readonly (readonly Arg[])[] {
  const [param, ...rest] = prototype;
  if (param === undefined) return [[]];
  const tails = (arg: Arg, who: About): readonly (readonly Arg[])[] =>
    extend(fn, rest, found, who, false).map((tail) => [arg, ...tail]);
  switch (param[0]) {
    case 'handle':
      return handleDomain(param, found, first).flatMap((named) =>
        tails(named.handle, first ? aboutOf(named, found) : about),
      );
    case 'in':
    case 'string':
      return valueDomain(fn, param, found, about).flatMap((value) => tails(value, about));
    case 'fixed':
      return tails(param[2], about);
    case 'struct':
      return selections(fn, param[3], found, about).flatMap((set) => tails(outOf(param, set) as Arg, about));
    default:
      return tails(outOf(param) as Arg, about);
  }
}

function aboutOf(named: Named, found: Found): About {
  const instance = found.gpuInstances.find((i) => i === named);
  const gpu =
    instance?.gpu ?? found.gpus.find((g) => g === named) ?? found.migs.find((m) => m === named)?.gpu;
  return { ...(gpu === undefined ? {} : { gpu }), ...(instance === undefined ? {} : { instance }) };
}

/** One id a call: in a call with many the driver leaves some untouched (H100 and H200, 580.159.04). */
function recordFields(recorder: Recorder, found: Found, extra: readonly FieldId[]): void {
  for (const subject of [...found.gpus, ...found.migs]) {
    const links = 'links' in subject ? subject.links : [];
    for (const id of [...surveyedFields(links), ...extra]) {
      recorder.record(
        call('nvmlDeviceGetFieldValues', SUBJECT, { out: 'fields', ids: [id] }),
        subject.handle,
      );
    }
  }
}

/** Looks for everything that has a handle, and gives each its name. */
function find(driver: Driver, recorder: Recorder, cpus: number): Found {
  const named = (name: string, at: Handle): Named => {
    recorder.name(at, name);
    return { name, handle: at };
  };
  const count = (fn: FunctionName): number => numberOf(driver, call(fn, u32())) ?? 0;
  const units = handles(driver, count('nvmlUnitGetCount'), (i) =>
    call('nvmlUnitGetHandleByIndex', i, handle()),
  );
  const devices = handles(driver, count('nvmlDeviceGetCount_v2'), (i) =>
    call('nvmlDeviceGetHandleByIndex_v2', i, handle()),
  );
  const gpus = devices.map(([i, at]) => lookAt(driver, named(`gpu${i}`, at)));
  const migs = gpus.flatMap((gpu) =>
    handles(driver, gpu.maxMigDevices, (i) =>
      call('nvmlDeviceGetMigDeviceHandleByIndex', gpu.handle, i, handle()),
    ).map(([i, at]) => ({
      ...named(`${gpu.name}/mig${i}`, at),
      gpu,
      uuid: textOf(driver, 'nvmlDeviceGetUUID', at, 96),
    })),
  );
  const gpuInstances = gpus.flatMap((gpu) => instancesOf(driver, gpu, named));
  const computeInstances = gpuInstances.flatMap(({ instance, compute }) =>
    compute.map(([id, at]) => named(`${instance.name}/ci${id}`, at)),
  );
  return {
    gpus,
    migs,
    gpuInstances: gpuInstances.map(({ instance }) => instance),
    computeInstances,
    units: units.map(([i, at]) => named(`unit${i}`, at)),
    excluded: count('nvmlGetExcludedDeviceCount'),
    cpus,
  };
}

type Numbered = readonly [index: number, handle: Handle];

function handles(driver: Driver, count: number, what: (index: number) => Call): readonly Numbered[] {
  return Array.from({ length: count }, (_, i): readonly Numbered[] => {
    const { status, memory } = ask(driver, what(i));
    return status === 0 ? [[i, memory[0]?.readBigUInt64LE(0) as Handle]] : [];
  }).flat();
}

function numberOf(driver: Driver, what: Call): number | undefined {
  const { status, memory } = ask(driver, what);
  return status === 0 ? memory[0]?.readUInt32LE(0) : undefined;
}

function textOf(driver: Driver, fn: FunctionName, subject: Handle, length: number): string | undefined {
  const { status, memory } = ask(driver, call(fn, subject, text(length)));
  return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, length) : undefined;
}

/** Numbers at an offset of each item of a list answer; none where it was refused. */
function numbersOf(driver: Driver, what: Call, size: number): readonly number[] {
  const { status, memory } = ask(driver, what);
  const [answer] = memory;
  if (status !== 0 || answer === undefined) return [];
  return Array.from({ length: answer.readUInt32LE(0) }, (_, i) => answer.readUInt32LE(LIST_HEAD + i * size));
}

/** NVLinks that Hopper has; the driver refuses those that a GPU has not. */
const LINKS = 18;

function lookAt(driver: Driver, named: Named): SurveyedGpu {
  const { handle: at } = named;
  const fans = numberOf(driver, call('nvmlDeviceGetNumFans', at, u32())) ?? 0;
  const pci = ask(driver, call('nvmlDeviceGetPciInfo_v3', at, struct(layouts.nvmlPciInfo_t)));
  const processes = (
    [
      'nvmlDeviceGetComputeRunningProcesses',
      'nvmlDeviceGetGraphicsRunningProcesses',
      'nvmlDeviceGetMPSComputeRunningProcesses',
    ] as const
  ).flatMap((fn) => {
    const v3 = numbersOf(
      driver,
      call(`${fn}_v3`, at, list(layouts.nvmlProcessInfo_t)),
      layouts.nvmlProcessInfo_t.size,
    );
    const { size } = layouts.nvmlProcessInfo_v1_t;
    return v3.length > 0 ? v3 : numbersOf(driver, call(fn, at, list(layouts.nvmlProcessInfo_v1_t)), size);
  });
  const accounted = numbersOf(driver, call('nvmlDeviceGetAccountingPids', at, list('u32', 128)), 4);
  const profile = struct(layouts.nvmlGpuInstanceProfileInfo_t);
  const busIds =
    pci.status === 0 && pci.memory[0] !== undefined
      ? [
          readText(pci.memory[0], layouts.nvmlPciInfo_t.fields.busId[1], 32),
          readText(pci.memory[0], layouts.nvmlPciInfo_t.fields.busIdLegacy[1], 16),
        ]
      : [];
  return {
    ...named,
    links: Array.from({ length: LINKS }, (_, i) => i),
    fans: Array.from({ length: Math.max(1, fans) }, (_, i) => i),
    memoryClocks: numbersOf(driver, call('nvmlDeviceGetSupportedMemoryClocks', at, list('u32', 64)), 4),
    gpuInstanceProfiles: Array.from({ length: 18 }, (_, i) =>
      numberOf(driver, call('nvmlDeviceGetGpuInstanceProfileInfo', at, i, profile)),
    ).filter((id) => id !== undefined),
    maxMigDevices: numberOf(driver, call('nvmlDeviceGetMaxMigDeviceCount', at, u32())) ?? 0,
    pids: [...new Set([...processes, ...accounted])],
    vgpuTypes: numbersOf(driver, call('nvmlDeviceGetSupportedVgpus', at, list('u32', 64)), 4),
    vgpuInstances: numbersOf(driver, call('nvmlDeviceGetActiveVgpus', at, list('u32', 64)), 4),
    uuid: textOf(driver, 'nvmlDeviceGetUUID', at, 96),
    serial: textOf(driver, 'nvmlDeviceGetSerial', at, 30),
    busIds,
  };
}

interface Instances {
  readonly instance: SurveyedInstance;
  readonly compute: readonly Numbered[];
}

function instancesOf(
  driver: Driver,
  gpu: SurveyedGpu,
  named: (name: string, at: Handle) => Named,
): readonly Instances[] {
  const seen = new Set<number>();
  return gpu.gpuInstanceProfiles.flatMap((profile) =>
    handleList(driver, call('nvmlDeviceGetGpuInstances', gpu.handle, profile, handleItems)).flatMap((at) => {
      const id = instanceId(driver, 'nvmlGpuInstanceGetInfo', at, layouts.nvmlGpuInstanceInfo_t);
      if (id === undefined || seen.has(id)) return [];
      seen.add(id);
      const who = named(`${gpu.name}/gi${id}`, at);
      const profiles = computeProfiles(driver, at);
      const compute = profiles.flatMap((ci) =>
        handleList(driver, call('nvmlGpuInstanceGetComputeInstances', at, ci, handleItems)).flatMap(
          (c): Numbered[] => {
            const ciId = instanceId(
              driver,
              'nvmlComputeInstanceGetInfo_v2',
              c,
              layouts.nvmlComputeInstanceInfo_t,
            );
            return ciId === undefined ? [] : [[ciId, c]];
          },
        ),
      );
      const computeIds = compute.map(([ciId]) => ciId);
      return [{ instance: { ...who, id, gpu, computeProfiles: profiles, computeIds }, compute }];
    }),
  );
}

const handleItems = { out: 'list', item: 'ptr', capacity: 32, arrayFirst: true } as const;

function handleList(driver: Driver, what: Call): readonly Handle[] {
  const { status, memory } = ask(driver, what);
  const [answer] = memory;
  if (status !== 0 || answer === undefined) return [];
  return Array.from(
    { length: answer.readUInt32LE(0) },
    (_, i) => answer.readBigUInt64LE(LIST_HEAD + i * 8) as Handle,
  );
}

function instanceId(
  driver: Driver,
  fn: 'nvmlGpuInstanceGetInfo' | 'nvmlComputeInstanceGetInfo_v2',
  at: Handle,
  layout: typeof layouts.nvmlGpuInstanceInfo_t | typeof layouts.nvmlComputeInstanceInfo_t,
): number | undefined {
  const { status, memory } = ask(driver, call(fn, at, struct(layout)));
  return status === 0 ? memory[0]?.readUInt32LE(layout.fields.id[1]) : undefined;
}

function computeProfiles(driver: Driver, instance: Handle): readonly number[] {
  const info = struct(layouts.nvmlComputeInstanceProfileInfo_t);
  return Array.from({ length: 9 }, (_, i) =>
    numberOf(driver, call('nvmlGpuInstanceGetComputeInstanceProfileInfo', instance, i, 0, info)),
  ).filter((id) => id !== undefined);
}
