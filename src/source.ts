/** Where the answers come from: this machine's NVML library, or a recording. */
import { givenBy, type Scan } from './argv.js';
import { missingValue } from './command-line.js';
import type { Machine } from './commands/context.js';
import { UsageError } from './errors.js';
import type { Io } from './io.js';
import type { Driver } from './nvml/call.js';
import { loadLibrary } from './nvml/library.js';
import { openSession, type Session, startSession } from './nvml/session.js';
import type { RootGiven } from './options.js';
import { plainly } from './plain-text.js';
import { Outcome } from './query/ask/outcome.js';
import { type Release, releaseIn } from './release.js';
import { machineFiles, recordedFiles, type SystemFiles } from './system/files.js';
import { kernelVersion } from './system/kernel.js';
import { placed } from './system/lost-gpus.js';

/** An option anywhere on the command line, else the environment. */
export interface Source {
  readonly snapshot: string | undefined;
  /** Whether the environment named the recording: the variable may be left from long ago. */
  readonly isFromEnvironment: boolean;
  readonly nvml: string | undefined;
  /** The release whose layout was asked for. */
  readonly as: Release | undefined;
}

/** What the command line or the environment names. Throws UsageError for an option without its value. */
export function sourceOf({ tokens, missing }: Scan, env: Io['env']): Source {
  if (missing?.spec.everywhere) throw missingValue(missing);
  const { snapshot, nvml, as }: RootGiven = givenBy(tokens);
  const left = nvml === undefined ? nonEmpty(env.NVSMI_SNAPSHOT) : undefined;
  return {
    snapshot: snapshot ?? left,
    isFromEnvironment: snapshot === undefined && left !== undefined,
    nvml: nvml ?? nonEmpty(env.NVSMI_NVML),
    as: as === undefined ? undefined : readRelease(as),
  };
}

function readRelease(version: string): Release {
  const release = releaseIn(version);
  if (release === undefined) {
    throw new UsageError(
      plainly`"${version}" is no driver version: --as takes one such as 550 or 550.163.01.`,
    );
  }
  return release;
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
    return { ...asked(session, files, source.as), files, recorded: snapshot.title };
  }
  const driver = loadLibrary({ path: source.nvml, env: io.env });
  onLoaded(driver);
  const session = await startSession(driver, () => kernelVersion(machineFiles), wanted);
  return { ...asked(session, machineFiles, source.as), files: machineFiles, recorded: undefined };
}

const asked = (
  session: Session,
  files: SystemFiles,
  as: Release | undefined,
): Pick<Machine, 'session' | 'outcome'> => ({
  session: { ...session, as, gpus: placed(session.gpus, files) },
  outcome: new Outcome(),
});
