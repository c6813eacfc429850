/** `-l` of the commands about links. */
import type { OptionSpec } from '../../base/argv.js';

export const linkOption = {
  short: ['l'],
  long: 'link',
  value: 'required',
  number: true,
  argument: 'LINK',
  help: 'Only this link.',
} as const satisfies OptionSpec;
