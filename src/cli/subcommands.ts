/** Subcommands and the help. What needs Commander is loaded when it is needed. */

import { type AnyGiven, givenBy, type Token } from '../base/argv.js';
import { EXIT } from '../base/errors.js';
import { isIn, type Release } from '../base/release.js';
import { textWidth } from '../base/width.js';
import type { CommandSpec } from '../commands/command.js';
import type { Context } from '../commands/context.js';
import type { CommandLine, Subcommand } from './command-line.js';
import { refuseOptions, refuseWords } from './command-refusals.js';
import { allCommands, HELP, optionsOf } from './command-table.js';
import { rootOptions } from './options.js';

const named = (name: string | undefined) => allCommands.find((entry) => entry.name === name);

/** Loads the subcommand of a name, or undefined where there is none, or none in a release. */
export async function subcommandNamed(name: string, release?: Release): Promise<Subcommand | undefined> {
  const entry = named(name);
  if (entry === undefined || (release !== undefined && !isIn(entry, release))) return undefined;
  const spec = await entry.load();
  return { entry, spec, options: optionsOf(spec) };
}

/** Runs a command line of a subcommand, or prints its help. Returns the exit status. */
export async function runSubcommand(line: CommandLine, context: Context): Promise<number> {
  const { subcommand, tokens } = line;
  if (subcommand === undefined) throw new Error(`${line.name} is no subcommand`);
  const { entry, spec } = subcommand;
  const asksForHelp = tokens.some((token) => token.spec.long === HELP);
  refuseWords(spec, line, asksForHelp);
  if (asksForHelp || isIdle(spec, tokens)) {
    const { commandHelp } = await import('./program.js');
    context.io.out(`${asksForHelp ? '' : '\n'}${commandHelp(entry, spec, textWidth(context.io))}`);
    return EXIT.ok;
  }
  refuseOptions(entry.name, spec, tokens);
  openEarly(spec, tokens, context);
  const { givenToCommander } = await import('./program.js');
  return spec.run(givenToCommander(subcommand, tokens), context, line.program);
}

/**
 * Whether a command line asks for nothing: it gets a blank line, the help and status 0, as `topo`, `mig` and `clocks -i 9` do
 * (H200, 580.159.04).
 */
function isIdle({ options, isBareHelp }: CommandSpec, tokens: readonly Token[]): boolean {
  if (isBareHelp) return tokens.every(({ spec }) => spec.everywhere);
  return options.some(({ action }) => action) && !tokens.some(({ spec }) => spec.action || spec.setter);
}

/** Opens the machine while Commander is loaded. The command awaits it, and meets its error. */
function openEarly({ options, opensMachine }: CommandSpec, tokens: readonly Token[], context: Context): void {
  // What is not given has no key.
  const given = givenBy(options, tokens) as AnyGiven;
  if (opensMachine?.(given)) context.machine().catch(() => undefined);
}

/** Prints the help of a command, or that of nvsmi itself. */
export async function help({ io }: Context, name?: string): Promise<number> {
  const { commandHelp, rootHelp } = await import('./program.js');
  const width = textWidth(io);
  const command = named(name);
  io.out(
    command === undefined
      ? rootHelp(rootOptions, allCommands, width)
      : commandHelp(command, await command.load(), width),
  );
  return EXIT.ok;
}
