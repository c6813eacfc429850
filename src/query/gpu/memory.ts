/** Framebuffer memory of a GPU, its protected part, and its encryption. */

import {
  nvmlDeviceGetBAR1MemoryInfo,
  nvmlDeviceGetConfComputeProtectedMemoryUsage,
  nvmlDeviceGetDramEncryptionMode,
  nvmlDeviceGetMemoryInfo_v2,
} from '../../nvml/generated/entries.js';
import { enabled, mebibytes } from '../kind.js';
import { sample } from '../probe.js';
import { from, type Row } from '../row.js';

/** The older call counts what the driver reserves as used, and does not tell it apart. */
export const memoryInfo = sample(nvmlDeviceGetMemoryInfo_v2);

/** The part of the GPU's memory that the CPU can map; no field of --query-gpu, but of the summary and the report. */
export const bar1Memory = sample(nvmlDeviceGetBAR1MemoryInfo);

export const memory: readonly Row[] = [
  {
    id: 50,
    names: ['memory.total'],
    help: 'Memory that the GPU has.',
    kind: mebibytes,
    source: from(memoryInfo, 'total'),
  },
  {
    id: 1021,
    names: ['memory.reserved'],
    help: 'Memory that the driver and the firmware keep for themselves.',
    kind: mebibytes,
    source: from(memoryInfo, 'reserved'),
  },
  {
    id: 52,
    names: ['memory.used'],
    help: 'Memory that programs have allocated.',
    kind: mebibytes,
    source: from(memoryInfo, 'used'),
  },
  {
    id: 51,
    names: ['memory.free'],
    help: 'Memory that is left for programs.',
    kind: mebibytes,
    source: from(memoryInfo, 'free'),
  },
];

/** The call fills two structs of one type: the current state and the pending one. */
const encryption = sample(nvmlDeviceGetDramEncryptionMode);

export const dramEncryption: readonly Row[] = [
  {
    id: 1027,
    names: ['dramEncryption.mode.current'],
    help: 'Whether what is written to the memory of the GPU is encrypted.',
    kind: enabled,
    source: from(encryption, '0/encryptionState'),
  },
  {
    id: 1028,
    names: ['dramEncryption.mode.pending'],
    help: 'Memory encryption from the next reboot or reset on.',
    kind: enabled,
    source: from(encryption, '1/encryptionState'),
  },
];

export const protectedUsage = sample(nvmlDeviceGetConfComputeProtectedMemoryUsage);

export const protectedMemory: readonly Row[] = [
  {
    id: 1091,
    names: ['protected_memory.total'],
    help: 'Memory of the GPU that confidential computing protects.',
    kind: mebibytes,
    source: from(protectedUsage, 'total'),
  },
  {
    id: 1092,
    names: ['protected_memory.used'],
    help: 'Protected memory in use.',
    kind: mebibytes,
    source: from(protectedUsage, 'used'),
  },
  {
    id: 1093,
    names: ['protected_memory.free'],
    help: 'Protected memory that is left.',
    kind: mebibytes,
    source: from(protectedUsage, 'free'),
  },
];
