/** What the exporter collects from recorded and made-up machines. */
import { Collection } from '../../src/exporter/collection.js';
import type { Points } from '../../src/exporter/dialects/dialect.js';
import type { CollectedRecords, Wish } from '../../src/exporter/observed.js';
import { openSession } from '../../src/nvml/session.js';
import { Asker } from '../../src/query/ask/asker.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import { recordedFiles } from '../../src/system/files.js';

export const EVERYTHING: Wish = { has: () => true, processes: true, pcieThroughput: true };

export function collectionOf(
  machine: string,
  wish = EVERYTHING,
  files?: Readonly<Record<string, string>>,
): Collection {
  const { driver, snapshot } = openSnapshot(machine);
  const session = openSession(driver);
  const all = recordedFiles({ ...snapshot.files, ...files });
  return new Collection(new Asker(session), all, session.gpus, wish, () => 1_795_000_000_000);
}

/** The second collection of a recorded machine: GPM compares it with the first. */
export async function collectedFrom(...given: Parameters<typeof collectionOf>): Promise<CollectedRecords> {
  const collection = collectionOf(...given);
  await collection.collect(() => 0);
  return collection.collect(() => 0);
}

/** Values of a family by one of its labels. */
export function valuesOf(points: Points, family: string, label: string): Readonly<Record<string, number>> {
  const [, found = []] = [...points].find(([{ name }]) => name === family) ?? [];
  return Object.fromEntries(found.map(({ labels, value }) => [labels[label] ?? '', value]));
}

export const namesIn = (points: Points): readonly string[] => [...points.keys()].map(({ name }) => name);
