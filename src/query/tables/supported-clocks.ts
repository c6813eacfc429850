/** --query-supported-clocks: the clocks that -ac may set together. */

import {
  nvmlDeviceGetSupportedGraphicsClocks,
  nvmlDeviceGetSupportedMemoryClocks,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, ask, eachOf } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { type Field, item, type Row } from '../field.js';
import { megahertz } from '../kind.js';
import { fixed, type Probe } from '../probe.js';
import type { Answer, Reading } from '../reading.js';
import type { Found, Table } from '../relation.js';
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
function clocksOf(asked: Answer): readonly Reading[] {
  const clocks = asked.items();
  return clocks instanceof Missing ? [clocks] : clocks.map((clock) => clock.read(''));
}

/**
 * One record per pair; one per memory clock where no field asks for graphics clocks (H200, 580.159.04), and those
 * of the highest memory clock where no field asks for memory clocks (H100, 580.159.04).
 */
function* find(gpu: Subject, asked: ReadonlySet<Field>): Asking<readonly Found[]> {
  const all = clocksOf(yield* ask(memoryClocks, gpu));
  const memories = asked.has(memory) ? all : all.slice(0, 1);
  return yield* eachOf(memories, (clock) => pairsOf(clock, gpu, asked.has(graphics)));
}

function* pairsOf(clock: Reading, gpu: Subject, isAsked: boolean): Asking<readonly Found[]> {
  if (clock instanceof Missing) return [{ values: { memory: clock, graphics: clock } }];
  if (!isAsked) return [{ values: { memory: clock } }];
  const pairs = clocksOf(yield* ask(graphicsClocks(Number(clock)), gpu));
  return pairs.map((pair) => ({ values: { memory: clock, graphics: pair } }));
}

export const supportedClocks: Table = {
  option: 'query-supported-clocks',
  name: 'supported_clocks',
  id: 203,
  record: 'a supported pair of memory and graphics clocks of a GPU',
  fields: [...gpuColumns, memory, graphics],
  find,
};
