/** The page of one GPU: its line, and its whole report, which can be searched. */
import { type Line, type StyledText, span } from '../span.js';
import type { Model } from '../state.js';
import { gpuLines } from './gpus.js';

/** The lines below the head, from the one that the page is scrolled to. */
export function gpuPageLines(
  model: Model,
  index: number,
  lines: readonly string[] | undefined,
  height: number,
): readonly Line[] {
  const { sample, state } = model;
  const gpus = (sample?.gpus ?? []).filter((gpu) => gpu.index === index);
  const head = sample === undefined ? [] : gpuLines({ ...model, sample: { ...sample, gpus } });
  const room = Math.max(0, height - head.length - 1);
  const body =
    lines === undefined
      ? [[span('Reading the report ...', 'dim')]]
      : lines.slice(state.scroll, state.scroll + room).map((line) => marked(line, state.search));
  return [...head, [], ...body].slice(0, height);
}

/** A line with what was searched for set off. */
export function marked(text: string, search: string): Line {
  if (search === '') return [span(text)];
  const parts: StyledText[] = [];
  const wanted = search.toLowerCase();
  const lower = text.toLowerCase();
  let from = 0;
  // Small letters of another length, as in some languages, would shift the places.
  for (
    let at = lower.length === text.length ? lower.indexOf(wanted) : -1;
    at !== -1;
    at = lower.indexOf(wanted, from)
  ) {
    parts.push(span(text.slice(from, at)), { ...span(text.slice(at, at + wanted.length)), reverse: true });
    from = at + wanted.length;
  }
  return [...parts, span(text.slice(from))];
}

/** The next line with the text after a line, from the first one on where there is none. */
export function nextMatch(lines: readonly string[], search: string, after: number): number | undefined {
  const wanted = search.toLowerCase();
  const places = lines.flatMap((line, i) => (line.toLowerCase().includes(wanted) ? [i] : []));
  return wanted === '' ? undefined : (places.find((place) => place > after) ?? places[0]);
}
