/**
 * `topo`: the matrices and sentences of nvidia-smi 580.159.04 (H100, two H200s). NIC columns, rows and legend are
 * those of a public GB200 capture with its escape codes and tabs kept.
 */

import type { Release } from '../base/release.js';

/** The header is underlined on terminals and in pipes. */
const underlined = (text: string): string => `\u001b[4m${text}\u001b[0m`;

/** A device of a matrix. GPUs have affinities, NICs a name in the legend. */
export interface TopologyDevice {
  /** GPU0, NIC0 */
  readonly label: string;
  readonly affinity?: {
    readonly cpus: string;
    readonly memory: string;
    readonly numaId: string;
  };
  /** mlx5_0 */
  readonly device?: string;
}

/** How PCIe joins two devices: labels by NVML_TOPOLOGY_*, and the words of -n and -p. */
const LEVELS: Readonly<Record<number, readonly [label: string, way: string]>> = {
  0: ['PIX', 'an single on-board PCIe switch'],
  10: ['PIX', 'a single PCIe switch'],
  20: ['PXB', 'multiple PCIe switches'],
  30: ['PHB', 'a PCIe host bridge'],
  40: ['NODE', 'an on-CPU interconnect link between PCIe host bridges'],
  50: ['SYS', 'an SMP interconnect link between NUMA nodes'],
};

/** NVML_TOPOLOGY_HOSTBRIDGE */
const HOST_BRIDGE = 30;

export const levelLabel = (level: number): string => LEVELS[level]?.[0] ?? 'N/A';
/** `-n` calls some by another name (two H200, 580.159.04). */
const NEAREST: Readonly<Record<number, string>> = {
  20: 'potentially multiple PCIe switches',
  30: 'the same PCIe host bridge',
  40: 'an on-CPU interconnect between PCIe host bridges',
};

const levelWay = (level: number): string => LEVELS[level]?.[1] ?? 'an unknown link';

/** A device with itself. */
export const SELF = ' X ';

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
function affinityCells({ affinity }: TopologyDevice, release: Release): readonly string[] {
  const { cpus = '', memory = '', numaId = '' } = affinity ?? {};
  return release < 535 ? [cpus, memory] : [cpus, memory, '', numaId];
}

/** `topo -m` and, without NVLinks, `topo -mp`. */
export function matrixText(
  devices: readonly TopologyDevice[],
  cells: readonly (readonly string[])[],
  withNvlinks: boolean,
  release: Release,
): string {
  const head = underlined([...devices.map(({ label }) => label), ...affinityHeads(release)].join('\t'));
  const rows = devices.map((device, i) =>
    [device.label, ...(cells[i] ?? []), ...affinityCells(device, release)].join('\t'),
  );
  const nics = devices.flatMap(({ label, device }) =>
    device === undefined ? [] : [`  ${label}: ${device}\n`],
  );
  return [
    `\t${head}\n`,
    ...rows.map((row) => `${row}\n`),
    legend(withNvlinks ? [...LEGEND, NVLINK_LEGEND] : LEGEND),
    ...(nics.length === 0 ? [] : ['\nNIC Legend:\n\n', ...nics, '\n']),
  ].join('');
}

/** `topo -nvme`: GPUs down, disks across. Only its empty form has been seen (H200); columns are named as in /sys. */
export function nvmeText(
  gpus: readonly string[],
  disks: readonly string[],
  cells: readonly (readonly string[])[],
): string {
  const rows = gpus.map((gpu, i) => `${gpu}\t${(cells[i] ?? []).join('\t')}\n`);
  return `\t${underlined(disks.join('\t'))}\n${rows.join('')}${legend(LEGEND)}`;
}

/** Short words of NVML_P2P_STATUS_*, and what the legend says of them. */
const P2P_STATUSES: readonly (readonly [label: string, meaning: string])[] = [
  ['OK', 'Status Ok'],
  ['CNS', 'Chipset not supported'],
  ['GNS', 'GPU not supported'],
  ['TNS', 'Topology not supported'],
  ['DR', 'Disabled in the registry'],
  ['NS', 'Not supported'],
  ['U', 'Unknown'],
];

export const p2pLabel = (status: number): string => P2P_STATUSES[status]?.[0] ?? 'U';

/** `topo -p2p`. The legend has no line for DR, unless it occurs in the matrix (580.159.04). */
export function p2pText(gpus: readonly string[], cells: readonly (readonly string[])[]): string {
  const row = (label: string, columns: readonly string[]): string =>
    ` ${label}\t${columns.map((column) => `${column}\t`).join('')}\n`;
  const isShown = ([label]: readonly [string, string]): boolean =>
    label !== 'DR' || cells.some((columns) => columns.includes(label));
  return [
    ` \t${underlined(gpus.map((gpu) => `${gpu}\t`).join(''))}\n`,
    ...gpus.map((gpu, i) => row(gpu, cells[i] ?? [])),
    legend([['X', 'Self'], ...P2P_STATUSES.filter(isShown)]),
  ].join('');
}

/** `topo -n`. */
export function nearestText(gpu: number, level: number, others: readonly number[]): string {
  const way = NEAREST[level] ?? levelWay(level);
  const by = level === HOST_BRIDGE ? 'by' : 'by way of';
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
