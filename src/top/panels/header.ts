/** The first line: when, where, what, and how the samples come. */
import { spelledSeconds } from '../../watch/process-columns.js';
import { type Line, span, spread } from '../span.js';
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
  const left = [{ ...span('nvsmi top', 'title'), bold: true }, span(`  ${time}`), ...driver];
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
  return spread(left, right, surface.columns, surface.isUtf8 ? '…' : '>');
}

/** Says that no answer comes, and since when. The values below are the last ones. */
export function silenceLine({ silentSince, now, sample, surface }: Model): Line | undefined {
  if (silentSince === undefined) return undefined;
  const seconds = Math.max(0, Math.floor((now - silentSince) / 1000));
  const age =
    sample === undefined ? '' : `; these values are ${spelledSeconds((now - sample.time) / 1000)} old`;
  const words = `The driver has not answered for ${spelledSeconds(seconds)}${age}.`;
  return spread([{ ...span(words, 'bad'), bold: true }], [], surface.columns, '…');
}
