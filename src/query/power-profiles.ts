/** Workload power profiles: which a GPU supports, and which were requested and enforced. Blackwell and newer. */

import {
  nvmlDeviceWorkloadPowerProfileGetCurrentProfiles,
  nvmlDeviceWorkloadPowerProfileGetProfilesInfo,
} from '../nvml/generated/entries.js';
import { fixed, sample } from './probe.js';
import type { Answer, Reading, View } from './reading.js';

export const profilesInfo = fixed(nvmlDeviceWorkloadPowerProfileGetProfilesInfo);

export const currentProfiles = sample(nvmlDeviceWorkloadPowerProfileGetCurrentProfiles);

const WORD_BITS = 32;
const MASK_WORDS = 8;

/** The profile ids in a mask of 255 bits, ascending. A word of all ones has all bits. */
export function idsInMask(view: View, path: string): readonly number[] {
  return Array.from({ length: MASK_WORDS }, (_, word) => Number(view.raw(`${path}.mask.${word}`))).flatMap(
    (bits, word) =>
      Array.from({ length: WORD_BITS }, (_, bit) => word * WORD_BITS + bit).filter(
        (id) => Math.floor(bits / 2 ** (id % WORD_BITS)) % 2 === 1,
      ),
  );
}

export interface PowerProfile {
  readonly id: number;
  readonly priority: Reading;
  /** Ids of the profiles that cannot be used with this one. */
  readonly conflicts: readonly number[];
}

/** The profiles that a GPU supports, by id. */
export function supportedProfiles(asked: Answer): readonly PowerProfile[] {
  return idsInMask(asked, 'perfProfilesMask').map((id) => ({
    id,
    priority: asked.read(`perfProfile.${id}.priority`),
    conflicts: idsInMask(asked, `perfProfile.${id}.conflictingMask`),
  }));
}
