/** A subcommand: the table of its options, and what it does with what they give. */
import type { AnyGiven, Given, OptionSpec } from '../base/argv.js';
import type { Field } from '../query/field.js';
import type { Context } from './context.js';

/** A part of a command's JSON document: a record, or a list of records. */
export interface JsonPart {
  readonly name: string;
  /** What a record is: "an NVLink of a GPU". */
  readonly of: string;
  readonly isList: boolean;
  /** Whether every document has it. */
  readonly isAlways: boolean;
  readonly fields: readonly Field[];
  /** Those of the fields that every record has. */
  readonly required: readonly Field[];
}

interface Shape<Name extends string, Options> {
  /** Shown below the options in the help. */
  readonly notes?: (() => string) | undefined;
  /**
   * Options that ask for something. A command line without any of them gets a blank line, the help and status 0,
   * as `topo`, `mig` and `clocks -i 9` do (H200, 580.159.04).
   */
  readonly actions?: readonly Name[] | undefined;
  /** The words after `--` are a program, which the command runs and whose exit status it ends with. */
  readonly program?: true;
  /** Its exit status is its verdict, which says by itself that something was not read in time. */
  readonly isVerdict?: true;
  /** What its JSON is made of: its schema is made from this. */
  readonly json?: readonly JsonPart[] | undefined;
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
