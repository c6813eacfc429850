/** `health`: a verdict of each check on each GPU, for people, monitoring and batch systems. */

import type { Given, OptionSpec } from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import { loopPeriod } from '../../base/period.js';
import { jsonText } from '../../base/plain-text.js';
import { type Verdict, worstOf } from '../../base/verdict.js';
import { checkListText } from '../../format/check-list.js';
import { nagiosLine } from '../../format/nagios.js';
import { verdictJson, verdictLine, verdictText } from '../../format/verdicts.js';
import { BadFile } from '../../health/bad-file.js';
import { type HealthCheck, readingsOf } from '../../health/check.js';
import { COUNTERS, healthChecks } from '../../health/checks/index.js';
import { type Examined, examine } from '../../health/examine.js';
import { EXPECTED, expectationsText, LIMITS, learned, readExpectations } from '../../health/expectations.js';
import { keepAside, readIfThere, writeWhole } from '../../health/kept-file.js';
import { bootOf, machineDigest, parseState, type State, stateOf } from '../../health/state.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { chooseOptions, chosenChecks, NOT_CHECKED, rootOption } from '../runner/check-options.js';
import { jsonOption } from '../runner/json-option.js';
import { loop } from '../runner/loop.js';
import { idOption } from '../runner/select.js';
import { lookOf, systemOf } from '../runner/system-option.js';
import { HealthSource, type Observation } from './source.js';

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id or serial number.' },
  jsonOption,
  { long: 'nagios', help: 'Print one line with performance data, in the format of Nagios plugins.' },
  { short: ['v'], long: 'verbose', help: 'Also show the checks that are ok.' },
  ...chooseOptions,
  {
    long: 'expect',
    value: 'required',
    argument: 'FILE',
    help: 'Compare with the expectations in this file, written by --learn.',
  },
  {
    long: 'learn',
    value: 'required',
    argument: 'FILE',
    help: 'Save what the machine has now as expectations (- for stdout).',
  },
  {
    long: 'state',
    value: 'required',
    argument: 'FILE',
    help: 'Keep counters in this file, to check how they grew since the last run.',
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'required',
    argument: 'SECONDS',
    help: 'Repeat until interrupted, including Xids that NVML reports meanwhile.',
  },
  rootOption,
] as const satisfies readonly OptionSpec[];

type HealthOptions = Given<typeof options>;

/** The statuses of Nagios. */
export const STATUS: Readonly<Record<Verdict, number>> = { ok: 0, warn: 1, fail: 2, unknown: NOT_CHECKED };

async function run(given: HealthOptions, context: Context): Promise<number> {
  try {
    return await checked(given, context);
  } catch (error) {
    if (error instanceof BadFile) throw new UsageError(error.message, NOT_CHECKED);
    throw error;
  }
}

async function checked(given: HealthOptions, context: Context): Promise<number> {
  const { io } = context;
  const checks = chosenChecks(healthChecks, given, NOT_CHECKED);
  if (given.list) {
    io.out(checkListText(checks.map(({ id, about }) => [id, about])));
    return 0;
  }
  const period = given.loop === undefined ? undefined : loopPeriod({ loop: given.loop });
  const system = systemOf(given.root, context);
  const machine = machineDigest(system);
  const expected = given.expect === undefined ? undefined : readExpectations(given.expect, machine);
  let before = given.state === undefined ? undefined : stateIn(given.state, machine, context);
  const source = await HealthSource.open({
    context,
    root: given.root,
    id: given.id,
    isLoop: period !== undefined,
  });
  if (given.learn !== undefined) return learn(given.learn, source, machine, context);
  let status = STATUS.unknown as number;
  await loop(io, period, async () => {
    const look = await source.look(namesOf(checks, given));
    const { now } = look;
    const boot = bootOf(system);
    const examined: Examined =
      source.failure === undefined
        ? examine(checks, {
            ...look,
            system,
            expected,
            before,
            boot,
            limits: { ...LIMITS, ...expected?.limits },
          })
        : { findings: [source.failure], notApplicable: [] };
    io.out(printed(given, examined, look, context, period !== undefined));
    status = STATUS[worstOf(examined.findings)];
    if (source.failure !== undefined) return;
    const state = stateOf(look.gpus, COUNTERS, { now, machine, boot, before });
    if (given.state !== undefined) status = kept(given.state, state, status, context);
    // In a loop, growth is over an hour at most; a run alone compares with the one before it.
    if (period !== undefined && (before === undefined || now - before.time >= HOUR)) before = state;
  });
  return status;
}

