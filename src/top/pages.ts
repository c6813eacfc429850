/** Pages instead of the list: how far each can scroll, and where a text is in it. */
import { gpuPage } from './panels/gpu-page.js';
import { silenceLine } from './panels/header.js';
import { helpLines } from './panels/help.js';
import { processPage } from './panels/process-page.js';
import { type Line, type StyledText, textOf } from './span.js';
import type { Model, PageParts } from './state.js';

/** Rows between the first lines and the last one. */
export const bodyHeight = (model: Model): number =>
  model.surface.rows - (silenceLine(model) === undefined ? 2 : 3);

function partsOf(model: Model, height: number): PageParts {
  const { page } = model.state;
  switch (page.is) {
    case 'gpu':
      return gpuPage(model, page.index, page.lines, height);
    case 'process':
      return processPage(model, page, height);
    default:
      return { head: [], body: helpLines(model) };
  }
}

interface OpenPage extends PageParts {
  /** Rows for what scrolls. */
  readonly room: number;
  /** The line that is first: that of the state, as far as the page can scroll. */
  readonly first: number;
  readonly last: number;
}

export function openPage(model: Model): OpenPage {
  const height = bodyHeight(model);
  const { head, body } = partsOf(model, height);
  const room = Math.max(0, height - head.length);
  const last = Math.max(0, body.length - room);
  return { head, body, room, first: Math.min(model.state.scroll, last), last };
}

export function pageLines(model: Model): readonly Line[] {
  const { head, body, first, room } = openPage(model);
  return [...head, ...body.slice(first, first + room).map((line) => marked(line, model.state.search))];
}

/** A line with what was searched for set off. */
function marked(line: Line, search: string): Line {
  if (search === '') return line;
  const wanted = search.toLowerCase();
  return line.flatMap((each): readonly StyledText[] => {
    const { text } = each;
    const lower = text.toLowerCase();
    // Small letters of another length, as in some languages, would shift the places.
    if (lower.length !== text.length) return [each];
    const parts: StyledText[] = [];
    let from = 0;
    for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
      const to = at + wanted.length;
      parts.push(
        { ...each, text: text.slice(from, at) },
        { ...each, text: text.slice(at, to), reverse: true },
      );
      from = to;
    }
    return [...parts, { ...each, text: text.slice(from) }];
  });
}

/** The next line of a page with the text after a line, from the first one on where there is none. */
export function nextMatch(model: Model, search: string, after: number): number | undefined {
  const wanted = search.toLowerCase();
  if (wanted === '') return undefined;
  const places = openPage(model).body.flatMap((line, i) =>
    textOf(line).toLowerCase().includes(wanted) ? [i] : [],
  );
  return places.find((place) => place > after) ?? places[0];
}
