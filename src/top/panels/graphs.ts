/** Graphs of the last minutes: as many tiles as there is room for, those of one GPU beside each other. */
import { fitted } from '../../format/graphemes.js';
import { SHARES, type Share } from '../gpu-cells.js';
import { brailleLines, dotsOf, graph, stepsOf } from '../graph.js';
import type { History } from '../history.js';
import { type Line, type Role, type StyledText, span } from '../span.js';
import type { Model } from '../state.js';

/** Table: what a tile shows, the first that there is room for. */
const TILES: readonly (readonly [share: Share, title: string, role: Role])[] = [
  ['load', 'utilization', 'load'],
  ['memory', 'memory', 'memory'],
  ['power', 'power', 'power'],
  ['tensor', 'tensor', 'other'],
  ['sm', 'SM activity', 'load'],
  ['temperature', 'temperature', 'other'],
];

const FEW_GPUS = 2;
const FEW_TILES = 4;
const NARROWEST = 24;
const WIDEST = 64;
/** With its title. */
const LOWEST = 4;
/** The title and at least this, the axis below the last row included. */
export const LEAST_GRAPHS = LOWEST + 1;

export const historyName = (gpu: number, share: Share): string => `gpu ${gpu} ${share}`;

/** At most so many lines. Of GPUs that have no room the last line says how many; the chosen one always has. */
export function graphLines(model: Model, height: number): readonly Line[] {
  const gpus = graphedGpus(model);
  const { columns } = model.surface;
  if (gpus.length === 0 || height < LEAST_GRAPHS) return [];
  const isKnown = ([share]: (typeof TILES)[number]): boolean =>
    gpus.some((gpu) => SHARES[share](gpu) !== undefined);
  const kinds = TILES.filter(isKnown);
  const mostAcross = Math.max(1, Math.floor((columns + 1) / (NARROWEST + 1)));
  const mostDown = Math.floor((height - 1) / LOWEST);
  const fewestAcross = Math.max(1, Math.ceil((columns + 1) / (WIDEST + 1)));
  // Of many GPUs the tiles of each are in one row.
  const inRow = Math.max(gpus.length > FEW_GPUS ? 2 : FEW_TILES, fewestAcross);
  const most = gpus.length === 1 ? kinds.length : Math.min(kinds.length, inRow);
  // As many as fit, whole GPUs in a row.
  const acrossFor = (each: number): number => {
    const wanted = Math.min(mostAcross, Math.max(fewestAcross, Math.ceil((gpus.length * each) / mostDown)));
    return each * Math.max(1, Math.floor(wanted / each));
  };
  const fits = (each: number): boolean =>
    acrossFor(each) <= mostAcross && Math.ceil((gpus.length * each) / acrossFor(each)) <= mostDown;
  let perGpu = Math.max(1, most);
  while (perGpu > 1 && !fits(perGpu)) perGpu--;
  const tiles = gpus.flatMap((gpu) => kinds.slice(0, perGpu).map((kind) => ({ gpu, kind })));
  const across = Math.min(acrossFor(perGpu), tiles.length);
  const isCut = tiles.length > across * mostDown;
  const room = isCut ? height - 2 : height - 1;
  const down = Math.max(1, Math.min(Math.floor(room / LOWEST), Math.ceil(tiles.length / across)));
  const width = Math.floor((columns + 1) / across) - 1;
  const tileHeight = Math.floor(room / down);
  const lines: Line[] = [];
  for (let row = 0; row < down; row++) {
    const drawn = tiles
      .slice(row * across, (row + 1) * across)
      .map(({ gpu, kind }) => tile(model, gpu, kind, width, tileHeight));
    for (let y = 0; y < tileHeight; y++) {
      lines.push(drawn.flatMap((tileLines) => [...(tileLines[y] ?? []), span(' ')]));
    }
  }
  lines.push(Array.from({ length: across }, () => span(`${axis(model.state.span, width)} `, 'dim')));
  const without = gpus.length - Math.floor((across * down) / perGpu);
  if (isCut) {
    const mark = model.surface.isUtf8 ? '…' : '...';
    lines.push([span(`  ${mark} ${without} more GPUs have no room; g chooses one`, 'dim')]);
  }
  return lines;
}

