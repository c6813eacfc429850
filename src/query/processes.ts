/** Processes on a GPU or MIG device, as NVML lists them: computing, drawing, or both. */
import { call, list, SUBJECT, text } from '../nvml/call.js';
import { nvmlProcessInfo_t, nvmlProcessInfo_v1_t, nvmlProcessInfo_v2_t } from '../nvml/generated/layouts.js';
import type { Reading } from './bound-probe.js';
import type { Subject } from './plan.js';
import { type Probe, sample } from './probe.js';
import type { ProcessType } from './process-type.js';
import type { AskProbe } from './table.js';

const ROOM = 64;

export const computeProcesses = sample(
  'compute processes',
  call('nvmlDeviceGetComputeRunningProcesses_v3', SUBJECT, list(nvmlProcessInfo_t, ROOM)),
  call('nvmlDeviceGetComputeRunningProcesses_v2', SUBJECT, list(nvmlProcessInfo_v2_t, ROOM)),
  call('nvmlDeviceGetComputeRunningProcesses', SUBJECT, list(nvmlProcessInfo_v1_t, ROOM)),
);

export const graphicsProcesses = sample(
  'graphics processes',
  call('nvmlDeviceGetGraphicsRunningProcesses_v3', SUBJECT, list(nvmlProcessInfo_t, ROOM)),
  call('nvmlDeviceGetGraphicsRunningProcesses_v2', SUBJECT, list(nvmlProcessInfo_v2_t, ROOM)),
  call('nvmlDeviceGetGraphicsRunningProcesses', SUBJECT, list(nvmlProcessInfo_v1_t, ROOM)),
);

export const mpsProcesses = sample(
  'MPS processes',
  call('nvmlDeviceGetMPSComputeRunningProcesses_v3', SUBJECT, list(nvmlProcessInfo_t, ROOM)),
  call('nvmlDeviceGetMPSComputeRunningProcesses_v2', SUBJECT, list(nvmlProcessInfo_v2_t, ROOM)),
  call('nvmlDeviceGetMPSComputeRunningProcesses', SUBJECT, list(nvmlProcessInfo_v1_t, ROOM)),
);

/** The name of a process: the driver reads it from the process's own files. */
export const processName = (pid: number): Probe =>
  sample(`process name ${pid}`, call('nvmlSystemGetProcessName', pid, text(1024)));

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

export const processLists: readonly Probe[] = LISTS.map(([probe]) => probe);

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
