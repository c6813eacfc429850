/** What panels are made of: lines of text with styles. Where they are on the screen is not known to them. */
import { cellsOf, cut } from '../format/graphemes.js';

/** What a text means; a theme gives it a colour. */
export const ROLES = [
  'plain',
  'dim',
  'title',
  'good',
  'warn',
  'bad',
  'memory',
  'load',
  'power',
  'other',
] as const;

export type Role = (typeof ROLES)[number];

export interface StyledText {
  readonly text: string;
  readonly role?: Role;
  readonly bold?: boolean;
  readonly reverse?: boolean;
}

export type Line = readonly StyledText[];

export const span = (text: string, role: Role = 'plain'): StyledText => ({ text, role });

export const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + cellsOf(text), 0);

/** A line in at most so many cells. */
export function cutLine(line: Line, width: number, mark: string): Line {
  if (widthOf(line) <= width) return line;
  const out: StyledText[] = [];
  let rest = width;
  for (const each of line) {
    const cells = cellsOf(each.text);
    if (cells > rest) {
      out.push({ ...each, text: cut(each.text, rest, mark) });
      return out;
    }
    out.push(each);
    rest -= cells;
  }
  return out;
}

/** A line in just so many cells, with another one at its right end where there is room. */
export function spread(left: Line, right: Line, width: number, mark: string): Line {
  const gap = width - widthOf(left) - widthOf(right);
  if (gap < 1) return padded(cutLine(left, width, mark), width);
  return [...left, span(' '.repeat(gap)), ...right];
}

export function padded(line: Line, width: number): Line {
  const gap = width - widthOf(line);
  return gap > 0 ? [...line, span(' '.repeat(gap))] : line;
}

/** A whole line in one style, such as that of a selection. */
export const styled = (line: Line, style: Omit<StyledText, 'text'>): Line =>
  line.map((each) => ({ ...each, ...style }));

export const textOf = (line: Line): string =>
  line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
