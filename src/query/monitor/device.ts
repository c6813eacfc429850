/** Table: the columns of `dmon`, as nvidia-smi 580.159.04 orders and names them (H100, H200). */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetPcieReplayCounter,
  nvmlDeviceGetViolationStatus,
} from '../../nvml/generated/entries.js';
import { derive } from '../derive.js';
import { bar1Memory, memoryInfo, protectedUsage, usedOrReserved } from '../gpu/memory.js';
import { gpuRow } from '../gpu-fields.js';
import { pcieThroughput } from '../pcie-throughput.js';
import { type Probe, sample } from '../probe.js';
import type { AnswerView, Pick } from '../reading.js';
import { type Column, WIDTH } from './column.js';

const MEBIBYTE = 1024 * 1024;

/** The probe and the pick of a --query-gpu field, so that both ask the same. */
function asField(name: string): { readonly probe: Probe; readonly pick: Pick } {
  const { source } = gpuRow(name);
  if (!('probe' in source)) throw new Error(`${name} asks nothing`);
  return { probe: source.probe, pick: source.pick };
}

const violation = (policy: number): Probe => sample(nvmlDeviceGetViolationStatus, { perfPolicyType: policy });

/** The share of the time since the last tick in which a policy held the clocks back; 0 at the first tick. */
function violatedShare(): Pick {
  let last: { readonly at: number; readonly violated: number } | undefined;
  return (view: AnswerView) => {
    return derive([view.read('referenceTime'), view.read('violationTime')], (reference, violated) => {
      // Both counters are microseconds beyond 2^50, or nanoseconds: numbers hold them exactly enough for a share.
      const now = { at: reference * 1000, violated };
      const before = last;
      last = now;
      if (before === undefined || now.at <= before.at) return 0;
      return Math.min(1, Math.max(0, (now.violated - before.violated) / (now.at - before.at)));
    });
  };
}

const replays = sample(nvmlDeviceGetPcieReplayCounter);

const column = (
  group: string,
  name: string,
  unit: string,
  source: Omit<Column, 'group' | 'name' | 'unit' | 'width' | 'help' | 'scale'>,
  help: string,
  scale?: Column['scale'],
): Column => ({
  group,
  name,
  unit,
  width: WIDTH,
  help,
  ...source,
  ...(scale === undefined ? {} : { scale }),
});

/** Milliwatts. 69.98 W in -q is 69 in dmon (H100): decimals are cut, here too, so that no text is rounded up. */
const watts = (milliwatts: number): number => Math.floor(milliwatts / 10) / 100;
/** As -q rounds it: up. The H100 under load had between 882 and 883 MiB in use and showed 883. */
const up = (bytes: number): number => Math.ceil(bytes / MEBIBYTE);
/** BAR1 is rounded down: 1703936 bytes show as 1 (H100). */
const down = (bytes: number): number => Math.floor(bytes / MEBIBYTE);
/** Thousands of KB: 887560 KB/s show as 887 (470 to 580.159.04 on the fake). */
const megabytes = (kilobytes: number): number => Math.floor(kilobytes / 10) / 100;

export const deviceColumns: readonly Column[] = [
  column('p', 'pwr', 'W', asField('power.draw'), 'Power that the board draws.', watts),
  column('p', 'gtemp', 'C', asField('temperature.gpu'), 'Temperature of the GPU.'),
  column('p', 'mtemp', 'C', asField('temperature.memory'), 'Temperature of the memory, where it is HBM.'),
  column('u', 'sm', '%', asField('utilization.gpu'), 'Time in which a kernel ran.'),
  column('u', 'mem', '%', asField('utilization.memory'), 'Time in which memory was read or written.'),
  column('u', 'enc', '%', asField('utilization.encoder'), 'Use of the video encoders.'),
  column('u', 'dec', '%', asField('utilization.decoder'), 'Use of the video decoders.'),
  { since: 535, ...column('u', 'jpg', '%', asField('utilization.jpeg'), 'Use of the JPEG decoders.') },
  { since: 535, ...column('u', 'ofa', '%', asField('utilization.ofa'), 'Use of the optical flow engine.') },
  column('c', 'mclk', 'MHz', asField('clocks.current.memory'), 'Clock of the memory.'),
  column('c', 'pclk', 'MHz', asField('clocks.current.graphics'), 'Clock of the processors.'),
  column(
    'v',
    'pviol',
    '%',
    { probe: violation(nvml.NVML_PERF_POLICY_POWER), pick: { sinceLastTick: violatedShare } },
    'Time since the last line in which the power limit held the clocks back.',
    (share) => Math.floor(share * 10000) / 100,
  ),
  column(
    'v',
    'tviol',
    'bool',
    { probe: violation(nvml.NVML_PERF_POLICY_THERMAL), pick: { sinceLastTick: violatedShare } },
    'Whether heat held the clocks back since the last line.',
    (share) => (share > 0 ? 1 : 0),
  ),
  {
    ...column('m', 'fb', 'MB', { probe: memoryInfo, pick: 'used' }, 'Memory in use, in MiB.', up),
    past: [{ until: 525, pick: usedOrReserved, scale: down }],
  },
  column('m', 'bar1', 'MB', { probe: bar1Memory, pick: 'bar1Used' }, 'BAR1 memory in use, in MiB.', down),
  {
    since: 535,
    ...column(
      'm',
      'ccpm',
      'MB',
      { probe: protectedUsage, pick: 'used' },
      'Protected memory in use, in MiB.',
      up,
    ),
  },
  // A GPU with an error in its life and none since the driver was loaded shows 0 (H100, 580.159.04).
  column(
    'e',
    'sbecc',
    'errs',
    asField('ecc.errors.corrected.volatile.total'),
    'Corrected memory errors since the driver was loaded.',
  ),
  column(
    'e',
    'dbecc',
    'errs',
    asField('ecc.errors.uncorrected.volatile.total'),
    'Uncorrected memory errors since the driver was loaded.',
  ),
  column('e', 'pci', 'errs', { probe: replays, pick: 'value' }, 'Packets that the PCIe link sent again.'),
  column(
    't',
    'rxpci',
    'MB/s',
    { probe: pcieThroughput(nvml.NVML_PCIE_UTIL_RX_BYTES), pick: 'value' },
    'What the GPU receives over PCIe, in MB a second.',
    megabytes,
  ),
  column(
    't',
    'txpci',
    'MB/s',
    { probe: pcieThroughput(nvml.NVML_PCIE_UTIL_TX_BYTES), pick: 'value' },
    'What the GPU sends over PCIe, in MB a second.',
    megabytes,
  ),
];

/** What `-s` takes and what nvidia-smi takes without it. */
export const DEVICE_GROUPS: Readonly<Record<string, string>> = {
  p: 'power and temperature',
  u: 'utilization',
  c: 'clocks',
  v: 'power and thermal violations',
  m: 'memory',
  e: 'ECC errors and PCIe replays',
  t: 'PCIe throughput',
};
export const DEFAULT_GROUPS = 'puc';
