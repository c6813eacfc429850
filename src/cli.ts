/** main(argv, io): understands the command line, runs the command, turns errors into exit statuses. */
import { lastValue, type Token } from './argv.js';
import type { Context, Machine } from './commands/context.js';
import { type FieldNames, readQuery } from './commands/query-request.js';
import { readReport } from './commands/report-request.js';
import { EXIT, type UsageError } from './errors.js';
import { exitStatusOf } from './exit-statuses.js';
import type { Io } from './io.js';
import type { Driver } from './nvml/call.js';
import {
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from './nvml/generated/constants.js';
import { readRootArguments } from './options.js';
import { loopPeriod } from './period.js';
import { FIELD_NAMES } from './query/generated/field-names.js';
import { openMachine, takeSource } from './source.js';

/** Runs one command line. Returns its exit status; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let opened: Machine | undefined;
  const ended = (status: number): number => {
    const { sawLostGpu = false, refusedList = EXIT.ok } = opened?.session.driver ?? {};
    if (sawLostGpu && BESIDE_LOST.has(status)) return NVML_ERROR_GPU_IS_LOST;
    return exitStatusOf(status === EXIT.ok ? refusedList : status);
  };
  try {
    const { rest, source } = takeSource(argv, io.env);
    let opening: Promise<Machine> | undefined;
    let library: Driver | undefined;
    // Nothing closes NVML: the process ends, and nvmlShutdown would take another 3 ms (H100) to free what ends anyway.
    const machine = (wanted?: string): Promise<Machine> => {
      opening ??= openMachine(source, io, wanted, (loaded) => {
        library = loaded;
      }).then((machine) => {
        opened = machine;
        return machine;
      });
      return opening;
    };
    const context: Context = { io, machine, library: () => library };
    const status = await dispatch(rest, context);
    io.close();
    return ended(status);
  } catch (error) {
    return ended(await report(error, io, asksForJson(argv)));
  }
}

/** What a command ends with whose GPUs have what is asked for, or do not. A lost GPU matters more. */
const BESIDE_LOST: ReadonlySet<number> = new Set([EXIT.ok, NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_NOT_FOUND]);

/** Whether a program reads the output. */
const asksForJson = (argv: readonly string[]): boolean =>
  argv.some((arg, i) => {
    const format = argv[i - 1] === '--format' ? arg : /^--format=(.*)$/.exec(arg)?.[1];
    return arg === '--json' || format?.split(',').some((word) => word === 'json' || word === 'jsonl');
  });

/**
 * Opens the machine while the command is loaded, which awaits it, and meets its error, when it needs it. What is wrong
 * whatever the GPUs are has been refused before.
 */
function openEarly(context: Context, tokens: readonly Token[]): void {
  context.machine(lastValue(tokens, 'id')).catch(() => undefined);
}

async function dispatch(argv: readonly string[], context: Context): Promise<number> {
  if (argv[0] !== undefined && !argv[0].startsWith('-')) {
    return (await import('./subcommands.js')).runSubcommand(argv, context);
  }
  const { mode, tokens } = readRootArguments(argv);
  switch (mode) {
    case 'help':
      return (await import('./subcommands.js')).help(context);
    case 'version':
      return (await import('./commands/version.js')).version(tokens, context);
    case 'excluded':
      return (await import('./commands/version.js')).excluded(tokens, context);
    case 'list':
      openEarly(context, tokens);
      return (await import('./commands/list.js')).list(tokens, context);
    case 'hostname':
      return (await import('./commands/hostname.js')).hostname(tokens, context);
    case 'help-query':
      return (await import('./commands/help-query.js')).helpQuery(tokens, context);
    case 'query': {
      const request = readQuery(tokens, fieldsAsked(tokens), context.io);
      openEarly(context, tokens);
      return (await import('./commands/query.js')).query(request, tokens, context);
    }
    case 'main':
      return reportOrSummary(tokens, context);
  }
}

/** The switch that was given, and the fields it knows. */
function fieldsAsked(tokens: readonly Token[]): FieldNames {
  for (const [option, names] of Object.entries(FIELD_NAMES)) {
    if (lastValue(tokens, option) !== undefined) return { option, names: names.split(' ') };
  }
  throw new Error('no --query-* switch was given');
}

/** Each of these asks for the report, or belongs to it. */
const REPORT_OPTIONS = ['query', 'all', 'xml-format', 'display', 'unit', 'dtd'];

async function reportOrSummary(tokens: readonly Token[], context: Context): Promise<number> {
  const has = (long: string): boolean => lastValue(tokens, long) !== undefined;
  if (REPORT_OPTIONS.some(has)) {
    const request = readReport(tokens);
    if (request.dtd !== 'alone') openEarly(context, tokens);
    return (await import('./commands/report.js')).report(request, tokens, context);
  }
  loopPeriod(tokens);
  openEarly(context, tokens);
  return (await import('./commands/summary.js')).summary(tokens, context);
}

/**
 * Says what went wrong, where nvidia-smi says it: on stdout. Where JSON was asked for it goes to
 * stderr, and so does what keeps nvsmi from running or writing.
 */
async function report(error: unknown, io: Io, asJson: boolean): Promise<number> {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'ClosedPipe') return EXIT.closedPipe;
  if (BROKEN.has(error.name)) {
    io.err(`nvsmi: ${error.message}\n`);
    return EXIT.broken;
  }
  if (!REPORTED.has(error.name)) throw error;
  const { message, status = EXIT.usage, hint, ending = '\n' } = error as Partial<UsageError> & Error;
  try {
    if (asJson) io.err(`${message.trimEnd()}\n`);
    else io.out(`${message}${ending}`);
    if (hint !== undefined) io.err(`${await shown(hint, io)}\n`);
  } catch (unwritable) {
    return report(unwritable, io, asJson);
  }
  return status;
}

const shown = async (hint: string, io: Io): Promise<string> =>
  io.stderrIsTerminal ? (await import('./style.js')).styles(true, io).yellow(hint) : hint;

/** Errors for the user. Known by name: the subcommands are a bundle of their own, with classes of their own. */
const REPORTED: ReadonlySet<string> = new Set(['UsageError', 'DeadLibrary', 'SnapshotError']);

/** Errors of which nvidia-smi knows nothing. */
const BROKEN: ReadonlySet<string> = new Set(['OutputError', 'KoffiNotFound']);
