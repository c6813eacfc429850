/** The page of one GPU: its line, and its whole report, which can be searched. */
import { cellsOf, piecesOf } from '../../format/graphemes.js';
import { type Line, span } from '../span.js';
import type { Model, PageParts } from '../state.js';
import { gpuLines } from './gpus.js';

export function gpuPage(
  model: Model,
  index: number,
  lines: readonly string[] | undefined,
  height: number,
): PageParts {
  const { sample, surface } = model;
  const gpus = (sample?.gpus ?? []).filter((gpu) => gpu.index === index);
  const head = sample === undefined ? [] : gpuLines({ ...model, sample: { ...sample, gpus } });
  // Many MIG devices leave half of the page to the report.
  const kept = head.slice(0, Math.max(2, Math.floor(height / 2)));
  const body =
    lines === undefined
      ? [[span('Reading the report ...', 'dim')]]
      : lines.flatMap((line) => narrowed(line, surface.columns).map((part): Line => [span(part)]));
  return { head: [...kept, []], body };
}

/** A line of a report in a narrow terminal: first the blanks before the colon go, then the rest gets lines of its own. */
function narrowed(line: string, columns: number): readonly string[] {
  const excess = cellsOf(line) - columns;
  if (excess <= 0) return [line];
  return piecesOf(
    line.replace(/ +(?= : )/, (blanks) => ' '.repeat(Math.max(0, blanks.length - excess))),
    columns,
  );
}
