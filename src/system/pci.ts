/** The topology of PCI devices, from /sys: the bridges above them and their NUMA node. */
import {
  NVML_TOPOLOGY_HOSTBRIDGE,
  NVML_TOPOLOGY_MULTIPLE,
  NVML_TOPOLOGY_NODE,
  NVML_TOPOLOGY_SINGLE,
  NVML_TOPOLOGY_SYSTEM,
} from '../nvml/generated/constants.js';
import type { SystemFiles } from './files.js';

export interface PciPlace {
  /** Host bridge, root port, switch ports, the device itself; empty where /sys does not show it. */
  readonly path: readonly string[];
  readonly numaNode: number | undefined;
}

/** Looks at a device's folder of /sys, which may be a link to it. */
export function placeAt(files: SystemFiles, folder: string): PciPlace {
  const steps = files.realpath(folder)?.split('/') ?? [];
  const bridge = steps.findIndex((step) => /^pci[0-9a-f]{4}:/.test(step));
  const node = Number.parseInt(files.read(`${folder}/numa_node`) ?? '', 10);
  return {
    path: bridge === -1 ? [] : steps.slice(bridge),
    numaNode: Number.isNaN(node) || node < 0 ? undefined : node,
  };
}

/** The place of a device by its bus id, of four or eight domain digits. */
export function placeOfBusId(files: SystemFiles, busId: string): PciPlace {
  const short = busId.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');
  return placeAt(files, `/sys/bus/pci/devices/${short}`);
}

/**
 * How far apart two devices are, as one of NVML_TOPOLOGY_*. A switch is an upstream port with a downstream port
 * for each device, so two devices of one switch differ in their last two steps.
 */
export function pciLevel(a: PciPlace, b: PciPlace): number {
  const apart = a.path.findIndex((step, i) => step !== b.path[i]);
  const shared = apart === -1 ? a.path.length : apart;
  if (shared === 0) return a.numaNode === b.numaNode ? NVML_TOPOLOGY_NODE : NVML_TOPOLOGY_SYSTEM;
  if (shared === 1) return NVML_TOPOLOGY_HOSTBRIDGE;
  const below = Math.max(a.path.length, b.path.length) - shared;
  return below <= 2 ? NVML_TOPOLOGY_SINGLE : NVML_TOPOLOGY_MULTIPLE;
}
