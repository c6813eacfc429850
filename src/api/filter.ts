/** Filters of deviceQuery: names and ids, and which ids they mean. */
import { NVSMI, type NvsmiId, QUERY_NAMES, type QueryName } from './generated/nvsmi-ids.js';

/**
 * Selects what deviceQuery returns: names separated by commas (`memory.total,memory.free`), or an array or other iterable of names
 * and ids (`NVSMI.MEMORY_TOTAL`). Unknown names and ids are ignored. Without a filter, or with null, everything is returned.
 */
export type Filter =
  | QueryName
  | (string & {})
  // Editors offer the known names and ids; others are taken, too.
  | Iterable<QueryName | NvsmiId | (string & {}) | (number & {})>
  | null;

/**
 * The ids of a filter.
 *
 * @throws TypeError for what is neither
 */
export function idsOf(filter: Filter | undefined): ReadonlySet<number> {
  if (filter === undefined || filter === null) return new Set([NVSMI.ALL]);
  const ids = new Set<number>();
  for (const name of typeof filter === 'string' ? filter.split(',') : itemsOf(filter)) {
    const id = typeof name === 'number' ? name : QUERY_NAMES.get(name.trim());
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

function itemsOf(filter: unknown): readonly (string | number)[] {
  if (typeof filter !== 'object' || filter === null || !(Symbol.iterator in filter)) {
    throw new TypeError(
      `a filter is a comma list of names, or an array of names and ids, not ${kindOf(filter)}`,
    );
  }
  return [...(filter as Iterable<unknown>)].map((item) => {
    if (typeof item === 'string' || typeof item === 'number') return item;
    throw new TypeError(`a filter holds names and ids, not ${kindOf(item)}`);
  });
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
