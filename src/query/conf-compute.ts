/** Confidential computing: what the system can do, what is switched on, and the GPUs' protected memory. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetConfComputeMemSizeInfo,
  nvmlSystemGetConfComputeCapabilities,
  nvmlSystemGetConfComputeGpusReadyState,
  nvmlSystemGetConfComputeKeyRotationThresholdInfo,
  nvmlSystemGetConfComputeSettings,
} from '../nvml/generated/entries.js';
import { type Field, from, type Row } from './field.js';
import { type Kind, number, words } from './kind.js';
import { fixed, type Probe, sample } from './probe.js';
import type { Relation } from './relation.js';

const capabilities = fixed(nvmlSystemGetConfComputeCapabilities);

/** The older form knows no multi-GPU mode. */
const settings = sample(nvmlSystemGetConfComputeSettings);

const readyState = sample(nvmlSystemGetConfComputeGpusReadyState);

const keyRotation = sample(nvmlSystemGetConfComputeKeyRotationThresholdInfo);

const memorySizes = sample(nvmlDeviceGetConfComputeMemSizeInfo);

const kibibytes: Kind = number('KiB', { unit: 'bytes', times: 1024 });
const advantage: Kind = number();

/** None, CC Capable, OFF, UNAVAILABLE and Not Ready: H100 and H200, 580.159.04. The others: public outputs. */
const cpuCapabilities = words({
  [nvml.NVML_CC_SYSTEM_CPU_CAPS_NONE]: 'None',
  [nvml.NVML_CC_SYSTEM_CPU_CAPS_AMD_SEV]: 'AMD SEV',
  [nvml.NVML_CC_SYSTEM_CPU_CAPS_INTEL_TDX]: 'INTEL TDX',
  [nvml.NVML_CC_SYSTEM_CPU_CAPS_AMD_SEV_SNP]: 'AMD SEV-SNP',
  [nvml.NVML_CC_SYSTEM_CPU_CAPS_AMD_SNP_VTOM]: 'AMD SEV-SNP(vTOM Mode)',
});
const gpuCapabilities = words({
  [nvml.NVML_CC_SYSTEM_GPUS_CC_NOT_CAPABLE]: 'None',
  [nvml.NVML_CC_SYSTEM_GPUS_CC_CAPABLE]: 'CC Capable',
});
const onOff = words({ 0: 'OFF', 1: 'ON' });
const environments = words({
  [nvml.NVML_CC_SYSTEM_ENVIRONMENT_UNAVAILABLE]: 'UNAVAILABLE',
  [nvml.NVML_CC_SYSTEM_ENVIRONMENT_SIM]: 'SIMULATION',
  [nvml.NVML_CC_SYSTEM_ENVIRONMENT_PROD]: 'PRODUCTION',
});
const multiGpuModes = words({
  [nvml.NVML_CC_SYSTEM_MULTIGPU_NONE]: 'None',
  [nvml.NVML_CC_SYSTEM_MULTIGPU_PROTECTED_PCIE]: 'Protected PCIe',
  [nvml.NVML_CC_SYSTEM_MULTIGPU_NVLE]: 'NVLE',
});
const readyWords = (no: string, yes: string): Kind => ({
  spell: (value) => (Number(value) === nvml.NVML_CC_ACCEPTING_CLIENT_REQUESTS_TRUE ? yes : no),
  json: (value) => Number(value) === nvml.NVML_CC_ACCEPTING_CLIENT_REQUESTS_TRUE,
});
/** The log spells it Not Ready, `-grs` not-ready. */
const ready = readyWords('Not Ready', 'Ready');
export const readySmall = readyWords('not-ready', 'ready');

const system = (name: string, probe: Probe, path: string, kind: Kind, help: string): Field => ({
  names: [name],
  help,
  kind,
  source: from(probe, path),
});

export const ccState = system('cc_state', settings, 'ccFeature', onOff, 'Whether it is on: ON or OFF.');
export const multiGpuMode = system(
  'multi_gpu_mode',
  settings,
  'multiGpuMode',
  multiGpuModes,
  'Multi-GPU mode: None, Protected PCIe or NVLE.',
);
export const cpuCaps = system(
  'cpu_cc_capabilities',
  capabilities,
  'cpuCaps',
  cpuCapabilities,
  'What the CPU is capable of.',
);
export const gpuCaps = system(
  'gpu_cc_capabilities',
  capabilities,
  'gpusCaps',
  gpuCapabilities,
  'What the GPUs are capable of.',
);
export const gpusReady = system('gpus_ready', readyState, 'value', ready, 'Whether the GPUs accept work.');
export const devTools = system(
  'devtools_mode',
  settings,
  'devToolsMode',
  onOff,
  'Whether developer tools are allowed (DevTools mode): ON or OFF.',
);
export const environment = system(
  'environment',
  settings,
  'environment',
  environments,
  'Environment: UNAVAILABLE, SIMULATION or PRODUCTION.',
);
export const attackerAdvantage = system(
  'key_rotation_attacker_advantage',
  keyRotation,
  'attackerAdvantage',
  advantage,
  'The attacker advantage at which keys are rotated.',
);

/** Confidential computing of the whole machine. */
export const confCompute: Relation = {
  name: 'conf_compute',
  record: 'the confidential computing state of the machine',
  of: 'system',
  fields: [ccState, multiGpuMode, cpuCaps, gpuCaps, gpusReady, devTools, environment, attackerAdvantage],
};

/** The sizes of the two parts of a GPU's memory. */
export const protectedSize: Row = {
  id: 3015,
  names: ['conf_compute.protected_memory'],
  help: 'Size of the protected memory (confidential computing).',
  kind: kibibytes,
  source: from(memorySizes, 'protectedMemSizeKib'),
};
export const unprotectedSize: Row = {
  id: 3016,
  names: ['conf_compute.unprotected_memory'],
  help: 'Size of the unprotected memory (confidential computing).',
  kind: kibibytes,
  source: from(memorySizes, 'unprotectedMemSizeKib'),
};
