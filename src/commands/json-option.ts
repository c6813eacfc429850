/** `--json` of the commands that print a table or lines without it. */
import type { OptionSpec } from '../base/argv.js';

export const jsonOption = { long: 'json', help: 'Print one JSON object.' } as const satisfies OptionSpec;
