/**
 * A table, so longer than logic may be.
 * Fields of a GPU that nvidia-smi has no name for in --query-gpu. The report shows them, and pynvml_utils has numbers for some;
 * the numbers of the others begin at 3000.
 */
import { nvmlGpmQueryIfStreamingEnabled } from '../../nvml/generated/entries.js';
import { NOT_SUPPORTED } from '../../nvml/status.js';
import { protectedSize, unprotectedSize } from '../conf-compute.js';
import { from, type Row, type Source } from '../field.js';
import { count, enabled, type Kind } from '../kind.js';
import { sample } from '../probe.js';
import * as activity from '../report/activity.js';
import * as board from '../report/board.js';
import * as health from '../report/health.js';
import * as link from '../report/link.js';
import { affinity } from './affinity.js';
import { bar1Memory } from './memory.js';

const MEBIBYTE = 1024 * 1024;

/** Bytes as MiB, rounded down, as the report prints the BAR1 memory. */
const wholeMebibytes: Kind = {
  unit: 'MiB',
  spell: (bytes) => String(Math.floor(Number(bytes) / MEBIBYTE)),
  json: (bytes) => Math.floor(Number(bytes) / MEBIBYTE),
};

/** Of the first bridge chip. */
const bridge = (path: string): Source =>
  from(link.bridges, (view) =>
    view.read('bridgeCount') === 0 ? NOT_SUPPORTED : view.read(`bridgeChipInfo.0.${path}`),
  );

/** Words of driver 580.159.04. */
export const gpmStreaming: Row = {
  id: 3014,
  names: ['gpm.streaming'],
  help: 'Whether performance metrics (GPM) are streamed.',
  kind: { ...enabled, spell: (value) => (Number(value) === 0 ? 'DISABLED' : 'ENABLED') },
  source: from(sample(nvmlGpmQueryIfStreamingEnabled), 'state'),
};

export const unlisted: readonly Row[] = [
  {
    id: 3000,
    names: ['product_brand'],
    help: 'Brand of the GPU: Tesla, Quadro RTX, GeForce, NVIDIA.',
    ...board.productBrand,
  },
  {
    id: 3001,
    names: ['minor_number'],
    help: 'Number of the device file of the GPU, N in /dev/nvidiaN.',
    ...board.minorNumber,
  },
  {
    id: 3002,
    names: ['multigpu_board'],
    help: 'Whether the GPU is on a multi-GPU board.',
    ...board.multiGpuBoard,
  },
  {
    id: 26,
    names: ['board_id'],
    help: 'Number of the board, the same for all GPUs on it, in hexadecimal.',
    ...board.boardId,
  },
  {
    id: 3003,
    names: ['pci.bridge_chip.type'],
    help: 'Type of the bridge chip on a multi-GPU board: PLX or BRO4.',
    kind: link.bridgeTypes,
    source: bridge('type'),
  },
  {
    id: 3004,
    names: ['pci.bridge_chip.firmware'],
    help: 'Firmware version of the bridge chip.',
    kind: count,
    source: bridge('fwVersion'),
  },
  { id: 3005, names: ['pcie.replay_counter'], help: 'PCIe replays since the last reset.', ...link.replays },
  {
    id: 3006,
    names: ['pcie.throughput.tx'],
    help: 'PCIe throughput from the GPU, measured for 20 milliseconds.',
    ...link.txThroughput,
  },
  {
    id: 3007,
    names: ['pcie.throughput.rx'],
    help: 'PCIe throughput to the GPU, measured for 20 milliseconds.',
    ...link.rxThroughput,
  },
  {
    id: 54,
    names: ['bar1.total'],
    help: 'BAR1 memory: the part of the memory of the GPU that the CPU can map.',
    kind: wholeMebibytes,
    source: from(bar1Memory, 'bar1Total'),
  },
  {
    id: 3008,
    names: ['bar1.used'],
    help: 'Used BAR1 memory.',
    kind: wholeMebibytes,
    source: from(bar1Memory, 'bar1Used'),
  },
  { id: 3009, names: ['bar1.free'], help: 'Free BAR1 memory.', ...activity.bar1Free },
  {
    id: 3010,
    names: ['temperature.gpu.shutdown'],
    help: 'Temperature in degrees C at which the GPU shuts down.',
    ...health.shutdownTemperature,
  },
  {
    id: 3011,
    names: ['temperature.gpu.slowdown'],
    help: 'Temperature in degrees C at which the GPU slows down.',
    ...health.slowdownTemperature,
  },
  {
    id: 202,
    names: ['clocks.auto_boost'],
    help: 'Whether auto boost raises the clocks if power and temperature allow it.',
    ...activity.autoBoostNow,
  },
  {
    id: 3012,
    names: ['clocks.auto_boost_default'],
    help: 'Whether auto boost is enabled by default.',
    ...activity.autoBoostDefault,
  },
  gpmStreaming,
  protectedSize,
  unprotectedSize,
  ...affinity,
];
