/** Table: the names, labels and units of dcgm-exporter: its default counters, and others that rules often ask for. */
import type { Family } from '../field.js';
import type { CollectedRecords, Labels } from '../observed.js';
import { add, type Dialect, type Points, renamed } from './dialect.js';

const raw = (value: number): number => value;
const per =
  (divisor: number) =>
  (value: number): number =>
    value / divisor;
const mebibytes = (bytes: number): number => Math.floor(bytes / 2 ** 20);
const bytes = (perSecond: number): number => perSecond * 2 ** 20;

type DcgmMetric = readonly [
  name: string,
  type: Family['type'],
  help: string,
  scale?: (raw: number) => number,
];

/**
 * By our fields. Not here, as nothing that NVML answers is known to be the same: NVLINK_BANDWIDTH_TOTAL, and the state of a vGPU
 * licence.
 */
const TABLE: Readonly<Record<string, DcgmMetric>> = {
  'clocks.current.sm': ['SM_CLOCK', 'gauge', 'SM clock, in MHz.'],
  'clocks.current.memory': ['MEM_CLOCK', 'gauge', 'Memory clock, in MHz.'],
  'temperature.memory': ['MEMORY_TEMP', 'gauge', 'Temperature of the memory, in C.'],
  'temperature.gpu': ['GPU_TEMP', 'gauge', 'Temperature of the GPU, in C.'],
  'power.draw': ['POWER_USAGE', 'gauge', 'Power draw, in W.', per(1000)],
  energy: ['TOTAL_ENERGY_CONSUMPTION', 'counter', 'Energy since the driver was loaded, in mJ.'],
  'pcie.replay_counter': ['PCIE_REPLAY_COUNTER', 'counter', 'Packets that the PCIe link sent again.'],
  'utilization.gpu': ['GPU_UTIL', 'gauge', 'Time in which a kernel ran, in %.'],
  'utilization.memory': ['MEM_COPY_UTIL', 'gauge', 'Time in which memory was read or written, in %.'],
  'utilization.encoder': ['ENC_UTIL', 'gauge', 'Use of the video encoders, in %.'],
  'utilization.decoder': ['DEC_UTIL', 'gauge', 'Use of the video decoders, in %.'],
  'xid.last': ['XID_ERRORS', 'gauge', 'Number of the last Xid error.'],
  'memory.free': ['FB_FREE', 'gauge', 'Free memory, in MiB.', mebibytes],
  'memory.used': ['FB_USED', 'gauge', 'Used memory, in MiB.', mebibytes],
  'memory.reserved': ['FB_RESERVED', 'gauge', 'Reserved memory, in MiB.', mebibytes],
  'memory.total': ['FB_TOTAL', 'gauge', 'Total memory, in MiB.', mebibytes],
  'remapped_rows.uncorrectable': [
    'UNCORRECTABLE_REMAPPED_ROWS',
    'counter',
    'Rows remapped for uncorrectable errors.',
  ],
  'remapped_rows.correctable': [
    'CORRECTABLE_REMAPPED_ROWS',
    'counter',
    'Rows remapped for correctable errors.',
  ],
  'remapped_rows.failure': ['ROW_REMAP_FAILURE', 'gauge', 'Whether a row could not be remapped.'],
  'ecc.errors.corrected.volatile.total': [
    'ECC_SBE_VOL_TOTAL',
    'counter',
    'Corrected errors since the driver was loaded.',
  ],
  'ecc.errors.uncorrected.volatile.total': [
    'ECC_DBE_VOL_TOTAL',
    'counter',
    'Uncorrected errors since the driver was loaded.',
  ],
  'ecc.errors.corrected.aggregate.total': [
    'ECC_SBE_AGG_TOTAL',
    'counter',
    'Corrected errors of the life of the GPU.',
  ],
  'ecc.errors.uncorrected.aggregate.total': [
    'ECC_DBE_AGG_TOTAL',
    'counter',
    'Uncorrected errors of the life of the GPU.',
  ],
  'retired_pages.single_bit_ecc.count': ['RETIRED_SBE', 'counter', 'Pages retired for single bit errors.'],
  'retired_pages.double_bit.count': ['RETIRED_DBE', 'counter', 'Pages retired for double bit errors.'],
  'retired_pages.pending': ['RETIRED_PENDING', 'counter', 'Whether pages will be retired.'],
};

