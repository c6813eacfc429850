/** Table: the fields that the exporter collects of GPUs, MIG devices, NVLinks, processes and Xids. Longer than logic may be. */
import * as nvml from '../nvml/generated/constants.js';
import { nvmlDeviceGetTotalEnergyConsumption } from '../nvml/generated/entries.js';
import { COUNTER, type Field, from, nameOf, type Row } from '../query/field.js';
import { gpuTable } from '../query/gpu/index.js';
import { bar1Memory, memory } from '../query/gpu/memory.js';
import { count, type Kind, mebibytes, milliseconds, number, percent } from '../query/kind.js';
import { yes } from '../query/link.js';
import type { Engine } from '../query/monitor/process-utilization.js';
import { corrected, linkErrors, portCounters, status, throughput } from '../query/nvlink.js';
import { pciErrors, pciTraffic } from '../query/pci-counters.js';
import { pcieThroughput } from '../query/pcie-throughput.js';
import { sample } from '../query/probe.js';
import type { MetricField } from './field.js';

const own = (name: string, kind: Kind, help: string, source: Row['source'], metric?: Row['metric']): Row => ({
  id: -1,
  names: [name],
  help,
  kind,
  source,
  ...(metric === undefined ? {} : { metric }),
});

const joules = number('mJ', { unit: 'joules', per: 1000 });
const kilobytesPerSecond = number('KB/s', { unit: 'bytes_per_second', times: 1000 });
const mebibytesPerSecond = number('MiB/s', { unit: 'bytes_per_second', times: 2 ** 20 });

/** What --query-gpu does not have. */
const more: readonly Row[] = [
  own(
    'energy',
    joules,
    'Energy that the GPU took since the driver was loaded.',
    from(sample(nvmlDeviceGetTotalEnergyConsumption), 'value'),
    COUNTER,
  ),
  own('bar1.memory.total', mebibytes, 'Memory that the CPU can map (BAR1).', from(bar1Memory, 'bar1Total')),
  own('bar1.memory.used', mebibytes, 'Used memory of BAR1.', from(bar1Memory, 'bar1Used')),
  ...[...pciErrors, ...pciTraffic].map(
    (each): Row => ({
      ...each,
      id: -1,
      help: `${each.help.replace(/\.$/, '')}, on the PCIe link.`,
      metric: { ...COUNTER, name: nameOf(each).replace(/_counter$/, '') },
    }),
  ),
];

/** Each takes the driver 21 ms (H100): asked only where they are asked for. */
export const pcieThroughputs: readonly Row[] = [
  own(
    'pcie.throughput.tx',
    kilobytesPerSecond,
    'What the GPU sends over PCIe, watched for 20 ms.',
    from(pcieThroughput(nvml.NVML_PCIE_UTIL_TX_BYTES), 'value'),
  ),
  own(
    'pcie.throughput.rx',
    kilobytesPerSecond,
    'What the GPU receives over PCIe, watched for 20 ms.',
    from(pcieThroughput(nvml.NVML_PCIE_UTIL_RX_BYTES), 'value'),
  ),
];

const isMetric = ({ kind, source }: Row): boolean =>
  kind.metric !== undefined &&
  // What waits in the driver, such as a checksum over the infoROM, is not asked every few seconds.
  !('probe' in source && source.probe.waits);

/** The fields of a GPU that are metrics. */
export const gpuFields: readonly Row[] = [...gpuTable.fields.filter(isMetric), ...more];

