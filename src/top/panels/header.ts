/** The first line: when, where, what, and how the samples come. */

import type { Metric } from '../../watch/gpu-metrics.js';
import { spelledSeconds } from '../../watch/process-columns.js';
import type { GpuSample, WatchSample } from '../../watch/sample.js';
import { metricOf } from '../gpu-cells.js';
import { type Line, span, spread, widthOf } from '../span.js';
import type { Model } from '../state.js';

const clock = (milliseconds: number): string => {
  const time = new Date(milliseconds);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
};

const date = (milliseconds: number): string => {
  const day = new Date(milliseconds);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
};

export function headerLine({ state, surface, sample, now, replay }: Model): Line {
  const driver =
    sample === undefined || sample.driver === '' ? [] : [span(`  driver ${sample.driver}`, 'dim')];
  const time =
    replay === undefined ? clock(now) : `${date(sample?.time ?? now)} ${clock(sample?.time ?? now)}`;
  const title = [{ ...span('nvsmi top', 'title'), bold: true }, span(`  ${time}`), ...driver];
  const marks = [
    ...(state.isReadonly ? ['readonly'] : []),
    ...(state.onlyGpu === undefined ? [] : [`GPU ${state.onlyGpu}`]),
    ...(state.filter === '' ? [] : [`filter "${state.filter}"`]),
    ...(replay === undefined
      ? [`every ${state.interval}s`]
      : [`${replay.file} ${replay.at + 1}/${replay.count}`]),
    ...(state.isPaused || replay?.isPlaying === false ? ['paused'] : []),
  ];
  const right = [span(marks.join('  '), state.isPaused ? 'warn' : 'dim')];
  // As much as there is room for.
  const isOld = sample?.gpus.some(({ hasAnswered }) => !hasAnswered) === true;
  const [total, host] = [
    span(`  ${totals(sample)}`, isOld ? 'dim' : 'plain'),
    span(`  ${hostWords(sample)}`),
  ].map((each) => (each.text.trim() === '' ? [] : [each]));
  const room = surface.columns - widthOf(right) - 1;
  const left = [[total, host], [total], []]
    .map((more) => [...title, ...more.flatMap((parts) => parts ?? [])])
    .find((line) => widthOf(line) <= room);
  return spread(left ?? title, right, surface.columns, surface.isUtf8 ? '…' : '>');
}

const GIB = 1024 ** 3;

/** The sum over GPUs that all have a number, with their limits; empty where one has none. */
function summed(
  gpus: readonly GpuSample[],
  used: Metric,
  limit: Metric,
  scale: number,
  unit: string,
): string {
  const sum = (metric: Metric): number =>
    gpus.reduce((all, gpu) => all + (metricOf(gpu, metric) ?? Number.NaN), 0) / scale;
  const [all, most] = [sum(used), sum(limit)];
  return Number.isNaN(all + most) ? '' : `${all.toFixed(0)}/${most.toFixed(0)}${unit}`;
}

/** What several GPUs come to together: their mean utilization, memory and power. Those that are lost do not count. */
function totals(sample: WatchSample | undefined): string {
  const gpus = (sample?.gpus ?? []).filter(({ lost }) => lost === undefined);
  if (gpus.length < 2) return '';
  const load =
    gpus.reduce((sum, gpu) => sum + (metricOf(gpu, 'utilization.gpu') ?? Number.NaN), 0) / gpus.length;
  return [
    `${gpus.length} GPUs`,
    Number.isNaN(load) ? '' : `${load.toFixed(0)}%`,
    summed(gpus, 'memory.used', 'memory.total', GIB, 'G'),
    summed(gpus, 'power.draw', 'enforced.power.limit', 1000, 'W'),
  ]
    .filter((words) => words !== '')
    .join(' ');
}

function hostWords(sample: WatchSample | undefined): string {
  if (sample?.host === undefined) return '';
  const { load, usedMemory, totalMemory } = sample.host;
  return `host load ${load.toFixed(1)} memory ${(usedMemory / GIB).toFixed(0)}/${(totalMemory / GIB).toFixed(0)}G`;
}

/** Says that no answer comes, since when, and which call that is. The values below are the last ones. */
export function silenceLine(model: Model): Line | undefined {
  const words = silence(model);
  if (words === undefined) return undefined;
  const { news, surface } = model;
  const reason = news === undefined ? [] : [span(` ${news}`, 'dim')];
  const line = [{ ...span(words, 'bad'), bold: true }, ...reason];
  return spread(line, [], surface.columns, surface.isUtf8 ? '…' : '>');
}

function silence({ silentSince, now, sample }: Model): string | undefined {
  const ago = (time: number): string => spelledSeconds(Math.max(0, Math.floor((now - time) / 1000)));
  if (silentSince !== undefined) {
    const age = sample === undefined ? '' : `; these values are ${ago(sample.time)} old`;
    return `The driver has not answered for ${ago(silentSince)}${age}.`;
  }
  const gpus = sample?.gpus ?? [];
  const silent = gpus.filter(({ hasAnswered }) => !hasAnswered);
  const [first] = silent;
  if (first === undefined) return undefined;
  if (silent.length === gpus.length) {
    return first.since === undefined
      ? 'The driver does not answer.'
      : `The driver does not answer; these values are ${ago(first.since)} old.`;
  }
  const names = silent.map(({ index, since }) =>
    since === undefined ? `GPU ${index}` : `GPU ${index} for ${ago(since)}`,
  );
  return `No answer from ${names.join(', ')}: what is grey is old.`;
}

/** Whether nothing that is shown is of now. */
export const isAllOld = ({ silentSince, sample }: Model): boolean =>
  silentSince !== undefined ||
  (sample !== undefined && sample.gpus.length > 0 && sample.gpus.every(({ hasAnswered }) => !hasAnswered));
