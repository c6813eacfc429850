/** `vgpu set-scheduler-state`: how vGPUs share the engines of a GPU (550.163.01). */
import { onVgpuHosts } from '../../act/vgpu.js';
import { type Scheduling, setScheduler } from '../../act/vgpu-scheduler.js';
import { type Given, setterOf } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { actingOptions, beginActing } from '../runner/acting.js';
import { jsonOption } from '../runner/json-option.js';
import { chosenGpus, idOption } from '../runner/select.js';

const options = [
  idOption,
  setterOf('p', 'policy', '1|2|3', 'The policy: 1 best effort, 2 equal share, 3 fixed share.'),
  setterOf('a', 'arr-mode', '0|1', 'Adaptive round robin: 0 off, 1 on.'),
  setterOf('asf', 'arr-sched-frequency', 'HZ', 'Frequency of adaptive round robin.'),
  setterOf('aavg', 'arr-avg-factor', 'NUMBER', 'Averaging factor of adaptive round robin.'),
  setterOf('ts', 'time-slice', 'NANOSECONDS', 'Time slice without adaptive round robin.'),
  jsonOption,
  ...actingOptions,
] as const;

type SchedulerGiven = Given<typeof options>;

/** A whole number, as nvidia-smi reads it. Throws UsageError for another text. */
function numberOf(text: string | undefined, refusal: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new UsageError(refusal);
}

/** What is wanted; undefined without a policy. Throws UsageError for what does not go together. */
function schedulingOf(given: SchedulerGiven): Scheduling | undefined {
  const policy = numberOf(given.policy, 'Option passed to set vGPU scheduler policy is invalid.');
  const mode = numberOf(given['arr-mode'], 'Option passed to set Adaptive Round Robin scheduler is invalid.');
  const frequency = numberOf(
    given['arr-sched-frequency'],
    'Option passed to set runlist scheduling frequency is invalid.',
  );
  const averagingFactor = numberOf(
    given['arr-avg-factor'],
    'Option passed to set the averaging factor is invalid.',
  );
  const timeslice = numberOf(given['time-slice'], 'Option passed to set the timeslice is invalid.');
  if (mode !== undefined && mode > 1) {
    throw new UsageError('Option passed to set Adaptive Round Robin scheduler is invalid.');
  }
  if (policy === undefined) return undefined;
  const ofAdaptive = frequency ?? averagingFactor;
  if (policy !== 1 && mode === undefined && (ofAdaptive ?? timeslice) !== undefined) {
    throw new UsageError('Provide option to set Adaptive Round Robin scheduler.');
  }
  if (mode === 0 && ofAdaptive !== undefined) {
    throw new UsageError('averaging factor/scheduling frequency option is invalid with arrMode disabled.');
  }
  if (mode === 1 && policy !== 1 && timeslice !== undefined) {
    throw new UsageError('timeslice option is invalid with arrMode enabled.');
  }
  const isAdaptive = mode === undefined ? undefined : mode === 1;
  return { policy, isAdaptive, frequency, averagingFactor, timeslice };
}

/** A GPU with active vGPUs, or a value that does not go with best effort, leaves the status at 0. */
async function run(given: SchedulerGiven, context: Context): Promise<number> {
  const scheduling = schedulingOf(given);
  const acting = await beginActing(given, context);
  const hosts = onVgpuHosts(acting.asker, await chosenGpus(acting.session, given.id));
  if (hosts.length === 0) acting.say('No supported devices in vGPU mode\n');
  if (scheduling === undefined) {
    acting.say('Failed to locate the vGPU scheduler policy specified at the command-line\n');
    return acting.finish(hosts.length === 0 ? EXIT.noDevice : EXIT.ok);
  }
  for (const { target, hasActiveVgpus } of hosts) {
    const verdict = acting.attempt(setScheduler(target, scheduling, hasActiveVgpus));
    acting.say(verdict.lines.map((line) => `${line}\n`).join(''));
    if (verdict.outcome === 'failed') return acting.finish(verdict.isQuiet ? EXIT.ok : verdict.status);
  }
  return acting.finish(EXIT.ok);
}

export const spec: CommandSpec = command({ options, run });
