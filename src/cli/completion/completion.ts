/** `completion`: the script that completes command lines in a shell. */

import { EXIT } from '../../base/errors.js';
import { type CommandSpec, command } from '../../commands/command.js';
import { bashCompletion } from './bash.js';
import { fishCompletion } from './fish.js';
import { type HelpPages, readPages } from './pages.js';
import { zshCompletion } from './zsh.js';

const SHELLS: ReadonlyMap<string, (pages: HelpPages) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

export const spec: CommandSpec = command({
  options: [],
  operand: [
    {
      long: 'shell',
      value: 'required',
      values: { words: [...SHELLS.keys()] },
      help: 'The shell that the script is for.',
    },
  ],
  run: async ({ shell = '' }, context) => {
    const script = SHELLS.get(shell);
    if (script !== undefined) context.io.out(script(await readPages()));
    return EXIT.ok;
  },
});