const HOUR = 3_600_000;

/** Performance data of these is printed whatever the checks are. */
const PERFORMANCE = [
  'temperature.gpu',
  'power.draw',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'enforced.power.limit',
  'temperature.gpu.max',
  'temperature.gpu.slowdown',
];

const namesOf = (
  checks: readonly HealthCheck[],
  { nagios, state, loop: seconds }: HealthOptions,
): readonly string[] => [
  ...checks.flatMap(readingsOf),
  ...(nagios ? PERFORMANCE : []),
  ...(state === undefined && seconds === undefined ? [] : COUNTERS),
];

function printed(
  given: HealthOptions,
  { findings, notApplicable }: Examined,
  look: Observation,
  context: Context,
  isLoop: boolean,
): string {
  if (given.nagios) return nagiosLine(findings, look.performance);
  if (!given.json) return verdictText(findings, lookOf(context), given.verbose !== true);
  return isLoop
    ? verdictLine(new Date(look.now).toISOString(), findings, notApplicable, context.source)
    : verdictJson(findings, notApplicable, context.source);
}

/** What the last run left. A file that is of no use is moved aside, and said so: the run continues as a first one. */
function stateIn(path: string, machine: string | null, { io }: Context): State | undefined {
  const content = readIfThere(path);
  if (content === undefined) return undefined;
  try {
    return parseState(content, path, machine, io.now());
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    const aside = keepAside(path);
    io.err(
      `nvsmi: ${error.message}; ${aside === undefined ? 'another run kept it' : `it is kept as ${aside}`}\n`,
    );
    return undefined;
  }
}

/** Keeps the state. Where that fails the next run has no rates, which no status of this one may hide. */
function kept(path: string, state: State, status: number, { io }: Context): number {
  try {
    writeWhole(path, `${jsonText(state)}\n`);
    return status;
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    io.err(`nvsmi: ${error.message}\n`);
    return status === STATUS.ok ? NOT_CHECKED : status;
  }
}

async function learn(
  path: string,
  source: HealthSource,
  machine: string | null,
  { io }: Context,
): Promise<number> {
  if (source.failure !== undefined) throw new UsageError(source.failure.why, NOT_CHECKED);
  const { gpus, driver } = await source.look(EXPECTED);
  const silent = gpus.find((gpu) => gpu.silent !== undefined);
  if (silent !== undefined)
    throw new UsageError(
      `GPU ${silent.index} does not answer: nothing is learned from a machine that is not well.`,
      NOT_CHECKED,
    );
  for (const { index, answers } of gpus) {
    const failed = EXPECTED.find((name) => answers[name]?.value === null && answers[name].isFailure);
    if (failed !== undefined)
      throw new UsageError(
        `${failed} of GPU ${index} could not be read: nothing is learned from a machine that is not well.`,
        NOT_CHECKED,
      );
  }
  const text = expectationsText(learned(gpus, driver, machine));
  if (path === '-') {
    io.out(text);
    return STATUS.ok;
  }
  const aside = writeWhole(path, text, { keeps: true });
  if (aside !== undefined) io.err(`nvsmi: the file that was there is kept as ${aside}\n`);
  io.out(
    `${path}: what ${gpus.length} GPU${gpus.length === 1 ? ' has' : 's have'} now is expected from now on.\n`,
  );
  return STATUS.ok;
}

export const spec: CommandSpec = command({
  options,
  isVerdict: true,
  withoutVerdict: NOT_CHECKED,
  notes: () =>
    'Exit status: 0 ok, 1 warn, 2 fail, 3 unknown. A check is unknown if a value cannot be read. docs/health.md describes every check.\n',
  run,
});
