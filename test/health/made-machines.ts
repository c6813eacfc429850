/** Machines for the tests of health: two H200s with other answers, made-up trees of files, and how health is run on them. */
import { readFileSync } from 'node:fs';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { type Outcome, runOn } from '../commands/run-on.js';
import { SOUND, type Tree, withTree } from '../doctor/tree.js';

export type Answers = Readonly<Record<string, Readonly<Record<string, Json>>>>;

export function withAnswers({ calls, ...rest }: Snapshot, answers: Answers): Snapshot {
  const changed = Object.entries(answers).map(([fn, some]) => [fn, { ...(calls as Answers)[fn], ...some }]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } } as Snapshot;
}

export const recorded = (name: string): Snapshot =>
  JSON.parse(readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8'));

export const h200s = (answers: Answers): Snapshot => withAnswers(h200x2(), answers);
export const fields = (values: Readonly<Record<string, Json>>, type = 1): Answers => ({
  nvmlDeviceGetFieldValues: Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? { type, value } : value]),
  ),
});
export const mib = (count: number): string => String(count * 1024 * 1024);
export const memory = (used: number): Json => ({
  version: 33554472,
  total: '150754820096',
  reserved: 0,
  free: 0,
  used: mib(used),
});
export const margin = (degrees: number): Json => ({ version: 16777224, marginTemperature: degrees });
export const hot = (degrees: number): Json => ({ version: 16777228, sensorType: 0, temperature: degrees });
export const fabric = (state: number, more: Readonly<Record<string, Json>> = {}): Answers => ({
  nvmlDeviceGetGpuFabricInfoV: {
    gpu0: {
      version: 50331688,
      clusterUuid: [],
      status: 0,
      cliqueId: 0,
      state,
      healthMask: 0,
      healthSummary: 0,
      ...more,
    },
  },
});
export const process = (pid: number, used: number): Json => [
  { pid, usedGpuMemory: mib(used), gpuInstanceId: 4294967295, computeInstanceId: 4294967295 },
];
export const rows = (pending: number, failure: number): Json => ({
  corrActiveRemaps: 0,
  corrInactiveRemaps: 0,
  uncActiveRemaps: 1,
  uncInactiveRemaps: 0,
  bPending: pending,
  bFailureOccurred: failure,
});
export const reasons = (mask: number): Answers => ({
  nvmlDeviceGetCurrentClocksEventReasons: { gpu0: mask },
});
export const kmsg = (...lines: readonly string[]): Tree => ({
  '/dev/kmsg': ['Linux version 6.8', ...lines]
    .map((text, i) => `4,${i},${(i + 5) * 1000000},-;${text}\n`)
    .join(''),
});
export const LOST = { nvmlDeviceGetHandleByIndex_v2: { 1: refused('GPU_IS_LOST') } };
export const STUCK_STAT = (state: string): Tree => ({
  '/proc/4242/stat': `4242 (python) train) ${state} 1 4242 4242 0 -1 0\n`,
});
export const RUNNING = {
  nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: process(4242, 900) },
  nvmlDeviceGetMemoryInfo_v2: { gpu0: memory(1000) },
};

export interface Machine {
  readonly machine?: string | Snapshot;
  readonly tree?: Tree;
}

export const run = (
  { machine = 'h200-x2', tree = {} }: Machine,
  argv: readonly string[],
  ticks = 1,
): Promise<Outcome> =>
  withTree({ ...SOUND, ...tree }, (root) => runOn(machine, ['health', '--root', root, ...argv], ticks));

/** A check with a verdict that it can have: why, and on which machine. */
export type Case = readonly [check: string, verdict: string, why: RegExp, machine: Machine];

export const STATUS: Readonly<Record<string, number>> = { ok: 0, warn: 1, fail: 2, unknown: 3 };

export interface Check {
  readonly check: string;
  readonly gpu: number | null;
  readonly verdict: string;
  readonly why: string;
}
export const checksOf = ({ out }: Outcome): readonly Check[] => JSON.parse(out).checks;
