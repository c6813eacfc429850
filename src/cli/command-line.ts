/** A command line, read once: what it is about, what it gives, and the refusals of one without subcommand. */
import {
  asksForJson,
  givenBy,
  misplaced,
  type OptionSpec,
  type Scan,
  scan,
  type Token,
} from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import type { CommandSpec } from '../commands/command.js';
import type { CommandEntry } from '../commands/index.js';
import {
  EVERYWHERE,
  MODES,
  type Mode,
  type RootGiven,
  type RootOption,
  rootOptions,
  rootTable,
} from './options.js';

/** The command line of a subcommand that exists. */
export interface Subcommand {
  readonly entry: CommandEntry;
  readonly spec: CommandSpec;
  /** Its options, -h among them. */
  readonly options: readonly OptionSpec[];
}

export interface CommandLine extends Scan {
  /** The word in the place of a subcommand's name. */
  readonly name: string | undefined;
  /** What it names; undefined where it is unknown. */
  readonly subcommand: Subcommand | undefined;
  /** The words after `--`, where the command runs a program. */
  readonly program: readonly string[] | undefined;
  /** Whether a program reads the output. */
  readonly isForJson: boolean;
}

/** Reads a command line. What is wrong with it is refused later, by who knows what it is about. */
export async function readCommandLine(argv: readonly string[]): Promise<CommandLine> {
  const leading = scan(EVERYWHERE, argv, { isLeading: true });
  const [word, second] = leading.rest;
  const name = word?.startsWith('-') ? undefined : word;
  const { subcommand, length } = await subcommandIn(name, second);
  const [words, program] = splitAtDashes(leading.rest.slice(length), subcommand?.spec.program === true);
  const following =
    subcommand === undefined
      ? scan(rootOptions, leading.rest)
      : scan([...subcommand.options, ...EVERYWHERE], words, { operand: subcommand.spec.operand });
  const tokens = [...leading.tokens, ...following.tokens];
  const missing = leading.missing ?? following.missing;
  const whole = { ...following, tokens, missing };
  return { ...whole, name, subcommand, program, isForJson: asksForJson(whole) };
}

/** The subcommand that a command line begins with, and of how many words: `vgpu set-scheduler-state` is one of two. */
async function subcommandIn(
  name: string | undefined,
  second: string | undefined,
): Promise<{ readonly subcommand: Subcommand | undefined; readonly length: number }> {
  if (name === undefined) return { subcommand: undefined, length: 1 };
  // Loaded where there is a subcommand: queries and the summary start without the table of them.
  const { subcommandNamed } = await import('./subcommands.js');
  const subcommand = await subcommandNamed(name);
  const longer = subcommand === undefined ? undefined : await subcommandNamed(`${name}-${second}`);
  return longer === undefined ? { subcommand, length: 1 } : { subcommand: longer, length: 2 };
}

/** The words before `--`, and those after it where they are a program. */
function splitAtDashes(
  words: readonly string[],
  runsProgram: boolean,
): readonly [readonly string[], readonly string[] | undefined] {
  const at = runsProgram ? words.indexOf('--') : -1;
  return at === -1 ? [words, undefined] : [words.slice(0, at), words.slice(at + 1)];
}

/** A command line without subcommand, understood. */
export interface RootCommandLine {
  readonly mode: Mode;
  readonly given: RootGiven;
  /** Whether the mode `main` is about the report, and not the summary. */
  readonly isReport: boolean;
  /** The switch for fields. */
  readonly asked: Token | undefined;
}

const specOf = (token: Token): RootOption => token.spec as RootOption;

/**
 * Understands a command line, or refuses it as nvidia-smi 580.159.04 does on the H200: an unknown option ends
 * with 255 where it asks for the summary or the report, and with 2 where another mode was chosen.
 */
export function readRootArguments({ tokens, unknown, missing }: Scan): RootCommandLine {
  if (missing !== undefined) throw missingValue(missing);
  const mode = MODES.find((m) => tokens.some((token) => specOf(token).trigger === m)) ?? 'main';
  if (mode !== 'help-query') refuse(mode, tokens, unknown);
  return {
    mode,
    given: givenBy(rootTable, tokens),
    isReport: tokens.some((token) => specOf(token).report),
    asked: tokens.findLast(({ spec }) => spec.asksFields),
  };
}

/** The refusal of an option at the end of a command line. Of our own options nvidia-smi's help says nothing. */
export const missingValue = ({ written, spec: { everywhere } }: Token): UsageError =>
  new UsageError(
    plainly`ERROR: Option ${written} is missing its value. Please run '${everywhere ? 'nvsmi' : 'nvidia-smi'} -h' for help.\n`,
    EXIT.unknownOption,
  );

function refuse(mode: Mode, tokens: readonly Token[], [unrecognized]: readonly string[]): void {
  const isModifying = mode === 'modify' || mode === 'led';
  const isOther = (token: Token): boolean => {
    const { modes = [mode], trigger = mode } = specOf(token);
    return !modes.includes(mode) || (isModifying && trigger !== mode);
  };
  const wrong = [tokens.find(isOther), misplaced(tokens)];
  const [first] = tokens.filter((token) => wrong.includes(token));
  const unknown = unrecognized ?? (mode === 'main' || isModifying ? first?.written : undefined);
  if (unknown !== undefined) {
    throw mode === 'main'
      ? new UsageError(
          plainly`ERROR: Option ${unknown} is not recognized. Please run 'nvidia-smi -h'.\n`,
          EXIT.unknownOption,
        )
      : new UsageError(
          plainly`ERROR: Option ${unknown} is not recognized. Please run 'nvidia-smi -h' for help.\n`,
          isModifying ? EXIT.unknownOption : EXIT.usage,
        );
  }
  if (first !== undefined) {
    throw new UsageError(
      plainly`ERROR: Option ${first.written} is not valid for this command. Please run 'nvidia-smi -h' for help.\n`,
    );
  }
  if (new Set(tokens.filter((t) => specOf(t).trigger === 'query').map((t) => t.spec.long)).size > 1) {
    throw new UsageError('Only one --query-* switch can be used at a time.');
  }
}
