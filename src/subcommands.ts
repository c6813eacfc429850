/** Everything behind a subcommand's name, and the help: the part of the CLI that needs Commander. */

import type { Context } from './commands/context.js';
import { commands } from './commands/index.js';
import { EXIT, UsageError } from './errors.js';
import { rootOptions } from './options.js';
import { plainly } from './plain-text.js';
import { rootHelp, runCommand } from './program.js';

/** Runs `NAME ARGUMENTS...`. Returns the exit status. */
export async function runSubcommand(argv: readonly string[], context: Context): Promise<number> {
  const [name, ...others] = argv;
  const command = commands.find((entry) => entry.name === name);
  if (command !== undefined) return runCommand(command, others, context);
  throw new UsageError(
    plainly`ERROR: Option ${name} is not recognized. Please run 'nvidia-smi -h'.\n`,
    EXIT.unknownOption,
  );
}

/** Prints the help of nvsmi itself. */
export function help(context: Context): number {
  context.io.out(rootHelp(rootOptions, commands));
  return EXIT.ok;
}
