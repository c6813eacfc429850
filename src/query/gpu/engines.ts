/** How a GPU is divided, who manages it, and its link to a CPU: MIG, GSP and C2C modes. */
import { call, SUBJECT, struct, u32 } from '../../nvml/call.js';
import { nvmlC2cModeInfo_v1_t } from '../../nvml/generated/layouts.js';
import { enabled } from '../kind.js';
import { fixed, sample } from '../probe.js';
import { from, type Row } from '../row.js';

export const migMode = sample(
  'MIG mode',
  call('nvmlDeviceGetMigMode', SUBJECT, u32('current'), u32('pending')),
);
const gspMode = fixed(
  'GSP mode',
  call('nvmlDeviceGetGspFirmwareMode', SUBJECT, u32('isEnabled'), u32('defaultMode')),
);
const c2cMode = fixed('C2C mode', call('nvmlDeviceGetC2cModeInfoV', SUBJECT, struct(nvmlC2cModeInfo_v1_t)));

export const engines: readonly Row[] = [
  {
    id: 1086,
    names: ['mig.mode.current'],
    help: 'Whether the GPU is divided into instances (MIG).',
    kind: enabled,
    source: from(migMode, 'current'),
  },
  {
    id: 1087,
    names: ['mig.mode.pending'],
    help: 'MIG mode from the next reset on.',
    kind: enabled,
    source: from(migMode, 'pending'),
  },
  {
    id: 1088,
    names: ['gsp.mode.current'],
    help: 'Whether the GPU is managed by the firmware of its own processor (GSP).',
    kind: enabled,
    source: from(gspMode, 'isEnabled'),
  },
  {
    id: 1089,
    names: ['gsp.mode.default'],
    help: 'Whether GSP firmware is used where nobody chose.',
    kind: enabled,
    source: from(gspMode, 'defaultMode'),
  },
  {
    id: 1090,
    names: ['c2c.mode'],
    help: 'Whether the GPU and the CPU of one module are joined by NVLink-C2C.',
    kind: enabled,
    source: from(c2cMode, 'isC2cEnabled'),
  },
];
