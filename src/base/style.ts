/** Colour and bold letters for a person at a terminal. */
import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk';
import type { Io } from './io.js';

/** Styles for one of our streams; without colours they leave the text alone. */
export const styles = (isTerminal: boolean, { env }: Pick<Io, 'env'>): ChalkInstance =>
  new Chalk({ level: colourLevel(env, isTerminal) });

/** FORCE_COLOR, as Node's tty.WriteStream reads it; every other value is 0. */
const FORCED: Readonly<Record<string, ColorSupportLevel>> = { '': 1, '1': 1, true: 1, '2': 2, '3': 3 };

/**
 * Which colours a stream gets: none, 16, 256 or all. FORCE_COLOR decides alone, as in Node; without it NO_COLOR and
 * Node's own NODE_DISABLE_COLORS go before CLICOLOR_FORCE (bixense.com/clicolors), and that before a dumb terminal.
 */
export function colourLevel(env: Io['env'], isTerminal: boolean): ColorSupportLevel {
  const { FORCE_COLOR, NO_COLOR, NODE_DISABLE_COLORS, CLICOLOR_FORCE = '', TERM } = env;
  if (FORCE_COLOR !== undefined) return Object.hasOwn(FORCED, FORCE_COLOR) ? (FORCED[FORCE_COLOR] ?? 0) : 0;
  if ((NO_COLOR ?? '') !== '' || (NODE_DISABLE_COLORS ?? '') !== '') return 0;
  if (CLICOLOR_FORCE !== '' && CLICOLOR_FORCE !== '0') return 1;
  return isTerminal && TERM !== 'dumb' ? 1 : 0;
}

/** Whether the terminal is one for UTF-8, as the locale says: the first of these variables that is not empty decides. */
export function isUtf8({ env }: Pick<Io, 'env'>): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value = '') => value !== '') ?? '';
  return /utf-?8/i.test(locale);
}
