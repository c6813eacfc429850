/**
 * Finds the GPUs, MIG devices, instances and units of a machine, and the numbers that questions about them take: links, fans,
 * clocks, profiles, processes.
 */

import {
  type Call,
  call,
  type Driver,
  type Handle,
  handle,
  isOut,
  list,
  struct,
  text,
  u32,
} from '../nvml/call.js';
import { countOf } from '../nvml/counts.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import * as layouts from '../nvml/generated/layouts.js';
import { filledOf, itemSize, LIST_HEAD, readText } from '../nvml/memory.js';
import { ask } from '../nvml/session.js';
import type { Named, SurveyedGpu, SurveyedInstance, SurveyedMachine } from './domain.js';
import type { Recorder } from './recorder.js';

/** Looks for everything that has a handle, and gives each its name. */
export function takeInventory(driver: Driver, recorder: Recorder, cpus: number): SurveyedMachine {
  const named = (name: string, at: Handle): Named => {
    recorder.name(at, name);
    return { name, handle: at };
  };
  const count = (fn: FunctionName): number => counted(driver, fn, call(fn, u32()));
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

/** What a function counts; nothing where it does not, or counts more than there can be. */
function counted(driver: Driver, fn: FunctionName, what: Call): number {
  const { status, memory } = ask(driver, what);
  const counted = countOf(fn, status, memory[0]?.readUInt32LE(0) ?? 0);
  return 'count' in counted ? counted.count : 0;
}

function numberOf(driver: Driver, what: Call): number | undefined {
  const { status, memory } = ask(driver, what);
  const counted = countOf(what.fn, status, status === 0 ? (memory[0]?.readUInt32LE(0) ?? 0) : 0);
  return 'count' in counted ? counted.count : undefined;
}

function textOf(driver: Driver, fn: FunctionName, subject: Handle, length: number): string | undefined {
  const { status, memory } = ask(driver, call(fn, subject, text(length)));
  return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, length) : undefined;
}

/** The items of a list answer; none where it was refused. */
function itemsOf<T>(driver: Driver, what: Call, read: (answer: Buffer, at: number) => T): readonly T[] {
  const { status, memory } = ask(driver, what);
  const [answer] = memory;
  const out = what.args.find(isOut);
  if (status !== 0 || answer === undefined || out?.out !== 'list') return [];
  const size = itemSize(out.item);
  return Array.from({ length: filledOf(out, answer) }, (_, i) => read(answer, LIST_HEAD + i * size));
}

/** The number at the start of each item of a list answer. */
const numbersOf = (driver: Driver, what: Call): readonly number[] =>
  itemsOf(driver, what, (answer, at) => answer.readUInt32LE(at));

/** NVLinks that Hopper has; the driver refuses those that a GPU has not. */
const LINKS = 18;

/** The processes on a GPU, and those that it keeps account of. */
export function pidsOn(driver: Driver, at: Handle): readonly number[] {
  const processes = (
    [
      'nvmlDeviceGetComputeRunningProcesses',
      'nvmlDeviceGetGraphicsRunningProcesses',
      'nvmlDeviceGetMPSComputeRunningProcesses',
    ] as const
  ).flatMap((fn) => {
    const v3 = numbersOf(driver, call(`${fn}_v3`, at, list(layouts.nvmlProcessInfo_t)));
    return v3.length > 0 ? v3 : numbersOf(driver, call(fn, at, list(layouts.nvmlProcessInfo_v1_t)));
  });
  const accounted = numbersOf(driver, call('nvmlDeviceGetAccountingPids', at, list('u32', 128)));
  return [...new Set([...processes, ...accounted])];
}

function lookAt(driver: Driver, named: Named): SurveyedGpu {
  const { handle: at } = named;
  const count = (fn: FunctionName): number => counted(driver, fn, call(fn, at, u32()));
  const fans = count('nvmlDeviceGetNumFans');
  const pci = ask(driver, call('nvmlDeviceGetPciInfo_v3', at, struct(layouts.nvmlPciInfo_t)));
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
    memoryClocks: numbersOf(driver, call('nvmlDeviceGetSupportedMemoryClocks', at, list('u32', 64))),
    gpuInstanceProfiles: Array.from({ length: 18 }, (_, i) =>
      numberOf(driver, call('nvmlDeviceGetGpuInstanceProfileInfo', at, i, profile)),
    ).filter((id) => id !== undefined),
    maxMigDevices: count('nvmlDeviceGetMaxMigDeviceCount'),
    pids: pidsOn(driver, at),
    vgpuTypes: numbersOf(driver, call('nvmlDeviceGetSupportedVgpus', at, list('u32', 64))),
    vgpuInstances: numbersOf(driver, call('nvmlDeviceGetActiveVgpus', at, list('u32', 64))),
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

const handleList = (driver: Driver, what: Call): readonly Handle[] =>
  itemsOf(driver, what, (answer, at) => answer.readBigUInt64LE(at) as Handle);

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
