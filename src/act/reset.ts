/**
 * `-r`: what keeps GPUs from being reset, with nvidia-smi's words. The reset itself is no function of NVML: nvidia-smi asks for it
 * through a table of the driver's own (550.163.01 on the fake), whose places have no promise.
 */
import { NVML_ERROR_IN_USE, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { statusReason } from '../nvml/status.js';
import type { Acting } from './acting.js';
import { failed, ready, type Target } from './action.js';
import { usersOf } from './ask.js';

const OTHER_ERROR = 255;

/** As nvidia-smi ends it: a public output with a GPU that nvidia-persistenced holds. */
function inUseText(busy: readonly Target[]): string {
  const [are, these] =
    busy.length === 1 ? ['1 device is', 'this device'] : [`${busy.length} devices are`, 'these devices'];
  return [
    'The following GPUs could not be reset:',
    ...busy.map(({ busId }) => `  GPU ${busId}: ${statusReason(NVML_ERROR_IN_USE)}`),
    '',
    `${are} currently being used by one or more other processes (e.g., Fabric Manager, CUDA application, graphics application such as an X server, or a monitoring application such as another instance of nvidia-smi). Please first kill all processes using ${these} and all compute applications running in the system.`,
    '',
  ].join('\n');
}

const DONE_WITHOUT_NVML =
  'NVML has no function for --gpu-reset; nvidia-smi does it without NVML. Where no process uses a GPU and its persistence mode is off, the kernel can reset it:';

/** Refuses a reset, and says what there is instead. */
export function resetGpus(acting: Acting, targets: readonly Target[], warn: (text: string) => void): number {
  const busy = targets.filter((target) => usersOf(target).length > 0);
  for (const target of targets) {
    const status = busy.includes(target) ? NVML_ERROR_IN_USE : NVML_ERROR_NOT_SUPPORTED;
    acting.attempt({
      action: 'gpu-reset',
      value: null,
      target,
      needs: ['root', 'idle'],
      check: () => failed(status),
      make: () => ready,
    });
  }
  if (busy.length > 0) {
    acting.say(inUseText(busy));
    return acting.finish(OTHER_ERROR);
  }
  acting.say(`GPU reset unavailable: ${statusReason(NVML_ERROR_NOT_SUPPORTED)}\n`);
  const files = targets.map(({ busId }) => `  echo 1 | sudo tee ${resetFile(busId)}\n`);
  warn(`${DONE_WITHOUT_NVML}\n${files.join('')}`);
  return acting.finish(NVML_ERROR_NOT_SUPPORTED);
}

/** Where the kernel takes it: a domain has four digits there. */
const resetFile = (busId: string): string =>
  `/sys/bus/pci/devices/${busId.toLowerCase().replace(/^0{4}(?=[0-9a-f]{4}:)/, '')}/reset`;
