/** Where the answers come from: this machine's NVML library, or a recording. */
import { givenBy, type Scan } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import type { Io } from '../base/io.js';
import { decimal } from '../base/period.js';
import { plainly } from '../base/plain-text.js';
import { type Release, releaseIn } from '../base/release.js';
import type { DriverWatch, Followed, Machine } from '../commands/context.js';
import { loadLibrary } from '../nvml/backend/library.js';
import type { Driver } from '../nvml/call.js';
import { openSession, type Session, startSession, withoutCudaMajor } from '../nvml/session.js';
import { NO_ANSWER } from '../nvml/status.js';
import { Outcome } from '../query/ask/outcome.js';
import { machineFiles, recordedFiles, type SystemFiles } from '../system/files.js';
import { kernelVersion } from '../system/kernel.js';
import { placed } from '../system/lost-gpus.js';
import { rootTable } from './options.js';
import { missingValue } from './root-refusals.js';

/** An option anywhere on the command line, else the environment. */
export interface MachineSource {
  readonly snapshot: string | undefined;
  /** Whether the environment named the recording: the variable may be left from long ago. */
  readonly isFromEnvironment: boolean;
  readonly nvml: string | undefined;
  /** Milliseconds that NVML has to answer, at each tick. */
  readonly timeout: number | undefined;
  /** The release whose layout was asked for. */
  readonly as: Release | undefined;
}

/** What the command line or the environment names. Throws UsageError for an option without its value. */
export function sourceOf(
  { tokens, missing }: Pick<Scan, 'tokens' | 'missing'>,
  env: Io['env'],
): MachineSource {
  if (missing?.spec.everywhere) throw missingValue(missing.written, 'nvsmi');
  const { snapshot, nvml, timeout, as } = givenBy(rootTable, tokens);
  const left = nvml === undefined ? nonEmpty(env.NVSMI_SNAPSHOT) : undefined;
  return {
    snapshot: snapshot ?? left,
    isFromEnvironment: snapshot === undefined && left !== undefined,
    nvml: nvml ?? nonEmpty(env.NVSMI_NVML),
    timeout:
      timeout === undefined
        ? milliseconds('NVSMI_TIMEOUT', nonEmpty(env.NVSMI_TIMEOUT))
        : milliseconds('--timeout', timeout),
    as: as === undefined ? undefined : readRelease(as),
  };
}

/** Seconds: a timer of more milliseconds ends at once. */
const LONGEST_TIMEOUT = 86_400;

function milliseconds(name: string, seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const number = decimal(seconds);
  if (number > 0 && number <= LONGEST_TIMEOUT) return number * 1000;
  throw new UsageError(
    plainly`${name} must be above 0 and at most ${LONGEST_TIMEOUT} seconds, not ${seconds}`,
  );
}

function readRelease(version: string): Release {
  const release = releaseIn(version);
  if (release === undefined) {
    throw new UsageError(plainly`--as must be a driver version such as 550 or 550.163.01, not "${version}".`);
  }
  return release;
}

/**
 * The nvidia-smi that is followed, without NVML: what `--as` asks for, the driver of the recording, or the loaded kernel module.
 * Undefined where there is none. NVML's own version is what a recording has where its NVML could not be initialised.
 */
export async function followedBy({ as, snapshot }: MachineSource): Promise<Followed | undefined> {
  if (snapshot === undefined) return known(as ?? releaseIn(kernelVersion(machineFiles) ?? ''));
  const { openSnapshot } = await import('../snapshot/machine.js');
  try {
    const { driver, snapshot: recording } = openSnapshot(snapshot);
    const of = (fn: string): string | undefined => {
      const answer = recording.calls[fn]?.[''];
      return typeof answer === 'string' ? answer : undefined;
    };
    const version =
      of('nvmlSystemGetDriverVersion') ?? withoutCudaMajor(of('nvmlSystemGetNVMLVersion') ?? '');
    return known(as ?? releaseIn(version), driver.onWindows);
  } catch (error) {
    // What is wrong with a recording is said when it is opened.
    if ((error as Error).name === 'SnapshotError') return known(as);
    throw error;
  }
}

const known = (release: Release | undefined, onWindows?: boolean): Followed | undefined =>
  release === undefined ? undefined : { release, onWindows };

