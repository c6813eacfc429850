/** Recorded outputs, by machine and name. */
import { readFileSync } from 'node:fs';

export const golden = (path: string): string =>
  readFileSync(new URL(`../golden/${path}`, import.meta.url), 'utf8');
