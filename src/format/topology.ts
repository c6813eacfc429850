/**
 * `topo`: the matrices and sentences of nvidia-smi 580.159.04 (H100, two H200s). NIC columns, rows and legend are
 * those of a public GB200 capture with its escape codes and tabs kept.
 */

import type { Release } from '../base/release.js';
import { NVML_TOPOLOGY_HOSTBRIDGE } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { type Cell, type Cells, cellText } from '../query/cell.js';
import { P2P_LABELS } from '../query/topology/words.js';

/** The header is underlined on terminals and in pipes. */
const underlined = (text: string): string => `\u001b[4m${text}\u001b[0m`;

/** A GPU of a matrix: its own cells, and how it reaches the others. */
export interface MatrixGpu {
  readonly cells: Cells<'gpu'>;
  readonly pairs: readonly Cells[];
}

/** One of a matrix with NICs. */
export interface GpuBesideNics extends MatrixGpu {
  readonly nics: readonly Cells[];
}

/** The words of -n and -p for how PCIe joins two devices, by NVML_TOPOLOGY_*. */
const WAYS: Readonly<Record<number, string>> = {
  0: 'an single on-board PCIe switch',
  10: 'a single PCIe switch',
  20: 'multiple PCIe switches',
  30: 'a PCIe host bridge',
  40: 'an on-CPU interconnect between PCIe host bridges',
  50: 'an SMP interconnect link between NUMA nodes',
};

/** `-n` calls some by another name (two H200, 580.159.04). */
const NEAREST: Readonly<Record<number, string>> = {
  20: 'potentially multiple PCIe switches',
  30: 'the same PCIe host bridge',
};

const levelWay = (level: number): string => WAYS[level] ?? 'an unknown link';

const gpuLabel = ({ cells }: MatrixGpu): string => `GPU${cellText(cells.gpu)}`;

/** A word without blanks, whatever the reason that there is no value: matrices are split at blanks. */
const matrixWord = (what: Cell | undefined): string =>
  what === undefined || what.reading instanceof Missing ? 'N/A' : cellText(what);

/** How two GPUs are joined. Where it is not known whether NVLinks join them, it is not known. */
function jointWord({ path, nvlinks }: Cells): string {
  if (nvlinks?.reading instanceof Missing) return matrixWord(nvlinks);
  return Number(nvlinks?.reading ?? 0) > 0 ? `NV${nvlinks?.reading}` : matrixWord(path);
}

/** The word about the pair of a GPU with another; itself is an X. */
const pairWord = (gpu: MatrixGpu, other: MatrixGpu, self: string, word: (pair: Cells) => string): string => {
  if (gpu === other) return self;
  return word(gpu.pairs.find(({ peer }) => peer?.reading === other.cells.gpu.reading) ?? {});
};

/** A device with itself. */
const SELF = ' X ';

const LEGEND: readonly (readonly [label: string, meaning: string])[] = [
  ['X', 'Self'],
  ['SYS', 'Through PCIe and the link that joins the NUMA nodes, such as QPI or UPI'],
  ['NODE', 'Through PCIe and the link that joins the PCIe host bridges of one NUMA node'],
  ['PHB', 'Through PCIe and one PCIe host bridge, which is usually the CPU'],
  ['PXB', 'Through several PCIe bridges, none of them a host bridge'],
  ['PIX', 'Through one PCIe bridge at most'],
];
const NVLINK_LEGEND = ['NV#', 'Through # NVLinks bonded together'] as const;

const legend = (rows: readonly (readonly [string, string])[]): string =>
  `\nLegend:\n\n${rows.map(([label, meaning]) => `  ${label.padEnd(4)} = ${meaning}\n`).join('')}`;

/** Without the GPU's own node before 535 (470, 525 on the fake). */
const affinityHeads = (release: Release): readonly string[] =>
  release < 535 ? ['CPU Affinity', 'NUMA Affinity'] : ['CPU Affinity', 'NUMA Affinity', 'GPU NUMA ID'];

/** The columns after the cells. The header of the GPU's own node is one column further left than its values. */
function affinityCells(cells: Cells | undefined, release: Release): readonly string[] {
  const [cpus, memory, node] = ['cpu_affinity', 'numa_affinity', 'gpu_numa_id'].map((name) =>
    cells === undefined ? '' : matrixWord(cells[name]),
  );
  return release < 535 ? [cpus ?? '', memory ?? ''] : [cpus ?? '', memory ?? '', '', node ?? ''];
}

const nicNamed = (cells: Cells, name: 'nic' | 'peer' | 'device'): string =>
  cells[name] === undefined ? '' : cellText(cells[name]);

