/** Subcommands and the help: the part of the CLI that needs Commander. */

import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { textWidth } from '../base/width.js';
import type { Context } from '../commands/context.js';
import type { CommandLine, Subcommand } from './command-line.js';
import { allCommands, optionsOf } from './command-table.js';
import { rootOptions } from './options.js';
import { commandHelp, rootHelp, runCommand } from './program.js';

const named = (name: string | undefined) => allCommands.find((entry) => entry.name === name);

/** Loads the subcommand of a name, or undefined where there is none. */
export async function subcommandNamed(name: string): Promise<Subcommand | undefined> {
  const entry = named(name);
  if (entry === undefined) return undefined;
  const spec = await entry.load();
  return { entry, spec, options: optionsOf(spec) };
}

/** Runs a command line of a subcommand. Returns the exit status. */
export async function runSubcommand(line: CommandLine, context: Context): Promise<number> {
  const { subcommand } = line;
  if (subcommand !== undefined) return runCommand(subcommand, line, context, () => textWidth(context.io));
  throw new UsageError(
    plainly`ERROR: Option ${line.name} is not recognized. Please run 'nvidia-smi -h'.\n`,
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
