/** Workload power profiles: which a GPU supports, and which were requested and enforced. Blackwell and newer. */
import { call, SUBJECT, struct } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import * as layouts from '../nvml/generated/layouts.js';
import type { Asked, View } from './asked.js';
import { type Kind, words } from './kind.js';
import { fixed, sample } from './probe.js';

export const profilesInfo = fixed(
  'workload power profiles',
  call(
    'nvmlDeviceWorkloadPowerProfileGetProfilesInfo',
    SUBJECT,
    struct(layouts.nvmlWorkloadPowerProfileProfilesInfo_v1_t, {
      version: nvml.nvmlWorkloadPowerProfileProfilesInfo_v1,
    }),
  ),
);

export const currentProfiles = sample(
  'current workload power profiles',
  call(
    'nvmlDeviceWorkloadPowerProfileGetCurrentProfiles',
    SUBJECT,
    struct(layouts.nvmlWorkloadPowerProfileCurrentProfiles_v1_t, {
      version: nvml.nvmlWorkloadPowerProfileCurrentProfiles_v1,
    }),
  ),
);

/** Names on a GB200 with driver 580; those of NETWORK, RBM, DCPCIE, HMMA_*, SYNC_BALANCED and MIG follow their constants. */
export const profileNames: Kind = words({
  [nvml.NVML_POWER_PROFILE_MAX_P]: 'Max-P',
  [nvml.NVML_POWER_PROFILE_MAX_Q]: 'Max-Q',
  [nvml.NVML_POWER_PROFILE_COMPUTE]: 'Compute',
  [nvml.NVML_POWER_PROFILE_MEMORY_BOUND]: 'Memory Bound',
  [nvml.NVML_POWER_PROFILE_NETWORK]: 'Network',
  [nvml.NVML_POWER_PROFILE_BALANCED]: 'Balanced',
  [nvml.NVML_POWER_PROFILE_LLM_INFERENCE]: 'LLM Inference',
  [nvml.NVML_POWER_PROFILE_LLM_TRAINING]: 'LLM Training',
  [nvml.NVML_POWER_PROFILE_RBM]: 'RBM',
  [nvml.NVML_POWER_PROFILE_DCPCIE]: 'DCPCIE',
  [nvml.NVML_POWER_PROFILE_HMMA_SPARSE]: 'HMMA Sparse',
  [nvml.NVML_POWER_PROFILE_HMMA_DENSE]: 'HMMA Dense',
  [nvml.NVML_POWER_PROFILE_SYNC_BALANCED]: 'Sync Balanced',
  [nvml.NVML_POWER_PROFILE_HPC]: 'HPC',
  [nvml.NVML_POWER_PROFILE_MIG]: 'MIG',
});

const WORD_BITS = 32;
const MASK_WORDS = 8;

/** The profile ids in a mask of 255 bits, ascending. */
export function idsInMask(view: View, path: string): readonly number[] {
  return Array.from({ length: MASK_WORDS }, (_, word) => view.number(`${path}.mask.${word}`)).flatMap(
    (bits, word) =>
      Array.from({ length: WORD_BITS }, (_, bit) => word * WORD_BITS + bit).filter(
        (id) => Math.floor(bits / 2 ** (id % WORD_BITS)) % 2 === 1,
      ),
  );
}

export interface PowerProfile {
  readonly id: number;
  readonly priority: number;
  /** Ids of the profiles that cannot be used with this one. */
  readonly conflicts: readonly number[];
}

/** The profiles that a GPU supports, by id. */
export function supportedProfiles(asked: Asked): readonly PowerProfile[] {
  return idsInMask(asked, 'perfProfilesMask').map((id) => ({
    id,
    priority: asked.number(`perfProfile.${id}.priority`),
    conflicts: idsInMask(asked, `perfProfile.${id}.conflictingMask`),
  }));
}
