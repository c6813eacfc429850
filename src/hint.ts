/** What a person at a terminal may want to know besides the message: on stderr, in another colour. */
import { chalkStderr } from 'chalk';

export const coloured = (hint: string): string => chalkStderr.yellow(hint);
