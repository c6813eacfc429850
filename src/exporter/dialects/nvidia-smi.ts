/**
 * The names of nvidia_gpu_exporter: nvidia_smi, the field as nvidia-smi spells it in a CSV header, and its unit. A table where
 * a name does not follow from a header.
 */

import { csvUnitOf } from '../../format/csv.js';
import { gpuTable } from '../../query/gpu/index.js';
import { type Family, inBaseUnit, snake } from '../field.js';
import { gpuFields } from '../fields.js';
import type { CollectedRecords, Labels, Observed } from '../observed.js';
import { add, type Dialect, infoFamily, type Points, renamed } from './dialect.js';

const PREFIX = 'nvidia_smi_';

/** What the unit in a CSV header becomes; a value without one is the number unchanged. */
const SUFFIX: Readonly<Record<string, string>> = {
  W: '_watts',
  MHz: '_clock_hz',
  '%': '_ratio',
  MiB: '_bytes',
  us: '_seconds',
};

const raw = (value: number): number => value;

const queried: readonly (readonly [field: string, family: Family])[] = gpuFields
  .filter((row) => gpuTable.fields.includes(row))
  .map(({ names: [field], kind, help }) => {
    const suffix = SUFFIX[csvUnitOf(kind)];
    const family: Family = {
      name: `${PREFIX}${snake(field)}${suffix ?? ''}`,
      type: 'gauge',
      help,
      scale: suffix === undefined && !kind.metric?.flag ? raw : inBaseUnit(kind.metric ?? {}),
    };
    return [field, family];
  });

const family = (name: string, help: string, scale = raw, type: Family['type'] = 'gauge'): Family => ({
  name: PREFIX + name,
  type,
  help,
  scale,
});

const percent = (value: number): number => value / 100;
const mebibytes = (value: number): number => value * 2 ** 20;
const milli = (value: number): number => value / 1000;
const kilo = (value: number): number => value * 1000;

const PCIE = { tx: 'What a GPU sends over PCIe.', rx: 'What a GPU receives over PCIe.' } as const;
const pcie = (way: 'tx' | 'rx', prefix: string, scale: Family['scale']): Family =>
  family(`${prefix}pcie_throughput_${way}_bytes_per_second`, PCIE[way], scale);

/** What is no field of --query-gpu. */
const others: readonly (readonly [field: string, family: Family])[] = [
  ['energy', family('energy_joules_total', 'Energy that a GPU took.', milli, 'counter')],
  ['pcie.throughput.tx', pcie('tx', '', kilo)],
  ['pcie.throughput.rx', pcie('rx', '', kilo)],
  ['mig.gpm.graphics_util', family('mig_graphics_activity_ratio', 'Graphics engine activity.', percent)],
  ['mig.gpm.sm_util', family('mig_sm_activity_ratio', 'SM activity of a GPU instance.', percent)],
  ['mig.gpm.sm_occupancy', family('mig_sm_occupancy_ratio', 'SM occupancy of a GPU instance.', percent)],
  ['mig.gpm.any_tensor_util', family('mig_tensor_activity_ratio', 'Tensor core activity.', percent)],
  ['mig.gpm.pcie_tx', pcie('tx', 'mig_', mebibytes)],
  ['mig.gpm.pcie_rx', pcie('rx', 'mig_', mebibytes)],
  ...['total', 'used', 'free', 'reserved'].map(
    (part) =>
      [`mig.memory.${part}`, family(`mig_memory_${part}_bytes`, 'Memory of a GPU instance.')] as const,
  ),
  ['process.used_memory', family('compute_app_used_memory_bytes', 'Memory that a process uses.')],
  ['xid.errors', family('xid_errors_total', 'Xid errors since the exporter began.', raw, 'counter')],
  ['xid.last_timestamp', family('xid_last_timestamp_seconds', 'When an Xid was last seen.', milli)],
];

/** By our fields. */
export const nvidiaSmiFamilies: ReadonlyMap<string, Family> = new Map([...queried, ...others]);

/** The hardware's own rate instead, where the driver is not made to watch the link. */
const FALLBACKS: readonly (readonly [field: string, instead: string, family: Family])[] = [
  ['pcie.throughput.tx', 'gpm.pcie_tx', pcie('tx', '', mebibytes)],
  ['pcie.throughput.rx', 'gpm.pcie_rx', pcie('rx', '', mebibytes)],
];

