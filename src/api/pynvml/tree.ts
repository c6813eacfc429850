/** The rows of a result in their groups. */
import type { ResultLeaf, ResultRow } from './fields.js';

export interface KeyGroup {
  readonly key: string;
  readonly parts: readonly ResultPart[];
}

export type ResultPart = ResultRow | KeyGroup;

export const isGroup = (part: ResultPart): part is KeyGroup => 'parts' in part;
export const isLeaf = (row: ResultRow): row is ResultLeaf => !('declared' in row);
export const keyOf = (part: ResultPart): string => (isGroup(part) ? part.key : (part.path.at(-1) as string));

/** Rows of one group follow one another; a group whose rows are all `always` is left out. */
export function treeOf(rows: readonly ResultRow[], depth = 0): readonly ResultPart[] {
  const parts: ResultPart[] = [];
  for (let from = 0; from < rows.length; ) {
    const first = rows[from] as ResultRow;
    if (first.path.length === depth + 1) {
      parts.push(first);
      from++;
      continue;
    }
    const key = first.path[depth] as string;
    const after = rows.findIndex((row, i) => i > from && row.path[depth] !== key);
    const inside = rows.slice(from, after === -1 ? rows.length : after);
    const isThere = inside.some((row) => !isLeaf(row) || row.always !== true);
    if (isThere) parts.push({ key, parts: treeOf(inside, depth + 1) });
    from += inside.length;
  }
  return parts;
}

/** The unit beside the values of a group, by the path of the group. */
export function unitOf(path: readonly string[], rows: readonly ResultRow[]): string | undefined {
  const inside = rows.filter(
    (row) => row.path.length === path.length + 1 && path.every((key, i) => row.path[i] === key),
  );
  return inside
    .filter((row) => isLeaf(row))
    .find(({ spelling, unitBeside }) => spelling.unit !== undefined && unitBeside !== true)?.spelling.unit;
}
