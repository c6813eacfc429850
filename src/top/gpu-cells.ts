/** Table: the columns of the list of GPUs, from left to right. Of those that do not fit the ones of the lowest rank are left out. */

import { fitted } from '../format/graphemes.js';
import * as nvml from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { isPlausible } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import { METRIC_KINDS, type Metric } from '../watch/gpu-metrics.js';
import type { GpuSample } from '../watch/sample.js';
import { bar } from './graph.js';
import { type Role, type StyledText, span } from './span.js';
import type { Surface } from './state.js';

const GIB = 1024 ** 3;

/** A number, or undefined where there is none, or none that can be true. */
export function metricOf({ values }: GpuSample, metric: Metric): number | undefined {
  const reading = values[metric];
  // A sample of a recording has fewer.
  if (reading === undefined || reading instanceof Missing) return undefined;
  return isPlausible(METRIC_KINDS[metric], reading) ? Number(reading) : undefined;
}

export const numberOf = (reading: Reading): number | undefined =>
  reading instanceof Missing ? undefined : Number(reading);

export const ABSENT = '-';

const spelled = (value: number | undefined, unit: string, scale = 1, digits = 0): string =>
  value === undefined ? ABSENT : `${(value / scale).toFixed(digits)}${unit}`;

/** Shares from 0 to 1 that the graphs and bars show. */
export const SHARES = {
  load: (gpu: GpuSample) => divided(metricOf(gpu, 'utilization.gpu'), 100),
  memory: (gpu: GpuSample) => divided(metricOf(gpu, 'memory.used'), metricOf(gpu, 'memory.total')),
  power: (gpu: GpuSample) => divided(metricOf(gpu, 'power.draw'), metricOf(gpu, 'enforced.power.limit')),
  sm: (gpu: GpuSample) => divided(metricOf(gpu, 'smutil'), 100),
  tensor: (gpu: GpuSample) => divided(metricOf(gpu, 'mmaact'), 100),
  temperature: (gpu: GpuSample) => divided(metricOf(gpu, 'temperature.gpu'), 100),
} as const;

export type Share = keyof typeof SHARES;

function divided(value: number | undefined, whole: number | undefined): number | undefined {
  return value === undefined || whole === undefined || whole === 0 ? undefined : value / whole;
}

/** Near the limit the driver slows the GPU down; the margin is NVML's where it has one (Hopper and newer). */
function heat(gpu: GpuSample): Role {
  const margin = metricOf(gpu, 'temperature.gpu.tlimit') ?? 90 - (metricOf(gpu, 'temperature.gpu') ?? 0);
  if (margin <= 2) return 'bad';
  return margin <= 10 ? 'warn' : 'plain';
}

/** Table: the reasons that hold clocks down, the most serious first. */
export const REASONS: readonly (readonly [bit: number, words: string, role: Role])[] = [
  [nvml.nvmlClocksThrottleReasonHwThermalSlowdown, 'HW thermal', 'bad'],
  [nvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown, 'power brake', 'bad'],
  [nvml.nvmlClocksThrottleReasonHwSlowdown, 'HW slowdown', 'bad'],
  [nvml.nvmlClocksEventReasonSwThermalSlowdown, 'thermal', 'warn'],
  [nvml.nvmlClocksEventReasonSwPowerCap, 'power cap', 'warn'],
  [nvml.nvmlClocksEventReasonSyncBoost, 'sync boost', 'plain'],
  [nvml.nvmlClocksEventReasonApplicationsClocksSetting, 'app clocks', 'plain'],
  [nvml.nvmlClocksEventReasonDisplayClockSetting, 'display', 'plain'],
  [nvml.nvmlClocksEventReasonGpuIdle, 'idle', 'dim'],
];

function reason(gpu: GpuSample): StyledText {
  const mask = metricOf(gpu, 'clocks_event_reasons.active');
  if (mask === undefined) return span(ABSENT, 'dim');
  const [, words, role] = REASONS.find(([bit]) => (mask & bit) !== 0) ?? [0, '', 'plain' as const];
  return span(words, role);
}

/** MiB a second, in as few characters as its size needs. */
function rate(value: number | undefined): string {
  if (value === undefined) return ABSENT;
  if (value >= 10240) return `${(value / 1024).toFixed(0)}G`;
  if (value >= 1000) return `${(value / 1024).toFixed(1)}G`;
  return `${value.toFixed(0)}M`;
}

/** P0 to P15. */
function performance(gpu: GpuSample): string {
  const state = metricOf(gpu, 'pstate');
  return state === undefined || state > 15 ? ABSENT : `P${state}`;
}

/** Generation and lanes of the PCIe link now: 5x16. */
function link(gpu: GpuSample): string {
  const lanes = metricOf(gpu, 'pcie.link.width.current');
  const generation = metricOf(gpu, 'pcie.link.gen.current');
  return lanes === undefined || generation === undefined ? ABSENT : `${generation}x${lanes}`;
}

function health(gpu: GpuSample): StyledText {
  if (gpu.lost !== undefined) return span('lost', 'bad');
  if (!gpu.hasAnswered) return span('silent', 'dim');
  const uncorrected = metricOf(gpu, 'ecc.errors.uncorrected.volatile.total') ?? 0;
  const recovery = metricOf(gpu, 'gpu_recovery_action') ?? 0;
  if (recovery > 0) return span('reset', 'bad');
  if (uncorrected > 0) return span(`ECC ${uncorrected}`, 'bad');
  const corrected = metricOf(gpu, 'ecc.errors.corrected.volatile.total') ?? 0;
  return corrected > 0 ? span(`ecc ${corrected}`, 'warn') : span('ok', 'good');
}

