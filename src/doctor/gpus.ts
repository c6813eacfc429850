/** Checks of the GPUs: on the bus and counted, asleep, damaged, about to change, held by a display. */

import { type Evidence, fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { isWsl } from '../system/containment.js';
import { notForNvml, PCI, pciAddress, pciDevices, runtimeD3 } from '../system/pci-gpus.js';
import { Unread } from '../system/system.js';
import { type DoctorCheck, type NvmlGpu, type Patient, unread } from './patient.js';

type OfGpu = Judged & { readonly gpu: number | string };

const onBus: DoctorCheck = {
  id: 'gpus-on-bus',
  asksNvml: true,
  looksAt:
    'GPUs on the PCI bus (class 0x03, vendor 0x10de) that NVML does not count, but for those of virtual machines and, in a container, those that it was not given.',
  judge({ system, nvml }): Judged | readonly OfGpu[] {
    if (isWsl(system)) return [];
    const found = pciDevices(system, '0x03');
    if (found instanceof Unread) return unread('Which GPUs are on the PCI bus', found);
    const evidence: Evidence[] = [
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
    const others = found.map((gpu) => ({ ...gpu, why: notForNvml(system, gpu) }));
    const here = others.filter(({ why }) => why === undefined);
    for (const { address, why } of others)
      if (why !== undefined) evidence.push({ name: `${PCI}/${address}`, value: why });
    if (!nvml.isOpen)
      return unknown(
        `${found.length} NVIDIA GPUs are on the PCI bus, and NVML counts none, as it does not work.`,
        'See nvml.',
        evidence,
      );
    const counted = new Set(
      nvml.gpus.flatMap(({ busId }) => (busId === undefined ? [] : [pciAddress(busId)])),
    );
    const missing =
      nvml.gpus.length >= here.length ? [] : here.filter(({ address }) => !counted.has(address));
    if (missing.length === 0) {
      const rest = found.length - here.length;
      return ok(
        rest === 0
          ? `NVML counts all GPUs of the PCI bus: ${found.length}.`
          : `NVML counts all GPUs that are for it: ${here.length} of the ${found.length} on the PCI bus.`,
        evidence,
      );
    }
    return missing.map(({ address, driver }) => ({
      gpu: address,
      ...fail(
        'It is on the PCI bus, but NVML does not count it.',
        'Look in dmesg for why the module refuses it; see bound-driver and kernel-messages.',
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
  asksNvml: true,
  looksAt: 'GPUs that NVML counts and cannot reach.',
  judge({ nvml }): Judged | readonly OfGpu[] {
    if (!nvml.isOpen) return unknown('NVML does not work, so no GPU was checked.', 'See nvml.');
    const gone = nvml.gpus.flatMap(({ silent, ...gpu }) =>
      silent === undefined ? [] : [{ ...gpu, silent }],
    );
    if (gone.length === 0)
      return nvml.gpus.length === 0
        ? fail('NVML counts no GPU.', 'See gpus-on-bus and kernel-messages.')
        : ok('Every GPU answers.');
    return gone.map(({ index, busId, silent: { name, reason, isLate } }) => ({
      gpu: index,
      ...(isLate ? unknown : fail)(
        `It${busId === undefined ? '' : ` (${busId})`} ${isLate ? 'did not answer in time' : 'cannot be reached'}: ${reason}.`,
        'Reset the GPU; if it is lost, drain the node and reboot it.',
        [{ name, value: null, reason }],
      ),
    }));
  },
};

const powerState: DoctorCheck = {
  id: 'power-state',
  looksAt:
    'Whether a GPU is runtime-suspended, as in a laptop, or may be; NVML calls wake it. `power/runtime_status` of the PCI device, and runtime D3 in `/proc/driver/nvidia/gpus`.',
  judge({ system, asleep }): readonly OfGpu[] {
    return [...asleep].map(([address, status]) => {
      const d3 = runtimeD3(system, address);
      const evidence: Evidence[] = [{ name: `${PCI}/${address}/power/runtime_status`, value: status }];
      if (d3 !== undefined) evidence.push({ name: `/proc/driver/nvidia/gpus/${address}/power`, value: d3 });
      if (status === 'suspended' || status === 'suspending')
        return {
          gpu: address,
          ...warn(
            `It was suspended: polling it wakes it and keeps it awake.`,
            'Poll rarely, or not while the GPU is suspended; read runtime_status first.',
            evidence,
          ),
        };
      return {
        gpu: address,
        ...ok(
          d3?.startsWith('Enabled')
            ? `It is not suspended (${status}), but is when idle: polling keeps it awake.`
            : `It is not suspended (${status}).`,
          evidence,
        ),
      };
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
  asksNvml: true,
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
  perGpu(`${mode}.current`, (current, { fields, failed }) => {
    const pending = fields[`${mode}.pending`];
    if (failed.includes(`${mode}.pending`))
      return unknown(
        `Whether a change of ${name} is pending could not be read.`,
        'See gpus-reachable and nvml.',
      );
    return pending === undefined || pending === current
      ? ok(`No change of ${name} is pending.`)
      : warn(
          `${name} is ${current}, and ${pending} after the next reset.`,
          'Reset the GPU or reboot, so that the setting and the state agree.',
        );
  });

const eccPending: DoctorCheck = {
  id: 'ecc-pending',
  asksNvml: true,
  looksAt: 'Whether a change of the ECC mode is pending.',
  judge: pendingOf('ecc.mode', 'ECC'),
};

const migPending: DoctorCheck = {
  id: 'mig-pending',
  asksNvml: true,
  looksAt: 'Whether a change of the MIG mode is pending.',
  judge: pendingOf('mig.mode', 'MIG'),
};

export const gpuChecks: readonly DoctorCheck[] = [onBus, lost, powerState, inforom, eccPending, migPending];
