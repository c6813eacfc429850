/** `snapshot`: records every read-only answer of this machine to a file, and how the answers change. */
import type { Given, OptionSpec } from '../base/argv.js';
import { UsageError } from '../base/errors.js';
import type { Io } from '../base/io.js';
import { loopPeriod } from '../base/period.js';
import type { Call, FieldId } from '../nvml/call.js';
import { callOf } from '../nvml/call-of.js';
import { nvmlDeviceGetName, nvmlSystemGetDriverVersion } from '../nvml/generated/entries.js';
import { readText } from '../nvml/memory.js';
import { ask, type Session } from '../nvml/session.js';
import type { Probe } from '../query/probe.js';
import { anonymize } from '../snapshot/anonymize.js';
import { formatSnapshot, SNAPSHOT_VERSION, type Snapshot } from '../snapshot/snapshot.js';
import { type Calls, changesBetween, type Tick, wholeTicks } from '../snapshot/snapshot-ticks.js';
import { Survey, type Topic } from '../snapshot/survey.js';
import type { SystemFiles } from '../system/files.js';
import { recordedPaths } from '../system/recorded.js';
import { type CommandSpec, command } from './command.js';
import { loop } from './runner/loop.js';
import { machineOf } from './runner/machine.js';

const options = [
  {
    short: ['o'],
    long: 'output',
    value: 'required',
    argument: 'FILE',
    help: 'Write to this file instead of stdout.',
  },
  { long: 'title', value: 'required', argument: 'TEXT', help: 'Description of the machine, in one line.' },
  {
    long: 'keep-identities',
    help: 'Keep UUIDs, serial numbers, host and user names, and process arguments. By default they are made up or removed.',
  },
  {
    long: 'samples',
    value: 'required',
    number: true,
    argument: 'NUMBER',
    help: 'Number of samples to record, for loops and monitors to step through (default 1: values never change).',
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Interval of --samples: 1 second without this option, 5 seconds without SECONDS.',
  },
  {
    short: ['lms'],
    long: 'loop-ms',
    value: 'optional',
    argument: 'MILLISECONDS',
    help: 'The same with the interval in milliseconds.',
  },
] as const satisfies readonly OptionSpec[];

/** How often the machine is asked, and how many milliseconds apart. */
interface Pace {
  readonly samples: number;
  readonly period: number;
}

const USUAL_PERIOD = 1000;
/** Ten minutes at the usual period: more than a loop walks through, and far below the 64 MiB that are read. */
const MOST_SAMPLES = 600;

/** Refuses what is wrong before the machine is asked for. */
function readPace({ samples, ...given }: Given<typeof options>): Pace {
  const period = loopPeriod(given);
  if (samples === undefined && period !== undefined) {
    throw new UsageError('-l and -lms need --samples, the number of samples to record.');
  }
  if (samples !== undefined && (samples < 1 || samples > MOST_SAMPLES)) {
    throw new UsageError(`--samples must be 1 to ${MOST_SAMPLES}.`);
  }
  return { samples: samples ?? 1, period: period ?? USUAL_PERIOD };
}

/** All answers of an open machine, and the later ones that differ, until there are enough samples or a signal ends it. */
async function record(
  survey: Survey,
  { samples, period }: Pace,
  io: Io,
): Promise<Pick<Snapshot, 'calls' | 'ticks'>> {
  if (samples === 1) return { calls: survey.calls() };
  survey.learn();
  const calls = survey.calls();
  const began = io.elapsed();
  const ticks: Tick[] = [];
  let isFirst = true;
  let longest = 0;
  const tick = (): void => {
    const now = io.elapsed();
    // The first sample has just been taken, by learning.
    if (!isFirst) ticks.push({ ms: Math.round(now - began), calls: survey.next() });
    isFirst = false;
    longest = Math.max(longest, io.elapsed() - now);
  };
  await loop(io, period, tick, samples);
  if (longest > period) {
    io.err(`nvsmi: a sample took up to ${Math.round(longest)} ms, longer than the period of ${period} ms\n`);
  }
  return { calls: withFunctionsOf(ticks, calls), ticks };
}

