/** The GPU instances that a MIG layout means. What cannot lie on a GPU is refused before anything is changed. */
import { UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { Missing } from '../../nvml/status.js';
import {
  type GpuInstanceProfile,
  gpuInstancePlacements,
  gpuInstanceProfiles,
} from '../../query/mig/gpu-instances.js';
import { InstanceError, type Placement } from '../../query/mig/instances.js';
import type { Target } from '../action.js';
import { runNow } from '../ask.js';
import type { MigLayout, WantedInstance } from './desired.js';

export const bare = (profile: string): string => profile.replace(/^MIG /, '');

/** The GPU instances of a layout. Throws UsageError for a profile that the GPU does not have, and for what does not fit. */
export function instancesIn(target: Target, layout: Exclude<MigLayout, false>): readonly WantedInstance[] {
  const profiles = runNow(target.asker, gpuInstanceProfiles(target.gpu));
  const names = profiles.map(({ name }) => bare(name));
  const known = (profile: string): string => {
    if (names.includes(bare(profile))) return bare(profile);
    throw new UsageError(
      plainly`GPU ${target.gpu.index} has no MIG profile ${profile}; it has ${names.join(', ') || 'none'}.`,
    );
  };
  if (typeof layout !== 'string') {
    const wanted = layout.map((each) =>
      typeof each === 'string' ? { profile: known(each) } : { ...each, profile: known(each.profile) },
    );
    refuseWithoutRoom(target, profiles, wanted);
    return wanted;
  }
  if (layout === 'empty') return [];
  const profile = known(layout.replace(/^all-/, ''));
  const total = Number(profiles.find(({ name }) => bare(name) === profile)?.total ?? 0);
  return Array.from({ length: layout.startsWith('all-') ? total : 1 }, () => ({ profile }));
}

interface Slices {
  readonly start: number;
  readonly end: number;
}

function refuseWithoutRoom(
  target: Target,
  profiles: readonly GpuInstanceProfile[],
  wanted: readonly WantedInstance[],
): void {
  const { index } = target.gpu;
  const choices: (readonly Slices[])[] = [];
  for (const { profile: name, start } of wanted) {
    const profile = profiles.find((each) => bare(each.name) === name) as GpuInstanceProfile;
    const most = profile.total;
    const count = wanted.filter((each) => each.profile === name).length;
    if (!(most instanceof Missing) && count > Number(most)) {
      throw new UsageError(
        plainly`GPU ${index} has room for ${String(most)} instances ${name}, not for ${count}.`,
      );
    }
    const placements = placementsOf(target, profile);
    // Not known: the driver will say.
    if (placements === undefined) return;
    const starts = placements.map((each) => Number(each.start));
    if (start !== undefined && !starts.includes(start)) {
      throw new UsageError(
        plainly`On GPU ${index} an instance ${name} must start at ${starts.join(', ')}, not at ${start}.`,
      );
    }
    choices.push(
      placements
        .filter((each) => start === undefined || each.start === start)
        .map((each) => ({ start: Number(each.start), end: Number(each.start) + Number(each.size) })),
    );
  }
  if (canLie(choices)) return;
  const list = wanted.map(({ profile, start }) => (start === undefined ? profile : `${profile}:${start}`));
  throw new UsageError(plainly`GPU ${index} has no room for all of ${list.join(', ')}.`);
}

/** Whether one of each list can be taken so that no two overlap: there are eight slices at the most. */
function canLie([first, ...others]: readonly (readonly Slices[])[], taken: readonly Slices[] = []): boolean {
  if (first === undefined) return true;
  return first.some(
    (span) =>
      taken.every(({ start, end }) => span.end <= start || end <= span.start) &&
      canLie(others, [...taken, span]),
  );
}

/** Undefined where the driver does not say: so it may be while MIG is off. */
function placementsOf({ asker, gpu }: Target, profile: GpuInstanceProfile): readonly Placement[] | undefined {
  try {
    const found = runNow(asker, gpuInstancePlacements(gpu, profile));
    return found.length === 0 ? undefined : found;
  } catch (error) {
    if (error instanceof InstanceError) return undefined;
    throw error;
  }
}
