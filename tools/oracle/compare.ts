/** Two outputs line by line: how many lines are the same in the same order, and which are not. */
import type { Printed } from './program.js';

export interface Comparison {
  readonly isSame: boolean;
  readonly lines: number;
  readonly equal: number;
  /** Lines of nvidia-smi's alone begin with `-`, those of ours with `+`. */
  readonly changes: readonly string[];
}

const TIME =
  /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d:\d\d:\d\d \d{4}|\b20\d{6}\b +\d\d:\d\d:\d\d|\b\d\d:\d\d:\d\d\b/g;

const linesOf = (text: string): string[] => text.replace(TIME, '<time>').replace(USAGE, '').split('\n');

/** A usage that follows a refusal is prose, and ours elsewhere (docs/differences.md). */
const USAGE = /\n\n {4}Usage: nvidia-smi [\s\S]*$/;

/** An nvidia-smi that ran on until it was stopped. */
const ENDLESS = -1;
const LOOP_LINES = 20;

/** An nvidia-smi that crashed has said what it has said: what would have followed is not compared. */
const CRASHED = -2;

export function compare(real: Printed, ours: Printed): Comparison {
  let theirs = linesOf(real.out);
  let own = linesOf(ours.out);
  let status = real.status;
  if (status === CRASHED) {
    theirs = theirs.slice(0, -1);
    own = own.slice(0, theirs.length);
    status = ours.status;
  }
  // A loop is compared as far as both got.
  if (status === ENDLESS) {
    theirs = theirs.slice(0, Math.min(own.length, LOOP_LINES) - 1);
    own = own.slice(0, theirs.length);
    status = ours.status;
  }
  const changes = difference(theirs, own);
  if (status !== ours.status) changes.push(`-exit status ${status}`, `+exit status ${ours.status}`);
  const gone = changes.filter((line) => line.startsWith('-') && !line.startsWith('-exit status')).length;
  return {
    isSame: changes.length === 0,
    lines: Math.max(theirs.length, own.length),
    equal: theirs.length - gone,
    changes,
  };
}

/** What has to go and to come to make one list of lines the other. */
function difference(from: readonly string[], to: readonly string[]): string[] {
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
function edits(a: readonly string[], b: readonly string[]): string[] {
  const width = b.length + 1;
  if ((a.length + 1) * width > MOST_CELLS)
    return [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)];
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const changes: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) changes.push(`-${a[i++]}`);
    else changes.push(`+${b[j++]}`);
  }
  return changes;
}
