/** What only the report shows of a board: brand, numbers, place in a rack, firmware, virtualization. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetArchitecture,
  nvmlDeviceGetBoardId,
  nvmlDeviceGetBoardPartNumber,
  nvmlDeviceGetBrand,
  nvmlDeviceGetCapabilities,
  nvmlDeviceGetGridLicensableFeatures_v4,
  nvmlDeviceGetGspFirmwareVersion,
  nvmlDeviceGetHostVgpuMode,
  nvmlDeviceGetLastBBXFlushTime,
  nvmlDeviceGetMinorNumber,
  nvmlDeviceGetModuleId,
  nvmlDeviceGetMultiGpuBoard,
  nvmlDeviceGetPdi,
  nvmlDeviceGetVgpuHeterogeneousMode,
  nvmlDeviceGetVirtualizationMode,
} from '../../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { derived } from '../derive.js';
import { from } from '../field.js';
import { count, enabled, type Kind, microseconds, text, timestamp, words, yesNo } from '../kind.js';
import { fixed, sample } from '../probe.js';
import type { AnswerView, Reading, Value } from '../reading.js';
import { askedRow, probeOf, type ReportField, reading } from './field.js';

const brand = fixed(nvmlDeviceGetBrand);
const brands = words({
  [nvml.NVML_BRAND_QUADRO]: 'Quadro',
  [nvml.NVML_BRAND_TESLA]: 'Tesla',
  [nvml.NVML_BRAND_NVS]: 'NVS',
  [nvml.NVML_BRAND_GRID]: 'GRID',
  [nvml.NVML_BRAND_GEFORCE]: 'GeForce',
  [nvml.NVML_BRAND_TITAN]: 'Titan',
  [nvml.NVML_BRAND_NVIDIA_VAPPS]: 'NVIDIA Virtual Applications',
  [nvml.NVML_BRAND_NVIDIA_VPC]: 'NVIDIA Virtual PC',
  [nvml.NVML_BRAND_NVIDIA_VCS]: 'NVIDIA Virtual Compute Server',
  [nvml.NVML_BRAND_NVIDIA_VWS]: 'NVIDIA RTX Virtual Workstation',
  [nvml.NVML_BRAND_NVIDIA_CLOUD_GAMING]: 'NVIDIA Cloud Gaming',
  [nvml.NVML_BRAND_QUADRO_RTX]: 'Quadro RTX',
  [nvml.NVML_BRAND_NVIDIA_RTX]: 'NVIDIA RTX',
  [nvml.NVML_BRAND_NVIDIA]: 'NVIDIA',
  [nvml.NVML_BRAND_GEFORCE_RTX]: 'GeForce RTX',
  [nvml.NVML_BRAND_TITAN_RTX]: 'Titan RTX',
});
export const productBrand = reading(brands, brand);

export const architectureProbe = fixed(nvmlDeviceGetArchitecture);
const architectures = words({
  [nvml.NVML_DEVICE_ARCH_KEPLER]: 'Kepler',
  [nvml.NVML_DEVICE_ARCH_MAXWELL]: 'Maxwell',
  [nvml.NVML_DEVICE_ARCH_PASCAL]: 'Pascal',
  [nvml.NVML_DEVICE_ARCH_VOLTA]: 'Volta',
  [nvml.NVML_DEVICE_ARCH_TURING]: 'Turing',
  [nvml.NVML_DEVICE_ARCH_AMPERE]: 'Ampere',
  [nvml.NVML_DEVICE_ARCH_ADA]: 'Ada Lovelace',
  [nvml.NVML_DEVICE_ARCH_HOPPER]: 'Hopper',
  [nvml.NVML_DEVICE_ARCH_BLACKWELL]: 'Blackwell',
  [nvml.NVML_DEVICE_ARCH_RUBIN]: 'Rubin',
});
export const architecture = reading(architectures, architectureProbe);

export const minorNumber = reading(count, fixed(nvmlDeviceGetMinorNumber));
export const multiGpuBoard = reading(yesNo, fixed(nvmlDeviceGetMultiGpuBoard));

/** 0x and small digits, as few as there are: 0x6, 0x8f00. */
const shortHex: Kind = {
  spell: (value) => `0x${value.toString(16)}`,
  json: (value) => `0x${value.toString(16)}`,
  allOnes: true,
};

/** A PDI has no zeros before its first digit: 0xcb3fa6e340f2633 (H200, driver 580.159.04). */
export const pdi = reading(shortHex, fixed(nvmlDeviceGetPdi));
export const boardId = reading(shortHex, fixed(nvmlDeviceGetBoardId));
export const boardPartNumber = reading(text, fixed(nvmlDeviceGetBoardPartNumber), '');

/**
 * The number of the chip by its PCI device id, with which it begins. NVML has no function for it; these are the
 * ones that nvidia-smi was seen to show (drivers 535 to 610), and all other GPUs show N/A.
 */
export const PART_NUMBERS: Readonly<Record<number, string>> = {
  7216: '1C30-875-A1',
  7809: '1E81-450-A1',
  7815: '1E87-400-A1',
  7864: '1EB8-895-A1',
  8368: '20B0-884-A1',
  8370: '20B2-895-A1',
  8726: '2216-202-A1',
  8752: '2230-875-A1',
  9008: '2330-885-A1',
  9013: '2335-895-A1',
  9351: '2487-150-A1',
  9860: '2684-300-A1',
  9913: '26B9-896-A1',
  9986: '2702-400-A1',
  10160: '27B0-850-A1',
  10497: '2901-886-A1',
  10561: '2941-892-A1',
  12738: '31C2-893-A1',
};
export const gpuPartNumber: ReportField = {
  kind: text,
  source: from(
    probeOf('pci.device_id'),
    derived(['pciDeviceId'], (id) => PART_NUMBERS[id >>> 16] ?? NOT_SUPPORTED),
  ),
};

