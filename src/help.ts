/** `help`: what -h shows, of nvsmi or of a command. */
import { lastValue } from './argv.js';
import { allCommands } from './command-table.js';
import type { CommandSpec } from './commands/index.js';

export const spec: CommandSpec = {
  options: [],
  operand: {
    long: 'command',
    value: 'optional',
    argument: 'COMMAND',
    values: { words: allCommands.map(({ name }) => name) },
    help: 'Whose help; that of nvsmi without one.',
  },
  run: async (tokens, context) =>
    (await import('./subcommands.js')).help(context, lastValue(tokens, 'command')),
};
