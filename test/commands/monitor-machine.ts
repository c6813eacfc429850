/** Recorded machines with chosen numbers, on which the monitors tick without waiting. */
import { readFileSync } from 'node:fs';
import { main } from '../../src/cli/cli.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { FakeIo } from '../fake-io.js';
import { saved } from '../temporary.js';
import { type ChangedCalls, copyGpu, recorded } from './made-machine.js';

const MIB = 1024 * 1024;

/** What a GPU shows. The numbers left out are those of an idle H100, whatever moment was recorded. */
export interface Shown {
  readonly watts?: number;
  readonly gtemp?: number;
  readonly mtemp?: number;
  readonly sm?: number;
  readonly mem?: number;
  readonly mclk?: number;
  readonly pclk?: number;
  readonly fbMiB?: number;
  readonly bar1MiB?: number;
  readonly rxKB?: number;
  readonly txKB?: number;
  readonly processes?: readonly RunningProcess[];
}

export interface RunningProcess {
  readonly pid: number;
  readonly name: string;
  readonly type?: 'C' | 'G' | 'C+G' | 'M+C';
  readonly fbMiB?: number;
  readonly use?: Readonly<
    Partial<Record<'smUtil' | 'memUtil' | 'encUtil' | 'decUtil' | 'jpgUtil' | 'ofaUtil', number>>
  >;
}

const IDLE: Shown = {
  watts: 70,
  gtemp: 37,
  mtemp: 40,
  sm: 0,
  mem: 0,
  mclk: 2619,
  pclk: 345,
  fbMiB: 0,
  bar1MiB: 1.625,
  rxKB: 553,
  txKB: 940,
  processes: [],
};

