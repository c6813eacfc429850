/** `mig`: profiles, placements and instances of MIG, as tables or JSON; instances are created and destroyed. */
import { type Given, type OptionSpec, setter, setterOf } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import type { Release } from '../../base/release.js';
import {
  NVML_DEVICE_MIG_ENABLE,
  NVML_ERROR_NOT_FOUND,
  NVML_ERROR_NOT_SUPPORTED,
} from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { isTooNew, Missing, type Status, statusReason } from '../../nvml/status.js';
import { type Asking, eachOf, together } from '../../query/ask/asking.js';
import { type Cells, cell } from '../../query/cell.js';
import { releaseOf } from '../../query/driver-release.js';
import { gpuField } from '../../query/gpu-fields.js';
import { count } from '../../query/kind.js';
import { InstanceError } from '../../query/mig/instances.js';
import { type IsWanted, wantedInstances } from '../../query/mig/lists.js';
import type { Reading } from '../../query/reading.js';
import { knownCells } from '../../query/record-cells.js';
import type { CommandSpec } from '../command.js';
import type { Context } from '../context.js';
import { actingOptions, beginActing } from '../runner/acting.js';
import { jsonOption } from '../runner/json-option.js';
import { lostLines, reachable, refusal, statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus, idOption } from '../runner/select.js';
import { settableFirst } from '../runner/settable.js';
import { viewsCommand } from '../runner/views.js';
import { LISTS, type MigList } from './lists.js';
import { MIG_SETTERS, runMigSetter } from './setters.js';

/** What a list is about: chosen GPUs, and the ids that -gi and -ci name. */
interface MigScope {
  readonly gpus: readonly Gpu[];
  readonly isWanted: IsWanted;
}

const SETTERS = [
  setterOf(
    'cgi',
    'create-gpu-instance',
    'PROFILE[:START],...',
    'Create GPU instances of these profiles, by number or name.',
  ),
  {
    ...setter(
      'cci',
      'create-compute-instance',
      'Create compute instances of these profiles; without one, of the whole GPU instance.',
    ),
    value: 'optional',
    argument: 'PROFILE[:START],...',
  },
  setter('dgi', 'destroy-gpu-instance', 'Destroy GPU instances: all, or those of -i and -gi.'),
  setter('dci', 'destroy-compute-instance', 'Destroy compute instances: all, or those of -i, -gi and -ci.'),
] as const;

const WITH_DEFAULT = setter(
  'C',
  'default-compute-instance',
  'With -cgi: create a compute instance in each GPU instance.',
);

const options = [
  idOption,
  {
    short: ['gi'],
    long: 'gpu-instance-id',
    value: 'required',
    argument: 'ID,...',
    help: 'Only these GPU instances.',
  },
  {
    short: ['ci'],
    long: 'compute-instance-id',
    value: 'required',
    argument: 'ID,...',
    help: 'Only these compute instances.',
  },
  ...LISTS,
  { ...jsonOption, help: 'Print the lists as one JSON object.' },
  ...SETTERS,
  WITH_DEFAULT,
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

/** The ids of a comma list, or undefined where the option is not given. */
function idsOf(
  given: Given<typeof options>,
  long: 'gpu-instance-id' | 'compute-instance-id',
): ReadonlySet<number> | undefined {
  const value = given[long];
  if (value === undefined) return undefined;
  const ids = value.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined)
    throw new UsageError(plainly`Invalid value "${value}" for --${long}: ids are numbers.`);
  return new Set(ids.map(Number));
}

/** A GPU does not say whether MIG is on. */
class UnknownMode extends Error {
  constructor(
    gpu: Gpu,
    readonly status: Status,
  ) {
    super(`Unable to determine the MIG mode of GPU ${gpu.index}: ${statusReason(status)}`);
  }
}

/** GPUs with MIG: able to, or switched on. Throws UnknownMode. */
function* withMig(gpus: readonly Gpu[], switchedOn: boolean): Asking<readonly Gpu[]> {
  const asked = reachable(gpus);
  const modes = yield* together(asked.map((gpu) => gpuField('mig.mode.current', gpu)));
  return asked.filter((gpu, i) => {
    const mode = modes[i] as Reading;
    if (!(mode instanceof Missing)) return !switchedOn || Number(mode) === NVML_DEVICE_MIG_ENABLE;
    if (mode.status === NVML_ERROR_NOT_SUPPORTED || isTooNew(mode.status)) return false;
    throw new UnknownMode(gpu, mode.status);
  });
}

/** Why a list of an instance's parts ends at the instances. Words and statuses: 550.163.01 with failing calls. */
function refusalOf(list: MigList, error: Error, gpus: readonly Gpu[]): Error {
  if (error instanceof UnknownMode) return refusal(error.message, error.status, gpus);
  if (!(error instanceof InstanceError)) return error;
  const isAbove = error.of === 'GPU instances' && list.title.startsWith('compute');
  const failed = isAbove ? `No ${error.of} found` : `Failed to display ${list.title}`;
  return refusal(`${failed}: ${statusReason(error.status)}`, error.status, gpus);
}

