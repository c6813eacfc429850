/**
 * Which files of /proc and /sys a snapshot keeps: those about the driver, the CPUs, and the places of GPUs and their
 * neighbours. No file of a process is among them.
 */
import type { Snapshot } from '../snapshot/snapshot.js';
import { SWITCH_BRIDGE } from './devices.js';
import { LINK, type SystemFiles } from './files.js';
import { GPU_FOLDERS } from './lost-gpus.js';

const DRIVER = ['/proc/driver/nvidia/version', '/proc/driver/nvidia/params'];
const NODES = '/sys/devices/system/node';
const DEVICES = '/sys/bus/pci/devices';
/** Devices that a topology shows in addition to the GPUs. */
const CLASSES = ['/sys/class/infiniband', '/sys/class/nvme'];
/** Shows in which order the InfiniBand devices were made. */
const VERBS = '/sys/class/infiniband_verbs';
const OF_GPU = ['numa_node', 'local_cpulist', 'local_cpus', 'class'];

/** The files' texts by path; a link is kept as where it leads. */
export function recordedPaths(
  files: SystemFiles,
  calls: Snapshot['calls'],
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  const keep = (path: string): void => {
    const text = files.read(path);
    if (text !== undefined) kept[path] = text;
  };
  const keepLink = (path: string): void => {
    const target = files.realpath(path);
    if (target !== undefined) kept[`${path}${LINK}`] = target;
  };
  for (const path of DRIVER) keep(path);
  keep(`${NODES}/online`);
  for (const node of files.list(NODES).filter((name) => /^node\d+$/.test(name))) {
    keep(`${NODES}/${node}/cpulist`);
    keep(`${NODES}/${node}/distance`);
  }
  keep('/sys/devices/system/cpu/online');
  for (const folder of CLASSES) {
    for (const name of files.list(folder)) {
      const device = `${folder}/${name}/device`;
      // Adapters without hardware are in no topology.
      if (files.realpath(device) === undefined) continue;
      keepLink(device);
      keep(`${device}/numa_node`);
      keep(`${device}/local_cpulist`);
      // Of the product data only the mark that is looked for: the rest is serial numbers.
      if (files.read(`${device}/vpd`)?.includes(SWITCH_BRIDGE)) kept[`${device}/vpd`] = SWITCH_BRIDGE;
    }
  }
  for (const name of files.list(VERBS)) keep(`${VERBS}/${name}/ibdev`);
  // The folders alone give the addresses of the GPUs; the files in them have their UUIDs.
  for (const busId of files.list(GPU_FOLDERS)) kept[`${GPU_FOLDERS}/${busId}`] = '';
  for (const busId of busIds(calls)) {
    const folder = `${DEVICES}/${busId}`;
    keepLink(folder);
    for (const name of OF_GPU) keep(`${folder}/${name}`);
  }
  return kept;
}

/** Bus ids as /sys spells them: four digits of domain, small letters. */
function busIds(calls: Snapshot['calls']): readonly string[] {
  const answers = Object.values(calls.nvmlDeviceGetPciInfo_v3 ?? calls.nvmlDeviceGetPciInfo ?? {});
  return answers.flatMap((answer) => {
    const id = (answer as { busId?: unknown }).busId;
    return typeof id === 'string' ? [id.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '')] : [];
  });
}
