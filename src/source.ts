/** Where the answers come from: this machine's NVML library, or a recording. */
import type { Machine } from './commands/context.js';
import { EXIT, UsageError } from './errors.js';
import type { Io } from './io.js';
import type { Driver } from './nvml/call.js';
import { loadLibrary } from './nvml/library.js';
import { openSession, type Session, startSession } from './nvml/session.js';
import { plainly } from './plain-text.js';
import { machineFiles, recordedFiles, type SystemFiles } from './system/files.js';
import { kernelVersion } from './system/kernel.js';
import { placed } from './system/lost-gpus.js';

/** An option anywhere on the command line, else the environment. */
export interface Source {
  readonly snapshot: string | undefined;
  /** Whether the environment named the recording: the variable may be left from long ago. */
  readonly isFromEnvironment: boolean;
  readonly nvml: string | undefined;
}

const SOURCE_OPTIONS = ['snapshot', 'nvml'] as const;

/** Takes --snapshot and --nvml out, which may come before or after a subcommand. */
export function takeSource(
  argv: readonly string[],
  env: Io['env'],
): { rest: readonly string[]; source: Source } {
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
        plainly`ERROR: Option ${written} is missing its value. Please run 'nvsmi -h' for help.\n`,
        EXIT.unknownOption,
      );
    }
    found[name] = value;
  }
  const left = found.nvml === undefined ? nonEmpty(env.NVSMI_SNAPSHOT) : undefined;
  return {
    rest,
    source: {
      snapshot: found.snapshot ?? left,
      isFromEnvironment: found.snapshot === undefined && left !== undefined,
      nvml: found.nvml ?? nonEmpty(env.NVSMI_NVML),
    },
  };
}

/** What is said of a recording that the environment chose; empty where it chose none. */
export const announcement = ({ snapshot, isFromEnvironment }: Source): string =>
  isFromEnvironment
    ? `nvsmi: the recorded machine ${snapshot} answers, not this one: NVSMI_SNAPSHOT is set\n`
    : '';

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/**
 * Opens the machine, or at least the GPUs that are wanted, and reports the library as soon as it is loaded. Throws
 * DeadLibrary or SnapshotError.
 */
export async function openMachine(
  source: Source,
  io: Io,
  wanted: string | undefined,
  onLoaded: (library: Driver) => void,
): Promise<Machine> {
  if (source.snapshot !== undefined) {
    const { openSnapshot } = await import('./nvml/machine.js');
    const { driver, snapshot } = openSnapshot(source.snapshot);
    const files = recordedFiles(snapshot.files);
    const session = openSession(driver, () => kernelVersion(files));
    return { session: withPlaces(session, files), files, recorded: snapshot.title };
  }
  const driver = loadLibrary({ path: source.nvml, env: io.env });
  onLoaded(driver);
  const session = await startSession(driver, () => kernelVersion(machineFiles), wanted);
  return { session: withPlaces(session, machineFiles), files: machineFiles, recorded: undefined };
}

const withPlaces = (session: Session, files: SystemFiles): Session => ({
  ...session,
  gpus: placed(session.gpus, files),
});
