/** What deviceQuery tells of processes: those that run, and those that were accounted. */

import * as nvml from '../nvml/generated/constants.js';
import { nvmlDeviceGetAccountingPids, nvmlDeviceGetAccountingStats } from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { type Probe, sample } from '../query/probe.js';
import { computeProcesses, isPid, processName } from '../query/processes.js';
import type { Value } from '../query/reading.js';
import { asText, MEBIBYTE, mebibytes } from './device-leaf.js';
import type { AccountedProcess, DeviceProcess } from './device-lists.js';
import { absence, type ListPart, spellReading, type XmlElement } from './device-tree.js';
import { NVSMI } from './ids.js';

const NO_NAME = Missing.of(nvml.NVML_ERROR_NOT_FOUND);

export const processes: ListPart<readonly DeviceProcess[] | string | null> = {
  type: 'list',
  key: 'processes',
  declared: 'readonly DeviceProcess[] | string | null',
  ids: [NVSMI.COMPUTE_APPS],
  read: (subject, ask) => {
    const asked = ask(computeProcesses, subject);
    const items = asked.items();
    if (items instanceof Missing) return absence(items.status);
    const found = items.flatMap((item): DeviceProcess[] => {
      const pid = Number(item.raw('pid'));
      const name = isPid(pid) ? ask(processName(pid)).read('') : NO_NAME;
      // It ended between the two questions.
      if (name instanceof Missing && name.status === nvml.NVML_ERROR_NOT_FOUND) return [];
      const used = item.read('usedGpuMemory');
      return [
        {
          pid,
          process_name: String(spellReading(name, asText)),
          used_memory: used instanceof Missing ? 0 : Math.floor(Number(used) / MEBIBYTE),
          unit: 'MiB',
        },
      ];
    });
    return found.length === 0 ? null : found;
  },
  xml: (found) =>
    typeof found === 'string'
      ? found
      : [
          [
            'processes',
            (found ?? []).map(
              (one): XmlElement => [
                'process_info',
                [
                  ['pid', String(one.pid)],
                  ['process_name', String(one.process_name)],
                  ['used_memory', `${one.used_memory} MiB`],
                ],
              ],
            ),
          ],
        ],
};

const accountedPids = sample(nvmlDeviceGetAccountingPids);
const accounted = (pid: number): Probe => sample(nvmlDeviceGetAccountingStats, { pid });

export const accountedProcesses: ListPart<readonly AccountedProcess[] | string | null> = {
  type: 'list',
  key: 'accounted_processes',
  declared: 'readonly AccountedProcess[] | string | null',
  ids: [NVSMI.ACCOUNTED_APPS],
  read: (subject, ask) => {
    const asked = ask(accountedPids, subject);
    const items = asked.items();
    if (items instanceof Missing) return absence(items.status);
    const found = items.flatMap((item): AccountedProcess[] => {
      const pid = Number(item.raw(''));
      const stats = ask(accounted(pid), subject);
      if (stats.status === nvml.NVML_ERROR_NOT_FOUND) return [];
      const spelled = (path: string, spell: (value: Value) => string): string =>
        String(spellReading(stats.read(path), spell));
      return [
        {
          pid: String(pid),
          gpu_util: spelled('gpuUtilization', (value) => `${value} %`),
          memory_util: spelled('memoryUtilization', (value) => `${value} %`),
          max_memory_usage: spelled('maxMemoryUsage', (value) => `${Math.floor(mebibytes(value))} MiB`),
          time: spelled('time', (value) => `${value} ms`),
          is_running: spelled('isRunning', String),
        },
      ];
    });
    return found.length === 0 ? null : found;
  },
  xml: (found) =>
    typeof found === 'string'
      ? found
      : [
          [
            'accounted_processes',
            (found ?? []).map(
              (one): XmlElement => [
                'accounted_process_info',
                Object.entries(one).map(([tag, text]): XmlElement => [tag, String(text)]),
              ],
            ),
          ],
        ],
};
