/** What the monitor knows after so many samples of a recorded machine. */

import { openSession } from '../../src/nvml/session.js';
import { Asker } from '../../src/query/ask/asker.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { recordedFiles } from '../../src/system/files.js';
import { SHARES, type Share } from '../../src/top/gpu-cells.js';
import { Histories } from '../../src/top/history.js';
import { historyName } from '../../src/top/panels/graphs.js';
import { USUAL } from '../../src/top/settings.js';
import { initialState, type Model, type TopState } from '../../src/top/state.js';
import { liveSampler } from '../../src/watch/live-sampler.js';
import type { WatchSample } from '../../src/watch/sample.js';
import { type MadeWorld, madeFiles } from '../system/made-proc.js';

/** Mon Nov 23 09:00:00 2026, local time. */
export const BEGIN = new Date(2026, 10, 23, 9).getTime();

export interface Recorded {
  readonly sample: WatchSample;
  readonly histories: Histories;
}

/** Takes samples, a second after the other; with a made-up /proc the processes have users and commands. */
export async function samplesOf(
  machine: string | Snapshot,
  count: number,
  world?: MadeWorld,
): Promise<Recorded> {
  const { driver } = openSnapshot(machine);
  const session = openSession(driver);
  let now = BEGIN;
  const sampler = await liveSampler({
    asker: new Asker(session),
    gpus: session.gpus,
    files: world === undefined ? recordedFiles({}) : madeFiles(world),
    isRecorded: world === undefined,
    own: 4242,
    now: () => now,
  });
  const histories = new Histories();
  let sample = await sampler.take();
  for (let i = 0; i < count; i++) {
    if (i > 0) sample = await sampler.take();
    for (const gpu of sample.gpus) {
      for (const share of Object.keys(SHARES) as readonly Share[]) {
        histories.add(historyName(gpu.index, share), sample.time, SHARES[share](gpu) ?? Number.NaN);
      }
    }
    now += 1000;
  }
  sampler.close();
  return { sample, histories };
}

export function modelOf(
  { sample, histories }: Recorded,
  columns: number,
  rows: number,
  change: Partial<TopState> = {},
  isUtf8 = true,
): Model {
  return {
    state: { ...initialState(USUAL, false), ...change },
    surface: { columns, rows, isUtf8 },
    sample,
    histories,
    now: sample.time,
    silentSince: undefined,
    replay: undefined,
  };
}
