/** `daemon`: records what dmon shows to a file a day, in the background. */
import { resolve } from 'node:path';
import type { Given, OptionSpec } from '../../base/argv.js';
import type { Background } from '../../base/background.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { plainly } from '../../base/plain-text.js';
import { NVML_ERROR_NO_PERMISSION, NVML_ERROR_TIMEOUT } from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import { Asker } from '../../query/ask/asker.js';
import { together } from '../../query/ask/asking.js';
import { gpuFields } from '../../query/gpu-fields.js';
import { type Column, columnsOf } from '../../query/monitor/column.js';
import { DEFAULT_GROUPS, DEVICE_GROUPS, deviceColumns } from '../../query/monitor/device.js';
import { headColumns, headLine, tickLine } from '../../query/monitor/recording.js';
import { compileSampler } from '../../query/monitor/sampler.js';
import type { Reading } from '../../query/reading.js';
import { DailyFiles } from '../../system/daily-files.js';
import { RecorderFolder } from '../../system/recorder-folder.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus, idOption } from '../runner/select.js';
import { delayOption, readDelay, readSelect, selectOption } from './options.js';

const USUAL_DELAY = 10;
const LONGEST_DELAY = 600;
const USUAL_FOLDER = '/var/log/nvstats';
/** What a recorder prints once it records. */
const RECORDING = /^Process \d+ records to .*\n/m;
/** Milliseconds that a recorder may take to begin. NVML attaches eight unused GPUs in half of it. */
const START_PATIENCE = 60_000;
/** Milliseconds that a recorder may take to end after SIGTERM, and after SIGKILL. */
const STOP_PATIENCE = 3000;

const jobOption = {
  short: ['j'],
  long: 'join',
  value: 'required',
  argument: 'NAME',
  help: 'Append this to the date in the file names.',
} as const satisfies OptionSpec;

const options = [
  idOption,
  delayOption(USUAL_DELAY, LONGEST_DELAY),
  selectOption(DEVICE_GROUPS, DEFAULT_GROUPS),
  {
    short: ['p'],
    long: 'path',
    value: 'required',
    argument: 'FOLDER',
    default: USUAL_FOLDER,
    help: `Directory of the recordings (default ${USUAL_FOLDER}).`,
  },
  jobOption,
  { short: ['t'], long: 'term', help: 'Stop the recorder of the directory of -p.' },
  { long: 'foreground', help: 'Record in the foreground, for service managers.' },
] as const satisfies readonly OptionSpec[];

interface RecorderRequest {
  readonly job: string | undefined;
  readonly delay: number;
  readonly columns: readonly Column[];
  readonly selectors: string | undefined;
}

async function daemon(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  const { background } = io;
  if (background === undefined) throw new UsageError('Cannot record in the background here.');
  const folder = new RecorderFolder(absolute(given.path), background);
  const order: RecorderRequest = {
    job: readJob(given.join),
    delay: readDelay(given, LONGEST_DELAY),
    columns: columnsOf(deviceColumns, readSelect(given, DEVICE_GROUPS)),
    selectors: given.id,
  };
  if (given.term) return terminate(folder, io, background);
  if (given.foreground) return record(order, folder, context, background);

  folder.refuseSecond();
  context.announce?.();
  const named = context.source === undefined ? [] : ['--snapshot', context.source.snapshot];
  const extra = ['--foreground', ...named];
  const { pid, said, outcome } = await background.start(extra, RECORDING, START_PATIENCE);
  io.out(said);
  if (outcome === 'late') {
    throw new UsageError(
      `Process ${pid} did not begin to record within ${START_PATIENCE / 1000} seconds, and was killed: the driver does not answer.`,
      NVML_ERROR_TIMEOUT,
    );
  }
  return outcome === 'running' ? EXIT.ok : outcome;
}

/** The whole path of a folder. Throws UsageError where there is no working directory to begin it with. */
function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    // The working directory was removed.
    throw new UsageError(plainly`Cannot record to ${path}: ${(error as Error).message}`);
  }
}

function readJob(job: string | undefined): string | undefined {
  if (job !== undefined && !/^[\w.-]+$/.test(job)) {
    throw new UsageError(
      'The job name becomes part of a file name: use letters, digits, dots, dashes and underscores.',
    );
  }
  return job;
}