export interface GpuColumn {
  readonly head: string;
  readonly width: number;
  /** Cells that it takes more where there is room. */
  readonly grows?: number;
  readonly rank: number;
  readonly align: 'left' | 'right';
  readonly cell: (gpu: GpuSample, width: number, surface: Surface) => StyledText;
}

const column = (
  head: string,
  width: number,
  rank: number,
  cell: GpuColumn['cell'],
  align: GpuColumn['align'] = 'right',
): GpuColumn => ({ head, width, rank, align, cell });

const barOf = (share: Share, role: Role): GpuColumn['cell'] => {
  const of = SHARES[share];
  return (gpu, width, { isUtf8 }) => span(bar(of(gpu) ?? 0, width, isUtf8), role);
};

/** The name without what all names begin with. */
const shortName = ({ name }: GpuSample): string => name.replace(/^(?:NVIDIA )?(?:GeForce )?/, '');

export const GPU_COLUMNS: readonly GpuColumn[] = [
  column('GPU', 3, 100, ({ index }) => span(String(index), 'title')),
  { ...column('Name', 14, 58, (gpu) => span(shortName(gpu)), 'left'), grows: 8 },
  column('Temp', 4, 95, (gpu) => span(spelled(metricOf(gpu, 'temperature.gpu'), 'C'), heat(gpu))),
  column('Power', 9, 94, (gpu) => {
    const share = SHARES.power(gpu) ?? 0;
    const limit = metricOf(gpu, 'enforced.power.limit');
    const draw = spelled(metricOf(gpu, 'power.draw'), '', 1000);
    return span(`${draw}/${spelled(limit, 'W', 1000)}`, share >= 0.97 ? 'warn' : 'plain');
  }),
  column('Memory', 10, 98, (gpu) => {
    const total = metricOf(gpu, 'memory.total');
    const digits = (total ?? 0) >= 100 * GIB ? 0 : 1;
    const used = spelled(metricOf(gpu, 'memory.used'), '', GIB, digits);
    return span(`${used}/${spelled(total, 'G', GIB, digits)}`);
  }),
  { ...column('', 6, 50, barOf('memory', 'memory'), 'left'), grows: 16 },
  column('Util', 4, 99, (gpu) => span(spelled(metricOf(gpu, 'utilization.gpu'), '%'))),
  { ...column('', 6, 55, barOf('load', 'load'), 'left'), grows: 16 },
  column('SM', 4, 60, (gpu) => span(spelled(metricOf(gpu, 'smutil'), '%'))),
  column('Tens', 4, 59, (gpu) => span(spelled(metricOf(gpu, 'mmaact'), '%'))),
  column('DRAM', 4, 35, (gpu) => span(spelled(metricOf(gpu, 'dram'), '%'))),
  column('MBW', 4, 18, (gpu) => span(spelled(metricOf(gpu, 'utilization.memory'), '%'))),
  column('Enc', 4, 14, (gpu) => span(spelled(metricOf(gpu, 'utilization.encoder'), '%'))),
  column('Dec', 4, 13, (gpu) => span(spelled(metricOf(gpu, 'utilization.decoder'), '%'))),
  column('Perf', 4, 12, (gpu) => span(performance(gpu))),
  column('MHz', 4, 70, (gpu) => span(spelled(metricOf(gpu, 'clocks.current.graphics'), ''))),
  column('', 11, 75, reason, 'left'),
  column('Mem', 5, 16, (gpu) => span(spelled(metricOf(gpu, 'clocks.current.memory'), ''))),
  column('Fan', 4, 20, (gpu) => span(spelled(metricOf(gpu, 'fan.speed'), '%'))),
  column('PCIe rx/tx', 11, 40, (gpu) =>
    span(`${rate(metricOf(gpu, 'pcirx'))}/${rate(metricOf(gpu, 'pcitx'))}`),
  ),
  column('Link', 5, 10, (gpu) => span(link(gpu))),
  column('NVLink rx/tx', 12, 45, (gpu) =>
    span(`${rate(metricOf(gpu, 'nvlrx'))}/${rate(metricOf(gpu, 'nvltx'))}`),
  ),
  column('Health', 6, 65, health, 'left'),
];

export interface PlacedGpuColumn extends GpuColumn {
  readonly placedWidth: number;
}

/** The columns that have room, and what each takes of it: names and bars share what is left. */
export function placedGpuColumns(columns: readonly GpuColumn[], width: number): readonly PlacedGpuColumn[] {
  const needed = (kept: readonly GpuColumn[]): number => kept.reduce((sum, each) => sum + each.width + 1, -1);
  let kept = columns;
  while (kept.length > 1 && needed(kept) > width) {
    const least = Math.min(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank !== least);
  }
  let rest = Math.max(0, width - needed(kept));
  const growing = kept.filter(({ grows }) => grows !== undefined).length;
  let left = growing;
  return kept.map((each) => {
    if (each.grows === undefined) return { ...each, placedWidth: each.width };
    const more = Math.min(each.grows, Math.floor(rest / left--));
    rest -= more;
    return { ...each, placedWidth: each.width + more };
  });
}

/** The cell of a column in its width. */
export function placedCell(
  { cell, placedWidth, align }: PlacedGpuColumn,
  gpu: GpuSample,
  surface: Surface,
): StyledText {
  const { text, ...style } = cell(gpu, placedWidth, surface);
  return { ...style, text: fitted(text, placedWidth, align, surface.isUtf8 ? '…' : '>') };
}
