/**
 * Table: the files that a recording with made-up identities keeps, and what of each. Their texts are numbers and places on the PCI
 * bus; a file that is not here, or has something else in it, is left out.
 */

const BUS_ID = '[0-9a-f]{4,5}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
const DEVICE = `/sys/(?:bus/pci/devices/${BUS_ID}|class/(?:infiniband|nvme)/[^/]+/device)`;

type KeptPart = (text: string) => string | undefined;

const form =
  (whole: RegExp): KeptPart =>
  (text) =>
    whole.test(text) ? text : undefined;

/** 0-55,112-167 */
const LIST = form(/^[\d,-]*\n?$/);

/** "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04": who built it, and with what, follows. */
const version: KeptPart = (text) => {
  const found =
    /^NVRM version: NVIDIA UNIX (?:Open )?Kernel Module(?: for (?:x86_64|aarch64))? +\d+(?:\.\d+)+/.exec(
      text,
    );
  return found === null ? undefined : `${found[0]}\n`;
};

/** Parameters of the kernel module that say how it behaves. Others hold whatever an administrator wrote there. */
const PARAMETERS =
  /^(?:RmProfilingAdminOnly|EnableGpuFirmware|EnableMSI|EnableResizableBar|NvLinkDisable|DynamicPowerManagement): \d+$/;
const parameters: KeptPart = (text) =>
  text
    .split('\n')
    .filter((line) => PARAMETERS.test(line))
    .map((line) => `${line}\n`)
    .join('');

/** A device that is on no PCI bus, such as a disk over the network, is still one. */
const link: KeptPart = (target) =>
  new RegExp(`^/sys/devices(?:/(?:pci[0-9a-f]{4,5}:[0-9a-f]{2}|${BUS_ID}|virtio\\d+))+$`).test(target)
    ? target
    : '/sys/devices/virtual';

const ROWS: readonly (readonly [path: string, keep: KeptPart])[] = [
  ['/proc/driver/nvidia/version', version],
  ['/proc/driver/nvidia/params', parameters],
  [`/proc/driver/nvidia/gpus/${BUS_ID}`, () => ''],
  ['/sys/devices/system/(?:cpu|node)/online', LIST],
  ['/sys/devices/system/node/node\\d+/cpulist', LIST],
  ['/sys/devices/system/node/node\\d+/distance', form(/^[\d ]+\n?$/)],
  [`${DEVICE}@`, link],
  [`${DEVICE}/numa_node`, form(/^-?\d+\n?$/)],
  [`${DEVICE}/local_cpulist`, LIST],
  [`${DEVICE}/local_cpus`, form(/^[0-9a-f,]+\n?$/)],
  [`${DEVICE}/class`, form(/^0x[0-9a-f]+\n?$/)],
  [`${DEVICE}/vpd`, form(/^SMDL=SW_MNG$/)],
  ['/sys/class/infiniband_verbs/uverbs\\d+/ibdev', (text) => text],
];

/** How the kernel calls adapters and disks; a user may rename one to anything. */
const KERNEL_NAME = /^(?:mlx\d_(?:bond_|ib|eth)?\d+|nvme\d+)$/;

/** The files that are kept, with what is kept of them, and names of devices that the kernel could have given. */
export function keptFiles(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const names = new Map<string, string>();
  const nameOf = (name: string): string => {
    if (KERNEL_NAME.test(name)) return name;
    if (!names.has(name)) names.set(name, `device${names.size}`);
    return names.get(name) ?? name;
  };
  return Object.fromEntries(
    Object.entries(files).flatMap(([path, text]) => {
      const row = ROWS.find(([form]) => new RegExp(`^${form}$`).test(path));
      const kept = row?.[1](text);
      if (kept === undefined) return [];
      const named = path.replace(
        /^(\/sys\/class\/(?:infiniband|nvme)\/)([^/]+)/,
        (_, folder: string, name: string) => folder + nameOf(name),
      );
      return [[named, path.endsWith('/ibdev') ? `${nameOf(kept.trim())}\n` : kept]];
    }),
  );
}
