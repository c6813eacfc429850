/** How wide running text is. */
import type { Io } from './io.js';

const NARROWEST = 60;
const WIDEST = 120;
const USUAL = 80;

/** Characters in a line of running text: COLUMNS, or those of the terminal, within what can be read. */
export function textWidth(io: Pick<Io, 'env' | 'columns'>): number {
  const { COLUMNS = '' } = io.env;
  const given = /^[1-9]\d*$/.test(COLUMNS) ? Number(COLUMNS) : io.columns;
  return Math.min(WIDEST, Math.max(NARROWEST, given ?? USUAL));
}
