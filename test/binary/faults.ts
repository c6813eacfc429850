/** What can go wrong with a driver, each as a compiled library that answers for a recorded machine. */
import { readFileSync } from 'node:fs';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import type { FakeOptions } from '../fake-nvml/build.js';
import type { Machine } from '../fake-nvml/table.js';

const snapshot: Snapshot = JSON.parse(
  readFileSync(new URL('../../snapshots/h200-x2.json', import.meta.url), 'utf8'),
);

export interface Faulty {
  readonly machine?: Machine;
  readonly library?: FakeOptions;
}

export const FAULTS: Readonly<Record<string, Faulty>> = {
  'nothing wrong': {},
  'a driver that is not loaded': { machine: { faults: [{ fn: 'nvmlInit_v2', status: 9 }] } },
  'a library of another version than the driver': {
    machine: { faults: [{ fn: 'nvmlInit_v2', status: 18 }] },
  },
  'no permission': { machine: { faults: [{ fn: 'nvmlInit_v2', status: 4 }] } },
  'a GPU that cannot be attached': {
    machine: { faults: [{ fn: 'nvmlDeviceGetHandleByIndex_v2', when: [1], status: 15 }] },
  },
  'a GPU that is lost': { machine: { faults: [{ fn: '*', when: ['gpu1'], status: 15 }] } },
  'a GPU that is lost after some calls': {
    machine: { faults: [{ fn: '*', when: ['gpu1'], status: 15, after: 3 }] },
  },
  'a driver that knows no answer': { machine: { faults: [{ fn: '*', when: ['gpu0'], status: 999 }] } },
  'nothing that is supported': { machine: { faults: [{ fn: '*', when: ['gpu0'], status: 3 }] } },
  'calls that are slow': { machine: { faults: [{ fn: 'nvmlDeviceGetPcieThroughput', sleepMs: 60 }] } },
  'a library of an older driver': {
    library: { without: ['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetTemperatureV'] },
  },
};

/** The library's machine of a fault. */
export const machineOf = ({ machine }: Faulty): Machine => ({ snapshot, log: false, ...machine });
