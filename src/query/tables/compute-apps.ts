/** --query-compute-apps: the processes that compute on a GPU. */
import { count, mebibytes, text } from '../kind.js';
import { migDevicesOf } from '../mig-devices.js';
import type { Subject } from '../plan.js';
import { computeProcesses, processName } from '../processes.js';
import { item, type Row } from '../row.js';
import type { AskProbe, RecordValues, Table } from '../table.js';
import { gpuColumns } from './gpu-columns.js';

const name: Row = {
  id: 2006,
  names: ['process_name', 'name'],
  help: 'Name of the process, as it was started.',
  kind: text,
  source: item('name'),
};

function records(gpu: Subject, ask: AskProbe, asked: ReadonlySet<Row>): readonly RecordValues[] {
  // Once a GPU is divided its processes are listed on its MIG devices.
  const places = migDevicesOf(gpu, ask) ?? [gpu];
  return places.flatMap((place) =>
    ask(computeProcesses, place)
      .items()
      .map((process) => {
        const pid = process.number('pid');
        return {
          pid,
          usedMemory: process.read('usedGpuMemory'),
          ...(asked.has(name) ? { name: ask(processName(pid), place).read('') } : {}),
        };
      }),
  );
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
      help: 'Memory of the GPU that the process has allocated. Windows does not tell it in WDDM mode.',
      kind: mebibytes,
      source: item('usedMemory'),
    },
  ],
  records,
};
