/** Colour and bold letters for a person at a terminal. */
import { Chalk, type ChalkInstance } from 'chalk';
import type { Io } from './io.js';

/** Styles that leave the text alone where no person reads it, or the person said so (no-color.org). */
export const styles = (isTerminal: boolean, { env }: Io): ChalkInstance => {
  const isPlain = !isTerminal || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return new Chalk({ level: isPlain ? 0 : 1 });
};
