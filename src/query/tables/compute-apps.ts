/** --query-compute-apps: the processes that compute on a GPU. */
import { Missing } from '../../nvml/status.js';
import { count, type Kind, mebibytes, text } from '../kind.js';
import { migDevicesOf } from '../mig-devices.js';
import type { Subject } from '../plan.js';
import { computeProcesses, nameOf } from '../processes.js';
import { item, type Row } from '../row.js';
import type { AskProbe, Records, RecordValues, Table } from '../table.js';
import { gpuColumns } from './gpu-columns.js';

/** In CSV alone: JSON and all other outputs keep them (H200, 580.159.04). */
const withoutCommas: Kind = { ...text, spell: (value) => text.spell(value).replaceAll(',', '?') };

const name: Row = {
  id: 2006,
  names: ['process_name', 'name'],
  help: 'Name of the process, as it was started.',
  kind: withoutCommas,
  source: item('name'),
};

function records(gpu: Subject, ask: AskProbe, asked: ReadonlySet<Row>): Records {
  // Once a GPU is divided its processes are listed on its MIG devices.
  const migs = migDevicesOf(gpu, ask);
  if (migs instanceof Missing) return migs;
  const all: RecordValues[] = [];
  for (const place of migs ?? [gpu]) {
    const processes = ask(computeProcesses, place).items();
    if (processes instanceof Missing) return processes;
    for (const process of processes) {
      const pid = Number(process.raw('pid'));
      all.push({
        pid,
        usedMemory: process.read('usedGpuMemory'),
        ...(asked.has(name) ? { name: nameOf(pid, place, ask) } : {}),
      });
    }
  }
  return all;
}

export const computeApps: Table = {
  option: 'query-compute-apps',
  subject: 'a process that computes on a GPU',
  rows: [
    ...gpuColumns,
    { id: 2005, names: ['pid'], help: 'Id of the process.', kind: count, source: item('pid') },
    name,
    {
      id: 2007,
      names: ['used_gpu_memory', 'used_memory'],
      help: 'Memory of the GPU that the process has allocated. Windows does not report it in WDDM mode.',
      kind: mebibytes,
      source: item('usedMemory'),
    },
  ],
  records,
};
