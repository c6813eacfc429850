/** `mig`: profiles, placements and instances of MIG, as tables or JSON. Creating and destroying them is refused. */
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import * as mig from '../query/gpu-instances.js';
import { count, number, text, yesNo } from '../query/kind.js';
import { readAll } from '../query/now.js';
import { jsonDocument } from '../render/document.js';
import * as render from '../render/mig.js';
import type { Context } from './context.js';
import type { CommandSpec } from './index.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { chosenGpus } from './select.js';
import { refuseSetters, setter } from './setter.js';

const mebibyteCount = number('MiB');
const n = (value: number) => cell(count, value);

/** What a list is about: chosen GPUs, and the ids that -gi and -ci name. */
interface Scope {
  readonly session: Session;
  readonly gpus: readonly Gpu[];
  readonly isWanted: (option: 'gpu-instance-id' | 'compute-instance-id', id: number) => boolean;
}

interface List<Record extends Cells = Cells> {
  readonly long: string;
  /** Its name in JSON. */
  readonly part: string;
  /** What must have been created for it to have records. */
  readonly of: 'profiles' | 'GPU instances' | 'compute instances';
  readonly collect: (scope: Scope) => readonly Record[];
  readonly render: (records: readonly Record[]) => string;
}

const listOf = <Record extends Cells>(list: List<Record>): List =>
  // A list renders only what it collected itself.
  list as unknown as List;

const wantedInstances = ({ session, gpus, isWanted }: Scope): readonly mig.GpuInstance[] =>
  gpus.flatMap((gpu) => mig.gpuInstances(session, gpu)).filter(({ id }) => isWanted('gpu-instance-id', id));

function engines(profile: mig.InstanceProfile) {
  return {
    multiprocessors: n(profile.multiprocessors),
    decoders: n(profile.decoders),
    encoders: n(profile.encoders),
    copy_engines: n(profile.copyEngines),
    jpegs: n(profile.jpegs),
    ofas: n(profile.ofas),
  };
}

function startsAndSize(placements: readonly mig.Placement[]) {
  return {
    starts: cell(text, placements.map(({ start }) => start).join(',')),
    size: n(placements[0]?.size ?? 0),
  };
}

const LISTS: readonly List[] = [
  listOf({
    long: 'list-gpu-instance-profiles',
    part: 'gpu_instance_profiles',
    of: 'profiles',
    collect: ({ session, gpus }) =>
      gpus.flatMap((gpu) =>
        mig.gpuInstanceProfiles(session, gpu).map((profile) => ({
          gpu: n(gpu.index),
          name: cell(text, profile.name),
          profile_id: n(profile.id),
          free: n(profile.free),
          total: n(profile.total),
          memory_mib: cell(mebibyteCount, profile.memoryMebibytes),
          p2p: cell(yesNo, Number(profile.peerToPeer)),
          ...engines(profile),
        })),
      ),
    render: render.gpuProfileTable,
  }),
  listOf({
    long: 'list-gpu-instance-possible-placements',
    part: 'gpu_instance_placements',
    of: 'profiles',
    collect: ({ session, gpus }) =>
      gpus.flatMap((gpu) =>
        mig.gpuInstanceProfiles(session, gpu).map((profile) => ({
          gpu: n(gpu.index),
          profile_id: n(profile.id),
          ...startsAndSize(mig.gpuInstancePlacements(session, gpu, profile)),
        })),
      ),
    render: render.gpuPlacementLines,
  }),
  listOf({
    long: 'list-gpu-instances',
    part: 'gpu_instances',
    of: 'GPU instances',
    collect: (scope) =>
      wantedInstances(scope).map((gi) => ({
        gpu: n(gi.index),
        name: cell(text, gi.profile.name),
        profile_id: n(gi.profile.id),
        instance_id: n(gi.id),
        start: n(gi.placement.start),
        size: n(gi.placement.size),
      })),
    render: render.gpuInstanceTable,
  }),
  listOf({
    long: 'list-compute-instance-profiles',
    part: 'compute_instance_profiles',
    of: 'GPU instances',
    collect: (scope) =>
      wantedInstances(scope).flatMap((gi) =>
        mig.computeInstanceProfiles(scope.session, gi).map((profile) => ({
          gpu: n(gi.index),
          gpu_instance_id: n(gi.id),
          name: cell(text, profile.name),
          profile_id: n(profile.id),
          default: cell(yesNo, Number(mig.isDefault(profile, gi))),
          free: n(profile.free),
          total: n(profile.total),
          ...engines(profile),
        })),
      ),
    render: render.computeProfileTable,
  }),
  listOf({
    long: 'list-compute-instance-possible-placements',
    part: 'compute_instance_placements',
    of: 'GPU instances',
    collect: (scope) =>
      wantedInstances(scope).flatMap((gi) =>
        mig.computeInstanceProfiles(scope.session, gi).map((profile) => ({
          gpu: n(gi.index),
          gpu_instance_id: n(gi.id),
          profile_id: n(profile.id),
          ...startsAndSize(mig.computeInstancePlacements(scope.session, gi, profile)),
        })),
      ),
    render: render.computePlacementLines,
  }),
  listOf({
    long: 'list-compute-instances',
    part: 'compute_instances',
    of: 'compute instances',
    collect: (scope) =>
      wantedInstances(scope).flatMap((gi) =>
        mig
          .computeInstances(scope.session, gi)
          .filter(({ id }) => scope.isWanted('compute-instance-id', id))
          .map((ci) => ({
            gpu: n(gi.index),
            gpu_instance_id: n(gi.id),
            name: cell(text, ci.profile.name),
            profile_id: n(ci.profile.id),
            instance_id: n(ci.id),
            start: n(ci.placement.start),
            size: n(ci.placement.size),
          })),
      ),
    render: render.computeInstanceTable,
  }),
];

