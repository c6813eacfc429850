/** Where the exporter's values come from: this process, or a child of it that NVML may hold. */

import { EXIT, UsageError } from '../../base/errors.js';
import { jsonText } from '../../base/plain-text.js';
import { collectInChild, NoCollection, type Said } from '../../exporter/child-collector.js';
import { Collection } from '../../exporter/collection.js';
import { type Collector, collectHere, type Sources } from '../../exporter/collector.js';
import type { Wish } from '../../exporter/observed.js';
import { endWithParent } from '../../nvml/backend/parent-death.js';
import type { SystemFiles } from '../../system/files.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { lostLines } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus } from '../runner/select.js';
import { type Checking, healthWatch } from './health.js';

/** What is collected, and how often. */
export interface Collecting {
  readonly selectors: string | undefined;
  readonly wish: Wish;
  readonly health: Checking | undefined;
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
    const { sources } = await collecting(what, context);
    return collectHere(sources, what.period, now, onCollected);
  }
  try {
    const { period, health } = what;
    const how = { period, checksHealth: health !== undefined, deadline: context.timeout };
    return await collectInChild(io.background, how, now, onCollected, (text) => io.err(text));
  } catch (error) {
    if (!(error instanceof NoCollection)) throw error;
    throw new UsageError(error.message, error.status, undefined, '');
  }
}

/** Opens the machine, to be collected from. */
export async function collecting(
  { selectors, wish, health }: Collecting,
  context: Context,
): Promise<{ readonly sources: Sources; readonly files: SystemFiles }> {
  const { io } = context;
  await context.machine(selectors);
  const { session, files, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, selectors);
  io.err(lostLines(gpus));
  const collection = new Collection(asker, files, gpus, wish, () => io.now());
  const collect = (): ReturnType<Sources['collect']> => collection.collect(() => io.elapsed());
  if (health === undefined) return { sources: { collect }, files };
  return { sources: { collect, health: await healthWatch(health, selectors, context) }, files };
}

/** What the child does: a line for each collection, until the exporter that reads them is gone. */
export async function collectForParent(what: Collecting, context: Context): Promise<number> {
  endWithParent();
  const { collect, health } = (await collecting(what, context)).sources;
  const say = (said: Said): void => context.io.out(`${jsonText(said)}\n`);
  await loop(context.io, what.period, async () => {
    say({ collected: await collect() });
    const found = await health?.();
    if (found !== undefined) say({ health: found });
  });
  return EXIT.ok;
}
