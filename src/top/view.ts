/** The whole screen, line by line, from what there is to show. Pure: the same model gives the same lines. */
import { bodyHeight, pageLines } from './pages.js';
import { footerLine } from './panels/footer.js';
import { gpuLines } from './panels/gpus.js';
import { graphLines, LEAST_GRAPHS } from './panels/graphs.js';
import { headerLine, isAllOld, silenceLine } from './panels/header.js';
import { type ProcessPanel, processPanel } from './panels/processes.js';
import { cutLine, type Line, span, styled } from './span.js';
import type { Model } from './state.js';

/** What is smaller shows nothing but that it is. */
export const LEAST = { columns: 60, rows: 12 } as const;

/** Rows that the processes keep: the head and some of them. */
const LEAST_PROCESSES = 5;

export interface Screenful {
  readonly lines: readonly Line[];
  /** Where the processes are, for clicks: the row of their head, and what it holds. */
  readonly processes: (Omit<ProcessPanel, 'lines'> & { readonly row: number }) | undefined;
}

export function view(model: Model): Screenful {
  const { surface, state } = model;
  if (surface.columns < LEAST.columns || surface.rows < LEAST.rows) return tooSmall(model);
  const silence = silenceLine(model);
  const top = [headerLine(model), ...(silence === undefined ? [] : [silence])];
  const height = bodyHeight(model);
  const { page } = state;
  const body =
    page.is === 'main' ? mainLines(model, height) : { lines: pageLines(model), processes: undefined };
  // Values that are old are grey, whatever they mean.
  const content = isAllOld(model) ? body.lines.map((line) => styled(line, { role: 'dim' })) : body.lines;
  const blank = Array<Line>(Math.max(0, height - content.length)).fill([]);
  return {
    lines: [...top, ...content.slice(0, height), ...blank, footerLine(model)],
    processes: body.processes && { ...body.processes, row: body.processes.row + top.length },
  };
}

/** GPUs, graphs where there is room for them, and processes. */
function mainLines(model: Model, height: number): Screenful {
  const { sample, surface, state } = model;
  const gpus = fold(
    gpuLines(model),
    Math.max(2, height - LEAST_PROCESSES),
    lineOfInterest(model),
    surface.isUtf8,
  );
  const mark = surface.isUtf8 ? '…' : '>';
  const notes = (sample?.notes ?? []).map((note) => cutLine([span(note, 'dim')], surface.columns, mark));
  const wanted = Math.max(LEAST_PROCESSES, Math.min((sample?.processes.length ?? 0) + 1, 12) + notes.length);
  const rest = height - gpus.length - wanted;
  const graphs = state.graphs && rest >= LEAST_GRAPHS ? graphLines(model, rest) : [];
  const room = height - gpus.length - graphs.length;
  const noted = room - notes.length >= LEAST_PROCESSES ? notes : [];
  const { lines, ...processes } = processPanel(model, room - noted.length);
  return {
    lines: [...gpus, ...graphs, ...lines, ...noted],
    processes: { ...processes, row: gpus.length + graphs.length },
  };
}

/** The line of the GPU that is chosen, or that the selected process is on. */
function lineOfInterest({ sample, state }: Model): number {
  const index = state.onlyGpu ?? Number(state.selected?.split('/', 1)[0] ?? Number.NaN);
  const gpus = sample?.gpus ?? [];
  const place = gpus.findIndex((gpu) => gpu.index === index);
  return gpus.slice(0, Math.max(0, place)).reduce((line, { migs }) => line + 1 + migs.length, 1);
}

/** The head and lines with that of interest among them, in at most so many rows; a last one counts those that have none. */
function fold(lines: readonly Line[], rows: number, interest: number, isUtf8: boolean): readonly Line[] {
  if (lines.length <= rows) return lines;
  const [head = [], ...rest] = lines;
  const room = rows - 2;
  const first = Math.min(Math.max(0, interest - room), rest.length - room);
  const count = span(`  ${isUtf8 ? '…' : '...'} ${rest.length - room} more`, 'dim');
  return [head, ...rest.slice(first, first + room), [count]];
}

function tooSmall({ surface: { columns, rows } }: Model): Screenful {
  const words = `${columns}x${rows} is too small: ${LEAST.columns}x${LEAST.rows} is needed`;
  const lines = Array.from({ length: rows }, (_, y): Line => {
    const part = words.slice(y * columns, (y + 1) * columns);
    return part === '' ? [] : [span(part, 'warn')];
  });
  return { lines, processes: undefined };
}
