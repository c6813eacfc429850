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

const linesOf = (text: string): string[] => text.replace(TIME, '<time>').split('\n');

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

/** The shortest edit from one list of lines to another, without the lines that both have (Myers). */
function difference(from: readonly string[], to: readonly string[]): string[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (
    end < from.length - start &&
    end < to.length - start &&
    from[from.length - 1 - end] === to[to.length - 1 - end]
  )
    end++;
  return edits(from.slice(start, from.length - end), to.slice(start, to.length - end));
}

function edits(a: readonly string[], b: readonly string[]): string[] {
  const most = a.length + b.length;
  let furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  const at = (map: Map<number, number>, k: number): number => map.get(k) ?? -1;
  for (let d = 0; d <= most; d++) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && at(furthest, k - 1) < at(furthest, k + 1));
      let x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
    }
    furthest = new Map(furthest);
  }
  return [];
}

function walkBack(
  trace: readonly Map<number, number>[],
  a: readonly string[],
  b: readonly string[],
): string[] {
  const changes: string[] = [];
  let x = a.length;
  let y = b.length;
  const at = (map: Map<number, number>, k: number): number => map.get(k) ?? -1;
  for (let d = trace.length - 1; d > 0; d--) {
    const furthest = trace[d] as Map<number, number>;
    const k = x - y;
    const down = k === -d || (k !== d && at(furthest, k - 1) < at(furthest, k + 1));
    const before = down ? k + 1 : k - 1;
    const fromX = at(furthest, before);
    changes.push(down ? `+${b[fromX - before]}` : `-${a[fromX]}`);
    x = fromX;
    y = fromX - before;
  }
  return changes.reverse();
}
