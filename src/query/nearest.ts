/** Names that a mistyped word may have meant. */

const MOST_NAMES = 3;
const MOST_EDITS = 3;

/** Of so few letters nearly every other word is near. */
const FEWEST_LETTERS = 3;

/**
 * The names that differ least from a word, as many as differ alike; none where nothing is near. A name that begins or
 * ends with the word is just near: `temperature`, `gpu`.
 */
export function nearestNames(typed: string, names: readonly string[]): readonly string[] {
  const word = typed.toLowerCase();
  const { length } = word.replace(/^-+/, '');
  // One of three letters may be wrong. A number is another number, and not a mistyped one.
  const limit =
    length < FEWEST_LETTERS || /^\d+$/.test(word) ? 0 : Math.min(Math.ceil(length / 3), MOST_EDITS);
  const candidates = [...new Set(names)].map((name) => ({
    name,
    edits: editsWithin(limit, word, name.toLowerCase()),
  }));
  const least = Math.min(limit, ...candidates.map(({ edits }) => edits));
  return candidates
    .filter(({ edits }) => edits === least)
    .slice(0, MOST_NAMES)
    .map(({ name }) => name);
}

function editsWithin(limit: number, word: string, name: string): number {
  if (limit > 0 && word !== name && (name.startsWith(word) || name.endsWith(word))) {
    return Math.min(limit, editsBetween(word, name));
  }
  return Math.abs(word.length - name.length) > limit ? limit + 1 : editsBetween(word, name);
}

/** Letters more, less, or other ones, and neighbours that changed places: what people mistype. */
function editsBetween(a: string, b: string): number {
  const firstRow = Array.from({ length: b.length + 1 }, (_, j) => j);
  let [before, last] = [firstRow, firstRow];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? at(before, j - 2) + 1 : other;
      row.push(Math.min(other, swapped, at(last, j) + 1, at(row, j - 1) + 1));
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], column: number): number => row[column] as number;
