/** Processes on a GPU or MIG device, as NVML lists them: computing, drawing, or both. */
import { call, list, SUBJECT, text } from '../nvml/call.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_FUNCTION_NOT_FOUND,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import { nvmlProcessInfo_t, nvmlProcessInfo_v1_t, nvmlProcessInfo_v2_t } from '../nvml/generated/layouts.js';
import { Missing, type Status } from '../nvml/status.js';
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

/** All ones are the id of no process: it has no name to ask for. */
export const isPid = (pid: number): boolean => pid !== 0xffffffff;

export const nameOf = (pid: number, place: Subject, ask: AskProbe): Reading =>
  isPid(pid) ? ask(processName(pid), place).read('') : Missing.of(NVML_ERROR_NOT_FOUND);

export interface GpuProcess {
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

/**
 * All processes of a subject, by pid; one that computes and draws comes once. Where one of its lists cannot be read it is not
 * known what else is there.
 */
export function processesOf(subject: Subject, ask: AskProbe): readonly GpuProcess[] | Missing {
  const byPid = new Map<number, GpuProcess>();
  for (const [probe, type, none] of LISTS) {
    const items = ask(probe, subject).items(none);
    if (items instanceof Missing) return items;
    for (const item of items) {
      const pid = Number(item.raw('pid'));
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
