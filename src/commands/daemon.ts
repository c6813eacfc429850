/** `daemon`: records what dmon shows to a file a day, in the background. */
import { resolve } from 'node:path';
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import type { Background } from '../background.js';
import { EXIT, UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { NVML_ERROR_NO_PERMISSION } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { readGpuFields } from '../query/gpu-fields.js';
import { type Column, columnsOf } from '../query/monitor/column.js';
import { DEFAULT_GROUPS, DEVICE_GROUPS, deviceColumns } from '../query/monitor/device.js';
import { headLine, tickLine } from '../query/monitor/recording.js';
import { compileSampler } from '../query/monitor/sampler.js';
import { DailyFiles } from '../system/daily-files.js';
import { RecorderFolder } from '../system/recorder-folder.js';
import type { Context } from './context.js';
import type { CommandSpec } from './index.js';
import { loop } from './loop.js';
import { delayOption, readDelay, readSelect, selectOption } from './monitor-options.js';
import { chosenGpus, idOption } from './select.js';

const USUAL_DELAY = 10;
const LONGEST_DELAY = 600;
const USUAL_FOLDER = '/var/log/nvstats';
/** What a recorder prints once it records. */
const RECORDING = /^Process \d+ records to .*\n/m;
/** How long a recorder may take to stop, in milliseconds. */
const PATIENCE = 10_000;

interface Order {
  readonly job: string | undefined;
  readonly delay: number;
  readonly columns: readonly Column[];
  readonly selectors: string | undefined;
}

async function daemon(tokens: readonly Token[], context: Context): Promise<number> {
  const { io } = context;
  const { background } = io;
  if (background === undefined) throw new UsageError('There is no background here to record in.');
  const folder = new RecorderFolder(absolute(lastValue(tokens, 'path') ?? USUAL_FOLDER), background);
  const order: Order = {
    job: readJob(lastValue(tokens, 'job')),
    delay: readDelay(tokens, USUAL_DELAY, LONGEST_DELAY),
    columns: columnsOf(deviceColumns, readSelect(tokens, DEVICE_GROUPS, DEFAULT_GROUPS)),
    selectors: lastValue(tokens, 'id'),
  };
  if (lastValue(tokens, 'terminate') !== undefined) return terminate(folder, io, background);
  if (lastValue(tokens, 'foreground') !== undefined) return record(order, folder, context, background.pid);

  folder.refuseSecond();
  context.announce?.();
  const named = context.source === undefined ? [] : ['--snapshot', context.source.snapshot];
  const { said, status } = await background.start(['--foreground', ...named], RECORDING);
  io.out(said);
  return status ?? EXIT.ok;
}

/** The whole path of a folder. Throws UsageError where there is no working directory to begin it with. */
function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    // Somebody removed the working directory.
    throw new UsageError(`Cannot record to ${path}: ${(error as Error).message}`);
  }
}

function readJob(job: string | undefined): string | undefined {
  if (job !== undefined && !/^[\w.-]+$/.test(job)) {
    throw new UsageError(
      'The name of a job goes into a file name: letters, digits, dots, dashes, underscores.',
    );
  }
  return job;
}

/** Records until it is told to stop. */
async function record(order: Order, folder: RecorderFolder, context: Context, pid: number): Promise<number> {
  const { io } = context;
  const { session } = await context.machine();
  const gpus = chosenGpus(session, order.selectors);
  folder.take();
  const sampler = compileSampler(session, gpus, { columns: order.columns, gpm: [], levels: ['device'] });
  const files = new DailyFiles(folder.path, order.job, () => head(order, session, gpus, io));
  try {
    files.openFor(io.now());
    io.out(`Process ${pid} records to ${files.path}\n`);
    await loop(io, order.delay * 1000, () => {
      const pending = sampler.sample();
      const write = (): void => {
        const now = io.now();
        files.openFor(now).write(tickLine(now, sampler.lines));
      };
      return pending === undefined ? write() : pending.then(write);
    });
    files.close();
    folder.release();
  } catch (error) {
    folder.leaveReason(error);
    throw error;
  } finally {
    sampler.close();
    files.abandon();
  }
  return EXIT.ok;
}

function head(order: Order, session: Session, gpus: readonly Gpu[], io: Io): string {
  const textOf = (gpu: Gpu, name: string): string | null => {
    const [reading] = readGpuFields(session, gpu, [name]);
    return reading === undefined || reading instanceof Missing ? null : String(reading);
  };
  const [first] = gpus;
  return headLine({
    started: new Date(io.now()).toISOString(),
    driver: first === undefined ? null : textOf(first, 'driver_version'),
    delay: order.delay,
    columns: order.columns.map(({ name, unit }) => ({ name, unit })),
    gpus: gpus.map((gpu) => ({ index: gpu.index, uuid: textOf(gpu, 'uuid'), name: textOf(gpu, 'name') })),
  });
}

async function terminate(folder: RecorderFolder, io: Io, background: Background): Promise<number> {
  const pid = folder.recorderToStop();
  if (pid === undefined) {
    const why = folder.reason();
    throw new UsageError(
      `Nothing records to ${folder.path}.${why === undefined ? '' : ` The last recorder ended: ${why}`}`,
    );
  }
  try {
    background.stop(pid);
  } catch (error) {
    throw new UsageError(`Cannot stop process ${pid}: ${(error as Error).message}`, NVML_ERROR_NO_PERMISSION);
  }
  const until = io.elapsed() + PATIENCE;
  while (background.isAlive(pid) && io.elapsed() < until && (await io.sleepUntil(io.elapsed() + 20)));
  if (background.isAlive(pid)) throw new UsageError(`Process ${pid} was asked to stop, and has not yet.`);
  io.out(`Process ${pid} stopped.\n`);
  return EXIT.ok;
}

const jobOption: OptionSpec = {
  short: ['j'],
  long: 'job',
  value: 'required',
  argument: 'NAME',
  help: 'Put this behind the date in the names of the files.',
};

/** `daemon [-i GPU] [-d SECONDS] [-s LETTERS] [-p FOLDER] [-j NAME] [-t] [--foreground]` */
export const spec: CommandSpec = {
  options: [
    idOption,
    delayOption(USUAL_DELAY, LONGEST_DELAY),
    selectOption(DEVICE_GROUPS, DEFAULT_GROUPS),
    {
      short: ['p'],
      long: 'path',
      value: 'required',
      argument: 'FOLDER',
      help: `Where to record; ${USUAL_FOLDER} if not given.`,
    },
    jobOption,
    { short: ['t'], long: 'terminate', help: 'Stop the recorder of the folder.' },
    { long: 'foreground', help: 'Record in this process, for a service manager, until it is told to stop.' },
  ],
  notes: () =>
    [
      'A file a day, nvstats-YYYYMMDD, which replay shows, also while it is being written. It holds',
      'compressed JSON lines, which zcat shows too. A folder has one recorder at a time.\n',
    ].join('\n'),
  run: daemon,
};
