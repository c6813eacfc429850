/** Two outputs line by line: how many lines are the same in the same order, and which are not. */
import type { Printed } from './program.js';

/** Lines side by side that are not the same: those of nvidia-smi's alone, and those of ours. */
export interface Hunk {
  readonly gone: readonly string[];
  readonly come: readonly string[];
  /** The lines of a GPU that cannot be attached, which nvidia-smi does not show (lost.ts). */
  readonly isOfLostGpu?: boolean;
}

export interface Comparison {
  readonly isSame: boolean;
  readonly lines: number;
  readonly equal: number;
  readonly hunks: readonly Hunk[];
}

const TIME =
  /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d:\d\d:\d\d \d{4}|\b20\d{6}\b(?: +\d\d:\d\d:\d\d)?|\b\d\d:\d\d:\d\d\b/g;

export const linesOf = (text: string): string[] =>
  text.replace(TIME, '<time>').replace(USAGE, '').split('\n');

/** A usage that follows a refusal is prose, and ours elsewhere (docs/differences.md). */
const USAGE = /\n\n {4}Usage: nvidia-smi [\s\S]*$/;

/** An nvidia-smi that ran on until it was stopped. */
const ENDLESS = -1;
const LOOP_LINES = 20;

/** An nvidia-smi that crashed has said what it has said: what would have followed is not compared. */
const CRASHED = -2;

export function compare(real: Printed, ours: Printed): Comparison {
  const { theirs, own, status } = sideBySide(real, ours);
  const hunks = [...difference(theirs, own), ...statuses(status, ours.status)];
  const gone = goneIn(hunks.slice(0, status === ours.status ? undefined : -1));
  return {
    isSame: hunks.length === 0,
    lines: Math.max(theirs.length, own.length),
    equal: theirs.length - gone,
    hunks,
  };
}

/** The lines that can be compared, and nvidia-smi's exit status: ours where it has none. */
export function sideBySide(
  real: Printed,
  ours: Printed,
): { readonly theirs: readonly string[]; readonly own: readonly string[]; readonly status: number } {
  const theirs = linesOf(real.out);
  const own = linesOf(ours.out);
  const { status } = real;
  if (status !== CRASHED && status !== ENDLESS) return { theirs, own, status };
  // A loop is compared as far as both got.
  const length = status === CRASHED ? theirs.length - 1 : Math.min(theirs.length, own.length, LOOP_LINES) - 1;
  return { theirs: theirs.slice(0, length), own: own.slice(0, length), status: ours.status };
}

export const goneIn = (hunks: readonly Hunk[]): number =>
  hunks.reduce((sum, { gone }) => sum + gone.length, 0);

export const statuses = (real: number, ours: number): readonly Hunk[] =>
  real === ours ? [] : [{ gone: [`exit status ${real}`], come: [`exit status ${ours}`] }];

/** What has to go and to come to make one list of lines the other. */
export function difference(from: readonly string[], to: readonly string[]): readonly Hunk[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  const most = Math.min(from.length, to.length) - start;
  while (end < most && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  return edits(from.slice(start, from.length - end), to.slice(start, to.length - end));
}

/** Larger tables than this are not made: two outputs that differ so much have few lines in common. */
const MOST_CELLS = 40_000_000;

/** The longest common subsequence decides: a cell has its length for the lines from there on. */
function edits(a: readonly string[], b: readonly string[]): readonly Hunk[] {
  if (a.length === 0 && b.length === 0) return [];
  const width = b.length + 1;
  if ((a.length + 1) * width > MOST_CELLS) return [{ gone: a, come: b }];
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const hunks: { readonly gone: string[]; readonly come: string[] }[] = [];
  let [i, j] = [0, 0];
  let isApart = true;
  const hunk = (): { readonly gone: string[]; readonly come: string[] } => {
    if (isApart) hunks.push({ gone: [], come: [] });
    isApart = false;
    return hunks.at(-1) as { readonly gone: string[]; readonly come: string[] };
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      [i, j] = [i + 1, j + 1];
      isApart = true;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      hunk().gone.push(a[i++] as string);
    } else hunk().come.push(b[j++] as string);
  }
  return hunks;
}
