/** `--json` of the commands that print a table or lines without it. */
import type { OptionSpec } from '../argv.js';

export const jsonOption: OptionSpec = { long: 'json', help: 'Print one JSON object.' };