/** A row about the platform: 580.159.04 shows it of GPUs from Blackwell on, and N/A of the others (on the fake). */
const placed = (name: string): ReportField => {
  const { kind, source } = askedRow(name);
  return {
    kind,
    source: {
      derived: [architecture, { source }],
      of: (generation, value) =>
        generation instanceof Missing || Number(generation) < nvml.NVML_DEVICE_ARCH_BLACKWELL
          ? NOT_SUPPORTED
          : (value as Reading),
    },
  };
};

export const chassisSerialNumber = placed('platform.chassis_serial_number');
export const slotNumber = placed('platform.slot_number');
export const trayIndex = placed('platform.tray_index');
export const hostId = placed('platform.host_id');
export const peerType = placed('platform.peer_type');
export const gpuFabricGuid = placed('platform.gpu_fabric_guid');
export const moduleId = reading(count, fixed(nvmlDeviceGetModuleId));

/** The black box recorder of the infoROM: when its data was last written, in microseconds, and for how long. */
const bbxFlush = sample(nvmlDeviceGetLastBBXFlushTime);
export const bbxTimestamp = reading(timestamp, bbxFlush, (view) => toMilliseconds(view.read('timestamp')));
export const bbxDuration = reading(microseconds, bbxFlush, 'durationUs');

const toMilliseconds = (reading: Reading): Reading =>
  reading instanceof Missing ? reading : Math.floor(Number(reading) / 1000);

const virtualization = fixed(nvmlDeviceGetVirtualizationMode);
const virtualizations = words({
  [nvml.NVML_GPU_VIRTUALIZATION_MODE_NONE]: 'None',
  [nvml.NVML_GPU_VIRTUALIZATION_MODE_PASSTHROUGH]: 'Pass-Through',
  [nvml.NVML_GPU_VIRTUALIZATION_MODE_VGPU]: 'VGPU',
  [nvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU]: 'Host VGPU',
  [nvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VSGA]: 'Host VSGA',
});
export const virtualizationMode = reading(virtualizations, virtualization);
export const hostVgpuMode = reading(
  // Another number is the first of them (550.163.01 on the fake).
  words({ [nvml.NVML_HOST_VGPU_MODE_SRIOV]: 'SR-IOV' }, 'Non SR-IOV'),
  sample(nvmlDeviceGetHostVgpuMode),
);
export const vgpuHeterogeneousMode = reading(enabled, sample(nvmlDeviceGetVgpuHeterogeneousMode), 'mode');

const licenses = sample(nvmlDeviceGetGridLicensableFeatures_v4);

/** The feature that is in use, or else the first that could be. */
function feature(view: AnswerView): string {
  const count = Number(view.raw('licensableFeaturesCount'));
  const length = Math.min(count, nvml.NVML_GRID_LICENSE_FEATURE_MAX_COUNT);
  const paths = Array.from({ length }, (_, i) => `gridLicensableFeatures.${i}`);
  return (
    paths.find((path) => view.raw(`${path}.featureEnabled`) !== 0) ?? paths[0] ?? 'gridLicensableFeatures.0'
  );
}

/** Licensed (Expiry: 2026-7-7 16:1:44 GMT), as an L40S vGPU showed it (580.105.08). */
function licenseStatus(view: AnswerView): string {
  const path = feature(view);
  if (view.raw(`${path}.featureState`) === 0) return 'Unlicensed';
  const part = (name: string): Reading => view.raw(`${path}.licenseExpiry.${name}`);
  switch (part('status')) {
    case nvml.NVML_GRID_LICENSE_EXPIRY_VALID:
      return `Licensed (Expiry: ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('min')}:${part('sec')} GMT)`;
    case nvml.NVML_GRID_LICENSE_EXPIRY_PERMANENT:
      return 'Licensed (Expiry: Permanent)';
    case nvml.NVML_GRID_LICENSE_EXPIRY_NOT_APPLICABLE:
      return 'Licensed (Expiry: N/A)';
    default:
      return 'Licensed';
  }
}

export const licensedProduct = reading(text, licenses, (view) => view.read(`${feature(view)}.productName`));
export const license = reading(text, licenses, licenseStatus);

export const gspFirmwareVersion = reading(text, fixed(nvmlDeviceGetGspFirmwareVersion), '');

/**
 * NVML has no function for the sparse operation mode, and no tool can switch it. nvidia-smi shows it as Disabled on
 * Hopper (H100, H200; 580 and 590) and as N/A on Turing, Ampere and Blackwell.
 */
export const sparseOperationMode: ReportField = {
  kind: enabled,
  source: from(architectureProbe, (view) =>
    view.read('value') === nvml.NVML_DEVICE_ARCH_HOPPER ? 0 : NOT_SUPPORTED,
  ),
};

/** Extended GPU memory; in small letters, unlike all else (H100, H200, 580.159.04). */
export const egm = reading(
  { spell: (mask) => (hasEgm(mask) ? 'enabled' : 'disabled'), json: (mask) => hasEgm(mask) },
  fixed(nvmlDeviceGetCapabilities),
  'capMask',
);

function hasEgm(mask: Value): boolean {
  return (Number(mask) & nvml.NVML_DEV_CAP_EGM) !== 0;
}
