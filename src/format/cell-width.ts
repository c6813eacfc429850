/** How many columns of a terminal a text takes: wide letters take two, marks and what joins letters none. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NONE = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Plain ASCII, as most texts are, has a column for each letter. */
const isPlain = (text: string): boolean => !/[^\x20-\x7e]/.test(text);

export const cellWidth = (text: string): number =>
  isPlain(text)
    ? text.length
    : [...text].reduce((sum, letter) => sum + (WIDE.test(letter) ? 2 : NONE.test(letter) ? 0 : 1), 0);

/** As many of a text's first letters as have room. */
export function within(text: string, width: number): string {
  if (isPlain(text)) return text.slice(0, width);
  const letters = [...text];
  while (cellWidth(letters.join('')) > width) letters.pop();
  return letters.join('');
}

/** A text with blanks after it. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - cellWidth(text)));
