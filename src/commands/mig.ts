/** `mig`: profiles, placements and instances of MIG, as tables or JSON. Creating and destroying them is refused. */
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import { EXIT, UsageError } from '../errors.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Cells } from '../query/cell.js';
import { readGpuFields } from '../query/gpu-fields.js';
import { InstanceError } from '../query/mig-instances.js';
import { jsonDocument } from '../render/document.js';
import type { Context } from './context.js';
import type { CommandSpec } from './index.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { LISTS, type List, type Scope, wantedInstances } from './mig-lists.js';
import { refusal } from './refusal.js';
import { chosenGpus, idOption } from './select.js';
import { refuseSetters, setter } from './setter.js';

const SETTERS = [
  setter('cgi', 'create-gpu-instance', 'required'),
  setter('dgi', 'destroy-gpu-instance'),
  setter('cci', 'create-compute-instance', 'optional'),
  setter('dci', 'destroy-compute-instance'),
  setter('C', 'default-compute-instance'),
];

const options: readonly OptionSpec[] = [
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
  ...LISTS.map(({ short, long, help }): OptionSpec => ({ short: [short], long, help })),
  { long: 'json', help: 'Print the lists as one JSON object.' },
  ...SETTERS,
];

/** The ids of a comma list, or undefined where the option is not given. */
function idsOf(tokens: readonly Token[], long: string): ReadonlySet<number> | undefined {
  const value = lastValue(tokens, long);
  if (value === undefined) return undefined;
  const ids = value.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined) throw new UsageError(`Invalid value "${value}" for --${long}: ids are numbers.`);
  return new Set(ids.map(Number));
}

/** GPUs with MIG: able to, or switched on. */
function withMig(session: Session, gpus: readonly Gpu[], switchedOn: boolean): readonly Gpu[] {
  return reachable(gpus).filter((gpu) => {
    const [mode] = readGpuFields(session, gpu, ['mig.mode.current']);
    if (mode === undefined || mode instanceof Missing) return false;
    return !switchedOn || Number(mode) !== 0;
  });
}

/** The records of a list, or what nvidia-smi says where there can be none. */
function collect(list: List, scope: Scope): readonly Cells[] {
  const switchedOn = list.of !== 'profiles';
  const gpus = withMig(scope.session, scope.gpus, switchedOn);
  // Status 0, as seen on the H100 and H200 with MIG off (580.159.04); the other words are those of a GPU without MIG.
  if (gpus.length === 0) {
    throw refusal(`No MIG-${switchedOn ? 'enabled' : 'supported'} devices found.`, EXIT.ok, scope.gpus);
  }
  try {
    const records = list.collect({ ...scope, gpus });
    if (records.length === 0 && list.of !== 'profiles') {
      throw nothing(list, { ...scope, gpus }, scope.gpus);
    }
    return records;
  } catch (error) {
    if (!(error instanceof InstanceError)) throw error;
    throw refusal(`Failed to display ${error.what}: ${statusReason(error.status)}`, error.status, scope.gpus);
  }
}

/** "No GPU instances found: Not Found", as an A100 with MIG on and nothing created answers. */
function nothing(list: List, scope: Scope, chosen: readonly Gpu[]): UsageError {
  const missing = wantedInstances(scope).length === 0 ? 'GPU instances' : list.of;
  return refusal(`No ${missing} found: ${statusReason(NVML_ERROR_NOT_FOUND)}`, NVML_ERROR_NOT_FOUND, chosen);
}

async function run(tokens: readonly Token[], context: Context): Promise<number> {
  refuseSetters(tokens);
  const ids = {
    'gpu-instance-id': idsOf(tokens, 'gpu-instance-id'),
    'compute-instance-id': idsOf(tokens, 'compute-instance-id'),
  };
  const { session } = await context.machine();
  const gpus = chosenGpus(session, lastValue(tokens, 'id'));
  const scope: Scope = { session, gpus, isWanted: (option, id) => ids[option]?.has(id) ?? true };
  const lists = LISTS.filter(({ long }) => lastValue(tokens, long) !== undefined);
  if (lastValue(tokens, 'json') !== undefined) {
    const parts = lists.map(({ part, of, collect: records }) => [
      part,
      records({ ...scope, gpus: withMig(session, gpus, of !== 'profiles') }),
    ]);
    context.io.out(jsonDocument(Object.fromEntries(parts), context.source));
    return statusOf(gpus);
  }
  for (const list of lists) context.io.out(list.render(collect(list, scope)));
  context.io.out(lostLines(gpus));
  return statusOf(gpus);
}

export const spec: CommandSpec = {
  options,
  actions: [...LISTS, ...SETTERS].map(({ long }) => long),
  run,
};