/** Who a GPU is, in texts: labels of its info metric. */
export const identityFields: readonly Row[] = [
  'uuid',
  'name',
  'pci.bus_id',
  'serial',
  'vbios_version',
  'driver_version',
  'compute_cap',
  'driver_model.current',
  'driver_model.pending',
  'pci.sub_device_id',
].map((name) => {
  const row = gpuTable.fields.find((each) => nameOf(each) === name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row;
});

export interface GpmField extends MetricField {
  /** NVML_GPM_METRIC_*. */
  readonly gpm: number;
}

const gpm = (id: number, name: string, help: string, kind = percent): GpmField => ({
  gpm: id,
  names: [`gpm.${name}`],
  help: `${help}, between two collections.`,
  kind,
});

/** Hopper and newer count these in hardware. */
export const gpmFields: readonly GpmField[] = [
  gpm(nvml.NVML_GPM_METRIC_GRAPHICS_UTIL, 'graphics_util', 'Graphics and compute engine activity'),
  gpm(nvml.NVML_GPM_METRIC_SM_UTIL, 'sm_util', 'SM activity'),
  gpm(nvml.NVML_GPM_METRIC_SM_OCCUPANCY, 'sm_occupancy', 'SM occupancy'),
  gpm(nvml.NVML_GPM_METRIC_INTEGER_UTIL, 'integer_util', 'Integer unit activity'),
  gpm(nvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL, 'any_tensor_util', 'Tensor core activity'),
  gpm(nvml.NVML_GPM_METRIC_DFMA_TENSOR_UTIL, 'dfma_tensor_util', 'Tensor core activity, DFMA'),
  gpm(nvml.NVML_GPM_METRIC_HMMA_TENSOR_UTIL, 'hmma_tensor_util', 'Tensor core activity, FP16 matrices'),
  gpm(nvml.NVML_GPM_METRIC_DMMA_TENSOR_UTIL, 'dmma_tensor_util', 'Tensor core activity, FP64 matrices'),
  gpm(nvml.NVML_GPM_METRIC_IMMA_TENSOR_UTIL, 'imma_tensor_util', 'Tensor core activity, integer matrices'),
  gpm(nvml.NVML_GPM_METRIC_DRAM_BW_UTIL, 'dram_bw_util', 'Memory bandwidth utilization'),
  gpm(nvml.NVML_GPM_METRIC_FP64_UTIL, 'fp64_util', 'FP64 unit activity'),
  gpm(nvml.NVML_GPM_METRIC_FP32_UTIL, 'fp32_util', 'FP32 unit activity'),
  gpm(nvml.NVML_GPM_METRIC_FP16_UTIL, 'fp16_util', 'FP16 unit activity'),
  gpm(nvml.NVML_GPM_METRIC_PCIE_TX_PER_SEC, 'pcie_tx', 'Sent over PCIe', mebibytesPerSecond),
  gpm(nvml.NVML_GPM_METRIC_PCIE_RX_PER_SEC, 'pcie_rx', 'Received over PCIe', mebibytesPerSecond),
  gpm(nvml.NVML_GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC, 'nvlink_tx', 'Sent over all NVLinks', mebibytesPerSecond),
  gpm(
    nvml.NVML_GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC,
    'nvlink_rx',
    'Received over all NVLinks',
    mebibytesPerSecond,
  ),
];

/** Of a MIG device: the memory is that of its GPU instance. */
export const migFields: readonly Row[] = memory.map((row) => ({
  ...row,
  names: [`mig.${nameOf(row)}`],
  help: `${row.help.replace(/\.$/, '')}, of the MIG device.`,
}));

export const migGpmFields: readonly GpmField[] = gpmFields.map((each) => ({
  ...each,
  names: [`mig.${each.names[0]}`],
  help: each.help.replace(/\.$/, ', of the GPU instance.'),
}));

const link = (each: Field, metric?: Field['metric']): Field => ({
  ...each,
  names: [`nvlink.${nameOf(each)}`],
  ...(metric === undefined ? {} : { metric }),
});

/** Of a link that is up. */
export const linkFields: readonly Field[] = [
  ...status.filter(({ kind }) => kind.metric !== undefined).map((each) => link(each)),
  ...[...linkErrors, corrected, ...portCounters, ...[...throughput.values()].flat()]
    .filter(({ kind }) => kind.metric !== undefined)
    .map((each) => link(each, COUNTER)),
];

const item = (name: string, kind: Kind, help: string, metric?: Row['metric']): MetricField => ({
  names: [name],
  help,
  kind,
  ...(metric === undefined ? {} : { metric }),
});

/** Whether a link is up, which is known before anything else of it. */
export const linkActive = item('nvlink.active', yes, 'Whether the NVLink is up.');

/** Whether NVML gives a handle for a GPU; a GPU that fell off the bus has none. */
export const reachable = item('gpu.reachable', yes, 'Whether NVML can read the GPU: 0 if it is lost.');

export const processMemory = item('process.used_memory', mebibytes, 'GPU memory used by a process.');

export interface EngineField extends MetricField {
  readonly engine: Engine;
}

const engine = (name: Engine, part: string, help: string): EngineField => ({
  ...item(`process.utilization.${part}`, percent, `${help}, in the driver's most recent sample.`),
  engine: name,
});

/** Of a process that the driver has a sample of. */
export const engineFields: readonly EngineField[] = [
  engine('sm', 'sm', 'Time in which a kernel of a process ran'),
  engine('mem', 'memory', 'Time in which a process read or wrote memory'),
  engine('enc', 'encoder', 'Utilization of the video encoders by a process'),
  engine('dec', 'decoder', 'Utilization of the video decoders by a process'),
];

/** Of a GPU whose Xids are watched. */
export const lastXid = item(
  'xid.last',
  count,
  'Number of the last Xid error since the exporter began watching; 0 if there was none.',
);

export const xidFields: readonly MetricField[] = [
  item('xid.errors', count, 'Xid errors since the exporter began watching.', COUNTER),
  item(
    'xid.last_timestamp',
    milliseconds,
    'When the last Xid error of this number was seen, since the epoch.',
  ),
];

/** All of them, by which --fields and --skip choose. */
export const allFields: readonly MetricField[] = [
  reachable,
  ...gpuFields,
  ...pcieThroughputs,
  ...gpmFields,
  ...migFields,
  ...migGpmFields,
  linkActive,
  ...linkFields,
  processMemory,
  ...engineFields,
  lastXid,
  ...xidFields,
];
