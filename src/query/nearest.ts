/** Field names that a mistyped one may have meant. */

const SUGGESTIONS = 3;

/** The names that differ least, best first; none where nothing is near. */
export function nearestNames(typed: string, names: readonly string[]): readonly string[] {
  const lower = typed.toLowerCase();
  const limit = Math.max(2, Math.floor(typed.length / 3));
  return names
    .map((name) => ({
      name,
      distance: name.endsWith(lower) ? 1 : distance(lower, name.toLowerCase(), limit),
    }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map((candidate) => candidate.name);
}

/** Levenshtein distance; anything beyond the limit is just more than the limit. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
