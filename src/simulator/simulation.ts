/** The table of a simulated machine (simulator/runtime.c): what the library answers to any program. */
import { own } from '../base/form.js';
import { NVML_ERROR_NO_PERMISSION, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import { changing } from '../nvml/generated/prototypes.js';
import { isRefusal, statusOf } from '../snapshot/answer-status.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import type { Calls } from '../snapshot/snapshot-ticks.js';
import { answerLines, fieldLines } from './answer-lines.js';
import { completed } from './completed.js';
import { GPM, gpmLines } from './gpm.js';
import { SimulatedHandles } from './handles.js';
import { periodsOf, roundOf } from './periods.js';
import { recordedCalls } from './recorded-calls.js';
import { isTimed, sampleLines } from './samples.js';
import { KEPT, stateLines, type Writable } from './writable.js';

export interface Simulation {
  readonly snapshot: Snapshot;
  /** Rules as in a control file (simulator/control.c): `fail gpu1 nvmlDeviceGetTemperature GPU_IS_LOST`. */
  readonly rules?: readonly string[];
  /** The file with more of them, which may change; beside the library where it has no folder. */
  readonly control?: string;
  /** Milliseconds since the epoch of the first moment; each program that loads the library has its own, if it is left out. */
  readonly start?: number;
  /** A file that gets a line for every call. */
  readonly log?: string;
  /** What changes a GPU changes what is answered; otherwise it is refused. */
  readonly writable?: Writable;
}

/**
 * Lists whose room is used in another way than by their neighbours, as `USE` of the table's token `l`. The driver fills
 * lists of MIG without reading how much room there is (their documentation has the count as an output alone), and gives the
 * samples that fit.
 */
const USE_OF_ROOM: Readonly<Partial<Record<FunctionName, 2 | 3>>> = {
  nvmlDeviceGetGpuInstances: 2,
  nvmlDeviceGetGpuInstancePossiblePlacements: 2,
  nvmlDeviceGetGpuInstancePossiblePlacements_v2: 2,
  nvmlGpuInstanceGetComputeInstances: 2,
  nvmlGpuInstanceGetComputeInstancePossiblePlacements: 2,
  nvmlDeviceGetSamples: 3,
};

/** Of these the library takes care by itself. */
const OWN: ReadonlySet<FunctionName> = new Set([
  'nvmlInit',
  'nvmlInit_v2',
  'nvmlInitWithFlags',
  'nvmlShutdown',
  'nvmlEventSetCreate',
  'nvmlEventSetFree',
  'nvmlDeviceRegisterEvents',
  'nvmlEventSetWait',
  'nvmlEventSetWait_v2',
]);

export function simulationTable(simulation: Simulation): string {
  const { snapshot: recorded, rules = [], control, start, log, writable } = simulation;
  const snapshot = completed(recorded);
  const handles = new SimulatedHandles();
  const round = roundOf(snapshot);
  const all = periodsOf({ ...snapshot, calls: withoutTimed(snapshot.calls) });
  const metrics = gpmLines(all, handles);
  const periods = all.map((period) => ({ ...period, calls: withoutGpm(period.calls) }));
  const answers = periods.flatMap((period) =>
    answerLines(
      period,
      recordedCalls(period.calls, (name) => handles.handleOf(name)),
      handles,
    ),
  );
  const lines = [...answers, ...fieldLines(periods, handles), ...sampleLines(snapshot, handles)].map(
    withUseOfRoom,
  );
  const head = [
    ...handles.lines(),
    ...(start === undefined ? [] : [`!start ${Math.round(start * 1000)}`]),
    ...(round === 0 ? [] : [`!round ${round}`]),
    ...(log === undefined ? [] : [`!log ${log}`]),
    '!events',
    ...metrics,
    ...(control === undefined ? [] : [`!control ${control}`]),
    ...rules.map((rule) => `!${rule}`),
    ...(writable === undefined ? [] : stateLines(writable, snapshot)),
  ];
  const kept = writable === undefined ? [] : KEPT;
  const ownWork = metrics.length === 0 ? kept : [...kept, ...GPM];
  const others = [...otherInits(snapshot.calls), ...refusedChanges(withoutGpm(snapshot.calls), ownWork)];
  return `${[...head, ...new Set(lines), ...others].join('\n')}\n`;
}

const withoutTimed = (calls: Calls): Calls =>
  Object.fromEntries(Object.entries(calls).filter(([fn]) => !isTimed(fn)));

const withoutGpm = (calls: Calls): Calls =>
  Object.fromEntries(Object.entries(calls).filter(([fn]) => !GPM.has(fn as FunctionName)));

/** An entry with the use of its list's room. */
export function withUseOfRoom(line: string): string {
  const use = USE_OF_ROOM[line.slice(0, line.indexOf(' ')) as FunctionName];
  return use === undefined ? line : line.replace(/( l:\d+:\d+:\d+:)\d/, `$1${use}`);
}

/** A driver that refuses one nvmlInit refuses all. */
function otherInits(calls: Calls): readonly string[] {
  const answer = own(own(calls, 'nvmlInit_v2') ?? {}, '');
  if (answer === undefined || !isRefusal(answer)) return [];
  return ['nvmlInit', 'nvmlInitWithFlags'].map((fn) => `${fn} r:${statusOf(answer)}`);
}

/**
 * What changes a GPU is refused as a driver refuses it to a user who is not root: programs know that answer. Some are kept as
 * state instead, where that is asked for.
 */
const refusedChanges = (calls: Calls, kept: readonly string[]): readonly string[] =>
  [...changing]
    .filter((fn) => !OWN.has(fn) && !kept.includes(fn) && own(calls, fn) === undefined)
    .map((fn) => `${fn} r:${NOT_SIMULATED.test(fn) ? NVML_ERROR_NOT_SUPPORTED : NVML_ERROR_NO_PERMISSION}`);

/** These change nothing, and the recording has not what they would begin: metrics of GPM, events of the system. */
const NOT_SIMULATED = /^nvml(Gpm.*(Sample|Metrics)|System.*Event)/;
