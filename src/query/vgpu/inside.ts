/** What is in the running vGPUs of a GPU: processes, and sessions of the video encoder and of frame buffer capture. */
import { NVML_ERROR_NO_DATA, NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetVgpuProcessUtilization,
  nvmlVgpuInstanceGetEncoderSessions,
  nvmlVgpuInstanceGetFBCSessions,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { ask, askAll } from '../ask/asking.js';
import { SYSTEM } from '../ask/subject.js';
import { type Field, item, type RecordValues } from '../field.js';
import { type Kind, percent, processId, text } from '../kind.js';
import { type Probe, sample } from '../probe.js';
import type { Answer } from '../reading.js';
import type { Found, Relation } from '../relation.js';
import { encoderSessions, fbcSessions, sessionValues } from '../sessions.js';
import { NO_LIST, vgpuNumbers } from './vgpu.js';
import { vgpuInstance } from './vgpus.js';

const processSamples = sample(nvmlDeviceGetVgpuProcessUtilization, { lastSeenTimeStamp: 0 });

const field = (name: string, kind: Kind, path: string, help: string): Field => ({
  names: [name],
  help,
  kind,
  source: item(path),
});

const processFields: readonly Field[] = [
  vgpuInstance,
  field('pid', processId, 'pid', 'Id of the process in the virtual machine.'),
  field('process_name', text, 'processName', 'Name of the process.'),
  field('utilization.gpu', percent, 'smUtil', 'Share of time in which a kernel of the process ran.'),
  field('utilization.memory', percent, 'memUtil', 'Share of time in which the process read or wrote memory.'),
  field('utilization.encoder', percent, 'encUtil', 'Utilization of the video encoders.'),
  field('utilization.decoder', percent, 'decUtil', 'Utilization of the video decoders.'),
];

/** Processes that used the GPU lately. */
export const vgpuProcesses: Relation = {
  name: 'vgpu_processes',
  record: 'a process in a vGPU',
  fields: processFields,
  *find(gpu) {
    const none = [...NO_LIST, NVML_ERROR_NOT_FOUND, NVML_ERROR_NO_DATA];
    const items = (yield* ask(processSamples, gpu)).items(none);
    return items instanceof Missing
      ? items
      : items.map((view) => ({ values: sessionValues(processFields, view) }));
  },
};

/** In place of a session: why none is known. */
const noSession = (fields: readonly Field[], why: Missing): RecordValues =>
  Object.fromEntries(fields.flatMap(({ source }) => ('item' in source ? [[source.item, why]] : [])));

const sessionsIn = (
  { name, fields }: Relation,
  record: string,
  probe: (vgpuInstance: number) => Probe,
): Relation => ({
  name: `vgpu_${name}`,
  record,
  fields: [vgpuInstance, ...fields],
  *find(gpu) {
    const ids = yield* vgpuNumbers(gpu, 'active');
    if (ids instanceof Missing) return ids;
    const lists = yield* askAll(ids.map((id) => ({ probe: probe(id), subject: SYSTEM })));
    return ids.flatMap((id, i): Found[] => {
      const views = (lists[i] as Answer).items(NO_LIST);
      const who = { vgpuInstance: id };
      if (views instanceof Missing) return [{ values: { ...noSession(fields, views), ...who } }];
      // A vGPU without sessions has a record without values, as it has a line of dashes: the vGPU software's guide.
      if (views.length === 0) return [{ values: who }];
      return views.map((view) => ({ values: { ...sessionValues(fields, view), ...who } }));
    });
  },
});

export const vgpuEncoderSessions = sessionsIn(encoderSessions, 'an encoder session in a vGPU', (vgpu) =>
  sample(nvmlVgpuInstanceGetEncoderSessions, { vgpuInstance: vgpu }),
);

export const vgpuFbcSessions = sessionsIn(fbcSessions, 'a frame buffer capture session in a vGPU', (vgpu) =>
  sample(nvmlVgpuInstanceGetFBCSessions, { vgpuInstance: vgpu }),
);
