/** Where the exporter's values come from: this process, or a child of it that NVML may hold. */

import { EXIT, UsageError } from '../base/errors.js';
import { jsonText } from '../base/plain-text.js';
import { collectInChild, NoCollection } from '../exporter/child-collector.js';
import { Collection } from '../exporter/collection.js';
import { type Collector, collectHere } from '../exporter/collector.js';
import type { CollectedRecords, Wish } from '../exporter/observed.js';
import type { SystemFiles } from '../system/files.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { lostLines } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus } from './select.js';

/** What is collected, and how often. */
export interface Collecting {
  readonly selectors: string | undefined;
  readonly wish: Wish;
  /** Milliseconds. */
  readonly period: number;
}

/** A recording answers at once, and is asked here. NVML may never answer: it is asked in a process of its own. */
export async function collectorOf(
  what: Collecting,
  context: Context,
  onCollected: () => void,
): Promise<Collector> {
  const { io } = context;
  const now = (): number => io.now();
  if (context.source !== undefined || io.background === undefined) {
    const { collect } = await collecting(what, context);
    return collectHere(collect, what.period, now, onCollected);
  }
  try {
    return await collectInChild(io.background, what.period, now, onCollected, (text) => io.err(text));
  } catch (error) {
    if (!(error instanceof NoCollection)) throw error;
    throw new UsageError(error.message, error.status, undefined, '');
  }
}

/** Opens the machine, to be collected from. */
export async function collecting(
  { selectors, wish }: Collecting,
  context: Context,
): Promise<{ readonly collect: () => Promise<CollectedRecords>; readonly files: SystemFiles }> {
  const { io } = context;
  await context.machine(selectors);
  const { session, files, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, selectors);
  io.err(lostLines(gpus));
  const collection = new Collection(asker, files, gpus, wish, () => io.now());
  return { collect: () => collection.collect(() => io.elapsed()), files };
}

/** What the child does: a line for each collection, until the exporter that reads them is gone. */
export async function collectForParent(what: Collecting, context: Context): Promise<number> {
  const { collect } = await collecting(what, context);
  await loop(context.io, what.period, async () => {
    context.io.out(`${jsonText(await collect())}\n`);
  });
  return EXIT.ok;
}
