/** A machine being built: the answers of a recording, and the means to change them. */
import { readFileSync } from 'node:fs';
import type { Json } from '../../src/nvml/answer.js';
import * as nvml from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { parseSnapshot, type Snapshot } from '../../src/nvml/snapshot.js';
import { type Calls, changesBetween } from '../../src/nvml/snapshot-ticks.js';
import { pciPreset } from '../../src/nvml/survey.js';

/** Answers by function: of a function that takes no more than the handle. */
export type Plain = Readonly<Partial<Record<FunctionName, Json>>>;
/** Answers by the arguments after the handle, e.g. `0,1`. */
export type ByArguments = Readonly<Record<string, Json>>;
/** Functions whose every answer depends on more than the handle. */
export type Tables = Readonly<Partial<Record<FunctionName, ByArguments>>>;

type Status = 'NOT_SUPPORTED' | 'NOT_FOUND' | 'INVALID_ARGUMENT' | 'GPU_IS_LOST' | 'LIB_RM_VERSION_MISMATCH';
export const refusal = (status: Status): Json => ({ error: `NVML_ERROR_${status}` });
export const NONE = refusal('NOT_SUPPORTED');

/** Values of nvmlDeviceGetFieldValues with their type. */
export const u32 = (value: number): Json => ({ type: 1, value });
export const u64 = (value: number): Json => ({ type: 3, value });

const i32 = (value: number): Json => ({ type: 5, value });

/** Degrees between the limit that T.Limit counts down to and where the GPU slows down and shuts down. */
export const temperatureLimits = (shutdown: number, slowdown: number): ByArguments => ({
  [nvml.NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT]: i32(shutdown),
  [nvml.NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT]: i32(slowdown),
  [nvml.NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT]: i32(0),
  [nvml.NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT]: i32(0),
});

/** Milliwatts. Some of these answers get lost where NVML is asked for many fields at once, as a recording does. */
export const powerLimits = (least: number, most: number, set = most): ByArguments => ({
  [nvml.NVML_FI_DEV_POWER_MIN_LIMIT]: u32(least),
  [nvml.NVML_FI_DEV_POWER_MAX_LIMIT]: u32(most),
  [nvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT]: u32(set),
  [nvml.NVML_FI_DEV_POWER_CURRENT_LIMIT]: u32(set),
  [nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT]: u32(set),
});

export const MIB = 1024 * 1024;

/** A 64-bit number as a snapshot spells it: text where JSON would round it. */
const big = (value: bigint): Json =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);

/** Who a GPU is. */
export interface Identity {
  readonly uuid: string;
  /** GeForce boards have none. */
  readonly serial?: string;
  /** With eight digits of domain. */
  readonly busId: string;
  readonly minor: number;
  /** Device in the high half, vendor in the low one; as recorded where left out. */
  readonly deviceId?: number;
  readonly subsystemId?: number;
  /** 2 for a 3D controller, 0 for one with displays. */
  readonly subClass?: number;
}

/** A made-up UUID; the first group and the last carry the number. */
const uuidOf = (mark: string, number: number): string =>
  `${mark}${number.toString(16)}-${((number + 1) & 0xf).toString(16).repeat(4)}-4a4a-8b8b-5eed${number.toString(16).padStart(8, '0')}`;

export const gpuUuid = (number: number): string => uuidOf('GPU-a0b1c2d', number);
export const migUuid = (number: number): string => uuidOf('MIG-b1c2d3e', number);
export const serialOf = (number: number): string => String(1650000000001 + number);

/** Functions that look a GPU up. */
const LOOKUPS: readonly FunctionName[] = [
  'nvmlDeviceGetHandleByIndex',
  'nvmlDeviceGetHandleByIndex_v2',
  'nvmlDeviceGetHandleByUUID',
  'nvmlDeviceGetHandleByUUIDV',
  'nvmlDeviceGetHandleBySerial',
  'nvmlDeviceGetHandleByPciBusId',
  'nvmlDeviceGetHandleByPciBusId_v2',
  'nvmlDeviceQueryDrainState',
];

/** Functions about two GPUs. */
const PAIRS: readonly FunctionName[] = [
  'nvmlDeviceGetP2PStatus',
  'nvmlDeviceGetTopologyCommonAncestor',
  'nvmlDeviceOnSameBoard',
];

export class Machine {
  private readonly answers = new Map<FunctionName, Map<string, Json>>();
  readonly files: Map<string, string>;

  private readonly moments: { readonly ms: number; readonly calls: Calls; readonly changed: Calls }[] = [];

  private constructor(private readonly base: Omit<Snapshot, 'ticks'>) {
    this.files = new Map(Object.entries(base.files));
    for (const [fn, answers] of Object.entries(base.calls)) {
      this.answers.set(fn as FunctionName, new Map(Object.entries(answers)));
    }
  }

  /** Begins with what a machine of snapshots/ answers at its first moment. */
  static like(name: string): Machine {
    const file = new URL(`../../snapshots/${name}.json`, import.meta.url);
    const { ticks: _, ...first } = parseSnapshot(readFileSync(file, 'utf8'), name);
    return new Machine(first);
  }

