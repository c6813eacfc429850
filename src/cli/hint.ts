/**
 * What goes to stderr beside a refusal: what a mistyped word may have meant, how to see nvsmi work where there is no
 * driver, and where its help is. A word may mean what the completions offer. Loaded where something is refused.
 */
import type { OptionSpec, Token } from '../base/argv.js';
import type { Io } from '../base/io.js';
import { plainLines } from '../base/plain-text.js';
import { styles } from '../base/style.js';
import { libraryHint } from '../commands/library-hint.js';
import { NVML_ERROR_DRIVER_NOT_LOADED, NVML_ERROR_LIBRARY_NOT_FOUND } from '../nvml/generated/constants.js';
import { nearestNames } from '../query/nearest.js';
import { bundledNames } from '../snapshot/bundled.js';
import type { CommandLine } from './command-line.js';
import { allCommands, HELP } from './command-table.js';
import { spellings } from './completion/pages.js';
import { valuesOf } from './completion/values.js';
import { EVERYWHERE, rootOptions } from './options.js';
import { sourceOf } from './source.js';

/** What is known of the error of a refused command line. */
interface Refused extends Error {
  readonly status?: number | undefined;
  /** Said by who refused. */
  readonly hint?: string | undefined;
}

/** A word where another was expected. */
interface Unknown {
  readonly word: string;
  readonly among: readonly string[];
  /** The command line that explains what can be there, where it is not the help of the command. */
  readonly listedBy?: string | undefined;
}

/** A command line: where it is explained, what it has that nothing knows, and whether it lacks a word. */
interface LineReading {
  readonly help: string;
  readonly unknown: readonly Unknown[];
  readonly isShort: boolean;
}

/** The lines for stderr; empty where there is nothing to say. */
export async function hintText(error: Refused, line: CommandLine, io: Io): Promise<string> {
  const lines = [libraryHint(error) ?? [], await hintsOf(error, line, io.env).catch(none)].flat();
  if (lines.length === 0) return '';
  const { yellow } = styles(io.stderrIsTerminal, io);
  return `${yellow(plainLines(lines.join('\n')))}\n`;
}

/** The command line may lack what its source is, and a bundler may have left out the recordings. */
function none(error: Error): readonly string[] {
  if (['UsageError', 'SnapshotError'].includes(error.name)) return [];
  throw error;
}

async function hintsOf(error: Refused, line: CommandLine, env: Io['env']): Promise<readonly string[]> {
  const source = sourceOf(line, env);
  switch (error.name) {
    case 'DeadLibrary':
      return source.snapshot === undefined && source.nvml === undefined ? withoutDriver(error) : [];
    case 'SnapshotError':
      return guesses([{ word: source.snapshot ?? '', among: bundledNames() }]);
    default: {
      const { help, unknown, isShort } = read(line);
      const isUnclear = unknown.length > 0 || isShort || NAMES_HELP.test(error.message);
      const guessed = error.hint === undefined ? guesses(unknown) : [];
      return isUnclear ? [...guessed, helpAt(unknown[0]?.listedBy ?? help)] : [];
    }
  }
}

const ROOT_HELP = 'nvsmi -h';

/** nvidia-smi's refusals name its own help. */
const NAMES_HELP = /'nvidia-smi -h'/;

const helpAt = (line: string): string => `Run '${line}' for help.`;

const guesses = (unknown: readonly Unknown[]): readonly string[] =>
  unknown
    .map(({ word, among }) => (among.includes(word) ? [] : nearestNames(word, among)))
    .filter((names) => names.length > 0)
    .map((names) => `Did you mean ${names.join(' or ')}?`);

const WITHOUT_DRIVER: ReadonlySet<number | undefined> = new Set([
  NVML_ERROR_DRIVER_NOT_LOADED,
  NVML_ERROR_LIBRARY_NOT_FOUND,
]);

const withoutDriver = ({ status }: Refused): readonly string[] =>
  WITHOUT_DRIVER.has(status)
    ? ["Run 'nvsmi --snapshot h200-x2' to see nvsmi on a recorded machine.", helpAt(ROOT_HELP)]
    : [];

function read(line: CommandLine): LineReading {
  const { subcommand, missing, tokens } = line;
  if (subcommand === undefined) {
    const names = allCommands.map(({ name }) => name);
    return { help: ROOT_HELP, unknown: unknownIn(line, rootOptions, names), isShort: false };
  }
  const { entry, spec, options } = subcommand;
  const isBare = tokens.every((token) => token.spec.everywhere) && line.unknown.length === 0;
  return {
    help: entry.name === HELP ? ROOT_HELP : `nvsmi ${HELP} ${entry.name}`,
    unknown: unknownIn(line, options, ANYWHERE),
    isShort: missing !== undefined || (spec.operand?.value === 'required' && isBare),
  };
}

/** Options that no command has in its own table. */
const ANYWHERE = EVERYWHERE.map(({ long }) => `--${long}`);

/** The first option that the table does not have, and all values that are not among the words of their option. */
function unknownIn(
  { tokens, unknown: [first], missing }: CommandLine,
  table: readonly OptionSpec[],
  names: readonly string[],
): readonly Unknown[] {
  if (missing !== undefined) return [];
  const values = tokens.filter(({ spec }) => !spec.everywhere).flatMap(unknownWords);
  if (first === undefined) return values;
  const [word = ''] = first.split('=', 1);
  const offered = table.filter(({ hidden }) => !hidden);
  return [{ word, among: [...offered.flatMap(spellings), ...names] }, ...values];
}

function unknownWords({ spec, value = '' }: Token): readonly Unknown[] {
  const values = valuesOf(spec);
  // Of letters without anything between them each is a word, and none is near another.
  if (values === undefined || values.between === '') return [];
  const isKnown = (word: string): boolean =>
    values.words.includes(values.anyCase ? word.toUpperCase() : word);
  const listedBy = spec.listedBy === undefined ? undefined : `nvsmi --${spec.listedBy}`;
  return value
    .split(values.between ?? '\n')
    .filter((word) => word !== '' && !isKnown(word))
    .map((word) => ({ word, among: values.words, listedBy }));
}