/** A function that was not asked at first, as there was no process to ask about, has no answers yet. */
const withFunctionsOf = (ticks: readonly Tick[], calls: Calls): Calls => ({
  ...Object.fromEntries(ticks.flatMap((tick) => Object.keys(tick.calls).map((fn) => [fn, {}]))),
  ...calls,
});

/** Makes up the identities of each moment as a whole, as those that come later do not know who was there before. */
function anonymous(snapshot: Snapshot): Snapshot {
  const { ticks = [], ...first } = snapshot;
  const made = anonymize(first);
  if (ticks.length === 0) return made;
  const madeTicks: Tick[] = [];
  let before = made.calls;
  for (const { ms, calls } of wholeTicks(first.calls, ticks)) {
    const after = anonymize({ ...first, calls }).calls;
    madeTicks.push({ ms, calls: changesBetween(before, after) });
    before = after;
  }
  return { ...made, ticks: madeTicks };
}

/** "2 x NVIDIA H200, driver 580.159.04" */
function titleOf(session: Session): string {
  const read = (what: Call): string | undefined => {
    const { status, memory } = ask(session.driver, what);
    return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, memory[0].length) : undefined;
  };
  const names = session.gpus.map(({ handle }) =>
    handle === undefined ? 'lost GPU' : (read(callOf(nvmlDeviceGetName, { device: handle })) ?? 'GPU'),
  );
  const kinds = [...new Set(names)].map((name) => `${names.filter((n) => n === name).length} x ${name}`);
  const driver = read(callOf(nvmlSystemGetDriverVersion)) ?? 'unknown';
  return `${kinds.length === 0 ? 'no GPU' : kinds.join(', ')}, driver ${driver}`;
}

const countCpus = (files: SystemFiles): number =>
  files.list('/sys/devices/system/cpu').filter((name) => /^cpu\d+$/.test(name)).length;

/** Every question that a command may ask, those of the monitors included. */
async function everyProbe(): Promise<readonly Probe[]> {
  const [{ tables }, { reportProbes }, { deviceColumns }, { processLists }] = await Promise.all([
    import('../query/tables/index.js'),
    import('../report/probes.js'),
    import('../query/monitor/device.js'),
    import('../query/process/processes.js'),
  ]);
  const columns = deviceColumns.map(({ field }) => field);
  const fields = [...tables.flatMap((table) => table.fields), ...columns];
  return [
    ...fields.flatMap(({ source }) => ('probe' in source ? [source.probe] : [])),
    ...reportProbes,
    ...processLists,
  ];
}

/** What loops ask at every tick. */
const restless = (probes: readonly Probe[]): readonly Topic[] =>
  probes
    .filter(({ lifetime }) => lifetime === 'sample')
    .flatMap(({ calls, field }): readonly Topic[] =>
      field === undefined ? calls().map(({ fn }) => fn) : [field[0]],
    );

/** `snapshot [-o FILE] [--title TEXT] [--keep-identities] [--samples N [-l SECONDS | -lms MILLISECONDS]]` */
export const spec: CommandSpec = command({
  options,
  run: async (given, context) => {
    const pace = readPace(given);
    const { session, files } = await machineOf(context);
    if (session.driver.isElsewhere) {
      throw new UsageError(
        'snapshot asks for all that there is, however long that takes: it has no --timeout.',
      );
    }
    const { output } = given;
    // A file that cannot be made is refused now, not after all that there is to ask.
    if (output !== undefined) context.io.redirect(output);
    const probes = await everyProbe();
    const survey = new Survey(session.driver, {
      cpus: countCpus(files),
      extraCalls: probes.flatMap((probe): readonly Call[] => probe.calls()),
      extraFields: probes.flatMap((probe): readonly FieldId[] =>
        probe.field === undefined ? [] : [probe.field],
      ),
      restless: restless(probes),
    });
    const recorded = await record(survey, pace, context.io);
    const snapshot: Snapshot = {
      format: 'nvsmi-snapshot',
      version: SNAPSHOT_VERSION,
      title: given.title ?? titleOf(session),
      origin: 'recorded',
      identities: 'kept',
      files: recordedPaths(files, recorded.calls),
      ...recorded,
    };
    const text = formatSnapshot(given['keep-identities'] ? snapshot : anonymous(snapshot));
    context.io.out(text);
    return 0;
  },
});
