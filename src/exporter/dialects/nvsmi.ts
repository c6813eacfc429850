/** Our own names: nvsmi, the field as --query-gpu has it, its base unit, and total where it counts. */
import type { Family } from '../field.js';
import { familyOf } from '../field.js';
import { allFields } from '../fields.js';
import type { CollectedRecords, Labels, MetricRelation } from '../observed.js';
import { add, type Dialect, infoFamily, type Points } from './dialect.js';

export const families: ReadonlyMap<string, Family> = new Map(
  allFields.flatMap((field) => {
    const family = familyOf(field);
    return family === undefined ? [] : [[field.names[0], family]];
  }),
);

/** Labels of a GPU that can be put on every series of it; the others are on nvsmi_gpu_info alone. */
export const GPU_LABELS = ['gpu', 'uuid', 'name', 'pci_bus_id', 'serial', 'hostname'] as const;
export type GpuLabel = (typeof GPU_LABELS)[number];
export const USUAL_LABELS: readonly GpuLabel[] = ['gpu', 'uuid'];

/** What has labels beside those of its GPU, and the family that holds those of them that would make series too many. */
const INFO: Readonly<Partial<Record<MetricRelation, Family>>> = {
  gpu: infoFamily('nvsmi_gpu_info', 'Identity of a GPU, as labels. Always 1.'),
  mig: infoFamily('nvsmi_mig_info', 'Who a MIG device is, in labels. Always 1.'),
  process: infoFamily('nvsmi_process_info', 'Whose a process on a GPU is, in labels. Always 1.'),
};

/** Labels of a relation that its values have too. */
const KEYS: Readonly<Record<MetricRelation, readonly string[]>> = {
  gpu: [],
  mig: ['mig_uuid', 'gpu_instance_id', 'compute_instance_id'],
  nvlink: ['link'],
  process: ['pid', 'process_name', 'user', 'container_id', 'pod_uid', 'job_id'],
  xid: ['xid'],
};

const some = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(
    names.flatMap((name) => {
      const text = labels[name];
      return text === undefined ? [] : [[name, text]];
    }),
  );

/** The labels of a GPU by its index; of one that is not known, such as the PCI address of a lost one, the index alone. */
export const labelsOfGpu =
  (gpuLabels: readonly GpuLabel[], hostname: string) =>
  (collected: CollectedRecords | undefined, gpu: string): Labels => {
    const found = collected?.records.find(({ relation, labels }) => relation === 'gpu' && labels.gpu === gpu);
    return found === undefined ? { gpu } : some({ ...found.labels, hostname }, gpuLabels);
  };

/** The dialect with these labels of the GPU on every series. */
export function nvsmiDialect(gpuLabels: readonly GpuLabel[], hostname: string): Dialect {
  return {
    name: 'nvsmi',
    fold: ({ records }) => {
      const points: Points = new Map();
      const identities = new Map<string, Labels>();
      for (const { relation, labels, values } of records) {
        if (relation === 'gpu') identities.set(labels.gpu ?? '', some({ ...labels, hostname }, gpuLabels));
        const own = identities.get(labels.gpu ?? '') ?? {};
        const keys: Labels = { ...own, ...some(labels, KEYS[relation]) };
        const info = INFO[relation];
        if (info !== undefined) {
          const host = relation === 'gpu' && hostname !== '' ? { hostname } : {};
          add(points, info, { ...own, ...labels, ...host }, 1);
        }
        for (const [field, raw] of Object.entries(values)) {
          const family = families.get(field);
          if (family !== undefined) add(points, family, keys, family.scale(raw));
        }
      }
      return points;
    },
  };
}
