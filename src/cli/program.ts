/**
 * The command tree in Commander: what there is to call, its help, and what the command line of a subcommand gives. Loaded for
 * subcommands and help only, while NVML is initialised where that is possible; the summary and the queries start without it.
 */
import { Command, type Help, Option } from 'commander';
import { type AnyGiven, argumentOf, canonical, numberIn, type OptionSpec, type Token } from '../base/argv.js';
import type { CommandSpec } from '../commands/command.js';
import type { CommandEntry, Example } from '../commands/index.js';
import type { Subcommand } from './command-line.js';
import { optionsOf } from './command-table.js';
import { EXIT_STATUSES } from './exit-statuses.js';
import { EVERYWHERE, type RootOption, rootExamples } from './options.js';

/** What the help shows of an argument: `FILE` where it is needed, `[SECONDS]` where it may be left out. */
const argument = (spec: OptionSpec): string =>
  spec.value === 'required' ? argumentOf(spec) : `[${argumentOf(spec)}]`;

/** Commander's options are given by their long names. */
class TableOption extends Option {
  override attributeName(): string {
    return this.name();
  }
}

/** An option of the tables as Commander's. Commander knows one-letter short names only; others go into the text. */
function commanderOption(spec: OptionSpec): Option {
  const brackets = spec.value === 'required' ? '<>' : '[]';
  const value = spec.value === undefined ? '' : ` ${brackets[0]}${argumentOf(spec)}${brackets[1]}`;
  const short = spec.short?.find((name) => name.length === 1);
  const flags = `${short === undefined ? '' : `-${short}, `}--${spec.long}${value}`;
  const option = new TableOption(flags, spec.help).hideHelp(spec.hidden ?? false);
  if (spec.default !== undefined) return option.default(spec.default);
  if (spec.several) return option.argParser((value, before: readonly string[] = []) => [...before, value]);
  if (spec.joins) {
    return option.argParser((value, before?: string) =>
      before === undefined ? value : `${before},${value}`,
    );
  }
  return spec.number ? option.argParser(numberIn) : option;
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
    // Our texts say what is meant where an option is not given.
    optionDescription: ({ description }) => description,
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
  const program = spec.program ? ' [-- PROGRAM...]' : '';
  if (operand !== undefined) command.usage(`${argument(operand)} [options]${program}`);
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
      'Show the state of NVIDIA GPUs, as nvidia-smi does or as JSON.\n\nWithout options nvsmi prints a summary of the GPUs and their processes.',
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

/** A token of a table, as the newest release takes it: an older one may have had a value (argv.ts). */
function ofNow(token: Token, options: readonly OptionSpec[]): readonly Token[] {
  const spec = options.find(({ long }) => long === token.spec.long);
  return spec === undefined ? [] : [{ ...token, spec }];
}

/** What a command line gives, as Commander reads its canonical words: `--snapshot=t4 nvlink --link=3`. */
export function givenToCommander({ entry, spec }: Subcommand, tokens: readonly Token[]): AnyGiven {
  const { operand, options } = spec;
  const command = commandOf(entry.name, options);
  if (operand !== undefined) command.argument(`[${operand.long}]`);
  let given: AnyGiven = {};
  command.action(() => {
    const [word] = command.args;
    given = { ...command.opts(), ...(operand && word !== undefined ? { [operand.long]: word } : {}) };
  });
  const word = tokens.find((token) => token.spec === operand);
  const words = [
    ...canonical(tokens.filter((token) => token.spec.everywhere)),
    entry.name,
    ...(word === undefined ? [] : [word.written]),
    ...canonical(tokens.flatMap((token) => ofNow(token, options))),
  ];
  const program = commandOf('nvsmi', EVERYWHERE).helpCommand(false).addCommand(command);
  program.parse(words, { from: 'user' });
  return given;
}
