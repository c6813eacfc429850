/** The page of one process: its own graphs, everything that is known of it, and its environment where that may be read. */
import { piecesOf } from '../../format/graphemes.js';
import { wholeProcessText } from '../../format/ps.js';
import { processColumns } from '../../watch/process-columns.js';
import type { ProcessEntry } from '../../watch/process-entry.js';
import { numberOf } from '../gpu-cells.js';
import { graph, stepsOf } from '../graph.js';
import { type Line, type Role, span } from '../span.js';
import { keyOf, type Model, type PageParts, type TopPage } from '../state.js';
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

export function processPage(
  model: Model,
  { key, environ }: Extract<TopPage, { is: 'process' }>,
  height: number,
): PageParts {
  const { sample, now, surface } = model;
  const entry = sample?.processes.find((each) => keyOf(each) === key);
  const title = heading(`Process ${key.split('/').at(-1)} on GPU ${key.split('/', 1)[0]}`);
  if (entry === undefined) {
    return { head: [title], body: [[span('This process is no longer on the GPU.', 'warn')]] };
  }
  const facts = processColumns.flatMap((column): readonly Line[] => {
    const text = wholeProcessText(column, column.read(entry, now));
    return text === '-' ? [] : factLines(column.name, text, surface.columns);
  });
  return {
    head: [title, ...(height >= 20 ? graphsOf(model, key) : [])],
    body: [...(environ === undefined ? [] : environLines(environ, surface.columns)), ...facts],
  };
}

const heading = (text: string): Line => [{ ...span(text, 'title'), bold: true }];

/** What was asked for last comes first. */
const environLines = (environ: readonly string[] | 'hidden', columns: number): readonly Line[] =>
  environ === 'hidden'
    ? [[span('Its environment may not be read: run nvsmi as its user, or as root.', 'warn')], []]
    : [
        heading('Environment'),
        ...environ.flatMap((each) =>
          piecesOf(each, columns - 4).map((piece, i): Line => [span(`${i === 0 ? '  ' : '    '}${piece}`)]),
        ),
        [],
      ];

const NAME_WIDTH = 20;

/** A value in as many lines as it needs. */
const factLines = (name: string, text: string, columns: number): readonly Line[] =>
  piecesOf(text, Math.max(10, columns - NAME_WIDTH - 2)).map((piece, i) => [
    span((i === 0 ? name : '').padEnd(NAME_WIDTH), 'dim'),
    span(`  ${piece}`),
  ]);

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
