/** The page of one process: its own graphs, everything that is known of it, and its environment where that may be read. */
import { graphemes } from '../../format/graphemes.js';
import { processText } from '../../format/ps.js';
import { processColumns } from '../../watch/process-columns.js';
import type { ProcessEntry } from '../../watch/process-entry.js';
import { numberOf } from '../gpu-cells.js';
import { graph, stepsOf } from '../graph.js';
import { type Line, type Role, span } from '../span.js';
import { keyOf, type Model, type TopPage } from '../state.js';
import { axis } from './graphs.js';

/** Table: the graphs of a process, and what is 1 in each. */
const GRAPHS: readonly (readonly [name: ProcessShare, title: string, role: Role])[] = [
  ['sm', 'SM utilization', 'load'],
  ['memory', 'memory of the GPU', 'memory'],
  ['cpu', 'one CPU', 'other'],
];

export type ProcessShare = 'sm' | 'memory' | 'cpu';

export const processHistoryName = (key: string, share: ProcessShare): string => `process ${key} ${share}`;

/** The shares of a process that are kept for its graphs. */
export function processShares(
  { use, usedMemory, cpu }: ProcessEntry,
  gpuMemory: number | undefined,
): Readonly<Record<ProcessShare, number>> {
  const used = numberOf(usedMemory);
  return {
    sm: (use?.sm ?? Number.NaN) / 100,
    memory: used === undefined || gpuMemory === undefined ? Number.NaN : used / gpuMemory,
    cpu: (numberOf(cpu) ?? Number.NaN) / 100,
  };
}

export function processPageLines(
  model: Model,
  { key, environ }: Extract<TopPage, { is: 'process' }>,
  height: number,
): readonly Line[] {
  const { sample, now, surface, state } = model;
  const entry = sample?.processes.find((each) => keyOf(each) === key);
  const title: Line = [
    { ...span(`Process ${key.split('/').at(-1)} on GPU ${key.split('/', 1)[0]}`, 'title'), bold: true },
  ];
  if (entry === undefined) return [title, [span('This process is no longer on the GPU.', 'warn')]];
  const graphs = height >= 20 ? graphsOf(model, key) : [];
  const facts = processColumns.flatMap((column): readonly Line[] => {
    const text = processText(column, column.read(entry, now));
    if (text === '-') return [];
    return factLines(column.name, text, surface.columns);
  });
  const environment: readonly Line[] =
    environ === undefined
      ? []
      : environ === 'hidden'
        ? [[], [span('Its environment may not be read: run nvsmi as its user, or as root.', 'warn')]]
        : [
            [],
            [{ ...span('Environment', 'title'), bold: true }],
            ...environ.map((each): Line => [span(`  ${each}`)]),
          ];
  const body = [...facts, ...environment];
  const room = Math.max(0, height - 1 - graphs.length);
  return [title, ...graphs, ...body.slice(Math.min(state.scroll, Math.max(0, body.length - room)))].slice(
    0,
    height,
  );
}

const NAME_WIDTH = 20;

/** A value in as many lines as it needs. */
function factLines(name: string, text: string, columns: number): readonly Line[] {
  const room = Math.max(10, columns - NAME_WIDTH - 2);
  const pieces: string[] = [''];
  let width = 0;
  for (const { text: grapheme, width: cells } of graphemes(text)) {
    if (width + cells > room) {
      pieces.push('');
      width = 0;
    }
    pieces[pieces.length - 1] += grapheme;
    width += cells;
  }
  return pieces.map((piece, i) => [
    span((i === 0 ? name : '').padEnd(NAME_WIDTH), 'dim'),
    span(`  ${piece}`),
  ]);
}

const GRAPH_HEIGHT = 4;

function graphsOf({ histories, surface, state, now, sample }: Model, key: string): readonly Line[] {
  const width = Math.floor((surface.columns + 1) / GRAPHS.length) - 1;
  const tiles = GRAPHS.map(([share, title, role]) => {
    const steps = stepsOf(width, surface.isUtf8);
    const values =
      histories.of(processHistoryName(key, share))?.steps(sample?.time ?? now, state.span * 1000, steps) ??
      [];
    const head = [span(title.padEnd(width), 'dim')];
    return [
      head,
      ...graph(values, GRAPH_HEIGHT, surface.isUtf8).map((line): Line => [span(line.padEnd(width), role)]),
    ];
  });
  const rows = Array.from({ length: GRAPH_HEIGHT + 1 }, (_, y) =>
    tiles.flatMap((tile) => [...(tile[y] ?? []), span(' ')]),
  );
  return [...rows, GRAPHS.map(() => span(`${axis(state.span, width)} `, 'dim'))];
}
