/** Table: what the workload power profiles are called. */
import * as nvml from '../../nvml/generated/constants.js';
import { type Kind, words } from '../kind.js';

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
