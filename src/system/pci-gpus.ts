/** NVIDIA's devices on the PCI bus, and which of them NVML has to count. */
import { containerOf } from './containment.js';
import { type System, Unread } from './system.js';

export interface PciGpu {
  readonly address: string;
  /** The kernel driver that it is bound to; undefined without one. */
  readonly driver: string | undefined | Unread;
}

/** A bus id as /sys has it: NVML and nvidia-smi write 00000000:3B:00.0, /sys 0000:3b:00.0. */
export const pciAddress = (busId: string): string => busId.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');

export const PCI = '/sys/bus/pci/devices';
const NVIDIA = '0x10de';
const isUnrecorded = (what: unknown): boolean => what instanceof Unread && what.why === 'unrecorded';

/** NVIDIA's devices of a PCI class: `0x03` are GPUs, `0x0680` the bridges that NVSwitches are. */
export function pciDevices(system: System, pciClass: string): readonly PciGpu[] | Unread {
  const addresses = system.list(PCI);
  if (addresses instanceof Unread) return addresses;
  return addresses.flatMap((address): PciGpu[] => {
    const vendor = system.read(`${PCI}/${address}/vendor`);
    const kind = system.read(`${PCI}/${address}/class`);
    // A recording holds the GPUs alone, without their vendor.
    const isNvidia = isUnrecorded(vendor) || (!(vendor instanceof Unread) && vendor.trim() === NVIDIA);
    if (!isNvidia || kind instanceof Unread || !kind.startsWith(pciClass)) return [];
    const driver = system.realpath(`${PCI}/${address}/driver`);
    const name =
      driver instanceof Unread ? (driver.why === 'absent' ? undefined : driver) : driver.split('/').at(-1);
    return [{ address, driver: name }];
  });
}

const FOLDERS = '/proc/driver/nvidia/gpus';

/** The number in the name of a GPU's node: /dev/nvidia3. */
export function minorOf(system: System, address: string): number | undefined {
  const text = system.read(`${FOLDERS}/${address}/information`);
  const minor = text instanceof Unread ? undefined : /^Device Minor:\s*(\d+)/m.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Drivers that keep a GPU for a virtual machine. */
const RESERVING: readonly unknown[] = ['vfio-pci', 'pci-stub', 'pciback', 'xen-pciback'];

/** Why NVML does not have to count a GPU; undefined where it has to. */
export function notForNvml(system: System, { address, driver }: PciGpu): string | undefined {
  if (RESERVING.includes(driver)) return `bound to ${driver} for a virtual machine`;
  if (containerOf(system) === undefined) return undefined;
  // /sys shows all GPUs of the host; a container is given the nodes of its own.
  const folders = system.list(FOLDERS);
  if (!(folders instanceof Unread) && !folders.includes(address)) return 'not given to this container';
  const minor = minorOf(system, address);
  return minor !== undefined && system.node(`/dev/nvidia${minor}`) instanceof Unread
    ? 'not given to this container'
    : undefined;
}

/** What the driver says of runtime D3, in which a GPU that is idle is switched off: `Enabled (fine-grained)`. */
export function runtimeD3(system: System, address: string): string | undefined {
  const text = system.read(`${FOLDERS}/${address}/power`);
  return text instanceof Unread ? undefined : /^Runtime D3 status:\s*(.*)$/m.exec(text)?.[1]?.trim();
}
