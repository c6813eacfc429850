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

interface CommandShape<Options> {
  /** Shown below the options in the help. */
  readonly notes?: (() => string) | undefined;
  /** Any option asks for something: `nvlink -i 0` names the GPU and nothing else (H200, 580.159.04). */
  readonly isBareHelp?: true | undefined;
  /** The words after `--` are a program, which the command runs and whose exit status it ends with. */
  readonly program?: true;
  /** It calls NVML in a process of its own, for which the timeout is: `context.timeout`. */
  readonly timesItself?: true;
  /** One thing that it changes is asked for alone, and once. */
  readonly setsAlone?: true | undefined;
  /** Its exit status is its verdict, which says by itself that something was not read in time. */
  readonly isVerdict?: true;
  /** The status of such a command where it gives no verdict: a wrong command line, output that cannot be written. */
  readonly withoutVerdict?: number;
  /** What its JSON is made of: its schema is made from this. */
  readonly json?: readonly JsonPart[] | undefined;
  /**
   * Refuses what is wrong whatever the GPUs are, and says whether the command asks the machine: it is opened then while the
   * rest of the program loads. Left out where the command itself opens it. Throws UsageError.
   */
  readonly opensMachine?: ((given: Options) => boolean) | undefined;
  /** Runs the command. Returns the exit status. Throws UsageError for a wrong command line. */
  readonly run: (given: Options, context: Context, program?: readonly string[]) => Promise<number>;
}

/** A command, whatever its options are. */
export interface CommandSpec extends CommandShape<AnyGiven> {
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
}: CommandShape<Given<readonly [...Table, ...Operand]>> & {
  readonly options: Table;
  readonly operand?: Operand;
}): CommandSpec => {
  const [word] = operand ?? [];
  // Commander's result is made of the same table as the type.
  return { ...spec, ...(word === undefined ? {} : { operand: word }) } as unknown as CommandSpec;
};
