/** Checks of the GPUs: on the bus and counted, asleep, damaged, about to change, held by a display. */

import { fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { Unread } from '../system/system.js';
import {
  type DoctorCheck,
  isWsl,
  type NvmlGpu,
  type Patient,
  PCI,
  pciDevices,
  processNames,
  unread,
} from './patient.js';

type OfGpu = Judged & { readonly gpu: number | string };

const shortAddress = (busId: string): string => busId.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');

const onBus: DoctorCheck = {
  id: 'gpus-on-bus',
  looksAt: 'GPUs on the PCI bus (class 0x03, vendor 0x10de) that NVML does not count.',
  judge({ system, nvml }): Judged | readonly OfGpu[] {
    if (isWsl(system)) return [];
    const found = pciDevices(system, '0x03');
    if (found instanceof Unread) return unread('Which GPUs are on the PCI bus', found);
    const evidence = [
      { name: PCI, value: found.map(({ address }) => address).join(', ') || 'no NVIDIA GPU' },
    ];
    if (found.length === 0) {
      return nvml.isOpen && nvml.gpus.length > 0
        ? ok('No NVIDIA GPU is on the PCI bus of this container or machine; NVML counts its own.', evidence)
        : fail(
            'No NVIDIA GPU is on the PCI bus.',
            'Check seating and power, the BIOS settings, or the pass-through of the virtual machine.',
            evidence,
          );
    }
    if (!nvml.isOpen)
      return unknown(
        `${found.length} NVIDIA GPUs are on the PCI bus, and NVML counts none, as it does not work.`,
        'See nvml.',
        evidence,
      );
    const counted = new Set(
      nvml.gpus.flatMap(({ busId }) => (busId === undefined ? [] : [shortAddress(busId)])),
    );
    const missing =
      nvml.gpus.length >= found.length ? [] : found.filter(({ address }) => !counted.has(address));
    if (missing.length === 0) return ok(`NVML counts all GPUs of the PCI bus: ${found.length}.`, evidence);
    return missing.map(({ address, driver }) => ({
      gpu: address,
      ...fail(
        'It is on the PCI bus, but NVML does not count it.',
        'Look in dmesg for why the module refuses it; see bound-driver. A container may only have access to other GPUs.',
        [
          ...evidence,
          { name: `${PCI}/${address}/driver`, value: typeof driver === 'string' ? driver : null },
        ],
      ),
    }));
  },
};

const lost: DoctorCheck = {
  id: 'gpus-reachable',
  looksAt: 'GPUs that NVML counts and cannot reach.',
  judge({ nvml }): Judged | readonly OfGpu[] {
    if (!nvml.isOpen) return unknown('NVML does not work, so no GPU was checked.', 'See nvml.');
    const gone = nvml.gpus.filter((gpu) => gpu.lost !== undefined);
    if (gone.length === 0)
      return nvml.gpus.length === 0
        ? fail('NVML counts no GPU.', 'See gpus-on-bus and kernel-messages.')
        : ok('Every GPU answers.');
    return gone.map(({ index, busId, lost: reason = '' }) => ({
      gpu: index,
      ...fail(
        `It${busId === undefined ? '' : ` (${busId})`} cannot be reached: ${reason}.`,
        'Reset the GPU; if it is lost, drain the node and reboot it.',
        [{ name: 'nvmlDeviceGetHandleByIndex', value: null, reason }],
      ),
    }));
  },
};

const powerState: DoctorCheck = {
  id: 'power-state',
  looksAt:
    'Whether a GPU is runtime-suspended, as in a laptop; NVML calls wake it. `power/runtime_status` of the PCI device.',
  judge({ asleep }): readonly OfGpu[] {
    return [...asleep].map(([address, status]) => {
      const evidence = [{ name: `${PCI}/${address}/power/runtime_status`, value: status }];
      return status === 'suspended' || status === 'suspending'
        ? {
            gpu: address,
            ...warn(
              `It was suspended: polling it wakes it and keeps it awake.`,
              'Poll rarely, or not while the GPU is suspended; read runtime_status first.',
              evidence,
            ),
          }
        : { gpu: address, ...ok(`It is not suspended (${status}).`, evidence) };
    });
  },
};

/** A rule about a field of each GPU that answers; a GPU that has nothing of the kind is left out. */
const perGpu =
  (field: string, rule: (value: string, gpu: NvmlGpu) => Judged) =>
  ({ nvml }: Patient): readonly OfGpu[] => {
    if (!nvml.isOpen) return [];
    return nvml.gpus.flatMap((gpu): OfGpu[] => {
      const value = gpu.fields[field];
      const reason = gpu.reasons[field];
      if (value !== undefined)
        return [{ gpu: gpu.index, evidence: [{ name: field, value }], ...withoutEvidence(rule(value, gpu)) }];
      if (reason === undefined) return [];
      return [
        {
          gpu: gpu.index,
          ...unknown(`It could not be read: ${reason}.`, 'See gpus-reachable and nvml.', [
            { name: field, value: null, reason },
          ]),
        },
      ];
    });
  };

const withoutEvidence = ({ verdict, why, action }: Judged): Judged => ({ verdict, why, action });

const inforom: DoctorCheck = {
  id: 'inforom',
  looksAt: 'Whether the checksums of the infoROM are valid.',
  judge: perGpu('inforom.checksum_validation', (value) =>
    value === 'valid'
      ? ok('The infoROM is valid.')
      : fail(
          'The infoROM is corrupt.',
          'Update the firmware of the board; replace the board if that does not help.',
        ),
  ),
};

const pendingOf = (mode: string, name: string): DoctorCheck['judge'] =>
  perGpu(`${mode}.current`, (current, { fields }) => {
    const pending = fields[`${mode}.pending`];
    return pending === undefined || pending === current
      ? ok(`No change of ${name} is pending.`)
      : warn(
          `${name} is ${current}, and ${pending} after the next reset.`,
          'Reset the GPU or reboot, so that the setting and the state agree.',
        );
  });

const eccPending: DoctorCheck = {
  id: 'ecc-pending',
  looksAt: 'Whether a change of the ECC mode is pending.',
  judge: pendingOf('ecc.mode', 'ECC'),
};

const migPending: DoctorCheck = {
  id: 'mig-pending',
  looksAt: 'Whether a change of the MIG mode is pending.',
  judge: pendingOf('mig.mode', 'MIG'),
};

/** As the kernel names them: after 15 characters a name is cut. */
const DISPLAY_SERVERS: readonly string[] = [
  'Xorg',
  'X',
  'Xwayland',
  'gnome-shell',
  'kwin_wayland',
  'kwin_x11',
  'sway',
  'weston',
  'Hyprland',
  'gdm-x-session',
  'sddm',
  'lightdm',
];

const display: DoctorCheck = {
  id: 'display-server',
  looksAt: 'Whether a display is active on a GPU, and which X server or Wayland compositor runs.',
  judge({ system, nvml }): Judged | readonly OfGpu[] {
    const shown = nvml.isOpen ? nvml.gpus.filter(({ fields }) => fields.display_active === 'Enabled') : [];
    if (shown.length === 0)
      return nvml.isOpen
        ? ok('No display is active on a GPU.')
        : unknown('NVML does not work, so no GPU was checked.', 'See nvml.');
    const names = processNames(system);
    const servers =
      names instanceof Unread ? [] : [...new Set(names.filter((name) => DISPLAY_SERVERS.includes(name)))];
    const by = servers.length === 0 ? '' : `, by ${servers.join(', ')}`;
    return shown.map(({ index }) => ({
      gpu: index,
      ...warn(
        `A display is active${by}: it takes memory, and keeps the GPU from being reset or changed to MIG.`,
        'Stop the display server (systemctl isolate multi-user.target) before a reset or a change of mode.',
        [
          { name: 'display_active', value: 'Enabled' },
          { name: '/proc/*/comm', value: servers.join(', ') || null },
        ],
      ),
    }));
  },
};

export const gpuChecks: readonly DoctorCheck[] = [
  onBus,
  lost,
  powerState,
  inforom,
  eccPending,
  migPending,
  display,
];
