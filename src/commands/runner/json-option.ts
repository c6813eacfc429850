/** `--json` of the commands that print a table or lines without it. */
import type { OptionSpec } from '../../base/argv.js';

export const jsonOption = {
  long: 'json',
  ours: true,
  help: 'Print one JSON object.',
} as const satisfies OptionSpec;
