/**
 * The command tree in Commander: what there is to call, its help, and the call of a subcommand. Loaded for
 * subcommands and help only; the summary and the queries start without it.
 */
import { Command, Option } from 'commander';
import { argumentOf, type OptionSpec, scan, type Token } from './argv.js';
import type { Context } from './commands/context.js';
import type { CommandEntry, CommandSpec } from './commands/index.js';
import { EXIT, UsageError } from './errors.js';
import { EXIT_STATUSES } from './exit-statuses.js';
import type { RootOption } from './options.js';
import { plainly } from './plain-text.js';

/** An option of the tables as Commander's. Commander knows one-letter short names only; others go into the text. */
function commanderOption(spec: OptionSpec): Option {
  const value =
    spec.value === undefined
      ? ''
      : ` ${spec.value === 'required' ? '<' : '['}${argumentOf(spec)}${spec.value === 'required' ? '>' : ']'}`;
  const short = spec.short?.find((name) => name.length === 1);
  const option = new Option(`${short === undefined ? '' : `-${short}, `}--${spec.long}${value}`, spec.help);
  return spec.hidden ? option.hideHelp() : option;
}

/** Every spelling of an option, as the help shows it: `-lms, --loop-ms [MILLISECONDS]`. */
function spelling(spec: OptionSpec): string {
  const names = [...(spec.short ?? []).map((name) => `-${name}`), `--${spec.long}`].join(', ');
  if (spec.value === undefined) return names;
  return spec.value === 'required' ? `${names} ${argumentOf(spec)}` : `${names} [${argumentOf(spec)}]`;
}

/** A Commander command whose help shows the spellings of our tables. */
function commandOf(name: string, options: readonly OptionSpec[]): Command {
  const command = new Command(name).helpOption(false).allowExcessArguments().exitOverride();
  for (const spec of options) command.addOption(commanderOption(spec));
  return command.configureHelp({
    helpWidth: 100,
    optionTerm: (option) => {
      const spec = options.find(({ long }) => `--${long}` === option.long);
      return spec === undefined ? option.flags : spelling(spec);
    },
  });
}

const HELP: OptionSpec = { short: ['h'], long: 'help', help: 'Show this help.' };

const withHelp = (options: readonly OptionSpec[]): readonly OptionSpec[] =>
  options.some((spec) => spec.long === HELP.long) ? options : [HELP, ...options];

/** The help of a subcommand. */
function commandHelp(entry: CommandEntry, spec: CommandSpec): string {
  const command = commandOf(`nvsmi ${entry.name}`, withHelp(spec.options)).description(entry.summary);
  if (spec.notes !== undefined) command.addHelpText('after', `\n${spec.notes()}`);
  let text = '';
  command
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
    })
    .outputHelp();
  return text;
}

/** The help of nvsmi itself. */
export function rootHelp(options: readonly RootOption[], entries: readonly CommandEntry[]): string {
  const program = commandOf('nvsmi', options)
    .usage('[OPTIONS]\n       nvsmi COMMAND [OPTIONS]    (nvsmi COMMAND -h tells more)')
    .description(
      'The state of NVIDIA GPUs, as nvidia-smi prints it, and as JSON.\n\nWithout options nvsmi prints a summary of the GPUs and the processes on them.',
    )
    .helpCommand(false);
  for (const entry of entries) program.command(entry.name).summary(entry.summary).helpOption(false);
  program.addHelpText('after', `\n${exitHelp()}`);
  let text = '';
  program
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
    })
    .outputHelp();
  return text;
}

const exitHelp = (): string =>
  `Exit status:\n${EXIT_STATUSES.map(([status, meaning]) => `  ${String(status).padEnd(4)} ${meaning}\n`).join('')}`;

/** Reads the arguments of a subcommand, or refuses them as nvidia-smi's subcommands do (H200, 580.159.04). */
function readCommandArguments(spec: CommandSpec, argv: readonly string[]): readonly Token[] {
  const scanned = scan(withHelp(spec.options), argv);
  if (scanned.kind === 'missing value') {
    throw new UsageError(plainly`Option "${scanned.written}" is missing its value.`);
  }
  if (scanned.kind === 'unknown' && !isHelp(scanned.tokens)) {
    throw new UsageError(plainly`Option "${scanned.written}" is not recognized.`);
  }
  return scanned.tokens;
}

const isHelp = (tokens: readonly Token[]): boolean => tokens.some(({ spec }) => spec.long === HELP.long);

/** Runs a subcommand through Commander. Returns its exit status. */
export async function runCommand(
  entry: CommandEntry,
  argv: readonly string[],
  context: Context,
): Promise<number> {
  const spec = await entry.load();
  const tokens = readCommandArguments(spec, argv);
  if (isHelp(tokens)) {
    context.io.out(commandHelp(entry, spec));
    return EXIT.ok;
  }
  const { actions } = spec;
  if (actions !== undefined && !tokens.some((token) => actions.includes(token.spec.long))) {
    context.io.out(`\n${commandHelp(entry, spec)}`);
    return EXIT.ok;
  }
  let status: number = EXIT.ok;
  const command = commandOf(entry.name, spec.options).action(async () => {
    status = await spec.run(tokens, context);
  });
  await command.parseAsync(canonical(tokens), { from: 'user' });
  return status;
}

/** The options in the one spelling that every parser knows: `--loop-ms=500`. */
const canonical = (tokens: readonly Token[]): string[] =>
  tokens.map(({ spec, value }) => (value === undefined ? `--${spec.long}` : `--${spec.long}=${value}`));
