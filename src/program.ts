/**
 * The command tree in Commander: what there is to call, its help, and the call of a subcommand. Loaded for
 * subcommands and help only; the summary and the queries start without it.
 */
import { Command, type Help, Option } from 'commander';
import { argumentOf, lastValue, type OptionSpec, type Token } from './argv.js';
import { HELP, optionsOf, scanCommand } from './command-table.js';
import type { Context } from './commands/context.js';
import type { CommandEntry, CommandSpec, Example } from './commands/index.js';
import { EXIT, UsageError } from './errors.js';
import { EXIT_STATUSES } from './exit-statuses.js';
import { type RootOption, rootExamples } from './options.js';
import { plainly } from './plain-text.js';

/** What the help shows of an argument: `FILE` where it is needed, `[SECONDS]` where it may be left out. */
const argument = (spec: OptionSpec): string =>
  spec.value === 'required' ? argumentOf(spec) : `[${argumentOf(spec)}]`;

/** An option of the tables as Commander's. Commander knows one-letter short names only; others go into the text. */
function commanderOption(spec: OptionSpec): Option {
  const brackets = spec.value === 'required' ? '<>' : '[]';
  const value = spec.value === undefined ? '' : ` ${brackets[0]}${argumentOf(spec)}${brackets[1]}`;
  const short = spec.short?.find((name) => name.length === 1);
  const option = new Option(`${short === undefined ? '' : `-${short}, `}--${spec.long}${value}`, spec.help);
  return spec.hidden ? option.hideHelp() : option;
}

/** Every spelling of an option, as the help shows it: `-lms, --loop-ms [MILLISECONDS]`. */
function spelling(spec: OptionSpec): string {
  const names = [...(spec.short ?? []).map((name) => `-${name}`), `--${spec.long}`].join(', ');
  return spec.value === undefined ? names : `${names} ${argument(spec)}`;
}

const INDENT = '  ';

/** What is longer has its explanation in the lines below. */
const LONGEST_TERM = 28;

/** A term and its explanation, side by side in lines of at most `helpWidth` characters. */
function formatItem(term: string, termWidth: number, words: string, help: Help): string {
  const column = Math.min(termWidth, LONGEST_TERM) + INDENT.length;
  const indent = INDENT.length + column;
  const text = help
    .boxWrap(words, (help.helpWidth ?? 0) - indent)
    .replaceAll('\n', `\n${' '.repeat(indent)}`);
  const gap = term.length + INDENT.length > column ? `\n${' '.repeat(indent)}` : '';
  return `${INDENT}${gap === '' ? term.padEnd(column) : term}${gap}${text}`;
}

/** A Commander command whose help shows the spellings of our tables. */
function commandOf(name: string, options: readonly OptionSpec[], width = 0): Command {
  const command = new Command(name).helpOption(false).allowExcessArguments().exitOverride();
  for (const spec of options) command.addOption(commanderOption(spec));
  return command.configureHelp({
    helpWidth: width,
    // What is narrower is not wrapped.
    minWidthToWrap: 1,
    formatItem,
    optionTerm: (option) => {
      const spec = options.find(({ long }) => `--${long}` === option.long);
      return spec === undefined ? option.flags : spelling(spec);
    },
  });
}

/** A heading, and terms with their explanations. */
function section(command: Command, heading: string, items: readonly (readonly [string, string])[]): string {
  const help = command.createHelp();
  const widest = Math.max(0, ...items.map(([term]) => term.length));
  const lines = items.map(([term, words]) => `${help.formatItem(term, widest, words, help)}\n`);
  return `${heading}:\n${lines.join('')}`;
}

/** Command lines, which are long and not broken, and below each what it shows. */
function exampleText(command: Command, examples: readonly Example[]): string {
  const indent = INDENT.repeat(3);
  const below = (words: string): string => wrap(command, words, indent.length).replaceAll(/^/gm, indent);
  return `Examples:\n${examples.map(([line, what]) => `${INDENT}${line}\n${below(what)}\n`).join('')}`;
}

/** Text in lines that leave room for an indent. A line that is indented already belongs to a table, and stays whole. */
function wrap(command: Command, text: string, indent = 0): string {
  const help = command.createHelp();
  const width = (help.helpWidth ?? 0) - indent;
  const lines = text.split('\n').map((line) => (line.startsWith(' ') ? line : help.boxWrap(line, width)));
  return lines.join('\n');
}

