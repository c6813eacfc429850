/**
 * Table: GPM metrics by NVML's ids. The names of 1-3, 10, 20, 21, 60 and 61 were recorded on the H100 and H200
 * (580.159.04); 4, 5, 11-13 and 166 are in public outputs of nvidia-smi (535 to 580), 1-7 and 9-13 in the vGPU
 * software's guide; the others are formed after them.
 */
import { item } from '../field.js';
import { count, type Kind, measured, percent as share } from '../kind.js';
import type { FieldHeading } from './column.js';

/** Its values come of two samples, and are found with the line. */
export interface GpmMetric extends FieldHeading {
  readonly id: number;
  readonly help: string;
}

const GPM_WIDTH = 10;

/** What the names of `exporter` begin with. */
export const GPM_PREFIX = 'gpm.';

/** The driver makes floating-point numbers: two decimals are kept in JSON, and none in text. */
const truncated = (kind: Kind): Kind => ({
  ...kind,
  spell: (value) => String(Math.trunc(Number(value))),
  json: (value) => Math.floor(Number(value) * 100) / 100,
});

const metric = (
  id: number,
  [name, ...exported]: readonly [string, ...string[]],
  unit: string,
  kind: Kind,
  help: string,
): GpmMetric => ({
  id,
  name,
  unit: `GPM:${unit}`,
  width: GPM_WIDTH,
  help,
  field: {
    names: [name, ...exported.map(exportedAs)],
    help: `${help}.`,
    period: 'from one tick to the next',
    kind,
    source: item(name),
  },
});

const exportedAs = (name: string): string => `${GPM_PREFIX}${name}`;

const PERCENT = truncated(share);
const RATE = truncated(measured('MiB/s', { unit: 'bytes_per_second', times: 2 ** 20 }));
const COUNT = truncated(count);

/** A metric that `exporter` has too is named there after NVML's constant. */
type MetricNames = string | readonly [dmon: string, exporter: string];
const namesOf = (name: MetricNames): readonly [string, ...string[]] =>
  typeof name === 'string' ? [name] : name;

const percent = (id: number, name: MetricNames, help: string): GpmMetric =>
  metric(id, namesOf(name), '%', PERCENT, help);
const rate = (id: number, name: MetricNames, help: string): GpmMetric =>
  metric(id, namesOf(name), 'MiB/s', RATE, help);
/** A raw counter: how much it grew between two samples. */
const counter = (id: number, name: MetricNames, help: string): GpmMetric =>
  metric(id, namesOf(name), 'count', COUNT, help);

/** Metrics of several engines or links whose ids are `step` apart. */
const each = (first: number, count: number, step: number, make: (id: number, n: number) => GpmMetric) =>
  Array.from({ length: count }, (_, n) => make(first + n * step, n));

/** NVLink traffic of one link: receiving and sending have neighbouring ids. */
const link = (first: number, from: number, count: number): readonly GpmMetric[] => [
  ...each(first, count, 2, (id, n) => rate(id, `nvl${from + n}rx`, `NVLink ${from + n}, received`)),
  ...each(first + 1, count, 2, (id, n) => rate(id, `nvl${from + n}tx`, `NVLink ${from + n}, sent`)),
];

const C2C = [
  ['ttltx', 'sent'],
  ['ttlrx', 'received'],
  ['dattx', 'payload sent'],
  ['datrx', 'payload received'],
] as const;

const SWITCHES: readonly (readonly [suffix: string, help: string, make: typeof percent])[] = [
  ['elpsd', 'elapsed cycles', counter],
  ['actv', 'cycles of context switches', counter],
  ['reqs', 'context switch requests', counter],
  ['avg', 'cycles per context switch', counter],
  ['pct', 'time of context switches', percent],
];

const RAW: readonly (readonly [name: string, help: string])[] = [
  ['smelpsd', 'Elapsed SM cycles'],
  ['smactv', 'Active SM cycles'],
  ['mmaactv', 'Active tensor core cycles'],
  ['dmmaactv', 'Active tensor core cycles, FP64 matrices'],
  ['hmmaactv', 'Active tensor core cycles, FP16 matrices'],
  ['immaactv', 'Active tensor core cycles, integer matrices'],
  ['dfmaactv', 'Active tensor core cycles, DFMA'],
  ['pcitxcnt', 'Traffic sent over PCIe'],
  ['pcirxcnt', 'Traffic received over PCIe'],
  ['intactv', 'Active integer unit cycles'],
  ['fp64actv', 'Active FP64 unit cycles'],
  ['fp32actv', 'Active FP32 unit cycles'],
  ['fp16actv', 'Active FP16 unit cycles'],
];

