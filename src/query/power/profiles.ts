/** Workload power profiles: which a GPU supports, and which were requested and enforced. Blackwell and newer. */
import {
  nvmlDeviceWorkloadPowerProfileGetCurrentProfiles,
  nvmlDeviceWorkloadPowerProfileGetProfilesInfo,
} from '../../nvml/generated/entries.js';
import { ask } from '../ask/asking.js';
import { type Field, item } from '../field.js';
import { count, text } from '../kind.js';
import { fixed, type Probe, sample } from '../probe.js';
import type { AnswerView } from '../reading.js';
import type { Relation } from '../relation.js';
import { profileNames } from './profile-names.js';

const profilesInfo = fixed(nvmlDeviceWorkloadPowerProfileGetProfilesInfo);

const currentProfiles = sample(nvmlDeviceWorkloadPowerProfileGetCurrentProfiles);

const WORD_BITS = 32;
const MASK_WORDS = 8;

/** The profile ids in a mask of 255 bits, ascending. A word of all ones has all bits. */
export function idsInMask(view: AnswerView, path: string): readonly number[] {
  return Array.from({ length: MASK_WORDS }, (_, word) => Number(view.raw(`${path}.mask.${word}`))).flatMap(
    (bits, word) =>
      Array.from({ length: WORD_BITS }, (_, bit) => word * WORD_BITS + bit).filter(
        (id) => Math.floor(bits / 2 ** (id % WORD_BITS)) % 2 === 1,
      ),
  );
}

const profileFields: readonly Field[] = [
  { names: ['profile'], help: 'Number of the profile.', kind: count, source: item('id') },
  { names: ['name'], help: 'Name of the profile.', kind: profileNames, source: item('id') },
];

export const priority: Field = {
  names: ['priority'],
  help: 'Priority of the profile; the lowest number has the highest priority.',
  kind: count,
  source: item('priority'),
};
export const conflicts: Field = {
  names: ['conflicts'],
  help: 'Numbers of the profiles that conflict with this one, separated by commas.',
  kind: text,
  source: item('conflicts'),
};

/** The profiles in a mask of an answer; `more` are other values of each. */
const profilesIn = (
  name: string,
  record: string,
  probe: Probe,
  mask: string,
  fields: readonly Field[] = profileFields,
): Relation => ({
  name,
  record,
  fields,
  *find(gpu) {
    const asked = yield* ask(probe, gpu);
    if (asked.status !== 0) return asked.refusal();
    return idsInMask(asked, mask).map((id) => ({
      values: {
        id,
        priority: asked.read(`perfProfile.${id}.priority`),
        conflicts: idsInMask(asked, `perfProfile.${id}.conflictingMask`).join(','),
      },
    }));
  },
});

export const supportedProfiles = profilesIn(
  'power_profiles',
  'a supported workload power profile of a GPU',
  profilesInfo,
  'perfProfilesMask',
);

export const detailedProfiles = profilesIn(
  'power_profile_details',
  'a supported workload power profile of a GPU',
  profilesInfo,
  'perfProfilesMask',
  [...profileFields, priority, conflicts],
);

export const requestedProfiles = profilesIn(
  'requested_power_profiles',
  'a requested workload power profile',
  currentProfiles,
  'requestedProfilesMask',
);

export const enforcedProfiles = profilesIn(
  'enforced_power_profiles',
  'an enforced workload power profile',
  currentProfiles,
  'enforcedProfilesMask',
);