/** The profiling fields, which GPM counts on Hopper and newer. */
const PROFILING: Readonly<Record<string, DcgmMetric>> = {
  graphics_util: [
    'GR_ENGINE_ACTIVE',
    'gauge',
    'Share of time in which the graphics engine is active.',
    per(100),
  ],
  sm_util: ['SM_ACTIVE', 'gauge', 'SM activity, as a ratio.', per(100)],
  sm_occupancy: ['SM_OCCUPANCY', 'gauge', 'SM occupancy, as a ratio.', per(100)],
  any_tensor_util: ['PIPE_TENSOR_ACTIVE', 'gauge', 'Tensor core activity, as a ratio.', per(100)],
  dram_bw_util: ['DRAM_ACTIVE', 'gauge', 'Use of the memory interface, as a ratio.', per(100)],
  fp64_util: ['PIPE_FP64_ACTIVE', 'gauge', 'FP64 activity, as a ratio.', per(100)],
  fp32_util: ['PIPE_FP32_ACTIVE', 'gauge', 'FP32 activity, as a ratio.', per(100)],
  fp16_util: ['PIPE_FP16_ACTIVE', 'gauge', 'FP16 activity, as a ratio.', per(100)],
  pcie_tx: ['PCIE_TX_BYTES', 'gauge', 'Sent over PCIe, in bytes per second.', bytes],
  pcie_rx: ['PCIE_RX_BYTES', 'gauge', 'Received over PCIe, in bytes per second.', bytes],
};

const families = (
  table: Readonly<Record<string, DcgmMetric>>,
  prefix: string,
  before = '',
): readonly (readonly [string, Family])[] =>
  Object.entries(table).map(([field, [name, type, help, scale = raw]]) => [
    before + field,
    { name: prefix + name, type, help, scale },
  ]);

/** By our fields. */
export const dcgmFamilies = new Map([
  ...families(TABLE, 'DCGM_FI_DEV_'),
  ...families(PROFILING, 'DCGM_FI_PROF_', 'gpm.'),
]);

/** The same families of a GPU instance, which has memory and counters of its own. */
const ofMig = new Map(
  [...dcgmFamilies].flatMap(([field, family]) =>
    /^(gpm|memory)\./.test(field) ? [[`mig.${field}`, family] as const] : [],
  ),
);

const LABELS = {
  gpu: 'gpu',
  UUID: 'uuid',
  pci_bus_id: 'pci_bus_id',
  device: 'device',
  modelName: 'name',
  hostname: 'hostname',
  DCGM_FI_DRIVER_VERSION: 'driver_version',
};

export function dcgmDialect(hostname: string): Dialect {
  return { name: 'dcgm', fold: (collected) => fold(collected, hostname) };
}

function fold({ records }: CollectedRecords, hostname: string): Points {
  const points: Points = new Map();
  const gpus = new Map<string, Labels>();
  for (const { relation, labels, values } of records) {
    const { gpu = '' } = labels;
    if (relation === 'gpu') {
      gpus.set(gpu, renamed({ ...labels, device: `nvidia${gpu}`, hostname }, LABELS));
    }
    if (relation !== 'gpu' && relation !== 'mig') continue;
    const instance = { GPU_I_PROFILE: 'profile', GPU_I_ID: 'gpu_instance_id' };
    const own = { ...gpus.get(gpu), ...(relation === 'mig' ? renamed(labels, instance) : {}) };
    for (const [field, value] of Object.entries(values)) {
      const family = (relation === 'gpu' ? dcgmFamilies : ofMig).get(field);
      if (family !== undefined) add(points, family, own, family.scale(value));
    }
  }
  return points;
}