export const gpmMetrics: readonly GpmMetric[] = [
  percent(1, ['gract', 'graphics_util'], 'Graphics and compute engine activity'),
  percent(2, ['smutil', 'sm_util'], 'SM activity'),
  percent(3, ['smocc', 'sm_occupancy'], 'SM occupancy'),
  percent(4, ['intutil', 'integer_util'], 'Integer unit activity'),
  percent(5, ['mmaact', 'any_tensor_util'], 'Tensor core activity'),
  percent(6, ['dfmat', 'dfma_tensor_util'], 'Tensor core activity, DFMA'),
  percent(7, ['hmmat', 'hmma_tensor_util'], 'Tensor core activity, FP16 matrices'),
  percent(8, ['dmmat', 'dmma_tensor_util'], 'Tensor core activity, FP64 matrices'),
  percent(9, ['immat', 'imma_tensor_util'], 'Tensor core activity, integer matrices'),
  percent(10, ['dram', 'dram_bw_util'], 'Memory bandwidth utilization'),
  percent(11, ['fp64', 'fp64_util'], 'FP64 unit activity'),
  percent(12, ['fp32', 'fp32_util'], 'FP32 unit activity'),
  percent(13, ['fp16', 'fp16_util'], 'FP16 unit activity'),
  rate(20, ['pcitx', 'pcie_tx'], 'PCIe, sent'),
  rate(21, ['pcirx', 'pcie_rx'], 'PCIe, received'),
  ...each(30, 8, 1, (id, n) => percent(id, `nvdec${n}`, `Video decoder ${n}`)),
  ...each(40, 8, 1, (id, n) => percent(id, `nvjpg${n}`, `JPEG decoder ${n}`)),
  ...each(50, 2, 1, (id, n) => percent(id, `nvofa${n}`, `Optical flow engine ${n}`)),
  rate(60, ['nvlrx', 'nvlink_rx'], 'All NVLinks, received'),
  rate(61, ['nvltx', 'nvlink_tx'], 'All NVLinks, sent'),
  ...link(62, 0, 18),
  ...C2C.map(([name, what], i) => rate(100 + i, `c2c${name}`, `All C2C links, ${what}`)),
  ...each(104, 14, 4, (id, n) => rate(id, `c2c${n}ttltx`, `C2C link ${n}, sent`)),
  ...each(105, 14, 4, (id, n) => rate(id, `c2c${n}ttlrx`, `C2C link ${n}, received`)),
  ...each(106, 14, 4, (id, n) => rate(id, `c2c${n}dattx`, `C2C link ${n}, payload sent`)),
  ...each(107, 14, 4, (id, n) => rate(id, `c2c${n}datrx`, `C2C link ${n}, payload received`)),
  percent(160, 'hosthit', 'Cache hits of host memory'),
  percent(161, 'hostmiss', 'Cache misses of host memory'),
  percent(162, 'peerhit', 'Cache hits of peer memory'),
  percent(163, 'peermiss', 'Cache misses of peer memory'),
  percent(164, 'dramhit', 'Cache hits of its own memory'),
  percent(165, 'drammiss', 'Cache misses of its own memory'),
  ...each(166, 4, 1, (id, n) => percent(id, `nvenc${n}`, `Video encoder ${n}`)),
  ...SWITCHES.flatMap(([suffix, help, make], i) =>
    each(170 + i, 8, 5, (id, n) => make(id, `gr${n}${suffix}`, `Graphics engine ${n}: ${help}`)),
  ),
  ...link(212, 18, 18),
  ...RAW.map(([name, help], i) => counter(248 + i, name, help)),
  ...each(261, 36, 2, (id, n) => counter(id, `nvl${n}rxcnt`, `Traffic received over NVLink ${n}`)),
  ...each(262, 36, 2, (id, n) => counter(id, `nvl${n}txcnt`, `Traffic sent over NVLink ${n}`)),
].sort((a, b) => a.id - b.id);
