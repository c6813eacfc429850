/** Machines that move: made of what they are at each moment, a second apart. */
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { changesBetween, wholeTicks } from '../../src/snapshot/snapshot-ticks.js';
import { machineWith, type Shown } from './monitor-machine.js';

type Calls = Parameters<NonNullable<Parameters<typeof machineWith>[1]>>[0];

/** The first machine, which becomes the others one after the other. */
export function moving(machines: readonly Snapshot[]): Snapshot {
  const [first] = machines;
  if (first === undefined) throw new Error('a machine has at least one moment');
  const ticks = machines.slice(1).map(({ calls }, i) => ({
    ms: (i + 1) * 1000,
    calls: changesBetween((machines[i] as Snapshot).calls, calls),
  }));
  const appeared = Object.fromEntries(ticks.flatMap((tick) => Object.keys(tick.calls).map((fn) => [fn, {}])));
  return { ...first, calls: { ...appeared, ...first.calls }, ticks };
}

/** All answers of each moment. */
export const momentsOf = ({
  calls,
  ticks = [],
}: Pick<Snapshot, 'calls' | 'ticks'>): readonly Snapshot['calls'][] => [
  calls,
  ...[...wholeTicks(calls, ticks)].map((tick) => tick.calls),
];

/** When NVML sampled a process at a moment, in microseconds. */
const sampledAt = (moment: number): number => 1_795_447_816_000_000 + moment * 1_000_000;

export const PID = 4242;

/**
 * One GPU whose load is 10 %, 20 % and 30 % at three moments, with a process that has half of it and more memory at each, and a
 * power limit that held it back for half of each second.
 */
export const THREE_MOMENTS: Snapshot = moving(
  [10, 20, 30].map((sm, moment) => {
    const shown: Shown = {
      sm,
      mem: sm / 10,
      watts: 100 + sm,
      gtemp: 40 + sm / 10,
      fbMiB: 100 * sm,
      rxKB: sm * 1024,
      processes: [{ pid: PID, name: '/opt/train/bin/python', fbMiB: 90 * sm, use: { smUtil: sm / 2 } }],
    };
    return machineWith([shown], (calls) => addCounters(calls, moment));
  }),
);

function addCounters(calls: Calls, moment: number): void {
  const info = calls.nvmlDeviceGetProcessesUtilizationInfo ?? {};
  for (const key of Object.keys(info)) if (!key.endsWith('=0')) delete info[key];
  const answer = structuredClone(info['gpu0,lastSeenTimeStamp=0']) as {
    procUtilArray: { timeStamp: number }[];
  };
  for (const sample of answer.procUtilArray) sample.timeStamp = sampledAt(moment);
  info['gpu0,lastSeenTimeStamp=0'] = answer;
  calls.nvmlDeviceGetViolationStatus = {
    'gpu0,0': { referenceTime: sampledAt(moment), violationTime: moment * 500_000_000 },
    'gpu0,1': { referenceTime: sampledAt(moment), violationTime: 0 },
  };
  calls.nvmlDeviceGetTotalEnergyConsumption = { gpu0: 1_000_000 + moment * 100_000 };
}
