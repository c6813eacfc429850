/** Made-up machines: folders with what /proc, /sys, /dev and the rest of a machine have. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file's text, a link, a file with a mode; undefined where a machine lacks what others have. */
export type Entry =
  | string
  | { readonly link: string }
  | { readonly text: string; readonly mode: number }
  | undefined;
export type Tree = Readonly<Record<string, Entry>>;

/** Makes the folders of a tree and calls `use` with the root. */
export async function withTree<T>(tree: Tree, use: (root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'nvsmi-tree-'));
  try {
    for (const [path, entry] of Object.entries(tree)) {
      if (entry === undefined) continue;
      const at = join(root, path);
      mkdirSync(dirname(at), { recursive: true });
      if (typeof entry === 'string') writeFileSync(at, entry);
      else if ('link' in entry) symlinkSync(entry.link, at);
      else {
        writeFileSync(at, entry.text);
        chmodSync(at, entry.mode);
      }
    }
    return await use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const node = (text: string, mode = 0o666): Entry => ({ text: `${text}\n`, mode });

const VERSION =
  'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (builder@host)\nGCC version:  gcc version 13.2.0\n';

const gpu = (address: string): Tree => ({
  [`/sys/bus/pci/devices/${address}/vendor`]: '0x10de\n',
  [`/sys/bus/pci/devices/${address}/class`]: '0x030200\n',
  [`/sys/bus/pci/devices/${address}/driver`]: { link: '../../drivers/nvidia' },
  [`/sys/bus/pci/devices/${address}/power/runtime_status`]: 'active\n',
});

export const KERNEL = '6.8.0-31-generic';
export const SECURE_BOOT = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
export const LIBRARY = '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.159.04';

/** A server with two GPUs on which all is well; it fits the recording of two H200s. */
export const SOUND: Tree = {
  '/proc/driver/nvidia/version': VERSION,
  '/proc/driver/nvidia/params': 'ModifyDeviceFiles: 1\nRmProfilingAdminOnly: 0\n',
  '/proc/driver/nvidia/gpus/0000:00:06.0/information': 'Model: NVIDIA H200\n',
  '/proc/driver/nvidia/gpus/0000:00:07.0/information': 'Model: NVIDIA H200\n',
  '/proc/sys/kernel/osrelease': `${KERNEL}\n`,
  '/proc/modules': 'nvidia_uvm 1 0 - Live\nnvidia 2 1 nvidia_uvm, Live\n',
  '/proc/self/status':
    'Name:\tnvsmi\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t44 1000\n',
  '/proc/self/mountinfo': '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n',
  '/proc/1/comm': 'systemd\n',
  '/proc/1/cgroup': '0::/init.scope\n',
  '/proc/77/comm': 'nvidia-persiste\n',
  '/proc/uptime': '1000.00 2000.00\n',
  [`/lib/modules/${KERNEL}/modules.dep`]: 'kernel/fs/ext4.ko:\nupdates/dkms/nvidia.ko.zst: kernel/drm.ko\n',
  '/sys/module/nvidia/version': '580.159.04\n',
  [SECURE_BOOT]: '\u0006\0\0\0\0',
  '/sys/bus/pci/drivers/nvidia/bind': '',
  '/sys/bus/pci/drivers/nouveau/bind': '',
  '/sys/bus/pci/drivers/vfio-pci/bind': '',
  ...gpu('0000:00:06.0'),
  ...gpu('0000:00:07.0'),
  '/dev/nvidiactl': node('c 195:255'),
  '/dev/nvidia0': node('c 195:0'),
  '/dev/nvidia1': node('c 195:1'),
  '/dev/nvidia-uvm': node('c 510:0'),
  '/dev/kmsg': '6,0,0,-;Linux version 6.8\n',
  '/usr/bin/nvidia-modprobe': { text: '', mode: 0o4755 },
  [LIBRARY]: '',
  '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1': { link: 'libnvidia-ml.so.580.159.04' },
  '/var/lib/dpkg/info/libnvidia-compute-580:amd64.list': `/usr/lib\n${LIBRARY}\n`,
};

export { node };
