/** `top`: the GPUs and the processes on them, live, on the whole terminal; or once, as text or JSON. */
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Given, OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { longRun } from '../../base/long-run.js';
import { openOutput, replaceContent } from '../../base/output-file.js';
import { decimal } from '../../base/period.js';
import { plainly } from '../../base/plain-text.js';
import { colourLevel, isUtf8 } from '../../base/style.js';
import type { Terminal } from '../../base/terminal.js';
import { jsonDocument } from '../../format/document.js';
import { Asker } from '../../query/ask/asker.js';
import { migMode } from '../../query/gpu/engines.js';
import { RecordingError } from '../../query/monitor/recording.js';
import { startOf } from '../../system/processes.js';
import { readRecords } from '../../system/record-file.js';
import { App, type AppParts } from '../../top/app.js';
import { sampleParts } from '../../top/document.js';
import { DriverNews } from '../../top/driver-news.js';
import { onceText } from '../../top/once.js';
import { type RecordingFile, Replay } from '../../top/replay.js';
import { parseSettings, type Settings, settingsPath, settingsText, USUAL } from '../../top/settings.js';
import { initialState, type ReplayState, type TopState } from '../../top/state.js';
import { backgroundOf, type ColourLevel, themeOf } from '../../top/theme.js';
import { withLastKnown } from '../../watch/last-known.js';
import { liveSampler } from '../../watch/live-sampler.js';
import { SORT_WORDS } from '../../watch/process-columns.js';
import type { WatchSampler } from '../../watch/sample.js';
import { type CommandSpec, command } from '../command.js';
import type { Context, Machine } from '../context.js';
import { chooser } from '../monitor/recorded-gpus.js';
import { topParts } from '../ps/process-parts.js';
import { jsonOption } from '../runner/json-option.js';
import { statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus, idOption } from '../runner/select.js';

const SHORTEST = 0.1;
const LONGEST = 3600;

const options = [
  idOption,
  {
    short: ['d'],
    long: 'delay',
    value: 'required',
    argument: 'SECONDS',
    help: `Interval between samples, ${SHORTEST} to ${LONGEST} seconds (default ${USUAL.interval}).`,
  },
  {
    short: ['s'],
    long: 'sort',
    value: 'required',
    values: { words: SORT_WORDS },
    argument: 'COLUMN',
    help: 'Sort the processes by this column.',
  },
  { short: ['t'], long: 'tree', help: 'Show the processes as a tree.' },
  { long: 'readonly', help: 'Disable the keys that send signals.' },
  { long: 'once', help: 'Print the view once, as text. Default with a pipe or TERM=dumb.' },
  {
    long: 'replay',
    value: 'required',
    argument: 'FOLDER',
    help: 'Show the recordings of nvsmi daemon in this directory; the left and right keys move through them.',
  },
  jsonOption,
] as const satisfies readonly OptionSpec[];

async function top(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  const settings = { ...readSettings(io), ...chosenSettings(given) };
  const state = initialState(settings, given.readonly === true);
  if (given.replay !== undefined) return replay(given.replay, given, state, io);
  const terminal = await terminalFor(given, io);
  const news = new DriverNews();
  // What is printed once waits as every command does: as long as --timeout says.
  const opening = terminal && context.watched?.({ report: news.take });
  const { session, outcome, files, recorded, gpus } = await open(context, opening, given.id);
  const now = (): number => io.now();
  // Whether MIG divides a GPU changes with a reset at most, and what is listed of the GPU waits for it.
  const asker = new Asker(session, {
    outcome,
    seldom: { probes: MIG_MODE, period: 5000, now: () => io.elapsed() },
  });
  const own = io.background?.pid ?? 0;
  const sampler = await liveSampler({ asker, files, gpus, isRecorded: recorded !== undefined, own, now });
  if (terminal === undefined) {
    await sampler.take();
    await io.sleepUntil(io.elapsed() + BETWEEN);
    await print(sampler, given, state, context);
  } else {
    let reports: Promise<(gpu: number) => Promise<readonly string[]>> | undefined;
    const report = async (gpu: number): Promise<readonly string[]> => {
      // The report has a deadline of its own, and most users never open it.
      reports ??= import('../../top/gpu-report.js').then(({ gpuReports }) =>
        gpuReports(new Asker(session, { outcome }), gpus, now),
      );
      return await (await reports)(gpu);
    };
    await show(terminal, { ...withLastKnown(sampler), report }, { state, news }, io);
  }
  return statusOf(gpus);
}

const MIG_MODE: ReadonlySet<string> = new Set([migMode.name]);

/** Where there is nothing to watch, doctor's first line says why. */
async function open(context: Context, opening: Promise<Machine> | undefined, id: string | undefined) {
  try {
    const machine = await machineOf(context, opening);
    return { ...machine, gpus: await chosenGpus(machine.session, id) };
  } catch (error) {
    // A GPU that was named wrongly is no fault of the machine.
    if (id !== undefined) throw error;
    throw (await import('./first-fault.js')).withFirstFault(error, context);
  }
}

/** Milliseconds between the two samples of one view: rates and the activity of SMs are of the time between them. */
const BETWEEN = 250;

