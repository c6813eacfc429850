/** main(argv, io): understands the command line, runs the command, turns errors into exit statuses. */
import { lastValue, type Token } from './argv.js';
import type { Context, Machine } from './commands/context.js';
import { commands } from './commands/index.js';
import { ClosedPipe, EXIT, OutputError, UsageError } from './errors.js';
import type { Io } from './io.js';
import { readRootArguments, rootOptions } from './options.js';

/** Runs one command line. Returns its exit status; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let opened: Machine | undefined;
  try {
    const { rest, source } = takeSource(argv, io.env);
    const context: Context = {
      io,
      machine: async () => {
        opened ??= await openMachine(source, io);
        return opened;
      },
    };
    const status = await dispatch(rest, context);
    io.close();
    return status;
  } catch (error) {
    return await report(error, io);
  } finally {
    opened?.session.close();
  }
}

/** Where the answers come from: an option anywhere on the command line, else the environment. */
interface Source {
  readonly snapshot: string | undefined;
  readonly nvml: string | undefined;
}

const SOURCE_OPTIONS = ['snapshot', 'nvml'] as const;

/** Takes --snapshot and --nvml out, which stand before or behind a subcommand. */
function takeSource(argv: readonly string[], env: Io['env']): { rest: readonly string[]; source: Source } {
  const rest: string[] = [];
  const found: Partial<Record<(typeof SOURCE_OPTIONS)[number], string>> = {};
  for (let i = 0; i < argv.length; i++) {
    const written = argv[i] as string;
    const name = SOURCE_OPTIONS.find((n) => written === `--${n}` || written.startsWith(`--${n}=`));
    // `nvsmi snapshot --nvml PATH` has a command of the same name as an option; only dashes count here.
    if (name === undefined) {
      rest.push(written);
      continue;
    }
    const value = written.includes('=') ? written.slice(written.indexOf('=') + 1) : argv[++i];
    if (value === undefined || value === '') {
      throw new UsageError(
        `ERROR: Option ${written} is missing its value. Please run 'nvidia-smi -h' for help.\n`,
        EXIT.unknownOption,
      );
    }
    found[name] = value;
  }
  return {
    rest,
    source: {
      snapshot: found.snapshot ?? (found.nvml === undefined ? nonEmpty(env.NVSMI_SNAPSHOT) : undefined),
      nvml: found.nvml ?? nonEmpty(env.NVSMI_NVML),
    },
  };
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

async function openMachine(source: Source, io: Io): Promise<Machine> {
  const { openSession } = await import('./nvml/session.js');
  const { machineFiles, recordedFiles } = await import('./system/files.js');
  const { kernelVersion } = await import('./system/kernel.js');
  if (source.snapshot !== undefined) {
    const { openSnapshot } = await import('./nvml/machine.js');
    const { driver, snapshot } = openSnapshot(source.snapshot);
    const files = recordedFiles(snapshot.files);
    return { session: openSession(driver, () => kernelVersion(files)), files, recorded: snapshot.title };
  }
  const { loadLibrary } = await import('./nvml/library.js');
  const driver = loadLibrary({ path: source.nvml, env: io.env });
  return {
    session: openSession(driver, () => kernelVersion(machineFiles)),
    files: machineFiles,
    recorded: undefined,
  };
}

async function dispatch(argv: readonly string[], context: Context): Promise<number> {
  const [first, ...others] = argv;
  const command = commands.find((entry) => entry.name === first);
  if (command !== undefined) return (await import('./program.js')).runCommand(command, others, context);
  if (first !== undefined && !first.startsWith('-')) {
    throw new UsageError(
      `ERROR: Option ${first} is not recognized. Please run 'nvidia-smi -h'.\n`,
      EXIT.unknownOption,
    );
  }
  const { mode, tokens } = readRootArguments(argv);
  switch (mode) {
    case 'help':
      context.io.out((await import('./program.js')).rootHelp(rootOptions, commands));
      return EXIT.ok;
    case 'version':
      return (await import('./commands/version.js')).version(context);
    case 'excluded':
      return (await import('./commands/version.js')).excluded(context);
    case 'list':
      return (await import('./commands/list.js')).list(context);
    case 'help-query':
    case 'query':
      return queryOrItsHelp(mode, tokens, context);
    case 'main':
      return reportOrSummary(tokens, context);
  }
}

async function queryOrItsHelp(
  mode: 'help-query' | 'query',
  tokens: readonly Token[],
  context: Context,
): Promise<number> {
  const { tables } = await import('./query/tables/index.js');
  const prefix = mode === 'query' ? '' : 'help-';
  const table = tables.find(({ option }) => tokens.some(({ spec }) => spec.long === `${prefix}${option}`));
  if (table === undefined) throw new Error('a query option without its table');
  if (mode === 'query') return (await import('./commands/query.js')).query(table, tokens, context);
  context.io.out((await import('./commands/help-query.js')).helpQuery(table));
  return EXIT.ok;
}

async function reportOrSummary(tokens: readonly Token[], context: Context): Promise<number> {
  const has = (long: string): boolean => lastValue(tokens, long) !== undefined;
  if (has('query') || has('all') || has('xml-format') || has('display') || has('unit') || has('dtd')) {
    throw new UsageError('The full report (-q) is not in this version yet; use --query-gpu.');
  }
  return (await import('./commands/summary.js')).summary(tokens, context);
}

/** Says what went wrong, where nvidia-smi says it: on stdout. What cannot be written goes to stderr. */
async function report(error: unknown, io: Io): Promise<number> {
  if (error instanceof ClosedPipe) return EXIT.closedPipe;
  if (error instanceof OutputError) {
    io.err(`nvsmi: ${error.message}\n`);
    return EXIT.output;
  }
  const known = await understand(error);
  if (known === undefined) throw error;
  try {
    io.out(`${known.message}${known.ending ?? '\n'}`);
    if (known.hint !== undefined) io.err(`${known.hint}\n`);
  } catch (unwritable) {
    return report(unwritable, io);
  }
  return known.status;
}

interface Known {
  readonly message: string;
  readonly status: number;
  readonly hint?: string | undefined;
  readonly ending?: string;
}

async function understand(error: unknown): Promise<Known | undefined> {
  if (error instanceof UsageError) return error;
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'SnapshotError') return { message: error.message, status: EXIT.usage };
  const { DeadLibrary } = await import('./nvml/status.js');
  return error instanceof DeadLibrary ? error : undefined;
}