/** The records of a list, or what nvidia-smi says where there can be none. */
function* collect(list: MigList, scope: MigScope, release: Release): Asking<readonly Cells[]> {
  const { needs, fields, records } = list.relation;
  const switchedOn = needs !== 'profiles' || release < 550;
  const gpus = yield* withMig(scope.gpus, switchedOn);
  // Before 550 MIG has to be on for the profiles, too, and what has no MIG is not said apart (470, 525, 535 on the fake).
  if (gpus.length === 0 && release < 550) {
    throw refusal('No MIG-enabled devices found.', EXIT.noDevice, scope.gpus);
  }
  // H100 and H200 with MIG off, and with failing calls (580.159.04); a T4 (550.163.01).
  if (gpus.length === 0) {
    if ((yield* withMig(scope.gpus, false)).length === 0) {
      throw refusal('No MIG-supported devices found.', EXIT.noDevice, scope.gpus);
    }
    throw refusal('No MIG-enabled devices found.', EXIT.ok, scope.gpus);
  }
  const found = yield* eachOf(gpus, function* (gpu) {
    return (yield* records(gpu, scope.isWanted)).map((values) => ({
      gpu: cell(count, gpu.index),
      ...knownCells(fields, values),
    }));
  });
  if (found.length === 0 && switchedOn) throw yield* nothing(list, { ...scope, gpus }, scope.gpus);
  return found;
}

/** "No GPU instances found: Not Found", as an A100 with MIG on and nothing created answers. */
function* nothing(list: MigList, scope: MigScope, chosen: readonly Gpu[]): Asking<UsageError> {
  const instances = yield* eachOf(scope.gpus, (gpu) => wantedInstances(gpu, scope.isWanted));
  const missing = instances.length === 0 ? 'GPU instances' : list.relation.needs;
  return refusal(`No ${missing} found: ${statusReason(NVML_ERROR_NOT_FOUND)}`, NVML_ERROR_NOT_FOUND, chosen);
}

/** Which instances -gi and -ci name. Throws UsageError. */
function wantedOf(given: Given<typeof options>): IsWanted {
  const ids = {
    gpu_instance_id: idsOf(given, 'gpu-instance-id'),
    compute_instance_id: idsOf(given, 'compute-instance-id'),
  };
  return (which, id) => ids[which]?.has(id) ?? true;
}

async function set(given: Given<typeof options>, context: Context): Promise<number> {
  const [long, setter] = MIG_SETTERS.find(([each]) => given[each] !== undefined) ?? [];
  if (long === undefined || setter === undefined) throw new Error('no setter was given');
  const isWanted = wantedOf(given);
  const acting = await beginActing(given, context);
  return runMigSetter(setter, {
    acting,
    gpus: await chosenGpus(acting.session, given.id),
    isWanted: (option, id) =>
      isWanted(option === 'gpu-instance-id' ? 'gpu_instance_id' : 'compute_instance_id', id),
    profiles: String(given[long]),
    withDefault: given['default-compute-instance'] === true,
  });
}

/** The tables, one after the other: a refusal comes after what was printed before it. */
async function print(given: Given<typeof options>, context: Context): Promise<number> {
  const isWanted = wantedOf(given);
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const release = await asker.start(releaseOf(session, (text) => context.io.err(text)));
  for (const list of LISTS.filter(({ long }) => given[long])) {
    try {
      context.io.out(list.print(await asker.start(collect(list, { gpus, isWanted }, release)), release));
    } catch (error) {
      throw refusalOf(list, error as Error, gpus);
    }
  }
  context.io.out(lostLines(gpus));
  return statusOf(gpus);
}

const shown = viewsCommand({
  options,
  views: LISTS,
  isRefused: true,
  keep: (given) => {
    const isWanted = wantedOf(given);
    return (record) =>
      (['gpu_instance_id', 'compute_instance_id'] as const).every((which) => {
        const id = record[which];
        return id === undefined || isWanted(which, Number(id));
      });
  },
  check: wantedOf,
  text: () => '',
});

/** Which of several things nvidia-smi does (550.163.01: each two of them were tried). */
const ORDER: readonly (typeof options)[number]['long'][] = [
  'list-gpu-instance-profiles',
  'list-gpu-instance-possible-placements',
  'create-gpu-instance',
  'list-gpu-instances',
  'destroy-gpu-instance',
  'list-compute-instance-profiles',
  'list-compute-instance-possible-placements',
  'create-compute-instance',
  'list-compute-instances',
  'destroy-compute-instance',
];

export const spec: CommandSpec = settableFirst<Given<typeof options>>(
  {
    ...shown,
    run: (given, context) =>
      given.json === true ? shown.run(given, context) : print(given as Given<typeof options>, context),
  },
  ORDER,
  MIG_SETTERS.map(([long]) => long),
  set,
);
