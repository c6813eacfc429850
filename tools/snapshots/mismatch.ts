/** A driver that was upgraded while its old kernel module stayed loaded: NVML will not start. */
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { Machine, refusal } from './machine.js';

const KERNEL = '575.57.08';

export function mismatch(): Snapshot {
  const machine = Machine.like('h100-x1');
  const told = ['nvmlErrorString', 'nvmlSystemGetNVMLVersion'];
  machine.forget(...machine.functions.filter((fn) => !told.includes(fn)));
  machine.set('nvmlInit_v2', '', refusal('LIB_RM_VERSION_MISMATCH'));
  machine.set('nvmlInitWithFlags', '0', refusal('LIB_RM_VERSION_MISMATCH'));
  const version = machine.files.get('/proc/driver/nvidia/version') ?? '';
  machine.files.set('/proc/driver/nvidia/version', version.replace('580.159.04', KERNEL));
  return machine.built(
    `NVML 580.159.04 on kernel module ${KERNEL}, which it refuses; built from a recording of an H100`,
  );
}
