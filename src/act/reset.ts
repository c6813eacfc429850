/**
 * `-r`: what keeps GPUs from being reset, with nvidia-smi's words. The reset itself is no function of NVML: nvidia-smi asks for it
 * through a table of the driver's own (550.163.01 on the fake), whose places have no promise.
 */
import { NVML_ERROR_IN_USE, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { nvmlDeviceGetPersistenceMode } from '../nvml/generated/entries.js';
import { statusReason } from '../nvml/status.js';
import type { JsonScalar } from '../query/kind.js';
import { gpuInstances } from '../query/mig/gpu-instances.js';
import type { Acting } from './acting.js';
import { failed, ready, type Target } from './action.js';
import { gpuFieldsNow, now, runNow, usersOf } from './ask.js';

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

/** What else has to be so before a GPU is reset, or is lost by it. */
function conditionsOf(target: Target): string {
  const { index } = target.gpu;
  const isPersistent = now(target, nvmlDeviceGetPersistenceMode, 'mode') === 1;
  const [mode] = gpuFieldsNow(target.asker, target.gpu, ['mig.mode.current']);
  const instances = mode === 1 ? runNow(target.asker, gpuInstances(target.gpu)).length : 0;
  return [
    ...(isPersistent ? [`GPU ${index} is in persistence mode: nvsmi -i ${index} -pm 0 ends that.\n`] : []),
    ...(instances > 0 ? [`GPU ${index} has ${instances} GPU instances: a reset destroys them.\n`] : []),
  ].join('');
}

/** Refuses a reset, and says what there is instead. */
export function resetGpus(
  acting: Acting,
  targets: readonly Target[],
  manner: JsonScalar,
  warn: (text: string) => void,
): number {
  const busy = targets.filter((target) => usersOf(target).length > 0);
  for (const target of targets) {
    const status = busy.includes(target) ? NVML_ERROR_IN_USE : NVML_ERROR_NOT_SUPPORTED;
    acting.attempt({
      action: 'gpu-reset',
      value: manner,
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
  const files = targets.map(({ busId }) => {
    const file = resetFile(busId);
    return `${manner === null ? '' : `  echo ${manner} | sudo tee ${file}_method\n`}  echo 1 | sudo tee ${file}\n`;
  });
  warn(`${targets.map(conditionsOf).join('')}${DONE_WITHOUT_NVML}\n${files.join('')}`);
  return acting.finish(NVML_ERROR_NOT_SUPPORTED);
}

/** Where the kernel takes it: a domain has four digits there. */
const resetFile = (busId: string): string =>
  `/sys/bus/pci/devices/${busId.toLowerCase().replace(/^0{4}(?=[0-9a-f]{4}:)/, '')}/reset`;