/** Records until a signal ends it. */
async function record(
  order: RecorderRequest,
  folder: RecorderFolder,
  context: Context,
  background: Background,
): Promise<number> {
  const { io } = context;
  const { session } = await machineOf(context);
  const gpus = await chosenGpus(session, order.selectors);
  folder.take();
  const asker = new Asker(session, { onWorkers: true });
  const sampler = await compileSampler(asker, gpus, {
    columns: order.columns,
    gpm: [],
    levels: ['device'],
  });
  const about = await headOf(order, asker, gpus);
  const files = new DailyFiles(folder.path, order.job, () =>
    headLine({ started: new Date(io.now()).toISOString(), ...about }),
  );
  try {
    files.openFor(io.now());
    io.out(plainly`Process ${background.pid} records to ${files.path}\n`);
    // From here on NVML is asked on worker threads alone: a call that does not return does not keep the recorder from ending.
    background.beforeSignal(() => {
      files.abandon();
      folder.release();
    });
    await loop(io, order.delay * 1000, () => {
      asker.tick();
      const pending = sampler.sample();
      const write = (): void => {
        const now = io.now();
        files.openFor(now).write(tickLine(now, order.columns, sampler.lines));
      };
      return pending === undefined ? write() : pending.then(write);
    });
    files.close();
    folder.release();
  } catch (error) {
    folder.leaveReason(error);
    throw error;
  } finally {
    await sampler.close();
    files.abandon();
  }
  return EXIT.ok;
}

/** What the first line of every file says, but for the time. */
async function headOf(
  order: RecorderRequest,
  asker: Asker,
  gpus: readonly Gpu[],
): Promise<Omit<Parameters<typeof headLine>[0], 'started'>> {
  const asked = gpus.map((gpu) => gpuFields(['driver_version', 'uuid', 'name'], gpu));
  const texts = (await asker.start(together(asked))).map((readings) => readings.map(textOf));
  return {
    driver: texts[0]?.[0] ?? null,
    delay: order.delay,
    columns: headColumns(order.columns),
    gpus: gpus.map(({ index }, i) => ({ index, uuid: texts[i]?.[1] ?? null, name: texts[i]?.[2] ?? null })),
  };
}

const textOf = (reading: Reading): string | null => (reading instanceof Missing ? null : String(reading));

async function terminate(folder: RecorderFolder, io: Io, background: Background): Promise<number> {
  const pid = folder.recorderToStop();
  if (pid === undefined) {
    const why = folder.reason();
    throw new UsageError(
      plainly`Nothing records to ${folder.path}.${why === undefined ? '' : ` The last recorder ended: ${why}`}`,
    );
  }
  const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> => ended(pid, signal, io, background);
  if (await end('SIGTERM')) io.out(`Process ${pid} stopped.\n`);
  else if (await end('SIGKILL')) {
    io.out(`Process ${pid} did not stop within ${STOP_PATIENCE / 1000} seconds, and was killed.\n`);
  } else {
    throw new UsageError(
      `Process ${pid} was killed and has not ended yet: it waits for the driver.`,
      NVML_ERROR_TIMEOUT,
    );
  }
  return EXIT.ok;
}

/** Sends a signal to a process, and says whether it ended in time. Throws UsageError where it may not. */
async function ended(
  pid: number,
  signal: 'SIGTERM' | 'SIGKILL',
  io: Io,
  background: Background,
): Promise<boolean> {
  try {
    background.end(pid, signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // It ended by itself.
    if (code === 'ESRCH') return true;
    throw new UsageError(`Cannot stop process ${pid}: ${message}`, NVML_ERROR_NO_PERMISSION);
  }
  const until = io.elapsed() + STOP_PATIENCE;
  while (background.isAlive(pid) && io.elapsed() < until && (await io.sleepUntil(io.elapsed() + 20)));
  return !background.isAlive(pid);
}

/** `daemon [-i GPU] [-d SECONDS] [-s LETTERS] [-p FOLDER] [-j NAME] [-t] [--foreground]` */
export const spec: CommandSpec = command({
  options,
  notes: () =>
    'Writes one file a day, nvstats-YYYYMMDD: compressed JSON lines, for replay or zcat, even while it is being written. A directory has one recorder at a time.\n',
  run: daemon,
});
