/** Processes on a GPU or MIG device, as NVML lists them: computing, drawing, or both. */

import {
  nvmlDeviceGetComputeRunningProcesses_v3,
  nvmlDeviceGetGraphicsRunningProcesses_v3,
  nvmlDeviceGetMPSComputeRunningProcesses_v3,
  nvmlSystemGetProcessName,
} from '../nvml/generated/entries.js';
import type { Reading } from './bound-probe.js';
import type { Subject } from './plan.js';
import { type Probe, sample } from './probe.js';
import type { ProcessType } from './process-type.js';
import type { AskProbe } from './table.js';

export const computeProcesses = sample(nvmlDeviceGetComputeRunningProcesses_v3);

export const graphicsProcesses = sample(nvmlDeviceGetGraphicsRunningProcesses_v3);

export const mpsProcesses = sample(nvmlDeviceGetMPSComputeRunningProcesses_v3);

/** The name of a process: the driver reads it from the process's own files. */
export const processName = (pid: number): Probe => sample(nvmlSystemGetProcessName, { pid });

export interface GpuProcess {
  readonly pid: number;
  readonly type: ProcessType;
  /** Bytes, or why there is no number. */
  readonly usedMemory: Reading;
}

const LISTS: readonly (readonly [Probe, ProcessType])[] = [
  [computeProcesses, 'C'],
  [graphicsProcesses, 'G'],
  [mpsProcesses, 'M+C'],
];

/** All processes of a subject, by pid; one that computes and draws comes once. */
export function processesOf(subject: Subject, ask: AskProbe): readonly GpuProcess[] {
  const byPid = new Map<number, GpuProcess>();
  for (const [probe, type] of LISTS) {
    for (const item of ask(probe, subject).items()) {
      const pid = item.number('pid');
      const known = byPid.get(pid);
      byPid.set(pid, {
        pid,
        type: known?.type === 'C' && type === 'G' ? 'C+G' : type,
        usedMemory: known?.usedMemory ?? item.read('usedGpuMemory'),
      });
    }
  }
  return [...byPid.values()].sort((a, b) => a.pid - b.pid);
}
