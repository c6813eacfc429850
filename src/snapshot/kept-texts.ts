/**
 * Table: the texts of answers that a recording with made-up identities keeps, each in the form that the driver gives it. All other
 * texts are identities, which are made up, or are left out: so is whatever a newer NVML may return.
 */

export interface KeptText {
  readonly form: RegExp;
  /** What is there instead of a text of another form. */
  readonly otherwise: string;
}

const kept = (form: RegExp, otherwise = ''): KeptText => ({ form, otherwise });

const VERSION = kept(/^\d+(\.\d+){0,5}$/);
/** Of a board's infoROM: G520.0200.00.05, 2.1. */
const OBJECT_VERSION = kept(/^[A-Z]?[0-9A-F]{1,4}(\.[0-9A-F]{1,4}){1,4}$/);
const BUS_ID = kept(/^[0-9A-F]{4,8}:[0-9A-F]{2}:[0-9A-F]{2}\.[0-7]$/i);
/** Brands of the driver, and products of older ones without a brand: A100-SXM4-40GB. */
const PRODUCT =
  /(?:(?:NVIDIA|Tesla|GeForce|Quadro|GRID|TITAN|NVS) [\w .()+/-]{1,80}|[A-Z]{1,2}\d{1,4}[A-Z]?-[\w .+-]{1,60})/;
const whole = ({ source }: RegExp): RegExp => new RegExp(`^${source}$`);
const PROFILE = kept(/^MIG \d[\w.+-]{1,30}$/);
/** Pairs of numbers: nvclock=345, perf=0. */
const CLOCKS = kept(/^(?:\w+=\d+(?:, | ; |,|;)?)*$/);
/** GRID-Virtual-WS,2.0;Quadro-Virtual-DWS,5.0 */
const LICENSES = kept(/^(?:(?:NVIDIA|GRID|Quadro)[\w -]{1,60}(?:,\d+\.\d+)?;?){1,8}$/);

/** What nvmlErrorString says where nvidia-smi has other words (580.159.04). */
export const ERROR_STRINGS: ReadonlySet<string> = new Set([
  'vGPU ECC not supported',
  'Invalid Frequency',
  'System is not in ready state',
  'No supported GPUs were found',
  'Resource not in correct state to perform requested operation',
  'Reset type is not supported for given device',
]);

/** By function, by function and member, or by member alone. */
export const KEPT_TEXTS: Readonly<Record<string, KeptText>> = {
  nvmlSystemGetDriverVersion: VERSION,
  nvmlSystemGetNVMLVersion: VERSION,
  'nvmlSystemGetDriverBranch.branch': kept(/^r\d+_\d+$/),
  nvmlDeviceGetName: kept(whole(PRODUCT), 'NVIDIA GPU'),
  nvmlDeviceGetBoardPartNumber: kept(/^[0-9A-Z]{3}-[0-9A-Z]{5}-[0-9A-Z]{4}-[0-9A-Z]{3}$/),
  nvmlDeviceGetVbiosVersion: kept(/^[0-9A-F]{2}(\.[0-9A-F]{2}){4}$/),
  nvmlDeviceGetGspFirmwareVersion: VERSION,
  nvmlDeviceGetInforomImageVersion: OBJECT_VERSION,
  nvmlDeviceGetInforomVersion: OBJECT_VERSION,
  'nvmlDeviceGetCurrentClockFreqs.str': CLOCKS,
  'nvmlDeviceGetPerformanceModes.str': CLOCKS,
  nvmlVgpuTypeGetName: kept(whole(PRODUCT), 'NVIDIA vGPU'),
  nvmlVgpuTypeGetClass: kept(/^(?:Quadro|Compute|NVS|GRID|Gaming)$/),
  nvmlVgpuTypeGetLicense: LICENSES,
  nvmlVgpuInstanceGetGpuPciId: BUS_ID,
  nvmlVgpuInstanceGetVmDriverVersion: VERSION,
  'nvmlUnitGetUnitInfo.name': kept(/^[A-Z]\d{3,4}(-\d{1,4})?$/, 'unit'),
  'nvmlUnitGetPsuInfo.state': kept(/^Normal$/, 'Unknown'),
  busId: BUS_ID,
  busIdLegacy: BUS_ID,
  firmwareVersion: VERSION,
  guestDriverVersion: VERSION,
  hostDriverVersion: VERSION,
  licenseInfo: LICENSES,
  productName: LICENSES,
  'nvmlDeviceGetGpuInstanceProfileInfoV.name': PROFILE,
  'nvmlDeviceGetGpuInstanceProfileInfoByIdV.name': PROFILE,
  'nvmlGpuInstanceGetComputeInstanceProfileInfoV.name': PROFILE,
};

/** Lists of bytes that are kept. Others are UUIDs, GUIDs and serial numbers, and are counted up instead. */
export const KEPT_BYTES: ReadonlySet<string> = new Set(['bwModes', 'inData', 'outData']);
