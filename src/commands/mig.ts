/** `mig`: profiles, placements and instances of MIG, as tables or JSON; instances are created and destroyed. */
import { type Given, type OptionSpec, setter, setterOf } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import type { Release } from '../base/release.js';
import { jsonDocument } from '../format/document.js';
import { NVML_ERROR_NOT_FOUND, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { isTooNew, Missing, type Status, statusReason } from '../nvml/status.js';
import { type Asking, together } from '../query/ask/asking.js';
import type { Cells } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { gpuField } from '../query/gpu-fields.js';
import { InstanceError } from '../query/mig-instances.js';
import type { Reading } from '../query/reading.js';
import { actingOptions, beginActing } from './acting.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { LISTS, type MigList, type MigScope, wantedInstances } from './mig-lists.js';
import { MIG_SETTERS, runMigSetter } from './mig-setters.js';
import { chosenGpus, idOption } from './select.js';

const SETTERS = [
  setterOf(
    'cgi',
    'create-gpu-instance',
    'PROFILE[:START],...',
    'Create GPU instances, each of a profile, by its number or name.',
  ),
  {
    ...setter(
      'cci',
      'create-compute-instance',
      'Create compute instances; of the whole GPU instance where no profile is named.',
    ),
    value: 'optional',
    argument: 'PROFILE,...',
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
  { long: 'json', ours: true, help: 'Print the lists as one JSON object.' },
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
    if (!(mode instanceof Missing)) return !switchedOn || Number(mode) !== 0;
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

/** The records of a list for JSON, or why it could not be read. */
function* recordsOf(list: MigList, scope: MigScope): Asking<readonly Cells[] | Missing> {
  try {
    return yield* list.collect({ ...scope, gpus: yield* withMig(scope.gpus, list.of !== 'profiles') });
  } catch (error) {
    if (!(error instanceof InstanceError || error instanceof UnknownMode)) throw error;
    return Missing.of(error.status);
  }
}

/** The records of a list, or what nvidia-smi says where there can be none. */
function* collect(list: MigList, scope: MigScope, release: Release): Asking<readonly Cells[]> {
  const switchedOn = list.of !== 'profiles' || release < 550;
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
  const records = yield* list.collect({ ...scope, gpus });
  if (records.length === 0 && list.of !== 'profiles') {
    throw yield* nothing(list, { ...scope, gpus }, scope.gpus);
  }
  return records;
}

/** "No GPU instances found: Not Found", as an A100 with MIG on and nothing created answers. */
function* nothing(list: MigList, scope: MigScope, chosen: readonly Gpu[]): Asking<UsageError> {
  const missing = (yield* wantedInstances(scope)).length === 0 ? 'GPU instances' : list.of;
  return refusal(`No ${missing} found: ${statusReason(NVML_ERROR_NOT_FOUND)}`, NVML_ERROR_NOT_FOUND, chosen);
}

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const ids = {
    'gpu-instance-id': idsOf(given, 'gpu-instance-id'),
    'compute-instance-id': idsOf(given, 'compute-instance-id'),
  };
  const asked = MIG_SETTERS.find(([long]) => given[long] !== undefined);
  if (asked !== undefined) {
    const [long, set] = asked;
    const acting = await beginActing(given, context);
    return runMigSetter(set, {
      acting,
      gpus: await chosenGpus(acting.session, given.id),
      isWanted: (option, id) => ids[option]?.has(id) ?? true,
      profiles: String(given[long]),
      withDefault: given['default-compute-instance'] === true,
    });
  }
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const scope: MigScope = { gpus, isWanted: (option, id) => ids[option]?.has(id) ?? true };
  const lists = LISTS.filter(({ long }) => given[long]);
  const release = await asker.start(releaseOf(session, (text) => context.io.err(text)));
  if (given.json) {
    const records = await asker.start(together(lists.map((list) => recordsOf(list, scope))));
    const parts = lists.map(({ part }, i) => [part, records[i] as (typeof records)[number]] as const);
    context.io.out(jsonDocument(Object.fromEntries(parts), context.source));
    const failed = records.find((list) => list instanceof Missing);
    return statusOf(gpus) || (failed?.status ?? EXIT.ok);
  }
  for (const list of lists) {
    try {
      context.io.out(list.render(await asker.start(collect(list, scope, release)), release));
    } catch (error) {
      throw refusalOf(list, error as Error, gpus);
    }
  }
  context.io.out(lostLines(gpus));
  return statusOf(gpus);
}

export const spec: CommandSpec = command({
  options,
  run,
});
