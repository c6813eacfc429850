/** main(argv, io): understands the command line, runs the command, turns errors into exit statuses. */

import { EXIT, UsageError } from '../base/errors.js';
import type { Io } from '../base/io.js';
import { loopPeriod } from '../base/period.js';
import { plainLines, plainText } from '../base/plain-text.js';
import { PRESENT, type Release } from '../base/release.js';
import type { Context, DriverWatch, Followed, Machine } from '../commands/context.js';
import { type FieldNames, readQuery } from '../commands/query/request.js';
import { readReport } from '../commands/report/request.js';
import type { ModifyGiven } from '../commands/runner/acting.js';
import type { Driver } from '../nvml/call.js';
import {
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import type { DeadLibrary } from '../nvml/status.js';
import { Outcome } from '../query/ask/outcome.js';
import { FIELD_NAMES } from '../query/generated/field-names.js';
import {
  type CommandLine,
  isDated,
  type RootCommandLine,
  readCommandLine,
  readRootArguments,
} from './command-line.js';
import { exitStatusOf } from './exit-statuses.js';
import type { RootGiven } from './options.js';
import { refusalOf, refuseColumns, refuseRefused } from './root-refusals.js';
import { announcement, followedBy, type MachineRequest, openMachine, sourceOf } from './source.js';

/** Runs one command line. Returns its exit status; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let opened: Machine | undefined;
  let line = await readCommandLine(argv);
  const ended = (status: number): number => {
    const { program, isVerdict } = line.subcommand?.spec ?? {};
    if (program || isVerdict) return status;
    const { lostGpu = false, refusedList = EXIT.ok } = opened?.outcome ?? {};
    if (opened?.wasLate?.() && (BESIDE_LOST.has(status) || status === NVML_ERROR_GPU_IS_LOST))
      return EXIT.noAnswer;
    if (lostGpu && BESIDE_LOST.has(status)) return NVML_ERROR_GPU_IS_LOST;
    return exitStatusOf(status === EXIT.ok ? refusedList : status);
  };
  try {
    const given = sourceOf(line, io.env);
    const timesItself = line.subcommand?.spec.timesItself ?? false;
    const source = timesItself ? { ...given, timeout: undefined } : given;
    let before: Promise<Followed | undefined> | undefined;
    const followed = (): Promise<Followed | undefined> => {
      before ??= followedBy(source);
      return before;
    };
    const release = async (): Promise<Release> => (await followed())?.release ?? PRESENT;
    const read = isDated(line) ? await release() : undefined;
    if (read !== undefined) line = await readCommandLine(argv, read);
    let opening: Promise<Machine> | undefined;
    let library: Driver | undefined;
    // Nothing closes NVML: the process ends, and nvmlShutdown would take another 3 ms (H100) to free what ends anyway.
    const announce = (): void => io.err(announcement(source));
    const open = (wanted: MachineRequest): Promise<Machine> => {
      announce();
      return openMachine(source, io, wanted, (loaded) => {
        library = loaded;
      }).then((machine) => {
        opened = machine;
        return machine;
      });
    };
    const machine = (wanted?: string): Promise<Machine> => {
      opening ??= open({ gpus: wanted });
      return opening;
    };
    const timed = (timeout: number, wanted?: string): Promise<Machine> => {
      opening ??= open({ gpus: wanted, timeout: given.timeout ?? timeout });
      return opening;
    };
    const writable = (): Promise<Machine> => {
      opening ??= open({ toWrite: true });
      return opening;
    };
    const planned = (): Promise<Machine> => {
      opening ??= open({ toPlan: true });
      return opening;
    };
    const watched = (watch: DriverWatch): Promise<Machine> => {
      opening ??= open({ watch });
      return opening.then((machine) => {
        // What was late or refused for a while was seen on the screen.
        opened = { ...machine, outcome: new Outcome(), wasLate: () => false };
        return machine;
      });
    };
    const recording = source.snapshot === undefined ? undefined : { snapshot: source.snapshot };
    const context: Context = {
      io,
      timeout: timesItself ? given.timeout : undefined,
      argv,
      source: recording,
      environmentSource: source.isFromEnvironment ? recording : undefined,
      followed,
      announce,
      machine,
      timed,
      library: () => library,
      writable,
      planned,
      watched,
    };
    const root = line.subcommand === undefined ? readRootArguments(line, read) : undefined;
    if (root?.fault !== undefined) throw refusalOf(root.fault, await release());
    const status = await (root === undefined ? runNamed(line, context) : dispatch(root, line, context));
    io.close();
    return ended(status);
  } catch (error) {
    const { withoutVerdict } = line.subcommand?.spec ?? {};
    // Any other status would be read as a verdict, such as 1, a warning.
    if (withoutVerdict !== undefined && !(error instanceof Error && error.name === 'ClosedPipe')) {
      await explain(error, io, line).catch((unknown: unknown) => io.err(`${stackOf(unknown)}\n`));
      return withoutVerdict;
    }
    return ended(await explain(error, io, line));
  } finally {
    await opened?.end?.();
  }
}

/** What a command ends with whose GPUs have what is asked for, or do not. A lost GPU matters more. */
const BESIDE_LOST: ReadonlySet<number> = new Set([EXIT.ok, NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_NOT_FOUND]);

/**
 * Opens the machine while the command is loaded, which awaits it, and meets its error, when it needs it. What is wrong
 * whatever the GPUs are has been refused before.
 */
function openEarly(context: Context, { id }: RootGiven): void {
  context.machine(id).catch(() => undefined);
}

const runNamed = async (line: CommandLine, context: Context): Promise<number> =>
  (await import('./subcommands.js')).runSubcommand(line, context);

async function dispatch(root: RootCommandLine, line: CommandLine, context: Context): Promise<number> {
  const { mode, given, isReport, switches } = root;
  refuseRefused(line.tokens);
  if (given.debug !== undefined) context.io.err(DEBUG_IGNORED);
  if (switches > 1) throw new UsageError('Only one --query-* switch can be used at a time.');
  switch (mode) {
    case 'help':
      return (await import('./subcommands.js')).help(context);
    case 'version':
      return (await import('../commands/version.js')).version(given, context);
    case 'excluded':
      return (await import('../commands/version.js')).excluded(given, context);
    case 'list':
      openEarly(context, given);
      return (await import('../commands/list.js')).list(given, context);
    case 'hostname':
      return (await import('../commands/hostname.js')).hostname(given, context);
    case 'modify':
      return (await import('../commands/modify.js')).modify(modifyGiven(given, line), context);
    case 'led':
      return (await import('../commands/led.js')).led(modifyGiven(given, line), context);
    case 'help-query':
      return (await import('../commands/query/help.js')).helpQuery(given, context);
    case 'query': {
      const request = readQuery(given, fieldsAsked(root), context.io);
      openEarly(context, given);
      return (await import('../commands/query/query.js')).query(request, context);
    }
    case 'dtd':
      return report(given, context);
    case 'main':
      return isReport ? report(given, context) : summary(given, context);
  }
}

/** Where something is changed the order of the options counts, and how often each is given. */
const modifyGiven = (given: RootGiven, { tokens }: CommandLine): ModifyGiven => ({
  ...given,
  changes: tokens
    .filter(({ spec }) => spec.setter)
    .map(({ spec, value = '', written }) => ({ option: spec.long, value, written })),
  isTwice: ONCE.some((long) => tokens.filter(({ spec }) => spec.long === long).length > 1),
});

/** What is beside a setter, and given once. */
const ONCE: readonly string[] = ['id', 'mode', 'scope', 'error-on-warning'];

const DEBUG_IGNORED = 'Nothing is written for --debug: that log is encrypted, for NVIDIA alone to read.\n';

/** The switch that was given, and the fields it knows. */
function fieldsAsked({ asked }: RootCommandLine): FieldNames {
  const { spec, value = '' } = asked ?? {};
  const names = FIELD_NAMES[spec?.long ?? ''];
  if (spec === undefined || names === undefined) throw new Error('no --query-* switch was given');
  return { option: spec.long, names: names.split(' '), list: value };
}

async function report(given: RootGiven, context: Context): Promise<number> {
  const request = readReport(given);
  if (request.dtd !== 'alone') openEarly(context, given);
  return (await import('../commands/report/report.js')).report(request, context);
}

async function summary(given: RootGiven, context: Context): Promise<number> {
  refuseColumns(given);
  loopPeriod(given);
  openEarly(context, given);
  return (await import('../commands/summary/summary.js')).summary(given, context);
}

const stackOf = (error: unknown): string => plainLines((error as Partial<Error>).stack ?? String(error));

/**
 * Says what went wrong, where nvidia-smi says it: on stdout. Where JSON was asked for it goes to
 * stderr, and so does what keeps nvsmi from running or writing. More for a person is on stderr in any case.
 */
async function explain(error: unknown, io: Io, line: CommandLine): Promise<number> {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'ClosedPipe') return EXIT.closedPipe;
  if (BROKEN.has(error.name)) {
    io.err(`nvsmi: ${plainText(error.message)}\n`);
    return EXIT.broken;
  }
  if (error.name === 'SynchronousCall') {
    io.err('nvsmi: this command takes neither --timeout nor NVSMI_TIMEOUT\n');
    return EXIT.usage;
  }
  if (!REPORTED.has(error.name)) throw error;
  const {
    message,
    status = EXIT.usage,
    exit = status,
    ending = '\n',
  } = error as Partial<UsageError & DeadLibrary> & Error;
  try {
    if (line.isForJson) io.err(`${plainLines(message).trimEnd()}\n`);
    else io.out(`${plainLines(message)}${ending}`);
    io.err(await (await import('./hint.js')).hintText(error, line, io));
  } catch (unwritable) {
    return explain(unwritable, io, line);
  }
  return exit;
}

/** Errors for the user. Known by name: the subcommands are a bundle of their own, with classes of their own. */
const REPORTED: ReadonlySet<string> = new Set(['UsageError', 'DeadLibrary', 'SnapshotError']);

/** Errors of which nvidia-smi knows nothing. */
const BROKEN: ReadonlySet<string> = new Set(['OutputError', 'KoffiNotFound']);
