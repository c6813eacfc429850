/** A subcommand: the table of its options, and what it does with what they give. */
import type { AnyGiven, Given, OptionSpec } from '../argv.js';
import type { Context } from './context.js';

interface Shape<Name extends string, Options> {
  /** Shown below the options in the help. */
  readonly notes?: () => string;
  /**
   * Options that ask for something. A command line without any of them gets a blank line, the help and status 0,
   * as `topo`, `mig` and `clocks -i 9` do (H200, 580.159.04).
   */
  readonly actions?: readonly Name[];
  /** The words after `--` are a program, which the command runs and whose exit status it ends with. */
  readonly program?: true;
  /** Runs the command. Returns the exit status. Throws UsageError for a wrong command line. */
  readonly run: (given: Options, context: Context, program?: readonly string[]) => Promise<number>;
}

/** A command, whatever its options are. */
export interface CommandSpec extends Shape<string, AnyGiven> {
  readonly options: readonly OptionSpec[];
  /** A word that follows the name; given by the name of this option. */
  readonly operand?: OptionSpec;
}

/** Makes a command. What its options give has the type that their table says. */
export const command = <
  const Table extends readonly OptionSpec[],
  const Operand extends readonly [OptionSpec] | readonly [] = readonly [],
>({
  operand,
  ...spec
}: Shape<Table[number]['long'], Given<readonly [...Table, ...Operand]>> & {
  readonly options: Table;
  readonly operand?: Operand;
}): CommandSpec => {
  const [word] = operand ?? [];
  // Commander's result is made of the same table as the type.
  return { ...spec, ...(word === undefined ? {} : { operand: word }) } as unknown as CommandSpec;
};
