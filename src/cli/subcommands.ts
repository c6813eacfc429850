/** Subcommands and the help: the part of the CLI that needs Commander. */

import { EXIT } from '../base/errors.js';
import { isIn, type Release } from '../base/release.js';
import { textWidth } from '../base/width.js';
import type { Context } from '../commands/context.js';
import type { CommandLine, Subcommand } from './command-line.js';
import { allCommands, optionsOf } from './command-table.js';
import { rootOptions } from './options.js';
import { commandHelp, rootHelp, runCommand } from './program.js';

const named = (name: string | undefined) => allCommands.find((entry) => entry.name === name);

/** Loads the subcommand of a name, or undefined where there is none, or none in a release. */
export async function subcommandNamed(name: string, release?: Release): Promise<Subcommand | undefined> {
  const entry = named(name);
  if (entry === undefined || (release !== undefined && !isIn(entry, release))) return undefined;
  const spec = await entry.load();
  return { entry, spec, options: optionsOf(spec) };
}

/** Runs a command line of a subcommand. Returns the exit status. */
export async function runSubcommand(line: CommandLine, context: Context): Promise<number> {
  const { subcommand } = line;
  if (subcommand === undefined) throw new Error(`${line.name} is no subcommand`);
  return runCommand(subcommand, line, context, () => textWidth(context.io));
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
