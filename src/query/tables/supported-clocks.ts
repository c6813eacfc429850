/** --query-supported-clocks: the clocks that -ac may set together. */

import {
  nvmlDeviceGetSupportedGraphicsClocks,
  nvmlDeviceGetSupportedMemoryClocks,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import type { BoundProbe, Reading } from '../bound-probe.js';
import { megahertz } from '../kind.js';
import type { Subject } from '../plan.js';
import { fixed, type Probe } from '../probe.js';
import { item, type Row } from '../row.js';
import type { AskProbe, RecordValues, Table } from '../table.js';
import { gpuColumns } from './gpu-columns.js';

export const memoryClocks = fixed(nvmlDeviceGetSupportedMemoryClocks);
export const graphicsClocks = (memoryMegahertz: number): Probe =>
  fixed(nvmlDeviceGetSupportedGraphicsClocks, { memoryClockMHz: memoryMegahertz });

const memory: Row = {
  id: 2014,
  names: ['memory', 'mem'],
  help: 'A memory clock of the GPU.',
  kind: megahertz,
  source: item('memory'),
};

const graphics: Row = {
  id: 2015,
  names: ['graphics', 'gr'],
  help: 'A graphics clock supported at the memory clock.',
  kind: megahertz,
  source: item('graphics'),
};

/** The clocks of a list, highest first as NVML gives them, or the one reason why there are none. */
function clocksOf(asked: BoundProbe): readonly Reading[] {
  const clocks = asked.items();
  return clocks instanceof Missing ? [clocks] : clocks.map((clock) => clock.read(''));
}

/**
 * One record per pair; one per memory clock where nobody asks for graphics clocks (H200, 580.159.04), and those
 * of the highest memory clock where nobody asks for memory clocks (H100, 580.159.04).
 */
function records(_gpu: Subject, ask: AskProbe, asked: ReadonlySet<Row>): readonly RecordValues[] {
  const all = clocksOf(ask(memoryClocks));
  const memories = asked.has(memory) ? all : all.slice(0, 1);
  return memories.flatMap((clock): readonly RecordValues[] => {
    if (clock instanceof Missing) return [{ memory: clock, graphics: clock }];
    if (!asked.has(graphics)) return [{ memory: clock }];
    return clocksOf(ask(graphicsClocks(Number(clock)))).map((pair) => ({ memory: clock, graphics: pair }));
  });
}

export const supportedClocks: Table = {
  option: 'query-supported-clocks',
  subject: 'a pair of clocks that a GPU can run at',
  rows: [...gpuColumns, memory, graphics],
  records,
};