/** `topo -m` and, without NVLinks, `topo -mp`. */
export function matrixText(
  gpus: readonly GpuBesideNics[],
  nicPairs: readonly Cells[],
  withNvlinks: boolean,
  release: Release,
): string {
  // Every GPU has the same NICs.
  const nics = (gpus[0]?.nics ?? []).map((cells) => nicNamed(cells, 'nic'));
  const head = underlined([...gpus.map(gpuLabel), ...nics, ...affinityHeads(release)].join('\t'));
  const gpuRows = gpus.map((gpu) => [
    gpuLabel(gpu),
    ...gpus.map((other) => pairWord(gpu, other, SELF, jointWord)),
    ...gpu.nics.map(({ path }) => matrixWord(path)),
    ...affinityCells(gpu.cells, release),
  ]);
  const between = new Map(
    nicPairs.flatMap((pair) => {
      const ends = [nicNamed(pair, 'nic'), nicNamed(pair, 'peer')];
      return [ends, ends.toReversed()].map((both) => [both.join(), matrixWord(pair.path)] as const);
    }),
  );
  const nicRows = nics.map((nic, i) => [
    nic,
    ...gpus.map((gpu) => matrixWord(gpu.nics[i]?.path)),
    ...nics.map((other) =>
      other === nic ? SELF : (between.get([nic, other].join()) ?? matrixWord(undefined)),
    ),
    ...affinityCells(undefined, release),
  ]);
  const devices = (gpus[0]?.nics ?? []).map(
    (cells) => `  ${nicNamed(cells, 'nic')}: ${nicNamed(cells, 'device')}\n`,
  );
  return [
    `\t${head}\n`,
    ...[...gpuRows, ...nicRows].map((row) => `${row.join('\t')}\n`),
    legend(withNvlinks ? [...LEGEND, NVLINK_LEGEND] : LEGEND),
    ...(devices.length === 0 ? [] : ['\nNIC Legend:\n\n', ...devices, '\n']),
  ].join('');
}

/** `topo -nvme`: GPUs down, disks across. Only its empty form has been seen (H200); columns are named as in /sys. */
export function nvmeText(gpus: readonly MatrixGpu[]): string {
  const disks = (gpus[0]?.pairs ?? []).map(({ disk }) => (disk === undefined ? '' : cellText(disk)));
  const rows = gpus.map(
    (gpu) => `${gpuLabel(gpu)}\t${gpu.pairs.map(({ path }) => matrixWord(path)).join('\t')}\n`,
  );
  return `\t${underlined(disks.join('\t'))}\n${rows.join('')}${legend(LEGEND)}`;
}

/** What the legend says of each status. */
const P2P_MEANINGS: Readonly<Record<(typeof P2P_LABELS)[number], string>> = {
  OK: 'Status Ok',
  CNS: 'Chipset not supported',
  GNS: 'GPU not supported',
  TNS: 'Topology not supported',
  DR: 'Disabled in the registry',
  NS: 'Not supported',
  U: 'Unknown',
};

/** `topo -p2p`, of one field of the pairs. The legend has no line for DR, unless it occurs in the matrix (580.159.04). */
export function p2pText(gpus: readonly MatrixGpu[], field: string): string {
  const rows = gpus.map((gpu) => [
    ` ${gpuLabel(gpu)}`,
    ...gpus.map((other) => pairWord(gpu, other, SELF.trim(), (pair) => matrixWord(pair[field]))),
  ]);
  const isShown = (label: string): boolean => label !== 'DR' || rows.some((row) => row.includes(label));
  return [
    ` \t${underlined(gpus.map((gpu) => `${gpuLabel(gpu)}\t`).join(''))}\n`,
    ...rows.map((row) => `${row.join('\t')}\t\n`),
    legend([
      ['X', 'Self'],
      ...P2P_LABELS.filter(isShown).map((label) => [label, P2P_MEANINGS[label]] as const),
    ]),
  ].join('');
}

/** `topo -n`. */
export function nearestText(gpu: number, level: number, others: readonly number[]): string {
  const way = NEAREST[level] ?? levelWay(level);
  const by = level === NVML_TOPOLOGY_HOSTBRIDGE ? 'by' : 'by way of';
  return others.length === 0
    ? `Device ${gpu} is not connected to other devices ${by} ${way}.\n\n`
    : `Device ${gpu} is connected ${by} ${way} to device(s): ${others.join(', ')}\n\n`;
}

/** `topo -p`. */
export const pathText = (from: number, to: number, level: number): string =>
  `Device ${from} is connected to device ${to} by way of ${levelWay(level)}.\n\n`;

/** `topo -c`. */
export const cpuText = (cpu: number, gpus: readonly number[]): string =>
  gpus.length === 0
    ? `No GPUs were found to have an affinity with CPU ${cpu}.\n\n`
    : `The GPUs that have an affinity with CPU ${cpu} are:\n${gpus.join(', ')}\n\n`;

/** `topo -C` and `topo -M`. */
export const nodesText = (of: 'CPU' | 'memory', nodes: string): string =>
  `NUMA IDs of closest ${of}: ${nodes}\n`;