  set(fn: FunctionName, key: string, answer: Json): void {
    const answers = this.answers.get(fn) ?? new Map<string, Json>();
    this.answers.set(fn, answers.set(key, answer));
  }

  unset(fn: FunctionName, key: string): void {
    this.answers.get(fn)?.delete(key);
  }

  forget(...fns: readonly FunctionName[]): void {
    for (const fn of fns) this.answers.delete(fn);
  }

  get functions(): readonly FunctionName[] {
    return [...this.answers.keys()];
  }

  keysOf(fn: FunctionName): readonly string[] {
    return [...(this.answers.get(fn)?.keys() ?? [])];
  }

  answerOf(fn: FunctionName, key: string): Json | undefined {
    return this.answers.get(fn)?.get(key);
  }

  /** Drops every answer whose key or value names a handle. */
  forgetHandle(name: string): void {
    for (const [fn, answers] of this.answers) {
      for (const [key, answer] of [...answers]) {
        if (key.split(',').includes(name) || answer === name) answers.delete(key);
        else if (Array.isArray(answer) && answer.includes(name)) {
          answers.set(
            key,
            answer.filter((item: Json) => item !== name),
          );
        }
      }
      if (answers.size === 0) this.answers.delete(fn);
    }
  }

  /** Gives the machine so many GPUs, all like the first, and drops what was known about pairs of them. */
  multiply(count: number): readonly Gpu[] {
    if (count > 1) this.forget(...PAIRS);
    const gpus = Array.from({ length: count }, (_, i) => new Gpu(this, i));
    for (const [fn, answers] of this.answers) {
      const ofFirst = [...answers].filter(([key]) => /^gpu0(,|$)/.test(key));
      for (const { name } of gpus.slice(1)) {
        for (const [key, answer] of ofFirst) this.set(fn, key.replace(/^gpu0/, name), answer);
      }
    }
    return gpus;
  }

  /** Says who the GPUs are, and makes them found by it. */
  introduce(identities: readonly Identity[]): void {
    const [first] = this.answers.get('nvmlDeviceGetPciInfo_v3')?.values() ?? [];
    this.forget(...LOOKUPS);
    // The functions are there, and find only the handles that are added.
    for (const fn of LOOKUPS) this.answers.set(fn, new Map());
    this.set('nvmlDeviceGetCount', '', identities.length);
    this.set('nvmlDeviceGetCount_v2', '', identities.length);
    identities.forEach((identity, i) => {
      this.introduceOne(new Gpu(this, i), identity, first as { readonly [key: string]: number });
    });
  }

  private introduceOne(gpu: Gpu, who: Identity, like: { readonly [key: string]: number }): void {
    const { uuid, serial, busId, minor, subClass = 2 } = who;
    const { domain, bus, device } = pciPreset(busId) as Record<'domain' | 'bus' | 'device', number>;
    const busIdLegacy = busId.slice(4);
    const pciDeviceId = who.deviceId ?? like.pciDeviceId ?? 0;
    const pciSubSystemId = who.subsystemId ?? like.pciSubSystemId ?? 0;
    const place = { domain, bus, device, pciDeviceId, pciSubSystemId };
    gpu.answer({
      nvmlDeviceGetIndex: gpu.index,
      nvmlDeviceGetMinorNumber: minor,
      nvmlDeviceGetUUID: uuid,
      nvmlDeviceGetSerial: serial ?? NONE,
      // The board's number is its place on the bus: 0x6 for 00:06.0, 0xc00 for 0C:00.0.
      nvmlDeviceGetBoardId: bus * 256 + device,
      nvmlDeviceGetPciInfo: { busIdLegacy, ...place, pciSubSystemId: 0, busId: '' },
      nvmlDeviceGetPciInfo_v2: { busIdLegacy, ...place, busId },
      nvmlDeviceGetPciInfo_v3: { busIdLegacy, ...place, busId },
      nvmlDeviceGetPciInfoExt: { version: 16777280, ...place, baseClass: 3, subClass, busId },
    });
    for (const fn of ['nvmlDeviceGetHandleByIndex', 'nvmlDeviceGetHandleByIndex_v2'] as const) {
      this.set(fn, String(gpu.index), gpu.name);
    }
    this.set('nvmlDeviceGetHandleByUUID', uuid, gpu.name);
    this.set('nvmlDeviceGetHandleByUUIDV', `type=1,value.str=${uuid}`, gpu.name);
    if (serial !== undefined) this.set('nvmlDeviceGetHandleBySerial', serial, gpu.name);
    for (const fn of ['nvmlDeviceGetHandleByPciBusId', 'nvmlDeviceGetHandleByPciBusId_v2'] as const) {
      this.set(fn, busId, gpu.name);
      this.set(fn, busIdLegacy, gpu.name);
    }
    const drain = Object.entries({ domain, bus, device, busId }).map(([name, value]) => `${name}=${value}`);
    this.set('nvmlDeviceQueryDrainState', drain.join(','), 0);
  }

