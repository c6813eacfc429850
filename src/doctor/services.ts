/** Checks of what runs beside the driver, and of its settings: persistence, fabric manager, profiling. */

import { fail, ok, unknown, warn } from '../base/verdict.js';
import { containerOf, isWsl } from '../system/containment.js';
import { pciAddress, pciDevices, runtimeD3 } from '../system/pci-gpus.js';
import { type System, Unread } from '../system/system.js';
import {
  type DoctorCheck,
  linesOf,
  type NvmlGpu,
  processNames,
  unread,
  unreadOf,
  userOf,
} from './patient.js';

/** nvidia-persistenced and nv-fabricmanager, cut as the kernel cuts names. */
const PERSISTENCED = 'nvidia-persiste';
const FABRIC_MANAGER = 'nv-fabricmanage';

/** Why a GPU needs no persistence mode; undefined where it does. */
function needsNone(system: System, { busId, fields }: NvmlGpu): string | undefined {
  if (fields.display_active === 'Enabled') return 'is held by a display';
  const d3 = busId === undefined ? undefined : runtimeD3(system, pciAddress(busId));
  return d3?.startsWith('Enabled') ? 'is switched off while it is idle, which saves power' : undefined;
}

const persistence: DoctorCheck = {
  id: 'persistence',
  asksNvml: true,
  looksAt:
    'Whether something keeps the driver loaded while no program uses the GPUs: nvidia-persistenced or persistence mode. A GPU with a display, or one that is switched off while it is idle (runtime D3), needs neither.',
  judge({ system, nvml }) {
    if (isWsl(system)) return [];
    if (!nvml.isOpen) return unknown('NVML does not work, so persistence mode is not known.', 'See nvml.');
    const modes = nvml.gpus.flatMap(({ index, fields }) =>
      fields.persistence_mode === undefined ? [] : [{ index, mode: fields.persistence_mode }],
    );
    if (modes.length === 0)
      return nvml.gpus.length === 0
        ? []
        : unknown('Persistence mode of no GPU is known.', 'See gpus-reachable.');
    const without = modes.filter(({ mode }) => mode !== 'Enabled').map(({ index }) => index);
    const needless = nvml.gpus.flatMap((gpu) => {
      const why = needsNone(system, gpu);
      return why === undefined ? [] : [{ index: gpu.index, why }];
    });
    const off = without.filter((index) => !needless.some((one) => one.index === index));
    const names = processNames(system);
    const isRunning = names instanceof Unread ? null : names.includes(PERSISTENCED);
    const evidence = [
      { name: 'persistence_mode', value: modes.map(({ index, mode }) => `${index}: ${mode}`).join(', ') },
      {
        name: 'nvidia-persistenced',
        value: isRunning,
        reason: isRunning === null ? 'processes cannot be seen' : undefined,
      },
    ];
    const hidden = off.length === 0 ? unreadOf(nvml, 'persistence_mode', 'The persistence mode') : undefined;
    if (hidden !== undefined) return hidden;
    if (without.length === 0) return ok('Persistence mode is on.', evidence);
    if (off.length === 0) {
      const reasons = needless.filter(({ index }) => without.includes(index));
      return ok(
        `Persistence mode is off where it is not needed: ${reasons.map(({ index, why }) => `GPU ${index} ${why}`).join(', ')}.`,
        evidence,
      );
    }
    return warn(
      `Persistence mode is off on GPU ${off.join(', ')}: each first use takes seconds, and settings and counters are lost when no program uses the GPU.`,
      isRunning === true
        ? 'Let nvidia-persistenced set it: start it with --persistence-mode.'
        : 'Start nvidia-persistenced (systemctl enable --now nvidia-persistenced).',
      evidence,
    );
  },
};

const fabricManager: DoctorCheck = {
  id: 'fabric-manager',
  asksNvml: true,
  looksAt:
    'If NVSwitches are on the PCI bus, or a GPU waits for its fabric: whether nv-fabricmanager runs and the fabric is complete.',
  judge({ system, nvml }) {
    const switches = pciDevices(system, '0x0680');
    const states = nvml.isOpen
      ? nvml.gpus.flatMap(({ index, fields }) =>
          fields['fabric.state'] === undefined ? [] : [{ index, state: fields['fabric.state'] }],
        )
      : [];
    const hasSwitch = !(switches instanceof Unread) && switches.length > 0;
    const hidden = unreadOf(nvml, 'fabric.state', 'The state of the fabric');
    if (!hasSwitch && states.length === 0 && hidden === undefined) return [];
    const names = processNames(system);
    const isRunning = names instanceof Unread ? null : names.includes(FABRIC_MANAGER);
    const waiting = states.filter(({ state }) => state !== 'Completed');
    const evidence = [
      { name: 'NVSwitches', value: switches instanceof Unread ? null : switches.length },
      {
        name: 'fabric.state',
        value: states.map(({ index, state }) => `${index}: ${state}`).join(', ') || null,
      },
      {
        name: 'nv-fabricmanager',
        value: isRunning,
        reason: isRunning === null ? 'processes cannot be seen' : undefined,
      },
    ];
    if (waiting.length === 0 && states.length > 0)
      return hidden ?? ok('The NVLink fabric of every GPU is complete.', evidence);
    const action =
      'Start it (systemctl start nvidia-fabricmanager); its version must be that of the driver. Its log is /var/log/fabricmanager.log.';
    if (isRunning === false && hasSwitch && containerOf(system) === undefined) {
      return fail(
        'There are NVSwitches, but nv-fabricmanager does not run: CUDA cannot be initialized.',
        action,
        evidence,
      );
    }
    if (waiting.length > 0)
      return warn(
        `The NVLink fabric is not complete: ${waiting.map(({ index, state }) => `GPU ${index} ${state}`).join(', ')}.`,
        action,
        evidence,
      );
    if (hidden !== undefined) return hidden;
    return isRunning === true
      ? ok('nv-fabricmanager runs.', evidence)
      : unknown('Whether nv-fabricmanager runs is not known.', 'Run it on the host.', evidence);
  },
};

const PARAMS = '/proc/driver/nvidia/params';

const profiling: DoctorCheck = {
  id: 'profiling',
  looksAt:
    'Whether the driver restricts performance counters to administrators (`RmProfilingAdminOnly`), which hides GPM metrics and those of profilers from other users.',
  judge({ system }) {
    if (isWsl(system)) return [];
    const params = system.read(PARAMS);
    if (params instanceof Unread) return unread('Who may read performance counters', params);
    const line = linesOf(params).find((each) => each.startsWith('RmProfilingAdminOnly:'));
    const evidence = [{ name: PARAMS, value: line ?? null }];
    if (line === undefined)
      return unknown(
        'The driver does not say who may read performance counters.',
        `Look at ${PARAMS}.`,
        evidence,
      );
    if (/:\s*0$/.test(line)) return ok('Every user may read performance counters.', evidence);
    if (userOf(system)?.uid === 0)
      return ok('Administrators alone may read performance counters, and this user is root.', evidence);
    return warn(
      'Administrators alone may read performance counters: GPM metrics, Nsight and CUPTI fail for this user.',
      'Run as root or with CAP_SYS_ADMIN, or set NVreg_RestrictProfilingToAdminUsers=0 for the nvidia module.',
      evidence,
    );
  },
};

export const serviceChecks: readonly DoctorCheck[] = [persistence, fabricManager, profiling];
