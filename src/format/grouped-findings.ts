/** Findings that say the same, as one. */
import { jsonText } from '../base/plain-text.js';
import type { Finding } from '../base/verdict.js';

/** Findings that are shown as one: those of several GPUs that say the same, and of a GPU that is lost, all that is not known. */
export interface GroupedFindings {
  readonly first: Finding;
  readonly gpus: readonly (number | string)[];
  /** The other checks of which the same is said. */
  readonly also: readonly string[];
}

function merged<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  merge: (first: T, next: T) => T,
): readonly T[] {
  const groups = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    const first = groups.get(key);
    groups.set(key, first === undefined ? item : merge(first, item));
  }
  return [...groups.values()];
}

export function grouped(findings: readonly Finding[]): readonly GroupedFindings[] {
  const single = findings.map(
    (first): GroupedFindings => ({ first, gpus: first.gpu === undefined ? [] : [first.gpu], also: [] }),
  );
  const byGpus = merged(
    single,
    ({ first: { check, verdict, why } }) => jsonText([check, verdict, why]),
    (first, { gpus }) => ({ ...first, gpus: [...first.gpus, ...gpus] }),
  );
  return merged(
    byGpus,
    ({ first: { check, verdict, why, gpu }, gpus }) =>
      jsonText(verdict === 'unknown' && gpu !== undefined ? [gpus, why] : [check, verdict, why]),
    (first, next) => ({ ...first, also: [...first.also, next.first.check] }),
  );
}

/** The GPUs that something is said of, in front of it. */
export const subjectOf = (gpus: GroupedFindings['gpus']): string =>
  gpus.length === 0 ? '' : `GPU ${gpus.join(', ')}: `;
