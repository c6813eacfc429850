/** The processes that are listed, in their order: filtered, sorted, and as a tree where that is chosen. */

import { wholeProcessText } from '../format/ps.js';
import { Missing } from '../nvml/status.js';
import { processColumn, processColumns, sortedBy } from '../watch/process-columns.js';
import type { ProcessEntry } from '../watch/process-entry.js';
import type { Ancestor } from '../watch/sample.js';
import { keyOf, type Model } from './state.js';

export interface ListedProcess {
  /** Undefined for a process of the host that is shown for those below it. */
  readonly entry: ProcessEntry | undefined;
  readonly ancestor: Ancestor | undefined;
  readonly key: string;
  /** For each level of the tree whether more of it follow below. */
  readonly branches: readonly boolean[];
}

type Listing = Pick<Model, 'sample' | 'state' | 'now'>;

/** What a filter is compared with: everything that a table can show of a process, long identifiers whole. */
function lineOf(entry: ProcessEntry, now: number): string {
  return processColumns
    .filter(({ shown }) => shown !== undefined)
    .map((column) => wholeProcessText(column, column.read(entry, now)))
    .join(' ')
    .toLowerCase();
}

export function listedProcesses({ sample, state, now }: Listing): readonly ListedProcess[] {
  if (sample === undefined) return [];
  const wanted = state.filter.toLowerCase();
  const chosen = sample.processes.filter(
    (entry) =>
      (state.onlyGpu === undefined || entry.place.gpu.index === state.onlyGpu) &&
      (wanted === '' || lineOf(entry, now).includes(wanted)),
  );
  const sorted = sortedBy(chosen, processColumn(state.sort), now, state.reverse);
  return state.tree ? asTree(sorted, sample.ancestors) : sorted.map((entry) => flat(entry));
}

const flat = (entry: ProcessEntry, branches: readonly boolean[] = []): ListedProcess => ({
  entry,
  ancestor: undefined,
  key: keyOf(entry),
  branches,
});

/**
 * Processes below those that started them. Of the processes of the host that are on no GPU only those are shown that are a parent, or
 * have several branches: not the shells and logins above them.
 */
function asTree(
  entries: readonly ProcessEntry[],
  ancestors: ReadonlyMap<number, Ancestor>,
): readonly ListedProcess[] {
  const byPid = new Map<number, readonly ProcessEntry[]>();
  for (const entry of entries) byPid.set(entry.pid, [...(byPid.get(entry.pid) ?? []), entry]);
  const parentOf = (pid: number): number | undefined => {
    const [entry] = byPid.get(pid) ?? [];
    if (entry !== undefined) return entry.host instanceof Missing ? undefined : entry.host.parent;
    return ancestors.get(pid)?.parent;
  };
  const children = new Map<number, Set<number>>();
  for (const pid of byPid.keys()) {
    for (let at = pid; ; ) {
      const parent = parentOf(at);
      if (parent === undefined || (!byPid.has(parent) && !ancestors.has(parent))) break;
      const below = children.get(parent) ?? new Set();
      children.set(parent, below.add(at));
      at = parent;
    }
  }
  const isShown = (pid: number): boolean =>
    byPid.has(pid) ||
    (children.get(pid)?.size ?? 0) > 1 ||
    [...(children.get(pid) ?? [])].some((below) => byPid.has(below));
  const all = new Set([...byPid.keys(), ...children.keys()]);
  const roots = [...all].filter((pid) => {
    const parent = parentOf(pid);
    return parent === undefined || !all.has(parent);
  });
  const place = new Map(entries.map((entry, i) => [entry.pid, i] as const));
  const order = (pid: number): number =>
    Math.min(place.get(pid) ?? Number.MAX_SAFE_INTEGER, ...[...(children.get(pid) ?? [])].map(order));
  const listed: ListedProcess[] = [];
  const visible = (pids: Iterable<number>): readonly number[] =>
    [...pids]
      .sort((a, b) => order(a) - order(b))
      .flatMap((pid) => (isShown(pid) ? [pid] : visible(children.get(pid) ?? [])));
  const visit = (pid: number, branches: readonly boolean[]): void => {
    const own = byPid.get(pid);
    if (own !== undefined) for (const entry of own) listed.push(flat(entry, branches));
    else listed.push({ entry: undefined, ancestor: ancestors.get(pid), key: `host/${pid}`, branches });
    const below = visible(children.get(pid) ?? []);
    below.forEach((child, i) => {
      visit(child, [...branches, i < below.length - 1]);
    });
  };
  for (const pid of visible(roots)) visit(pid, []);
  return listed;
}

/** The lines before a process in the tree. */
export function branchText(branches: readonly boolean[], isUtf8: boolean): string {
  if (branches.length === 0) return '';
  const [down, fork, last] = isUtf8 ? ['│ ', '├─', '└─'] : ['| ', '|-', '`-'];
  const above = branches.slice(0, -1).map((more) => (more ? down : '  '));
  return `${above.join('')}${branches.at(-1) ? fork : last} `;
}
