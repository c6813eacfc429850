/** Table: the lists of `mig`: what each is called, what it collects, and how it is printed. */
import type { OptionSpec } from '../base/argv.js';
import type { Release } from '../base/release.js';
import * as render from '../format/mig.js';
import type { Gpu } from '../nvml/session.js';
import { type Asking, eachOf, together } from '../query/ask/asking.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import {
  computeInstancePlacements,
  computeInstanceProfiles,
  computeInstances,
  isDefault,
} from '../query/compute-instances.js';
import {
  type GpuInstance,
  gpuInstancePlacements,
  gpuInstanceProfiles,
  gpuInstances,
} from '../query/gpu-instances.js';
import { count, number, text, yesNo } from '../query/kind.js';
import type { InstanceProfile, Placement } from '../query/mig-instances.js';
import type { Reading } from '../query/reading.js';

const mebibyteCount = number('MiB');
const n = (value: Reading) => cell(count, value);

/** What a list is about: chosen GPUs, and the ids that -gi and -ci name. */
export interface MigScope {
  readonly gpus: readonly Gpu[];
  readonly isWanted: (option: 'gpu-instance-id' | 'compute-instance-id', id: number) => boolean;
}

export interface MigList<Record extends Cells = Cells> extends OptionSpec {
  /** Its name in JSON. */
  readonly part: string;
  /** What it lists, in nvidia-smi's words (550.163.01, with failing calls). */
  readonly title: string;
  /** What must have been created for it to have records. */
  readonly of: 'profiles' | 'GPU instances' | 'compute instances';
  readonly collect: (scope: MigScope) => Asking<readonly Record[]>;
  readonly render: (records: readonly Record[], release: Release) => string;
}

const listOf = <const Long extends string, Record extends Cells>(
  list: MigList<Record> & { readonly long: Long },
): MigList & { readonly long: Long } =>
  // A list renders only what it collected itself.
  ({ ...list, action: true }) as unknown as MigList & { readonly long: Long };

export function* wantedInstances({ gpus, isWanted }: MigScope): Asking<readonly GpuInstance[]> {
  const instances = yield* eachOf(gpus, gpuInstances);
  return instances.filter(({ id }) => isWanted('gpu-instance-id', id));
}

/** Records of each GPU instance that is meant. */
function* ofInstances<Record>(
  scope: MigScope,
  records: (gi: GpuInstance) => Asking<readonly Record[]>,
): Asking<readonly Record[]> {
  return yield* eachOf(yield* wantedInstances(scope), records);
}

function engines(profile: InstanceProfile) {
  return {
    multiprocessors: n(profile.multiprocessors),
    decoders: n(profile.decoders),
    encoders: n(profile.encoders),
    copy_engines: n(profile.copyEngines),
    jpegs: n(profile.jpegs),
    ofas: n(profile.ofas),
  };
}

function startsAndSize(placements: readonly Placement[]) {
  return {
    starts: cell(text, placements.map(({ start }) => cellText(n(start))).join(',')),
    size: n(placements[0]?.size ?? 0),
  };
}

export const LISTS = [
  listOf({
    short: ['lgip'],
    long: 'list-gpu-instance-profiles',
    help: 'GPU instance profiles, with their free and total instances.',
    part: 'gpu_instance_profiles',
    title: 'GPU instance profiles',
    of: 'profiles',
    collect: ({ gpus }) =>
      eachOf(gpus, function* (gpu) {
        return (yield* gpuInstanceProfiles(gpu)).map((profile) => ({
          gpu: n(gpu.index),
          name: cell(text, profile.name),
          profile_id: n(profile.id),
          free: n(profile.free),
          total: n(profile.total),
          memory_mib: cell(mebibyteCount, profile.memoryMebibytes),
          p2p: cell(yesNo, profile.peerToPeer),
          ...engines(profile),
        }));
      }),
    render: render.gpuProfileTable,
  }),
  listOf({
    short: ['lgipp'],
    long: 'list-gpu-instance-possible-placements',
    help: 'Possible placements of each GPU instance profile, as {starts}:size.',
    part: 'gpu_instance_placements',
    title: 'GPU instance placements',
    of: 'profiles',
    collect: ({ gpus }) =>
      eachOf(gpus, function* (gpu) {
        return yield* together(
          (yield* gpuInstanceProfiles(gpu)).map(function* (profile) {
            return {
              gpu: n(gpu.index),
              profile_id: n(profile.id),
              ...startsAndSize(yield* gpuInstancePlacements(gpu, profile)),
            };
          }),
        );
      }),
    render: render.gpuPlacementLines,
  }),
  listOf({
    short: ['lgi'],
    long: 'list-gpu-instances',
    help: 'Existing GPU instances.',
    part: 'gpu_instances',
    title: 'GPU instances',
    of: 'GPU instances',
    *collect(scope) {
      return (yield* wantedInstances(scope)).map((gi) => ({
        gpu: n(gi.index),
        name: cell(text, gi.profile.name),
        profile_id: n(gi.profile.id),
        instance_id: n(gi.id),
        start: n(gi.placement.start),
        size: n(gi.placement.size),
      }));
    },
    render: render.gpuInstanceTable,
  }),
  listOf({
    short: ['lcip'],
    long: 'list-compute-instance-profiles',
    help: 'Compute instance profiles of each GPU instance.',
    part: 'compute_instance_profiles',
    title: 'compute instance profiles',
    of: 'GPU instances',
    collect: (scope) =>
      ofInstances(scope, function* (gi) {
        return (yield* computeInstanceProfiles(gi)).map((profile) => ({
          gpu: n(gi.index),
          gpu_instance_id: n(gi.id),
          name: cell(text, profile.name),
          profile_id: n(profile.id),
          default: cell(yesNo, Number(isDefault(profile, gi))),
          free: n(profile.free),
          total: n(profile.total),
          ...engines(profile),
        }));
      }),
    render: render.computeProfileTable,
  }),
  listOf({
    short: ['lcipp'],
    long: 'list-compute-instance-possible-placements',
    since: 525,
    help: 'Possible placements of each compute instance profile, as {starts}:size.',
    part: 'compute_instance_placements',
    title: 'compute instance placements',
    of: 'GPU instances',
    collect: (scope) =>
      ofInstances(scope, function* (gi) {
        return yield* together(
          (yield* computeInstanceProfiles(gi)).map(function* (profile) {
            return {
              gpu: n(gi.index),
              gpu_instance_id: n(gi.id),
              profile_id: n(profile.id),
              ...startsAndSize(yield* computeInstancePlacements(gi, profile)),
            };
          }),
        );
      }),
    render: render.computePlacementLines,
  }),
  listOf({
    short: ['lci'],
    long: 'list-compute-instances',
    help: 'Existing compute instances.',
    part: 'compute_instances',
    title: 'compute instances',
    of: 'compute instances',
    collect: (scope) =>
      ofInstances(scope, function* (gi) {
        return (yield* computeInstances(gi))
          .filter(({ id }) => scope.isWanted('compute-instance-id', id))
          .map((ci) => ({
            gpu: n(gi.index),
            gpu_instance_id: n(gi.id),
            name: cell(text, ci.profile.name),
            profile_id: n(ci.profile.id),
            instance_id: n(ci.id),
            start: n(ci.placement.start),
            size: n(ci.placement.size),
          }));
      }),
    render: render.computeInstanceTable,
  }),
] as const satisfies readonly MigList[];
