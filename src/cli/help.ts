/** `help`: what -h shows, of nvsmi or of a command. */

import { type CommandSpec, command } from '../commands/command.js';
import { allCommands } from './command-table.js';

export const spec: CommandSpec = command({
  options: [],
  operand: [
    {
      long: 'command',
      value: 'optional',
      argument: 'COMMAND',
      values: { words: allCommands.map(({ name }) => name) },
      help: 'Show the help of this command; without it, that of nvsmi.',
    },
  ],
  run: async (given, context) => (await import('./subcommands.js')).help(context, given.command),
});
