/** Text in cells of a terminal: East Asian characters and emoji take two, combining marks none. */
import stringWidth from 'string-width';
import { plainText } from '../base/plain-text.js';

/** What takes cells as a whole: a character with its combining marks, an emoji with its joiners. */
export interface Grapheme {
  readonly text: string;
  readonly width: number;
}

const ASCII = /^[ -~]*$/;

/** The same, and what the monitor draws: arrows, lines, blocks, braille, the mark of what was cut, a middle dot. All take one cell. */
const NARROW = /^[ -~\u00b7\u2026\u2190-\u2193\u2500-\u259f\u2800-\u28ff]*$/;

let segmenter: Intl.Segmenter | undefined;

/** The graphemes of a text that was made plain; those without a width go with the one before. */
export function graphemes(text: string): readonly Grapheme[] {
  const plain = plainText(text);
  if (ASCII.test(plain)) return Array.from(plain, (character) => ({ text: character, width: 1 }));
  segmenter ??= new Intl.Segmenter();
  const found: Grapheme[] = [];
  for (const { segment } of segmenter.segment(plain)) {
    const width = stringWidth(segment);
    const last = found.at(-1);
    if (width > 0) found.push({ text: segment, width });
    else if (last !== undefined) found[found.length - 1] = { text: last.text + segment, width: last.width };
  }
  return found;
}

/** Cells that a text takes. */
export const cellsOf = (text: string): number =>
  NARROW.test(text) ? text.length : stringWidth(plainText(text));

/** A text in at most so many cells; one that was cut ends with a mark. */
export function cut(text: string, width: number, mark = '…'): string {
  if (cellsOf(text) <= width) return NARROW.test(text) ? text : plainText(text);
  let rest = width - cellsOf(mark);
  if (rest < 0) return '';
  let out = '';
  for (const { text: grapheme, width: cells } of graphemes(text)) {
    if (cells > rest) break;
    out += grapheme;
    rest -= cells;
  }
  return out + mark;
}

/** A text in just so many cells. */
export function fitted(text: string, width: number, align: 'left' | 'right', mark = '…'): string {
  if (text.length <= width && NARROW.test(text)) {
    return align === 'left' ? text.padEnd(width) : text.padStart(width);
  }
  const short = cut(text, width, mark);
  const blanks = ' '.repeat(Math.max(0, width - cellsOf(short)));
  return align === 'left' ? short + blanks : blanks + short;
}

/** A text in pieces of at most so many cells each; an empty one is one piece. */
export function piecesOf(text: string, width: number): readonly string[] {
  if (cellsOf(text) <= width) return [text];
  const pieces: string[] = [''];
  let used = 0;
  for (const { text: grapheme, width: cells } of graphemes(text)) {
    if (used + cells > width) {
      pieces.push('');
      used = 0;
    }
    pieces[pieces.length - 1] += grapheme;
    used += cells;
  }
  return pieces;
}
