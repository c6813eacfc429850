/** --query-compute-apps: the processes that compute on a GPU. */
import { Missing } from '../../nvml/status.js';
import { type Asking, ask, together } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { asks, item } from '../field.js';
import { type Kind, mebibytesOfProcess, processId, text } from '../kind.js';
import { migDevicesOf } from '../mig/devices.js';
import { computeProcesses, usedMemoryOf, wantedName } from '../process/processes.js';
import type { Found, Records, Table } from '../relation.js';
import { gpuColumns } from './gpu-columns.js';

/** In CSV alone: JSON and all other outputs keep them (H200, 580.159.04). */
const withoutCommas: Kind = { ...text, spell: (value) => text.spell(value).replaceAll(',', '?') };

/** The processes that NVML lists on a subject itself: a GPU, whatever MIG makes of it, or a MIG device. */
export function* processesOn(place: Subject): Asking<Records> {
  const processes = (yield* ask(computeProcesses, place)).items();
  if (processes instanceof Missing) return processes;
  return processes.map((process) => ({
    values: { pid: Number(process.raw('pid')), usedMemory: usedMemoryOf(process) },
  }));
}

function* find(gpu: Subject): Asking<Records> {
  // Once a GPU is divided its processes are listed on its MIG devices.
  const migs = yield* migDevicesOf(gpu);
  if (migs instanceof Missing) return migs;
  const found = yield* together((migs ?? [gpu]).map(processesOn));
  return found.find((records) => records instanceof Missing) ?? (found as readonly Found[][]).flat();
}

export const computeApps: Table = {
  option: 'query-compute-apps',
  name: 'compute_apps',
  id: 200,
  record: 'a compute process on a GPU',
  fields: [
    ...gpuColumns,
    { id: 2005, names: ['pid'], help: 'Id of the process.', kind: processId, source: item('pid') },
    {
      id: 2006,
      names: ['process_name', 'name'],
      help: 'Name of the process, as it was started.',
      kind: withoutCommas,
      source: asks(({ pid }) => wantedName(Number(pid))),
    },
    {
      id: 2007,
      names: ['used_gpu_memory', 'used_memory'],
      help: 'Memory of the GPU that the process has allocated. Windows does not report it in WDDM mode.',
      kind: mebibytesOfProcess,
      source: item('usedMemory'),
    },
  ],
  find,
};
