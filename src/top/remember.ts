/** What of a sample the graphs are made of. */
import type { WatchSample } from '../watch/sample.js';
import { SHARES, type Share } from './gpu-cells.js';
import type { Histories } from './history.js';
import { historyName } from './panels/graphs.js';
import { type ProcessShare, processHistoryName, processShares } from './panels/process-page.js';
import { keyOf } from './state.js';

const GPU_SHARES = Object.keys(SHARES) as readonly Share[];

/** Adds it to the histories, and drops those of processes that are not in it. */
export function remember(histories: Histories, { time, gpus, processes }: WatchSample): void {
  for (const gpu of gpus) {
    for (const share of GPU_SHARES) {
      const value = gpu.hasAnswered ? SHARES[share](gpu) : undefined;
      histories.add(historyName(gpu.index, share), time, value ?? Number.NaN);
    }
  }
  const kept = new Set<string>();
  for (const entry of processes) {
    const gpu = gpus.find(({ index }) => index === entry.place.gpu.index);
    const total = gpu?.values['memory.total'];
    const shares = processShares(
      entry,
      typeof total === 'bigint' || typeof total === 'number' ? Number(total) : undefined,
    );
    for (const [share, value] of Object.entries(shares) as [ProcessShare, number][]) {
      const name = processHistoryName(keyOf(entry), share);
      kept.add(name);
      histories.add(name, time, gpu?.hasAnswered === false ? Number.NaN : value);
    }
  }
  histories.keep((name) => !name.startsWith('process ') || kept.has(name));
}