/** Those that answer; the chosen one first where there is one. */
function graphedGpus({ sample, state }: Model): readonly SampledGpu[] {
  const gpus = (sample?.gpus ?? []).filter(({ lost }) => lost === undefined);
  const chosen = gpus.findIndex(({ index }) => index === state.onlyGpu);
  return chosen === -1 ? gpus : [...gpus.slice(chosen), ...gpus.slice(0, chosen)];
}

type SampledGpu = NonNullable<Model['sample']>['gpus'][number];

function tile(
  { histories, state, surface, now, sample }: Model,
  gpu: SampledGpu,
  [share, title, role]: (typeof TILES)[number],
  width: number,
  height: number,
): readonly Line[] {
  const value = SHARES[share](gpu);
  const percent =
    value === undefined ? '-' : `${Math.round(value * 100)}${share === 'temperature' ? 'C' : '%'}`;
  const { isUtf8 } = surface;
  const history = histories.of(historyName(gpu.index, share));
  const steps = stepsOf(width, isUtf8);
  const until = sample?.time ?? now;
  const values = history?.steps(until, state.span * 1000, steps) ?? new Float32Array(steps).fill(Number.NaN);
  const rule = isUtf8 ? '─' : '-';
  const head: StyledText[] = [
    span(
      fitted(`GPU ${gpu.index} ${title} `, Math.max(0, width - percent.length - 1), 'left').replace(
        / +$/,
        (gap) => ` ${rule.repeat(Math.max(0, gap.length - 1))}`,
      ),
      'dim',
    ),
    span(` ${percent}`, role),
  ];
  return [head, ...drawn(history, values, { width, height: height - 1, isUtf8, role })];
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly isUtf8: boolean;
  readonly role: Role;
}

interface Drawn extends Drawing {
  readonly dots: Uint16Array;
  readonly lines: readonly Line[];
}

/** What was drawn last: of eight GPUs most graphs stay the same from tick to tick, those of memory and of what is idle. */
const lastDrawn = new WeakMap<History, Drawn>();

function drawn(history: History | undefined, values: Float32Array, drawing: Drawing): readonly Line[] {
  const { width, height, isUtf8, role } = drawing;
  const linesOf = (texts: readonly string[]): readonly Line[] =>
    texts.map((text): Line => [span(text.padEnd(width), role)]);
  if (!isUtf8 || history === undefined) return linesOf(graph(values, height, isUtf8));
  const dots = dotsOf(values, height);
  const last = lastDrawn.get(history);
  const isSame = last?.width === width && last.height === height && last.role === role;
  if (last !== undefined && isSame && dots.every((each, i) => each === last.dots[i])) return last.lines;
  const lines = linesOf(brailleLines(dots, height));
  lastDrawn.set(history, { ...drawing, dots, lines });
  return lines;
}

const spelledSpan = (seconds: number): string =>
  seconds >= 3600 ? `${seconds / 3600}h` : seconds >= 120 ? `${seconds / 60}m` : `${seconds}s`;

/** The time below the tiles: the past on the left, now on the right, and half of it between. */
export function axis(seconds: number, width: number): string {
  const [left, middle, right] = [spelledSpan(seconds), spelledSpan(seconds / 2), 'now'];
  const room = width - left.length - middle.length - right.length;
  if (room < 2) return fitted(left, width, 'left');
  const before = Math.max(1, Math.floor(width / 2) - left.length - Math.floor(middle.length / 2));
  return left + ' '.repeat(before) + middle + ' '.repeat(Math.max(1, room - before)) + right;
}
