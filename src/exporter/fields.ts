/** Table: the fields that the exporter collects of GPUs, MIG devices, NVLinks, processes and Xids. Longer than logic may be. */
import * as nvml from '../nvml/generated/constants.js';
import { nvmlDeviceGetTotalEnergyConsumption } from '../nvml/generated/entries.js';
import { COUNTER, type Field, from, nameOf, type Row } from '../query/field.js';
import { gpmOf } from '../query/gpm.js';
import { gpuTable } from '../query/gpu/index.js';
import { bar1Memory, memory } from '../query/gpu/memory.js';
import { count, type Kind, measured, mebibytes, milliseconds, number } from '../query/kind.js';
import { linkActive as active, yes } from '../query/links/link.js';
import { nvlinks } from '../query/links/nvlink.js';
import { pciCounters } from '../query/links/pci-counters.js';
import { pcieThroughput } from '../query/links/pcie-throughput.js';
import { GPM_PREFIX } from '../query/monitor/gpm.js';
import { sample } from '../query/probe.js';
import { processes } from '../query/process/gpu-processes.js';
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
const kilobytesPerSecond = measured('KB/s', { unit: 'bytes_per_second', times: 1000 });

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
  ...pciCounters.map(
    (each): Row => ({ ...each, id: -1, help: `${each.help.replace(/\.$/, '')}, on the PCIe link.` }),
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

const isNumber = ({ kind }: Field): boolean => kind.metric !== undefined;
const isMetric = (field: Field): boolean => isNumber(field) && field.metric !== null;

/** What waits in the driver, such as a checksum over the infoROM, is not asked every few seconds. */
const isPrompt = ({ source }: Row): boolean => !('probe' in source && source.probe.waits);

/** Of a GPU. Those that are no metrics of ours are some of other exporters: the index. */
export const gpuFields: readonly Row[] = [
  ...gpuTable.fields.filter((row) => isNumber(row) && isPrompt(row)),
  ...more,
];

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

/** The performance metrics that have a name here: GPM of Hopper and newer. */
export const gpmFields: readonly Field[] = gpmOf([]).fields.flatMap((field) => {
  const name = field.names.find((each) => each.startsWith(GPM_PREFIX));
  const help = `${field.help.replace(/\.$/, '')}, between two collections.`;
  return name === undefined ? [] : [{ ...field, names: [name], help }];
});

/** Of a MIG device: the memory is that of its GPU instance. */
export const migFields: readonly Row[] = memory.map((row) => ({
  ...row,
  names: [`mig.${nameOf(row)}`],
  help: `${row.help.replace(/\.$/, '')}, of the MIG device.`,
}));

export const migGpmFields: readonly Field[] = gpmFields.map((each) => ({
  ...each,
  names: [`mig.${each.names[0]}`],
  help: each.help.replace(/\.$/, ', of the GPU instance.'),
}));

/** A field of a relation, named after the relation too; first by the name that its metric has. */
const under =
  (relation: string) =>
  (field: Field): Field => {
    const { name, ...metric } = field.metric ?? {};
    const named = name === undefined ? field.names : [name, ...field.names];
    const names = named.map((each) => `${relation}.${each}`) as [string, ...string[]];
    return { ...field, names, metric };
  };

/** Of a link that is up. Whether it is, is known before anything else of it. */
export const linkFields: readonly Field[] = nvlinks.fields
  .filter((field) => isMetric(field) && field !== active)
  .map(under('nvlink'));

const item = (name: string, kind: Kind, help: string, metric?: Row['metric']): MetricField => ({
  names: [name],
  help,
  kind,
  ...(metric === undefined ? {} : { metric }),
});

export const linkActive: Field = { ...under('nvlink')(active), help: 'Whether the NVLink is up.' };

/** Whether NVML gives a handle for a GPU; a GPU that fell off the bus has none. */
export const reachable = item('gpu.reachable', yes, 'Whether NVML can read the GPU: 0 if it is lost.');

/** Of a process: its memory, and what it uses of the engines. */
export const processFields: readonly Field[] = processes.fields.filter(isMetric).map(under('process'));

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
  ...processFields,
  lastXid,
  ...xidFields,
];
