/** Processes that have device files of the NVIDIA driver open, whether NVML lists them or not. */
import type { SystemFiles } from './files.js';

export interface DeviceHolder {
  readonly pid: number;
  /** `/dev/nvidia0`, `/dev/nvidiactl`, `/dev/nvidia-uvm`, each once. */
  readonly devices: readonly string[];
}

export interface DeviceHolders {
  readonly holders: readonly DeviceHolder[];
  /** Processes whose open files this user may not see. */
  readonly hidden: number;
}

const DEVICE = /^\/dev\/nvidia/;

/** All processes of /proc but one: the one that asks has the devices open itself. */
export function deviceHolders(files: SystemFiles, except: number): DeviceHolders {
  const holders: DeviceHolder[] = [];
  let hidden = 0;
  for (const name of files.list('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === except) continue;
    const folder = `/proc/${name}/fd`;
    const open = files.list(folder);
    const [first] = open;
    // A folder that may be listed can have links that may not be read.
    if (files.isDenied(first === undefined ? folder : `${folder}/${first}`)) hidden++;
    const devices = devicesIn(files, folder, open);
    if (devices.length > 0) holders.push({ pid: Number(name), devices });
  }
  return { holders: holders.sort((a, b) => a.pid - b.pid), hidden };
}

/** The device files that one process has open. */
export const devicesOfProcess = (files: SystemFiles, pid: number): readonly string[] =>
  devicesIn(files, `/proc/${pid}/fd`, files.list(`/proc/${pid}/fd`));

const devicesIn = (files: SystemFiles, folder: string, open: readonly string[]): readonly string[] => {
  const links = open.map((fd) => files.link(`${folder}/${fd}`) ?? '');
  return [...new Set(links.filter((link) => DEVICE.test(link)))].sort();
};
