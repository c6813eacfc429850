/** The view as text, once: for pipes, files and terminals without a screen. */
import type { WatchSample } from '../watch/sample.js';
import { Histories } from './history.js';
import { textOf } from './span.js';
import type { ReplayState, TopState } from './state.js';
import { LEAST, view } from './view.js';

/** More than any machine has lines. */
const ALL_ROWS = 4000;

export function onceText(
  sample: WatchSample,
  state: TopState,
  columns: number,
  isUtf8: boolean,
  replay: ReplayState | undefined,
): string {
  const { lines } = view({
    state: { ...state, graphs: false },
    surface: { columns: Math.max(LEAST.columns, columns), rows: ALL_ROWS, isUtf8 },
    sample,
    histories: new Histories(),
    now: sample.time,
    silentSince: undefined,
    replay,
  });
  // Without the last line, which has the keys, and the blank ones above it.
  const texts = lines.slice(0, -1).map(textOf);
  const last = texts.findLastIndex((text) => text !== '');
  return texts
    .slice(0, last + 1)
    .map((text) => `${text}\n`)
    .join('');
}
