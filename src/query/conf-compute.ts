/** Confidential computing: what the system can do, what is switched on, and the GPUs' protected memory. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetConfComputeMemSizeInfo,
  nvmlSystemGetConfComputeCapabilities,
  nvmlSystemGetConfComputeGpusReadyState,
  nvmlSystemGetConfComputeKeyRotationThresholdInfo,
  nvmlSystemGetConfComputeSettings,
} from '../nvml/generated/entries.js';
import { type Kind, number, words } from './kind.js';
import { fixed, type Probe, sample } from './probe.js';

const capabilities = fixed(nvmlSystemGetConfComputeCapabilities);

/** The older form knows no multi-GPU mode. */
const settings = sample(nvmlSystemGetConfComputeSettings);

const readyState = sample(nvmlSystemGetConfComputeGpusReadyState);

const keyRotation = sample(nvmlSystemGetConfComputeKeyRotationThresholdInfo);

export const memorySizes = sample(nvmlDeviceGetConfComputeMemSizeInfo);

export const kibibytes: Kind = number('KiB');
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

/** One value about the system: its name in JSON, and where it is read. */
export interface Getter {
  readonly name: string;
  readonly probe: Probe;
  readonly path: string;
  readonly kind: Kind;
}

const getter = (name: string, probe: Probe, path: string, kind: Kind): Getter => ({
  name,
  probe,
  path,
  kind,
});

export const ccState = getter('cc_state', settings, 'ccFeature', onOff);
export const multiGpuMode = getter('multi_gpu_mode', settings, 'multiGpuMode', multiGpuModes);
export const cpuCaps = getter('cpu_cc_capabilities', capabilities, 'cpuCaps', cpuCapabilities);
export const gpuCaps = getter('gpu_cc_capabilities', capabilities, 'gpusCaps', gpuCapabilities);
export const gpusReady = getter('gpus_ready', readyState, 'value', ready);
export const devTools = getter('devtools_mode', settings, 'devToolsMode', onOff);
export const environment = getter('environment', settings, 'environment', environments);
export const attackerAdvantage = getter(
  'key_rotation_attacker_advantage',
  keyRotation,
  'attackerAdvantage',
  advantage,
);
