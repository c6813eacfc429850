/** Devices of a /sys class that have hardware on the PCI bus: InfiniBand and RoCE adapters, NVMe disks. */
import type { SystemFiles } from './files.js';
import { type PciPlace, pciLevel, placeAt, placeOfBusId } from './pci.js';

class ClassDevice {
  constructor(
    private readonly files: SystemFiles,
    /** As the kernel calls it: mlx5_0, nvme0. */
    readonly name: string,
    private readonly place: PciPlace,
  ) {}

  get numaNode(): number | undefined {
    return this.place.numaNode;
  }

  /** How far it is from the device of a bus id, or from another: one of NVML_TOPOLOGY_*. */
  levelTo(other: string | ClassDevice): number {
    const place = typeof other === 'string' ? placeOfBusId(this.files, other) : other.place;
    return pciLevel(place, this.place);
  }
}

/** nvme2 before nvme10. Intl.Collator, which knows that order, takes 8 ms to begin. */
const sortable = (name: string): string => name.replace(/\d+/g, (digits) => digits.padStart(9, '0'));

function devicesOf(files: SystemFiles, folder: string): readonly ClassDevice[] {
  return files
    .list(folder)
    .filter((name) => files.realpath(`${folder}/${name}/device`) !== undefined)
    .map((name) => new ClassDevice(files, name, placeAt(files, `${folder}/${name}/device`)))
    .sort((a, b) => (sortable(a.name) < sortable(b.name) ? -1 : 1));
}

const INFINIBAND = '/sys/class/infiniband';
const VERBS = '/sys/class/infiniband_verbs';

/**
 * The adapters that can do RDMA, in the order in which the kernel made them: a bond comes after the adapters that
 * were there before it, as in public matrices of HGX servers (NIC8: mlx5_bond_0, NIC0: mlx5_ib0 ... NIC8: mlx5_eth0).
 */
export function nics(files: SystemFiles): readonly ClassDevice[] {
  const made = new Map(
    files.list(VERBS).flatMap((verbs): [string, number][] => {
      const name = files.read(`${VERBS}/${verbs}/ibdev`)?.trim();
      return name === undefined ? [] : [[name, Number(/\d+$/.exec(verbs)?.[0])]];
    }),
  );
  const order = ({ name }: ClassDevice): number => made.get(name) ?? Number.MAX_SAFE_INTEGER;
  return devicesOf(files, INFINIBAND)
    .filter(({ name }) => !isSwitchBridge(files, name))
    .sort((a, b) => order(a) - order(b));
}

/** HGX B200 reaches its NVSwitches through adapters that carry no traffic. Their product data shows it, which root may read. */
export const SWITCH_BRIDGE = 'SMDL=SW_MNG';

const isSwitchBridge = (files: SystemFiles, name: string): boolean =>
  files.read(`${INFINIBAND}/${name}/device/vpd`)?.includes(SWITCH_BRIDGE) ?? false;

/** The NVMe controllers, by number. */
export const nvmeDisks = (files: SystemFiles): readonly ClassDevice[] => devicesOf(files, '/sys/class/nvme');

/** Makes a list when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The devices beside the GPUs, each class looked up once, when it is asked for. */
export const nearbyDevices = (files: SystemFiles) => ({
  nics: once(() => nics(files)),
  nvmeDisks: once(() => nvmeDisks(files)),
});
