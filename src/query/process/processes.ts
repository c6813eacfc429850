/** Processes on a GPU or MIG device, as NVML lists them: computing, drawing, or both. */

import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetComputeRunningProcesses_v3,
  nvmlDeviceGetGraphicsRunningProcesses_v3,
  nvmlDeviceGetMPSComputeRunningProcesses_v3,
  nvmlSystemGetProcessName,
} from '../../nvml/generated/entries.js';
import { Missing, noneByOnes, type Status } from '../../nvml/status.js';
import { type Asking, askAll, readOne, together, type Wanted, want } from '../ask/asking.js';
import { type Subject, SYSTEM } from '../ask/subject.js';
import { fixed, type Probe, sample } from '../probe.js';
import type { Answer, AnswerView, Reading } from '../reading.js';
import type { ProcessType } from './process-type.js';

export const computeProcesses = sample(nvmlDeviceGetComputeRunningProcesses_v3);

const graphicsProcesses = sample(nvmlDeviceGetGraphicsRunningProcesses_v3);

const mpsProcesses = sample(nvmlDeviceGetMPSComputeRunningProcesses_v3);

/** The name of a process: the driver reads it from the process's own files. */
export const processName = (pid: number): Probe => sample(nvmlSystemGetProcessName, { pid });

/** All ones are the id of no process: it has no name to ask for. */
const isPid = (pid: number): boolean => pid !== 0xffffffff;

export const wantedName = (pid: number): Wanted | Missing =>
  isPid(pid) ? want(processName(pid), '') : Missing.of(NVML_ERROR_NOT_FOUND);

export function* nameOf(pid: number, probe = processName(pid)): Asking<Reading> {
  return isPid(pid) ? yield* readOne(probe, SYSTEM, '') : Missing.of(NVML_ERROR_NOT_FOUND);
}

/** The names of several processes, in their order. */
export type ProcessNames = (pids: readonly number[]) => Asking<readonly Reading[]>;

export const namesOf: ProcessNames = (pids) => together(pids.map((pid) => nameOf(pid)));

/** The same for a loop: each is asked once, as long as its process is in the list. */
export const namesOnce: ProcessNames = (pids) =>
  together(pids.map((pid) => nameOf(pid, fixed(nvmlSystemGetProcessName, { pid }))));

export interface ProcessRecord {
  readonly pid: number;
  readonly type: ProcessType;
  /** Bytes, or why there is no number. */
  readonly usedMemory: Reading;
}

/** The lists of processes, and the statuses by which a driver says that there is no such list. */
const LISTS: readonly (readonly [Probe, ProcessType, none: readonly Status[]])[] = [
  [computeProcesses, 'C', [NVML_ERROR_NOT_SUPPORTED]],
  [graphicsProcesses, 'G', [NVML_ERROR_NOT_SUPPORTED]],
  [
    mpsProcesses,
    'M+C',
    [NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_ARGUMENT_VERSION_MISMATCH],
  ],
];

/** Bytes that a listed process uses. nvml.h says of all ones that they are not available, as on Windows and WSL. */
export const usedMemoryOf = (listed: AnswerView): Reading => noneByOnes(listed.read('usedGpuMemory'));

export const processLists: readonly Probe[] = LISTS.map(([probe]) => probe);

/**
 * All processes of a subject, by pid; one that computes and draws comes once. Where one of its lists cannot be read it is not
 * known what else is there.
 */
export function* processesOf(subject: Subject): Asking<readonly ProcessRecord[] | Missing> {
  const byPid = new Map<number, ProcessRecord>();
  const answers = yield* askAll(processLists.map((probe) => ({ probe, subject })));
  for (const [i, [, type, none]] of LISTS.entries()) {
    const items = (answers[i] as Answer).items(none);
    if (items instanceof Missing) return items;
    for (const item of items) {
      const pid = Number(item.raw('pid'));
      const known = byPid.get(pid);
      byPid.set(pid, {
        pid,
        type: known?.type === 'C' && type === 'G' ? 'C+G' : type,
        usedMemory: known?.usedMemory ?? usedMemoryOf(item),
      });
    }
  }
  return [...byPid.values()].sort((a, b) => a.pid - b.pid);
}
