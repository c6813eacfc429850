/** The relations that can be asked for by name. What is added to the list is in the library, its types and its docs. */

import type { Field } from './field.js';
import { gpmOf } from './gpm.js';
import { gpuTable } from './gpu/index.js';
import { unlisted } from './gpu/unlisted.js';
import { c2cLinks } from './links/c2c.js';
import { nvlinks } from './links/nvlink.js';
import { pciLanes } from './links/pci-counters.js';
import {
  computeInstanceList,
  computeInstancePlacementList,
  computeInstanceProfileList,
  gpuInstanceList,
  gpuInstancePlacementList,
  gpuInstanceProfileList,
} from './mig/lists.js';
import { migDevices } from './mig/mig.js';
import { detailedProfiles, enforcedProfiles, requestedProfiles } from './power/profiles.js';
import { presetProfiles } from './power/smoothing-profiles.js';
import { processes } from './process/gpu-processes.js';
import type { Relation } from './relation.js';
import { encoderSessions, fbcSessions } from './sessions.js';
import { accountedApps, isRunning } from './tables/accounted-apps.js';
import { computeApps } from './tables/compute-apps.js';
import { remappedRows } from './tables/remapped-rows.js';
import { retiredPages } from './tables/retired-pages.js';
import { supportedClocks } from './tables/supported-clocks.js';
import { vgpuTurns } from './tables/vgpu-scheduler-logs.js';
import { gpuPairs } from './topology/gpu-pairs.js';
import { gpuNics, gpuNvmeDisks } from './topology/near-devices.js';
import { vgpuEncoderSessions, vgpuFbcSessions, vgpuProcesses } from './vgpu/inside.js';
import { heterogeneousModes, vgpuMigration } from './vgpu/instances.js';
import { vgpuSchedulerCapabilities, vgpuSchedulers } from './vgpu/scheduler.js';
import { creatableTypes, supportedTypes } from './vgpu/types.js';
import { vgpus } from './vgpu/vgpus.js';

/** A GPU with all of its fields, those that --query-gpu does not list too. */
export const gpuRelation: Relation = { ...gpuTable, fields: [...gpuTable.fields, ...unlisted] };

export const accountedRelation: Relation = { ...accountedApps, fields: [...accountedApps.fields, isRunning] };

const gpmRelation: Relation = gpmOf(['device', 'mig']);

export const relations: readonly Relation[] = [
  gpuRelation,
  computeApps,
  accountedRelation,
  supportedClocks,
  retiredPages,
  remappedRows,
  nvlinks,
  c2cLinks,
  pciLanes,
  migDevices,
  gpuInstanceProfileList,
  gpuInstancePlacementList,
  gpuInstanceList,
  computeInstanceProfileList,
  computeInstancePlacementList,
  computeInstanceList,
  processes,
  gpmRelation,
  gpuPairs,
  gpuNics,
  gpuNvmeDisks,
  encoderSessions,
  fbcSessions,
  detailedProfiles,
  requestedProfiles,
  enforcedProfiles,
  presetProfiles,
  vgpus,
  supportedTypes,
  creatableTypes,
  vgpuProcesses,
  vgpuEncoderSessions,
  vgpuFbcSessions,
  vgpuSchedulers(),
  vgpuTurns(),
  vgpuSchedulerCapabilities,
  vgpuMigration,
  heterogeneousModes(),
];

/** The number of a field in the enumeration. Fields of relations that no --query-* option lists may have none. */
export const numberOf = (field: Field): number | undefined =>
  'id' in field && typeof field.id === 'number' ? field.id : undefined;

/** A field of a relation by one of its names, or by its number. */
export type FieldIndex = ReadonlyMap<string | number, Field>;

const indexes = new Map<Relation, FieldIndex>();

/** The fields of a relation by all of their names and by their numbers. It is made once. */
export function fieldsByName(relation: Relation): FieldIndex {
  const known = indexes.get(relation);
  if (known !== undefined) return known;
  const index = new Map<string | number, Field>();
  for (const field of relation.fields) {
    const number = numberOf(field);
    if (number !== undefined) index.set(number, field);
    for (const name of field.names) index.set(name, field);
  }
  indexes.set(relation, index);
  return index;
}

/** A field of a relation. Throws for a name that it does not have: a mistake of the caller. */
export function fieldNamed(name: string, relation = gpuRelation): Field {
  const field = fieldsByName(relation).get(name);
  if (field === undefined) throw new Error(`${relation.name} has no field ${name}`);
  return field;
}
