/** Framebuffer memory of a GPU, its protected part, and its encryption. */

import {
  nvmlDeviceGetBAR1MemoryInfo,
  nvmlDeviceGetConfComputeProtectedMemoryUsage,
  nvmlDeviceGetDramEncryptionMode,
  nvmlDeviceGetMemoryInfo_v2,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { from, type Row } from '../field.js';
import { enabled, mebibytes, mebibytesUp } from '../kind.js';
import { sample } from '../probe.js';
import type { AnswerView, Reading } from '../reading.js';

/** The older call counts what the driver reserves as used, and does not report it separately. */
const memoryInfo = sample(nvmlDeviceGetMemoryInfo_v2);

/** The part of the GPU's memory that the CPU can map; no field of --query-gpu, but of the summary and the report. */
export const bar1Memory = sample(nvmlDeviceGetBAR1MemoryInfo);

/** Before 525 what is reserved counted as used, as the older call has it. */
function usedOrReserved(view: AnswerView): Reading {
  const [used, reserved] = [view.read('used'), view.read('reserved')];
  return reserved instanceof Missing || used instanceof Missing ? used : Number(used) + Number(reserved);
}

export const memory: readonly Row[] = [
  {
    id: 50,
    names: ['memory.total'],
    help: 'Total memory of the GPU.',
    kind: mebibytes,
    source: from(memoryInfo, 'total'),
  },
  {
    id: 1021,
    names: ['memory.reserved'],
    since: 525,
    help: 'Memory reserved by the driver and the firmware.',
    kind: mebibytes,
    source: from(memoryInfo, 'reserved'),
  },
  {
    id: 52,
    names: ['memory.used'],
    help: 'Memory allocated by programs.',
    kind: mebibytes,
    source: from(memoryInfo, 'used'),
    past: [{ until: 525, source: from(memoryInfo, usedOrReserved) }],
  },
  {
    id: 51,
    names: ['memory.free'],
    help: 'Free memory.',
    kind: mebibytes,
    source: from(memoryInfo, 'free'),
    past: [{ until: 525, kind: mebibytesUp }],
  },
];

/** The call fills two structs of one type: the current state and the pending one. */
const encryption = sample(nvmlDeviceGetDramEncryptionMode);

export const dramEncryption: readonly Row[] = [
  {
    id: 1027,
    names: ['dramEncryption.mode.current'],
    help: 'Whether the memory of the GPU is encrypted.',
    kind: enabled,
    source: from(encryption, '0/encryptionState'),
  },
  {
    id: 1028,
    names: ['dramEncryption.mode.pending'],
    help: 'Memory encryption after the next reboot or reset.',
    kind: enabled,
    source: from(encryption, '1/encryptionState'),
  },
];

export const protectedUsage = sample(nvmlDeviceGetConfComputeProtectedMemoryUsage);

export const protectedMemory: readonly Row[] = [
  {
    id: 1091,
    names: ['protected_memory.total'],
    since: 535,
    help: 'Total protected memory of the GPU (confidential computing).',
    kind: mebibytes,
    source: from(protectedUsage, 'total'),
  },
  {
    id: 1092,
    names: ['protected_memory.used'],
    since: 535,
    help: 'Used protected memory.',
    kind: mebibytes,
    source: from(protectedUsage, 'used'),
  },
  {
    id: 1093,
    names: ['protected_memory.free'],
    since: 535,
    help: 'Free protected memory.',
    kind: mebibytes,
    source: from(protectedUsage, 'free'),
  },
];
