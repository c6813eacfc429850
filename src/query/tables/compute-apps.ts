/** --query-compute-apps: the processes that compute on a GPU. */
import type { Handle } from '../../nvml/call.js';
import { call, handle, SUBJECT, u32 } from '../../nvml/call.js';
import { believable } from '../../nvml/counts.js';
import { Missing } from '../../nvml/status.js';
import type { View } from '../bound-probe.js';
import { migMode } from '../gpu/engines.js';
import { count, mebibytes, printable } from '../kind.js';
import type { Subject } from '../plan.js';
import { fixed, type Probe, sample } from '../probe.js';
import { computeProcesses, processName } from '../processes.js';
import { item, type Row } from '../row.js';
import type { AskProbe, RecordValues, Table } from '../table.js';
import { gpuColumns } from './gpu-columns.js';

const name: Row = {
  id: 2006,
  names: ['process_name', 'name'],
  help: 'Name of the process, as it was started.',
  kind: printable,
  source: item('name'),
};

export const migRoom = fixed('MIG room', call('nvmlDeviceGetMaxMigDeviceCount', SUBJECT, u32()));
/** How many MIG devices a GPU may have. */
export const migPlaces = (room: View): number =>
  believable('nvmlDeviceGetMaxMigDeviceCount', room.number('value'));
export const migHandle = (index: number): Probe =>
  sample(`MIG device ${index}`, call('nvmlDeviceGetMigDeviceHandleByIndex', SUBJECT, index, handle()));

/** Where the processes of a GPU are listed: on the GPU, or on its MIG devices once it is divided. */
function placesOf(gpu: Subject, ask: AskProbe): readonly Subject[] {
  if (ask(migMode).number('current') === 0) return [gpu];
  return Array.from({ length: migPlaces(ask(migRoom)) }, (_, i) => {
    const found = ask(migHandle(i)).read('value');
    return found instanceof Missing ? [] : [{ index: gpu.index, handle: found as Handle, status: 0 }];
  }).flat();
}

function records(gpu: Subject, ask: AskProbe, asked: ReadonlySet<Row>): readonly RecordValues[] {
  return placesOf(gpu, ask).flatMap((place) =>
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
