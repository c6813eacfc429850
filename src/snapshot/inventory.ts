/**
 * Finds the GPUs, MIG devices, instances and units of a machine, and the numbers that questions about them take: links, fans,
 * clocks, profiles, processes.
 */

import { type Call, type Driver, type Handle, isOut } from '../nvml/call.js';
import { callOf } from '../nvml/call-of.js';
import { countOf } from '../nvml/counts.js';
import type { Entry } from '../nvml/entry.js';
import * as nvml from '../nvml/generated/entries.js';
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
  const count = (entry: Entry): number => counted(driver, callOf(entry));
  const units = handles(driver, count(nvml.nvmlUnitGetCount), (i) =>
    callOf(nvml.nvmlUnitGetHandleByIndex, { index: i }),
  );
  const devices = handles(driver, count(nvml.nvmlDeviceGetCount_v2), (i) =>
    callOf(nvml.nvmlDeviceGetHandleByIndex_v2, { index: i }),
  );
  const gpus = devices.map(([i, at]) => lookAt(driver, named(`gpu${i}`, at)));
  const migs = gpus.flatMap((gpu) =>
    handles(driver, gpu.maxMigDevices, (i) =>
      callOf(nvml.nvmlDeviceGetMigDeviceHandleByIndex, { device: gpu.handle, index: i }),
    ).map(([i, at]) => ({
      ...named(`${gpu.name}/mig${i}`, at),
      gpu,
      uuid: textOf(driver, nvml.nvmlDeviceGetUUID, at),
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
    excluded: count(nvml.nvmlGetExcludedDeviceCount),
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
function counted(driver: Driver, what: Call): number {
  const { status, memory } = ask(driver, what);
  const counted = countOf(what.fn, status, memory[0]?.readUInt32LE(0) ?? 0);
  return 'count' in counted ? counted.count : 0;
}

function numberOf(driver: Driver, what: Call): number | undefined {
  const { status, memory } = ask(driver, what);
  const counted = countOf(what.fn, status, status === 0 ? (memory[0]?.readUInt32LE(0) ?? 0) : 0);
  return 'count' in counted ? counted.count : undefined;
}

function textOf(driver: Driver, entry: Entry, device: Handle): string | undefined {
  const { status, memory } = ask(driver, callOf(entry, { device }));
  return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, memory[0].length) : undefined;
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

/** The functions that list the processes on a GPU, each with the older one that is asked where it lists none. */
const PROCESS_LISTS = [
  [nvml.nvmlDeviceGetComputeRunningProcesses_v3, nvml.nvmlDeviceGetComputeRunningProcesses],
  [nvml.nvmlDeviceGetGraphicsRunningProcesses_v3, nvml.nvmlDeviceGetGraphicsRunningProcesses],
  [nvml.nvmlDeviceGetMPSComputeRunningProcesses_v3, nvml.nvmlDeviceGetMPSComputeRunningProcesses],
] as const;

/** The processes on a GPU, and those that it keeps account of. */
export function pidsOn(driver: Driver, device: Handle): readonly number[] {
  const pids = (entry: Entry): readonly number[] => numbersOf(driver, callOf(entry, { device }));
  const processes = PROCESS_LISTS.flatMap(([newest, older]) => {
    const found = pids(newest);
    return found.length > 0 ? found : pids(older);
  });
  return [...new Set([...processes, ...pids(nvml.nvmlDeviceGetAccountingPids)])];
}

function lookAt(driver: Driver, named: Named): SurveyedGpu {
  const { handle: at } = named;
  const count = (entry: Entry): number => counted(driver, callOf(entry, { device: at }));
  const numbers = (entry: Entry): readonly number[] => numbersOf(driver, callOf(entry, { device: at }));
  const fans = count(nvml.nvmlDeviceGetNumFans);
  const pci = ask(driver, callOf(nvml.nvmlDeviceGetPciInfo_v3, { device: at }));
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
    memoryClocks: numbers(nvml.nvmlDeviceGetSupportedMemoryClocks),
    gpuInstanceProfiles: Array.from({ length: 18 }, (_, profile) =>
      numberOf(driver, callOf(nvml.nvmlDeviceGetGpuInstanceProfileInfo, { device: at, profile })),
    ).filter((id) => id !== undefined),
    maxMigDevices: count(nvml.nvmlDeviceGetMaxMigDeviceCount),
    pids: pidsOn(driver, at),
    vgpuTypes: numbers(nvml.nvmlDeviceGetSupportedVgpus),
    vgpuInstances: numbers(nvml.nvmlDeviceGetActiveVgpus),
    uuid: textOf(driver, nvml.nvmlDeviceGetUUID, at),
    serial: textOf(driver, nvml.nvmlDeviceGetSerial, at),
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
  return gpu.gpuInstanceProfiles.flatMap((profileId) =>
    handleList(driver, callOf(nvml.nvmlDeviceGetGpuInstances, { device: gpu.handle, profileId })).flatMap(
      (at) => {
        const id = idIn(
          driver,
          callOf(nvml.nvmlGpuInstanceGetInfo, { gpuInstance: at }),
          layouts.nvmlGpuInstanceInfo_t,
        );
        if (id === undefined || seen.has(id)) return [];
        seen.add(id);
        const who = named(`${gpu.name}/gi${id}`, at);
        const profiles = computeProfiles(driver, at);
        const compute = profiles.flatMap((profileId) =>
          handleList(
            driver,
            callOf(nvml.nvmlGpuInstanceGetComputeInstances, { gpuInstance: at, profileId }),
          ).flatMap((computeInstance): Numbered[] => {
            const info = callOf(nvml.nvmlComputeInstanceGetInfo_v2, { computeInstance });
            const ciId = idIn(driver, info, layouts.nvmlComputeInstanceInfo_t);
            return ciId === undefined ? [] : [[ciId, computeInstance]];
          }),
        );
        const computeIds = compute.map(([ciId]) => ciId);
        return [{ instance: { ...who, id, gpu, computeProfiles: profiles, computeIds }, compute }];
      },
    ),
  );
}

const handleList = (driver: Driver, what: Call): readonly Handle[] =>
  itemsOf(driver, what, (answer, at) => answer.readBigUInt64LE(at) as Handle);

/** The id in what an instance says of itself. */
function idIn(
  driver: Driver,
  info: Call,
  layout: typeof layouts.nvmlGpuInstanceInfo_t | typeof layouts.nvmlComputeInstanceInfo_t,
): number | undefined {
  const { status, memory } = ask(driver, info);
  return status === 0 ? memory[0]?.readUInt32LE(layout.fields.id[1]) : undefined;
}

function computeProfiles(driver: Driver, gpuInstance: Handle): readonly number[] {
  return Array.from({ length: 9 }, (_, profile) => {
    const inputs = { gpuInstance, profile, engProfile: 0 };
    return numberOf(driver, callOf(nvml.nvmlGpuInstanceGetComputeInstanceProfileInfo, inputs));
  }).filter((id) => id !== undefined);
}
