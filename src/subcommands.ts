/** Subcommands and the help: the part of the CLI that needs Commander. */
import { allCommands } from './command-table.js';
import type { Context } from './commands/context.js';
import { EXIT, UsageError } from './errors.js';
import { rootOptions } from './options.js';
import { plainly } from './plain-text.js';
import { commandHelp, rootHelp, runCommand } from './program.js';
import { textWidth } from './width.js';

const named = (name: string | undefined) => allCommands.find((entry) => entry.name === name);

/** Runs `NAME ARGUMENTS...`. Returns the exit status. */
export async function runSubcommand(argv: readonly string[], context: Context): Promise<number> {
  const [name, ...others] = argv;
  const command = named(name);
  if (command !== undefined) return runCommand(command, others, context, () => textWidth(context.io));
  throw new UsageError(
    plainly`ERROR: Option ${name} is not recognized. Please run 'nvidia-smi -h'.\n`,
    EXIT.unknownOption,
  );
}

/** Prints the help of a command, or that of nvsmi itself. */
export async function help({ io }: Context, name?: string): Promise<number> {
  const width = textWidth(io);
  const command = named(name);
  io.out(
    command === undefined
      ? rootHelp(rootOptions, allCommands, width)
      : commandHelp(command, await command.load(), width),
  );
  return EXIT.ok;
}
