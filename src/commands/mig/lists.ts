/** Table: the lists of `mig`: the option, the relation, and how it is printed. */
import { dated } from '../../base/argv.js';
import type { Release } from '../../base/release.js';
import * as render from '../../format/mig.js';
import type { Cells } from '../../query/cell.js';
import * as lists from '../../query/mig/lists.js';
import type { View } from '../runner/collect.js';

export interface MigList extends View {
  readonly relation: lists.MigRelation;
  /** What it lists, in nvidia-smi's words (550.163.01, with failing calls). */
  readonly title: string;
  readonly print: (records: readonly Cells[], release: Release) => string;
}

const listOf = <const Long extends string, Record extends Cells>(
  short: string,
  long: Long,
  help: string,
  relation: lists.MigRelation,
  title: string,
  print: (records: readonly Record[], release: Release) => string,
): MigList & { readonly long: Long } => ({
  short: [short],
  long,
  action: true,
  help,
  relation,
  title,
  // The relation has the fields that are printed.
  print: print as unknown as MigList['print'],
});

export const LISTS = [
  listOf(
    'lgip',
    'list-gpu-instance-profiles',
    'GPU instance profiles, with their free and total instances.',
    lists.gpuInstanceProfileList,
    'GPU instance profiles',
    render.gpuProfileTable,
  ),
  listOf(
    'lgipp',
    'list-gpu-instance-possible-placements',
    'Possible placements of each GPU instance profile, as {starts}:size.',
    lists.gpuInstancePlacementList,
    'GPU instance placements',
    render.gpuPlacementLines,
  ),
  listOf(
    'lgi',
    'list-gpu-instances',
    'Existing GPU instances.',
    lists.gpuInstanceList,
    'GPU instances',
    render.gpuInstanceTable,
  ),
  listOf(
    'lcip',
    'list-compute-instance-profiles',
    'Compute instance profiles of each GPU instance.',
    lists.computeInstanceProfileList,
    'compute instance profiles',
    render.computeProfileTable,
  ),
  dated(
    525,
    listOf(
      'lcipp',
      'list-compute-instance-possible-placements',
      'Possible placements of each compute instance profile, as {starts}:size.',
      lists.computeInstancePlacementList,
      'compute instance placements',
      render.computePlacementLines,
    ),
  ),
  listOf(
    'lci',
    'list-compute-instances',
    'Existing compute instances.',
    lists.computeInstanceList,
    'compute instances',
    render.computeInstanceTable,
  ),
] as const satisfies readonly MigList[];