const gpuInfo = infoFamily(`${PREFIX}gpu_info`, 'Identity of a GPU, as labels. Always 1.');
const migInfo = infoFamily(`${PREFIX}mig_info`, 'Who a MIG device is, in labels. Always 1.');
const appInfo = infoFamily(`${PREFIX}compute_app_info`, 'Who computes on a GPU, in labels. Always 1.');
const apps = family('compute_apps', 'Processes that compute on a GPU.');
const appsSuccess = family('compute_apps_last_collect_success', 'Whether the processes could be listed.');
const success = family('last_collect_success', 'Whether the last collection succeeded.');
const ended = family('last_collect_success_timestamp_seconds', 'When the last collection ended.', milli);
const took = family('last_collect_duration_seconds', 'Duration of the last collection.', milli);

const IDENTITY = {
  name: 'name',
  driver_model_current: 'driver_model_current',
  driver_model_pending: 'driver_model_pending',
  vbios_version: 'vbios_version',
  driver_version: 'driver_version',
  pci_bus_id: 'pci_bus_id',
  serial: 'serial',
  compute_cap: 'compute_cap',
  pci_sub_device_id: 'pci_sub_device_id',
  index: 'gpu',
  cuda_version: 'cuda_version',
};

/** nvidia_gpu_exporter leaves the prefix of a UUID out. */
const bareUuid = (uuid = ''): string => uuid.replace(/^(GPU|MIG)-/, '').toLowerCase();

const computes = ({ labels: { type } }: Observed): boolean => type !== 'G';

/** Labels of the values of a record. */
function labelsOf({ relation, labels }: Observed): Labels {
  const uuid = bareUuid(labels.uuid);
  switch (relation) {
    case 'mig':
      return { uuid, ...renamed(labels, { gpu_instance_id: 'gpu_instance_id' }) };
    case 'process':
      return { uuid, ...renamed(labels, { pid: 'pid', process_name: 'process_name' }) };
    case 'xid':
      return { uuid, ...renamed(labels, { xid: 'xid' }) };
    default:
      return { uuid };
  }
}

export function nvidiaSmiDialect(processes: boolean): Dialect {
  return { name: 'nvidia_smi', fold: (collected) => fold(collected, processes) };
}

function fold({ at, tookMs, records }: CollectedRecords, processes: boolean): Points {
  const points: Points = new Map();
  const shown = records.filter((record) => record.relation !== 'process' || computes(record));
  // Compute instances of a GPU instance share its memory and its counters: they are shown once.
  const instances = new Set<string>();
  for (const record of shown) {
    const { relation, labels, values } = record;
    const own = labelsOf(record);
    if (relation === 'gpu') {
      add(points, gpuInfo, { ...own, ...renamed(labels, IDENTITY) }, 1);
      if (processes) add(points, apps, own, 0);
    }
    if (relation === 'mig') {
      const device = { compute_instance_id: 'compute_instance_id', profile: 'profile' };
      add(points, migInfo, { ...own, mig_uuid: bareUuid(labels.mig_uuid), ...renamed(labels, device) }, 1);
      const instance = `${own.uuid}/${own.gpu_instance_id}`;
      if (instances.has(instance)) continue;
      instances.add(instance);
    }
    if (relation === 'process') add(points, appInfo, own, 1);
    for (const [field, value] of Object.entries(values)) {
      const family = nvidiaSmiFamilies.get(field);
      if (family !== undefined) add(points, family, own, family.scale(value));
    }
    for (const [field, instead, family] of FALLBACKS) {
      const value = values[instead];
      if (value === undefined || values[field] !== undefined) continue;
      add(points, nvidiaSmiFamilies.get(field) ?? family, own, family.scale(value));
    }
  }
  if (processes) {
    const counted = points.get(apps)?.map(({ labels }) => ({
      labels,
      value: shown.filter((each) => each.relation === 'process' && labelsOf(each).uuid === labels.uuid)
        .length,
    }));
    if (counted !== undefined) points.set(apps, counted);
    add(points, appsSuccess, {}, 1);
  }
  add(points, success, {}, 1);
  add(points, ended, {}, milli(at));
  add(points, took, {}, milli(tookMs));
  return points;
}