/** The screen; undefined where the view is printed once. */
async function terminalFor(given: Given<typeof options>, io: Io): Promise<Terminal | undefined> {
  const isScreen = given.once === undefined && given.json === undefined && io.env.TERM !== 'dumb';
  return isScreen ? await io.terminal?.() : undefined;
}

function show(
  terminal: Terminal,
  sampler: WatchSampler,
  { state, ...parts }: Pick<AppParts, 'state' | 'replayer' | 'news'>,
  io: Io,
): Promise<void> {
  const app = new App({
    ...parts,
    terminal,
    sampler,
    state,
    theme: themeOf(levelOf(io), state.theme === 'auto' ? backgroundOf(io.env) : state.theme),
    isUtf8: isUtf8(io),
    now: () => io.now(),
    startOf,
    save: (kept) => save(kept, io),
    collectGarbage: longRun.collectGarbage,
  });
  return app.run();
}

/** Prints the next sample. */
async function print(
  sampler: WatchSampler,
  given: Given<typeof options>,
  state: TopState,
  { io, source }: Pick<Context, 'io' | 'source'>,
  replayed?: ReplayState,
): Promise<void> {
  const sample = await sampler.take();
  sampler.close();
  io.out(
    given.json
      ? jsonDocument(sampleParts(sample), source)
      : onceText(sample, state, columnsOf(io), isUtf8(io), replayed),
  );
}

const USUAL_COLUMNS = 120;

function columnsOf({ env, columns }: Io): number {
  const { COLUMNS = '' } = env;
  return /^[1-9]\d*$/.test(COLUMNS) ? Number(COLUMNS) : (columns ?? USUAL_COLUMNS);
}

/** Which colours the terminal has, beyond the 16 that all have. */
function levelOf(io: Io): ColourLevel {
  const { COLORTERM = '', TERM = '', FORCE_COLOR } = io.env;
  const level = colourLevel(io.env, io.stdoutIsTerminal);
  if (level === 0 || FORCE_COLOR !== undefined) return level;
  if (/^(truecolor|24bit)$/.test(COLORTERM)) return 3;
  return /-256(color)?$/.test(TERM) ? 2 : level;
}

function chosenSettings(given: Given<typeof options>): Partial<Settings> {
  const { sort, tree } = given;
  const interval = given.delay === undefined ? undefined : decimal(given.delay);
  if (interval !== undefined && !(interval >= SHORTEST && interval <= LONGEST)) {
    throw new UsageError(`The interval between samples must be ${SHORTEST} to ${LONGEST} seconds.`);
  }
  if (sort !== undefined && !SORT_WORDS.includes(sort)) {
    throw new UsageError(plainly`Cannot sort processes by "${sort}".`);
  }
  return {
    ...(interval === undefined ? {} : { interval }),
    ...(sort === undefined ? {} : { sort }),
    ...(tree === undefined ? {} : { tree }),
  };
}

/** The settings that are kept, or the usual ones. Throws UsageError where the file is not what it has to be. */
function readSettings(io: Io): Settings {
  const path = settingsPath(io.env);
  if (path === undefined) return USUAL;
  let text: string;
  try {
    text = io.readFile(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return USUAL;
    throw new UsageError(plainly`${path}: ${(error as Error).message}`);
  }
  const settings = parseSettings(text);
  if (typeof settings === 'string') throw new UsageError(plainly`${path}: ${settings}`);
  return settings;
}

function save(state: TopState, { env }: Io): string {
  const path = settingsPath(env);
  if (path === undefined) return 'There is no folder for settings: HOME is not set.';
  try {
    mkdirSync(dirname(path), { recursive: true });
    replaceContent(openOutput(path), settingsText(state));
    return `Settings kept in ${path}.`;
  } catch (error) {
    return `The settings cannot be kept: ${(error as Error).message}`;
  }
}

/** `nvstats-20261128`, and with the name of a job. */
const RECORDING = /^nvstats-\d{8}(?:-|$)/;

async function replay(
  folder: string,
  given: Given<typeof options>,
  state: TopState,
  io: Io,
): Promise<number> {
  const files = recordingsIn(folder);
  if (files.length === 0) throw new UsageError(plainly`${folder} has no recordings (nvstats-...).`);
  try {
    const replayer = new Replay(files, chooser(given.id));
    if (replayer.state.count === 0) throw new UsageError('Nothing in the recording matches.', EXIT.noDevice);
    const terminal = await terminalFor(given, io);
    if (terminal === undefined) await print(replayer, given, state, { io }, replayer.state);
    else await show(terminal, replayer, { state, replayer }, io);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(plainly`${folder}: ${error.message}`);
    throw error;
  }
}

function recordingsIn(folder: string): readonly RecordingFile[] {
  try {
    return readdirSync(folder)
      .filter((name) => RECORDING.test(name))
      .sort()
      .map((name) => ({ name, lines: () => readRecords(join(folder, name)).lines }));
  } catch (error) {
    throw new UsageError(plainly`Cannot read ${folder}: ${(error as Error).message}`);
  }
}

/** `top [-i GPU] [-d SECONDS] [-s COLUMN] [--tree] [--readonly] [--once] [--json] [--replay FOLDER]` */
export const spec: CommandSpec = command({
  options,
  notes: () =>
    'Press ? for the keys. The key S saves the settings in $XDG_CONFIG_HOME/nvsmi/top.json (~/.config if that is not set).\n',
  json: topParts,
  run: top,
});
