/** The tables and lines of `mig`, as drawn by driver 580. */

import type { Release } from '../base/release.js';
import { Missing } from '../nvml/status.js';
import { type Cell, type Cells, cellText } from '../query/cell.js';
import { likePrintf } from '../query/decimals.js';
import { type BoxColumn, boxTable } from './box.js';

export type GpuProfileCells = Cells<
  | 'gpu'
  | 'profile'
  | 'profile_id'
  | 'free'
  | 'total'
  | 'memory.total'
  | 'p2p'
  | 'multiprocessors'
  | 'decoders'
  | 'encoders'
  | 'copy_engines'
  | 'jpegs'
  | 'ofas'
>;

const left = (width: number): BoxColumn => ({ width });
const right = (width: number): BoxColumn => ({ width, align: 'right' });

/** Before 580 names were two letters shorter (A100, 550.163.01). */
const nameWidth = (release: Release): number => (release < 580 ? 16 : 18);
const named = (release: Release): string => 'Name'.padEnd(nameWidth(release));
const unnamed = (release: Release): string => ' '.repeat(nameWidth(release));

const MEBIBYTES_PER_GIBIBYTE = 1024;
const gibibytes = (mebibytes: Cell): string =>
  mebibytes.reading instanceof Missing
    ? cellText(mebibytes)
    : likePrintf(Number(mebibytes.reading) / MEBIBYTES_PER_GIBIBYTE, 2);

/** `-lgip`: seen on the H100 and H200 (580.159.04), names as long as `MIG 2g.48gb+me.all` on an RTX PRO 6000. */
export const gpuProfileTable = (profiles: readonly GpuProfileCells[], release: Release): string =>
  boxTable({
    head: [
      ' GPU instance profiles:',
      ` GPU   ${named(release)} ID    Instances   Memory     P2P    SM    DEC   ENC`,
      `       ${unnamed(release)}       Free/Total   GiB              CE    JPEG  OFA`,
    ],
    columns: [
      right(4),
      left(2),
      left(nameWidth(release) + 2),
      right(2),
      left(5),
      ...[11, 11, 7, 7, 6, 4].map(left),
    ],
    rows: profiles.map((p) => [
      cellText(p.gpu),
      '',
      cellText(p.profile),
      cellText(p.profile_id),
      '',
      `${cellText(p.free)}/${cellText(p.total)}`,
      gibibytes(p['memory.total']),
      cellText(p.p2p),
      `${cellText(p.multiprocessors)}\n ${cellText(p.copy_engines)}`,
      `${cellText(p.decoders)}\n${cellText(p.jpegs)}`,
      `${cellText(p.encoders)}\n${cellText(p.ofas)}`,
    ]),
  });

export type PlacementCells = Cells<'gpu' | 'profile_id' | 'starts' | 'size'>;

/** `-lgipp`: {starts}:size, one line a profile. H100 and H200, 580.159.04. */
export const gpuPlacementLines = (placements: readonly PlacementCells[]): string =>
  placements.map((p) => `GPU ${cellText(p.gpu).padStart(2)} ${placementText(p)}\n`).join('');

function placementText(p: PlacementCells): string {
  const starts = cellText(p.starts);
  const word = starts.includes(',') ? 'Placements:' : 'Placement :';
  return `Profile ID ${cellText(p.profile_id).padStart(2)} ${word} {${starts}}:${cellText(p.size)}`;
}

export type GpuInstanceCells = Cells<'gpu' | 'profile' | 'profile_id' | 'gpu_instance_id' | 'start' | 'size'>;

/** `-lgi`: an A100 with driver 580.126.09. */
export const gpuInstanceTable = (instances: readonly GpuInstanceCells[], release: Release): string =>
  boxTable({
    head: [
      ' GPU instances:',
      ` GPU   ${named(release)} Profile  Instance   Placement`,
      `       ${unnamed(release)}   ID       ID       Start:Size`,
    ],
    columns: [right(4), left(2), left(nameWidth(release) + 3), right(3), right(9), left(10), left(8)],
    rows: instances.map((i) => [
      cellText(i.gpu),
      '',
      cellText(i.profile),
      cellText(i.profile_id),
      cellText(i.gpu_instance_id),
      '',
      `${cellText(i.start)}:${cellText(i.size)}`,
    ]),
  });

export type ComputeProfileCells = Cells<
  | 'gpu'
  | 'gpu_instance_id'
  | 'profile'
  | 'profile_id'
  | 'default'
  | 'free'
  | 'total'
  | 'multiprocessors'
  | 'decoders'
  | 'encoders'
  | 'ofas'
  | 'copy_engines'
  | 'jpegs'
>;

/** `-lcip`: an A100 with driver 580.126.09. The default profile has a star. */
export const computeProfileTable = (profiles: readonly ComputeProfileCells[]): string =>
  boxTable({
    head: [
      ' Compute instance profiles:',
      ' GPU     GPU       Name             Profile  Instances   Exclusive       Shared',
      '       Instance                       ID     Free/Total     SM       DEC   ENC   OFA',
      '         ID                                                          CE    JPEG',
    ],
    columns: [right(4), right(7), left(7), left(20), right(2), left(6), ...[14, 9, 7, 6, 4].map(left)],
    rows: profiles.map((p) => [
      cellText(p.gpu),
      cellText(p.gpu_instance_id),
      '',
      cellText(p.profile),
      cellText(p.profile_id),
      Number(p.default.reading) === 0 ? '' : '*',
      `${cellText(p.free)}/${cellText(p.total)}`,
      cellText(p.multiprocessors),
      ` ${cellText(p.decoders)}\n ${cellText(p.copy_engines)}`,
      `${cellText(p.encoders)}\n${cellText(p.jpegs)}`,
      cellText(p.ofas),
    ]),
  });

export type ComputePlacementCells = PlacementCells & Cells<'gpu_instance_id'>;

/** `-lcipp`: A100, 550.163.01. */
export const computePlacementLines = (placements: readonly ComputePlacementCells[]): string =>
  placements
    .map((p) => {
      const gi = cellText(p.gpu_instance_id).padStart(2);
      return `GPU ${cellText(p.gpu).padStart(2)} GI ${gi} ${placementText(p)}\n`;
    })
    .join('');

export type ComputeInstanceCells = Cells<
  'gpu' | 'gpu_instance_id' | 'profile' | 'profile_id' | 'compute_instance_id' | 'start' | 'size'
>;

/** `-lci`: an A100 with driver 580.126.09. */
export const computeInstanceTable = (instances: readonly ComputeInstanceCells[]): string =>
  boxTable({
    head: [
      ' Compute instances:',
      ' GPU     GPU       Name             Profile   Instance   Placement',
      '       Instance                       ID        ID       Start:Size',
      '         ID',
    ],
    columns: [right(4), right(7), left(7), left(20), right(2), right(10), left(10), left(8)],
    rows: instances.map((i) => [
      cellText(i.gpu),
      cellText(i.gpu_instance_id),
      '',
      cellText(i.profile),
      cellText(i.profile_id),
      cellText(i.compute_instance_id),
      '',
      `${cellText(i.start)}:${cellText(i.size)}`,
    ]),
  });