function helpText(command: Command, ...more: readonly string[]): string {
  let text = '';
  const writeOut = (part: string): void => {
    text += part;
  };
  command.configureOutput({ writeOut }).outputHelp();
  return [text, ...more].join('\n');
}

/** The help of a subcommand, in lines of so many characters. */
export function commandHelp(entry: CommandEntry, spec: CommandSpec, width: number): string {
  const { operand } = spec;
  const command = commandOf(`nvsmi ${entry.name}`, optionsOf(spec), width).description(entry.summary);
  if (operand !== undefined) command.argument(`[${argumentOf(operand)}]`, operand.help);
  if (operand !== undefined) command.usage(`${argument(operand)} [options]`);
  const notes = spec.notes === undefined ? [] : [wrap(command, spec.notes())];
  return helpText(command, exampleText(command, entry.examples), ...notes);
}

/** The help of nvsmi itself. */
export function rootHelp(
  options: readonly RootOption[],
  entries: readonly CommandEntry[],
  width: number,
): string {
  const program = commandOf('nvsmi', options, width)
    .usage('[OPTIONS]\n       nvsmi COMMAND [OPTIONS]    (nvsmi help COMMAND explains one)')
    .description(
      'The state of NVIDIA GPUs, as nvidia-smi prints it, and as JSON.\n\nWithout options nvsmi prints a summary of the GPUs and the processes on them.',
    )
    .helpCommand(false);
  const summaries = entries.map(({ name, summary }) => [name, summary] as const);
  const statuses = EXIT_STATUSES.map(([status, meaning]) => [String(status), meaning] as const);
  return helpText(
    program,
    section(program, 'Commands', summaries),
    exampleText(program, rootExamples),
    section(program, 'Exit status', statuses),
  );
}

/** Reads the arguments of a subcommand, or refuses them as nvidia-smi's subcommands do (H200, 580.159.04). */
function readCommandArguments(spec: CommandSpec, argv: readonly string[]): readonly Token[] {
  const scanned = scanCommand(spec, argv);
  if (scanned.kind === 'missing value') {
    throw new UsageError(plainly`Option "${scanned.written}" is missing its value.`);
  }
  const { tokens } = scanned;
  if (isHelp(tokens)) return tokens;
  if (scanned.kind === 'unknown')
    throw new UsageError(plainly`Option "${scanned.written}" is not recognized.`);
  if (spec.operand !== undefined) checkOperand(spec.operand, lastValue(tokens, spec.operand.long));
  return tokens;
}

function checkOperand(operand: OptionSpec, word: string | undefined): void {
  if (word === undefined) {
    if (operand.value === 'optional') return;
    throw new UsageError(`Argument ${argumentOf(operand)} is missing.`);
  }
  if (operand.values?.words.includes(word)) return;
  throw new UsageError(plainly`Argument "${word}" is not recognized.`);
}

const isHelp = (tokens: readonly Token[]): boolean => tokens.some(({ spec }) => spec.long === HELP);

/** Runs a subcommand through Commander. Returns its exit status. */
export async function runCommand(
  entry: CommandEntry,
  argv: readonly string[],
  context: Context,
  width: () => number,
): Promise<number> {
  const spec = await entry.load();
  const tokens = readCommandArguments(spec, argv);
  if (isHelp(tokens)) {
    context.io.out(commandHelp(entry, spec, width()));
    return EXIT.ok;
  }
  const { actions } = spec;
  if (actions !== undefined && !tokens.some((token) => actions.includes(token.spec.long))) {
    context.io.out(`\n${commandHelp(entry, spec, width())}`);
    return EXIT.ok;
  }
  let status: number = EXIT.ok;
  const command = commandOf(entry.name, spec.options).action(async () => {
    status = await spec.run(tokens, context);
  });
  const options = tokens.filter((token) => token.spec !== spec.operand);
  await command.parseAsync(canonical(options), { from: 'user' });
  return status;
}

/** The options in the one spelling that every parser knows: `--loop-ms=500`. */
const canonical = (tokens: readonly Token[]): string[] =>
  tokens.map(({ spec, value }) => (value === undefined ? `--${spec.long}` : `--${spec.long}=${value}`));
