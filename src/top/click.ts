/** A click on the list of processes. */
import type { TopState } from './state.js';
import type { Screenful } from './view.js';

/** Selects a process, or sorts by the head of a column; undefined where nothing is to be clicked at. */
export function clicked(
  state: TopState,
  { processes }: Screenful,
  x: number,
  y: number,
): TopState | undefined {
  if (processes === undefined) return undefined;
  if (y === processes.row) {
    const head = processes.heads.find(({ from, to }) => x >= from && x < to);
    if (head === undefined) return undefined;
    return { ...state, sort: head.name, reverse: head.name === state.sort && !state.reverse };
  }
  const key = y > processes.row ? processes.keys[y - processes.row - 1] : undefined;
  return key === undefined ? undefined : { ...state, selected: key };
}
