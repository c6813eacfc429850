import { UsageError } from '../../base/errors.js';
import * as render from '../../format/topology.js';
import { Missing } from '../../nvml/status.js';
import type { Cells } from '../../query/cell.js';
import { type Field, nameOf } from '../../query/field.js';
import { affinity } from '../../query/gpu/affinity.js';
import type { Relation } from '../../query/relation.js';
import { gpuPairs, p2pFields, pairNvlinks, pairPath, peer } from '../../query/topology/gpu-pairs.js';
import { gpuNics, gpuNvmeDisks, nicPairs } from '../../query/topology/near-devices.js';
import type { ShownGpu } from '../runner/collect.js';
import type { Matrix, TopoGiven } from './question.js';
export function capabilityOf({ p2pstatus = '' }: TopoGiven): Field {
  const capability = p2pFields.get(p2pstatus);
  if (capability !== undefined) return capability;
  throw new UsageError('Invalid p2p capability index specified at the command-line');
}

/** The GPUs with their records of a relation, as a matrix has them. */
const rowsOf = (gpus: readonly ShownGpu[], relation: Relation) =>
  gpus.map(({ cells, recordsOf }) => ({ cells, pairs: listOf(recordsOf(relation)) }));

const listOf = (records: readonly Cells[] | Missing): readonly Cells[] =>
  records instanceof Missing ? [] : records;

const NO_MATRIX = 'Failed to run topology matrix\n';

export const matrixOf = (withNvlinks: boolean): Matrix => ({
  views: () => [
    { gpuFields: affinity },
    { relation: gpuPairs, fields: withNvlinks ? [peer, pairPath, pairNvlinks] : [peer, pairPath] },
    { relation: gpuNics },
    { relation: nicPairs },
  ],
  text: ({ gpus, systemRecordsOf }, { release }) => {
    const rows = rowsOf(gpus, gpuPairs).map((row, i) => ({
      ...row,
      nics: listOf(gpus[i]?.recordsOf(gpuNics) ?? []),
    }));
    return render.matrixText(rows, systemRecordsOf(nicPairs), withNvlinks, release);
  },
  failure: NO_MATRIX,
});

export const p2pMatrix: Matrix = {
  views: (given) => [{ relation: gpuPairs, fields: [peer, capabilityOf(given)] }],
  text: ({ gpus }, { given }) => render.p2pText(rowsOf(gpus, gpuPairs), nameOf(capabilityOf(given))),
  failure: 'Failed to display p2p capability matrix for the specified p2p Index\n',
};

export const nvmeMatrix: Matrix = {
  views: () => [{ relation: gpuNvmeDisks }],
  text: ({ gpus }) => render.nvmeText(rowsOf(gpus, gpuNvmeDisks)),
  failure: NO_MATRIX,
};
