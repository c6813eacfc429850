/** How a GPU is divided, who manages it, and its link to a CPU: MIG, GSP and C2C modes. */

import {
  nvmlDeviceGetC2cModeInfoV,
  nvmlDeviceGetGspFirmwareMode,
  nvmlDeviceGetMigMode,
} from '../../nvml/generated/entries.js';
import { from, type Row } from '../field.js';
import { enabled, enabledByOne } from '../kind.js';
import { fixed, sample } from '../probe.js';

export const migMode = sample(nvmlDeviceGetMigMode);
const gspMode = fixed(nvmlDeviceGetGspFirmwareMode);
const c2cMode = fixed(nvmlDeviceGetC2cModeInfoV);

export const engines: readonly Row[] = [
  {
    id: 1086,
    names: ['mig.mode.current'],
    help: 'Current MIG mode: whether the GPU can be divided into instances.',
    kind: enabledByOne,
    source: from(migMode, 'currentMode'),
  },
  {
    id: 1087,
    names: ['mig.mode.pending'],
    help: 'MIG mode after the next reset.',
    kind: enabledByOne,
    source: from(migMode, 'pendingMode'),
  },
  {
    id: 1088,
    names: ['gsp.mode.current'],
    since: 535,
    help: 'Whether the GPU runs GSP firmware.',
    kind: enabled,
    source: from(gspMode, 'isEnabled'),
  },
  {
    id: 1089,
    names: ['gsp.mode.default'],
    since: 535,
    help: 'Whether the GPU runs GSP firmware by default.',
    kind: enabled,
    source: from(gspMode, 'defaultMode'),
  },
  {
    id: 1090,
    names: ['c2c.mode'],
    since: 550,
    help: 'Whether the GPU and the CPU of a module are connected by NVLink-C2C.',
    kind: enabled,
    source: from(c2cMode, 'isC2cEnabled'),
  },
];