const help: Readonly<Record<string, readonly [short: string, help: string]>> = {
  'list-gpu-instance-profiles': [
    'lgip',
    'Profiles that the GPUs can be cut by, and how often each still fits.',
  ],
  'list-gpu-instance-possible-placements': ['lgipp', 'Where each profile can lie, as {starts}:size.'],
  'list-gpu-instances': ['lgi', 'GPU instances that exist.'],
  'list-compute-instance-profiles': ['lcip', 'Profiles that the GPU instances can be cut by.'],
  'list-compute-instance-possible-placements': ['lcipp', 'Where each of these can lie, as {starts}:size.'],
  'list-compute-instances': ['lci', 'Compute instances that exist.'],
};

const SETTERS = [
  setter('cgi', 'create-gpu-instance', 'required'),
  setter('dgi', 'destroy-gpu-instance'),
  setter('cci', 'create-compute-instance', 'optional'),
  setter('dci', 'destroy-compute-instance'),
  setter('C', 'default-compute-instance'),
];

const options: readonly OptionSpec[] = [
  {
    short: ['i'],
    long: 'id',
    value: 'required',
    argument: 'GPU,...',
    help: 'Only these GPUs: index, UUID, PCI bus id or serial number.',
  },
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
  ...LISTS.map(({ long }): OptionSpec => {
    const [short = '', words = ''] = help[long] ?? [];
    return { short: [short], long, help: words };
  }),
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
    const [mode] = readAll(session, gpu, ['mig.mode.current']);
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
    throw new UsageError(`No MIG-${switchedOn ? 'enabled' : 'supported'} devices found.`, 0);
  }
  try {
    const records = list.collect({ ...scope, gpus });
    if (records.length === 0 && list.of !== 'profiles') throw nothing(list, { ...scope, gpus });
    return records;
  } catch (error) {
    if (!(error instanceof mig.InstanceError)) throw error;
    throw new UsageError(`Failed to display ${error.what}: ${statusReason(error.status)}`, error.status);
  }
}

/** "No GPU instances found: Not Found", as an A100 with MIG on and nothing created answers. */
function nothing(list: List, scope: Scope): UsageError {
  const missing = wantedInstances(scope).length === 0 ? 'GPU instances' : list.of;
  return new UsageError(`No ${missing} found: ${statusReason(NVML_ERROR_NOT_FOUND)}`, NVML_ERROR_NOT_FOUND);
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
    context.io.out(jsonDocument(Object.fromEntries(parts)));
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