/** What is said of a recording that the environment chose; empty where it chose none. */
export const announcement = ({ snapshot, isFromEnvironment }: MachineSource): string =>
  isFromEnvironment
    ? `nvsmi: the recorded machine ${snapshot} answers, not this one: NVSMI_SNAPSHOT is set\n`
    : '';

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** What a machine is opened for. */
export interface MachineRequest {
  /** A list of GPUs; all where it is left out. */
  readonly gpus?: string | undefined;
  /** Functions that change a GPU can be called. */
  readonly toWrite?: true;
  /** To plan changes. */
  readonly toPlan?: true;
  /** Milliseconds, for a command that times itself. */
  readonly timeout?: number;
  /** NVML is called in another process, whether there is a timeout or not. */
  readonly watch?: DriverWatch;
}

/**
 * Opens the machine, or at least the GPUs that are wanted, and reports the library once it is loaded. Throws
 * DeadLibrary or SnapshotError.
 */
export async function openMachine(
  source: MachineSource,
  io: Io,
  wanted: MachineRequest,
  onLoaded: (library: Driver) => void,
): Promise<Machine> {
  if (source.snapshot !== undefined) {
    const { openSnapshot } = await import('../snapshot/machine.js');
    const { driver, snapshot } = openSnapshot(source.snapshot);
    const files = recordedFiles(snapshot.files);
    const session = openSession(driver, () => kernelVersion(files));
    return { ...asked(session, files, source.as), files, recorded: snapshot.title };
  }
  const { watch, timeout = source.timeout } = wanted;
  if (timeout !== undefined || watch !== undefined) {
    const machine = await openInTime({ ...source, timeout }, io, wanted, onLoaded);
    if (!wanted.toWrite && !wanted.toPlan) return machine;
    // NVML answers. What changes a GPU is never cut short, and so it is asked here from now on.
    await machine.end?.();
    if (machine.wasLate?.()) throw silentGpus(machine.session);
  }
  const driver = loadLibrary({ path: source.nvml, env: io.env, writable: wanted.toWrite === true });
  onLoaded(driver);
  const session = await startSession(driver, () => kernelVersion(machineFiles), wanted.gpus);
  return { ...asked(session, machineFiles, source.as), files: machineFiles, recorded: undefined };
}

/** Milliseconds that a sample of a program that watches may take, and the opening: eight GPUs that nothing uses are woken first. */
const WATCH_TIMEOUT = 2000;
const WATCH_OPENING = 20_000;

/**
 * The timeout is that of the program: what its own start took, which is long on a busy machine (0.5 s at a load of 28 on two
 * processors), is not added to it. NVML has half of it in any case.
 */
const openingTime = (timeout: number | undefined, io: Io): number | undefined =>
  timeout === undefined ? undefined : Math.max(timeout / 2, timeout - io.elapsed());

/** The same in another process, as a call that does not return keeps its process. */
async function openInTime(
  { nvml: path, as, timeout }: MachineSource,
  io: Io,
  { gpus, watch }: MachineRequest,
  onLoaded: (library: Driver) => void,
): Promise<Machine> {
  const { openElsewhere } = await import('../nvml/backend/child/elsewhere.js');
  const { driver, wasLate, end } = openElsewhere({
    path,
    timeout: timeout ?? WATCH_TIMEOUT,
    opening: watch === undefined ? openingTime(timeout, io) : (timeout ?? WATCH_OPENING),
    opensForSample: watch === undefined,
    isQuick: watch === undefined,
    report: watch?.report ?? ((line) => io.err(plainly`nvsmi: ${line}\n`)),
  });
  onLoaded(driver);
  try {
    const session = await startSession(driver, () => kernelVersion(machineFiles), gpus);
    return { ...asked(session, machineFiles, as), files: machineFiles, recorded: undefined, wasLate, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Why nothing is changed where opening here would wait forever. */
function silentGpus({ gpus }: Session): UsageError {
  const silent = gpus.filter(({ status }) => status === NO_ANSWER).map(({ index }) => index);
  const which = silent.length === 1 ? `GPU ${silent[0]} does` : `GPUs ${silent.join(', ')} do`;
  return new UsageError(`Nothing was changed: ${which} not answer.`, EXIT.noAnswer);
}

const asked = (
  session: Session,
  files: SystemFiles,
  as: Release | undefined,
): Pick<Machine, 'session' | 'outcome'> => ({
  session: { ...session, as, gpus: placed(session.gpus, files) },
  outcome: new Outcome(),
});