  /** Drops what /sys said about the recorded GPU. */
  forgetPciFiles(): void {
    for (const path of [...this.files.keys()]) {
      if (path.startsWith('/sys/bus/pci/devices/')) this.files.delete(path);
    }
  }

  /** Names of the processes, as the driver returns them. */
  nameProcesses(names: Readonly<Record<number, string>>): void {
    for (const [pid, name] of Object.entries(names)) this.set('nvmlSystemGetProcessName', pid, name);
  }

  /** Ends a moment of a machine that moves, so many milliseconds after the first: what is set from here on belongs to the next. */
  moment(ms: number): void {
    const calls = this.calls();
    const before = this.moments.at(-1)?.calls;
    this.moments.push({ ms, calls, changed: before === undefined ? {} : changesBetween(before, calls) });
  }

  built(title: string): Snapshot {
    const [first, ...later] = this.moments;
    const ticks = later.map(({ ms, changed }) => ({ ms, calls: changed }));
    return {
      ...this.base,
      title,
      origin: 'built',
      files: Object.fromEntries(this.files),
      calls: first?.calls ?? this.calls(),
      ...(ticks.length === 0 ? {} : { ticks }),
    };
  }

  private calls(): Calls {
    return Object.fromEntries([...this.answers].map(([fn, answers]) => [fn, Object.fromEntries(answers)]));
  }
}

/** A handle of the machine: a GPU, a MIG device, or an instance. */
export class Subject {
  constructor(
    readonly machine: Machine,
    readonly name: string,
  ) {}

  answer(answers: Plain): void {
    for (const [fn, answer] of Object.entries(answers)) {
      this.machine.set(fn as FunctionName, this.name, answer as Json);
    }
  }

  answerEach(tables: Tables): void {
    for (const [fn, table] of Object.entries(tables)) {
      for (const [args, answer] of Object.entries(table as ByArguments)) {
        this.machine.set(fn as FunctionName, `${this.name},${args}`, answer);
      }
    }
  }

  /** Field values by id, or by `id:scope`. */
  fields(values: ByArguments): void {
    this.answerEach({ nvmlDeviceGetFieldValues: values });
  }
}

export class Gpu extends Subject {
  constructor(
    machine: Machine,
    readonly index: number,
  ) {
    super(machine, `gpu${index}`);
  }

  /** Refuses all that the functions were recorded to answer. */
  refuse(fns: readonly FunctionName[], status: Status = 'NOT_SUPPORTED'): void {
    for (const fn of fns) {
      for (const key of this.machine.keysOf(fn)) {
        if (key.split(',')[0] === this.name) this.machine.set(fn, key, refusal(status));
      }
    }
  }

  /**
   * Refuses everything but these functions: what an older or smaller GPU has not is more than what it has. A field
   * that is refused without a scope is refused with any.
   */
  has(fns: readonly FunctionName[]): void {
    const scoped = this.machine.keysOf('nvmlDeviceGetFieldValues').filter((key) => key.includes(':'));
    for (const key of scoped) this.machine.unset('nvmlDeviceGetFieldValues', key);
    this.refuse(this.machine.functions.filter((fn) => !fns.includes(fn)));
  }
}

/** NVML's list of a subject's processes, in all its versions. */
export function runs(
  subject: Subject,
  kind: 'Compute' | 'Graphics' | 'MPSCompute',
  processes: readonly {
    readonly pid: number;
    readonly mib: number;
    readonly gi?: number;
    readonly ci?: number;
  }[],
): void {
  const v3 = processes.map(({ pid, mib, gi = 0xffffffff, ci = 0xffffffff }) => ({
    pid,
    usedGpuMemory: mib * MIB,
    gpuInstanceId: gi,
    computeInstanceId: ci,
  }));
  const v1 = v3.map(({ pid, usedGpuMemory }) => ({ pid, usedGpuMemory }));
  subject.answer({
    [`nvmlDeviceGet${kind}RunningProcesses`]: v1,
    [`nvmlDeviceGet${kind}RunningProcesses_v2`]: v3,
    [`nvmlDeviceGet${kind}RunningProcesses_v3`]: v3,
  });
  if (!(subject instanceof Gpu)) return;
  const mode = ['Compute', 'Graphics', 'MPSCompute'].indexOf(kind);
  subject.answerEach({
    nvmlDeviceGetRunningProcessDetailList: {
      [`mode=${mode}`]: {
        version: nvml.nvmlProcessDetailList_v1,
        mode,
        numProcArrayEntries: v3.length,
        procArray: v3.map((process) => ({ ...process, usedGpuCcProtectedMemory: 0 })),
      },
    },
  });
}

/** A bit set as NVML's 64-bit words, of the CPUs or nodes of a kernel list: 0-55,112-167. */
export function wordsOf(list: string): Json {
  let bits = 0n;
  for (const part of list.split(',')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let cpu = first; cpu <= last; cpu++) bits |= 1n << BigInt(cpu);
  }
  const words: Json[] = [];
  for (; bits > 0n; bits >>= 64n) words.push(big(BigInt.asUintN(64, bits)));
  return words;
}