/** The recorded H100, once for each of these, with these numbers. */
export function machineWith(
  gpus: readonly Shown[],
  change: (calls: ChangedCalls) => void = () => {},
): Snapshot {
  const snapshot = recorded('h100-x1');
  const { calls } = snapshot;
  calls.nvmlDeviceGetCount_v2 = { '': gpus.length };
  gpus.forEach((shown, index) => {
    if (index > 0) {
      copyGpu(calls, `gpu${index}`);
      put(calls, 'nvmlDeviceGetUUID', `gpu${index}`, 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000001');
    }
    show(calls, `gpu${index}`, { ...IDLE, ...shown });
  });
  change(calls);
  return snapshot;
}

const put = (calls: ChangedCalls, fn: string, key: string, answer: Json | undefined): void => {
  calls[fn] ??= {};
  if (answer !== undefined) (calls[fn] as Record<string, Json>)[key] = answer;
};

function show(calls: ChangedCalls, gpu: string, shown: Shown): void {
  put(calls, 'nvmlDeviceGetPowerUsage', gpu, shown.watts === undefined ? undefined : shown.watts * 1000);
  if (shown.gtemp !== undefined) {
    put(calls, 'nvmlDeviceGetTemperatureV', `${gpu},sensorType=0`, {
      version: 16777228,
      sensorType: 0,
      temperature: shown.gtemp,
    });
  }
  put(
    calls,
    'nvmlDeviceGetFieldValues',
    `${gpu},82`,
    shown.mtemp === undefined ? undefined : { type: 1, value: shown.mtemp },
  );
  if (shown.sm !== undefined) {
    put(calls, 'nvmlDeviceGetUtilizationRates', gpu, { gpu: shown.sm, memory: shown.mem ?? 0 });
  }
  put(calls, 'nvmlDeviceGetClockInfo', `${gpu},2`, shown.mclk);
  put(calls, 'nvmlDeviceGetClockInfo', `${gpu},0`, shown.pclk);
  if (shown.fbMiB !== undefined) {
    const used = Math.round(shown.fbMiB * MIB);
    const free = 85017493504 - used;
    put(calls, 'nvmlDeviceGetMemoryInfo_v2', gpu, {
      version: 33554472,
      total: 85520809984,
      reserved: 503316480,
      free,
      used,
    });
  }
  if (shown.bar1MiB !== undefined) {
    const bar1Used = Math.round(shown.bar1MiB * MIB);
    put(calls, 'nvmlDeviceGetBAR1MemoryInfo', gpu, {
      bar1Total: 137438953472,
      bar1Free: 137438953472 - bar1Used,
      bar1Used,
    });
  }
  for (const severity of [0, 1]) {
    for (const span of [0, 1]) put(calls, 'nvmlDeviceGetTotalEccErrors', `${gpu},${severity},${span}`, 0);
  }
  put(calls, 'nvmlDeviceGetPcieReplayCounter', gpu, 0);
  put(calls, 'nvmlDeviceGetPcieThroughput', `${gpu},0`, shown.txKB);
  put(calls, 'nvmlDeviceGetPcieThroughput', `${gpu},1`, shown.rxKB);
  if (shown.processes !== undefined) run(calls, gpu, shown.processes);
}

/** When NVML sampled the processes, in microseconds. */
const SAMPLED = 1795447816102651;

const LISTS = {
  nvmlDeviceGetComputeRunningProcesses_v3: ['C', 'C+G', 'M+C'],
  nvmlDeviceGetGraphicsRunningProcesses_v3: ['G', 'C+G'],
  nvmlDeviceGetMPSComputeRunningProcesses_v3: ['M+C'],
} as const;

function run(calls: ChangedCalls, gpu: string, processes: readonly RunningProcess[]): void {
  for (const [fn, types] of Object.entries(LISTS)) {
    const of = processes.filter(({ type = 'C' }) => (types as readonly string[]).includes(type));
    const list = of.map(({ pid, fbMiB = 0 }) => ({
      pid,
      usedGpuMemory: fbMiB * MIB,
      gpuInstanceId: 4294967295,
      computeInstanceId: 4294967295,
    }));
    put(calls, fn, gpu, list);
  }
  for (const { pid, name } of processes) put(calls, 'nvmlSystemGetProcessName', String(pid), name);
  const busy = processes.filter(({ use }) => use !== undefined);
  const procUtilArray = busy.map(({ pid, use }) => ({
    timeStamp: SAMPLED,
    pid,
    smUtil: 0,
    memUtil: 0,
    encUtil: 0,
    decUtil: 0,
    jpgUtil: 0,
    ofaUtil: 0,
    ...use,
  }));
  // The same again for a caller that asks what came since.
  for (const since of [0, SAMPLED]) {
    put(
      calls,
      'nvmlDeviceGetProcessesUtilizationInfo',
      `${gpu},lastSeenTimeStamp=${since}`,
      busy.length === 0
        ? { error: 'NVML_ERROR_NOT_FOUND' }
        : { version: 16777240, processSamplesCount: busy.length, lastSeenTimeStamp: since, procUtilArray },
    );
  }
}

export interface Ran {
  readonly status: number;
  readonly io: FakeIo;
}

export interface World {
  readonly time?: number;
  readonly waits?: number;
  readonly nvml?: string;
}

/** Runs a command line on a machine. */
export async function runOn(
  machine: Snapshot | undefined,
  argv: readonly string[],
  { time = Date.UTC(2026, 10, 23), waits = Number.POSITIVE_INFINITY, nvml }: World = {},
): Promise<Ran> {
  const source = machine === undefined ? [] : ['--snapshot', saved(machine)];
  const io = new FakeIo({ now: time, waits, env: nvml === undefined ? {} : { NVSMI_NVML: nvml } });
  return { status: await main([...argv, ...source], io), io };
}

const GOLDEN = new URL('../golden/', import.meta.url);

export const golden = (name: string): string => readFileSync(new URL(name, GOLDEN), 'utf8');

/** The rows of a machine's index that a name begins like. */
export function indexed(
  machine: string,
  names: RegExp,
): readonly { readonly name: string; readonly exit: number; readonly argv: readonly string[] }[] {
  return golden(`${machine}/INDEX.tsv`)
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([name = '']) => names.test(name))
    .map(([name = '', exit, argv = '']) => ({ name, exit: Number(exit), argv: argv.split(' ') }));
}
