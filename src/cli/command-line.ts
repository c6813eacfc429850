/** A command line, read once: what it is about, and what it gives. */
import {
  asksForJson,
  givenBy,
  isOldForm,
  type OptionSpec,
  type Scan,
  scan,
  type Token,
  tableIn,
} from '../base/argv.js';
import type { Release, Span } from '../base/release.js';
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
import { faultIn, type RootFault } from './root-refusals.js';

/** The command line of a subcommand that exists. */
export interface Subcommand {
  readonly entry: CommandEntry;
  readonly spec: CommandSpec;
  /** Its options, -h among them. */
  readonly options: readonly OptionSpec[];
}

export interface CommandLine extends Scan {
  /** The word in place of a subcommand's name. */
  readonly name: string | undefined;
  /** What it names; undefined where it is unknown. */
  readonly subcommand: Subcommand | undefined;
  /** The words after `--`, where the command runs a program. */
  readonly program: readonly string[] | undefined;
  /** Whether a program reads the output. */
  readonly isForJson: boolean;
}

/**
 * Reads a command line. What is wrong with it is refused later, by who knows what it is about. Of a release, subcommands and
 * options are those that its nvidia-smi has; ours are there in all.
 */
export async function readCommandLine(argv: readonly string[], release?: Release): Promise<CommandLine> {
  const leading = scan(EVERYWHERE, argv, { isLeading: true });
  const [word, second] = leading.rest;
  const name = word?.startsWith('-') ? undefined : word;
  const { subcommand, length } = await subcommandIn(name, second, release);
  const [words, program] = splitAtDashes(leading.rest.slice(length), subcommand?.spec.program === true);
  const known = (table: readonly OptionSpec[]): readonly OptionSpec[] =>
    release === undefined ? table : tableIn(table, release);
  const following =
    subcommand === undefined
      ? scan(known(rootOptions), leading.rest, { isOld: release !== undefined && release < 525 })
      : scan(known([...subcommand.options, ...EVERYWHERE]), words, { operand: subcommand.spec.operand });
  const tokens = [...leading.tokens, ...following.tokens];
  const order = [...leading.order, ...following.order];
  const missing = leading.missing ?? following.missing;
  const whole = { ...following, tokens, order, missing };
  return { ...whole, name, subcommand, program, isForJson: asksForJson(whole) };
}

/** The subcommand that a command line begins with, and of how many words: `vgpu set-scheduler-state` is one of two. */
async function subcommandIn(
  name: string | undefined,
  second: string | undefined,
  release: Release | undefined,
): Promise<{ readonly subcommand: Subcommand | undefined; readonly length: number }> {
  if (name === undefined) return { subcommand: undefined, length: 1 };
  // Loaded where there is a subcommand: queries and the summary start without the table of them.
  const { subcommandNamed } = await import('./subcommands.js');
  const subcommand = await subcommandNamed(name, release);
  const longer = subcommand === undefined ? undefined : await subcommandNamed(`${name}-${second}`, release);
  return longer === undefined ? { subcommand, length: 1 } : { subcommand: longer, length: 2 };
}

/** Whether nvidia-smi of another release may read it otherwise. What is for a program is read as the newest. */
export const isDated = ({ subcommand, tokens, unknown, missing, isForJson }: CommandLine): boolean =>
  !isForJson &&
  (unknown.length > 0 ||
    missing !== undefined ||
    hasSpan(subcommand?.entry) ||
    tokens.some(({ spec }) => hasSpan(spec) || spec.past !== undefined) ||
    (subcommand === undefined && tokens.some(isOtherBefore525)));

/** What the older grammar refuses. */
const isOtherBefore525 = ({ spec, written, value }: Token): boolean =>
  !spec.everywhere && (!isOldForm(spec, written) || value === '');

const hasSpan = ({ since, until }: Span = {}): boolean => since !== undefined || until !== undefined;

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
  /** How many switches for fields there are. */
  readonly switches: number;
  /** What it is refused for. */
  readonly fault: RootFault | undefined;
}

const specOf = (token: Token): RootOption => token.spec as RootOption;

const otherMode = ({ dtd, query, all }: RootGiven): Mode => (dtd && !query && !all ? 'dtd' : 'main');

/** Understands a command line as a release does. */
export function readRootArguments(line: Scan, release?: Release): RootCommandLine {
  const { tokens } = line;
  const given = givenBy(rootTable, tokens);
  const mode = MODES.find((m) => tokens.some((token) => specOf(token).trigger === m)) ?? otherMode(given);
  return {
    mode,
    given,
    isReport: tokens.some((token) => specOf(token).report),
    asked: tokens.findLast(({ spec }) => spec.asksFields),
    switches: new Set(
      tokens.filter((token) => specOf(token).trigger === 'query').map(({ spec }) => spec.long),
    ).size,
    fault: faultIn(mode, line, release),
  };
}
