/** Table: the columns of `dmon`, as nvidia-smi 580.159.04 orders and names them (H100, H200). */

import * as nvml from '../../nvml/generated/constants.js';
import { nvmlDeviceGetViolationStatus } from '../../nvml/generated/entries.js';
import { derive } from '../derive.js';
import { type Field, fieldAt, from } from '../field.js';
import { unlisted } from '../gpu/unlisted.js';
import { gpuRow } from '../gpu-fields.js';
import { active, percent } from '../kind.js';
import { sample } from '../probe.js';
import type { AnswerView, Pick, Reading } from '../reading.js';
import { type Column, WIDTH } from './column.js';

/** A field of a GPU that --query-gpu does not list. */
function unlistedRow(name: string): Field {
  const row = unlisted.find(({ names }) => names[0] === name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row;
}

/**
 * The share of the time since the last tick in which a policy held the clocks back; 0 at the first tick. Of counters that ran
 * backwards, or faster than the time, it is no share: programs have none, and the text shows the nearest.
 */
const violatedShare = (make: (share: number) => Reading) => (): Pick => {
  let last: { readonly at: number; readonly violated: number } | undefined;
  return (view: AnswerView) => {
    return derive([view.read('referenceTime'), view.read('violationTime')], (reference, violated) => {
      // Both counters are microseconds beyond 2^50, or nanoseconds: numbers hold them exactly enough for a share.
      const now = { at: reference * 1000, violated };
      const before = last;
      last = now;
      if (before === undefined || now.at <= before.at) return make(0);
      return make((now.violated - before.violated) / (now.at - before.at));
    });
  };
};

const violation = (name: string, policy: number, kind: Field['kind'], help: string): Field => ({
  names: [name],
  help,
  kind,
  source: from(sample(nvmlDeviceGetViolationStatus, { perfPolicyType: policy }), 'violationTime'),
});

const column = (group: string, name: string, unit: string, field: Field, more: More = {}): Column => ({
  group,
  name,
  unit,
  width: WIDTH,
  field,
  ...more,
});

/** What a column has beside its heading and its field. */
type More = Omit<Column, 'group' | 'name' | 'unit' | 'width' | 'field'>;

/** 69.98 W in -q is 69 in dmon (H100): the text cuts. */
const watts: More = {
  shown: (milliwatts) => milliwatts / 1000,
  recorded: { to: (milliwatts) => milliwatts / 1000, from: (value) => Math.round(value * 1000) },
};

const MEBIBYTE = 1024 * 1024;

/** Whole MiB as the field rounds them: memory up, as -q (between 882 and 883 MiB show as 883), and BAR1 down (1703936 bytes show as 1, H100). */
const wholeMebibytes = ({ kind }: Field): More => {
  const whole = (bytes: number): number => Number(kind.json(bytes));
  return { shown: whole, recorded: { to: whole, from: (value) => value * MEBIBYTE } };
};

/** Thousands of KB: 887560 KB/s show as 887 (470 to 580.159.04 on the fake). */
const megabytes: More = { shown: (kilobytes) => kilobytes / 1000 };

/** A GPU with an error in its life and none since the driver was loaded shows 0 (H100, 580.159.04). */
const corrected = gpuRow('ecc.errors.corrected.volatile.total');
const used = gpuRow('memory.used');
const protectedUsed = gpuRow('protected_memory.used');
/** Before 525 dmon cut what -q rounds up. */
const usedBefore525 = fieldAt(used, 524);
const cutMebibytes: More = { shown: (bytes) => bytes / MEBIBYTE };

export const deviceColumns: readonly Column[] = [
  column('p', 'pwr', 'W', gpuRow('power.draw'), watts),
  column('p', 'gtemp', 'C', gpuRow('temperature.gpu')),
  column('p', 'mtemp', 'C', gpuRow('temperature.memory')),
  column('u', 'sm', '%', gpuRow('utilization.gpu')),
  column('u', 'mem', '%', gpuRow('utilization.memory')),
  column('u', 'enc', '%', gpuRow('utilization.encoder')),
  column('u', 'dec', '%', gpuRow('utilization.decoder')),
  column('u', 'jpg', '%', gpuRow('utilization.jpeg'), { since: 535 }),
  column('u', 'ofa', '%', gpuRow('utilization.ofa'), { since: 535 }),
  column('c', 'mclk', 'MHz', gpuRow('clocks.current.memory')),
  column('c', 'pclk', 'MHz', gpuRow('clocks.current.graphics')),
  column(
    'v',
    'pviol',
    '%',
    violation(
      'violation.power',
      nvml.NVML_PERF_POLICY_POWER,
      percent,
      'Share of the time since the last tick in which the power limit held the clocks back.',
    ),
    {
      sinceLastTick: violatedShare((share) => Math.floor(share * 10000) / 100),
      shown: (percentage) => Math.min(100, Math.max(0, percentage)),
    },
  ),
  column(
    'v',
    'tviol',
    'bool',
    violation(
      'violation.thermal',
      nvml.NVML_PERF_POLICY_THERMAL,
      active,
      'Whether heat held the clocks back since the last tick.',
    ),
    { sinceLastTick: violatedShare(Math.sign), shown: (sign) => Math.max(0, sign) },
  ),
  column('m', 'fb', 'MB', used, {
    ...wholeMebibytes(used),
    past: [{ until: 525, field: usedBefore525, ...cutMebibytes }],
  }),
  column('m', 'bar1', 'MB', unlistedRow('bar1.used'), wholeMebibytes(unlistedRow('bar1.used'))),
  column('m', 'ccpm', 'MB', protectedUsed, { ...wholeMebibytes(protectedUsed), since: 535 }),
  column('e', 'sbecc', 'errs', corrected),
  column('e', 'dbecc', 'errs', gpuRow('ecc.errors.uncorrected.volatile.total')),
  column('e', 'pci', 'errs', unlistedRow('pcie.replay_counter')),
  column('t', 'rxpci', 'MB/s', unlistedRow('pcie.throughput.rx'), megabytes),
  column('t', 'txpci', 'MB/s', unlistedRow('pcie.throughput.tx'), megabytes),
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
