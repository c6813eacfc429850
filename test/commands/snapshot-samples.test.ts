/** `snapshot --samples`: recording how a machine changes. */
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { FakeIo } from '../fake-io.js';
import { buildFake } from '../fake-nvml/build.js';
import { saved } from '../temporary.js';
import { machineWith, runOn } from './monitor-machine.js';
import { momentsOf, moving, PID, THREE_MOMENTS } from './moving-machine.js';

async function recorded(machine: Snapshot, argv: readonly string[], waits = 99): Promise<Snapshot> {
  const { status, io } = await runOn(machine, ['snapshot', ...argv], { waits });
  expect(io.errors).toBe('');
  expect(status).toBe(0);
  return parseSnapshot(io.output, 'recorded');
}

const powers = (snapshot: Snapshot) =>
  momentsOf(snapshot).map((moment) => moment.nvmlDeviceGetPowerUsage?.gpu0);

describe('a snapshot of several samples', () => {
  it('has the first in its calls, and of each other what changed, with its time', async () => {
    const snapshot = await recorded(THREE_MOMENTS, ['--samples', '3', '-lms', '250']);
    expect(powers(snapshot)).toEqual([110_000, 120_000, 130_000]);
    const [first, second] = snapshot.ticks ?? [];
    expect([first?.ms, second?.ms]).toEqual([250, 500]);
    expect(first?.calls.nvmlDeviceGetUtilizationRates).toEqual({ gpu0: { gpu: 20, memory: 2 } });
    for (const same of ['nvmlDeviceGetName', 'nvmlDeviceGetUUID', 'nvmlSystemGetDriverVersion']) {
      expect(first?.calls).not.toHaveProperty(same);
    }
  });

  it('is answered as the machine was', async () => {
    const snapshot = await recorded(THREE_MOMENTS, ['--samples=3']);
    const pmon = ['pmon', '-s', 'um', '-c', '4', '--format', 'jsonl'];
    const [before, after] = [await runOn(THREE_MOMENTS, pmon), await runOn(snapshot, pmon)];
    // The folders of a program's path are made up in a snapshot.
    expect(after.io.output).toBe(before.io.output.replaceAll('/opt/train/', '/opt/folder/'));
    expect([...after.io.output.matchAll(/"utilization\.gpu":(\d+)/g)].map(([, use]) => use)).toEqual([
      '5',
      '10',
      '15',
      '5',
    ]);
  });

  it.each([
    [['--samples', '2'], 1000],
    [['--samples', '2', '-l'], 5000],
    [['--samples', '2', '-l', '2'], 2000],
    [['--samples', '2', '--loop-ms=20'], 20],
  ])(
    'is taken at the period of nvidia-smi loops, and each second where none is given: %s',
    async (argv, ms) => {
      expect((await recorded(THREE_MOMENTS, argv)).ticks?.map((tick) => tick.ms)).toEqual([ms]);
    },
  );

  it('has no ticks where there is one sample', async () => {
    const one = await recorded(THREE_MOMENTS, ['--samples', '1']);
    expect(one).not.toHaveProperty('ticks');
    expect(one).toEqual(await recorded(THREE_MOMENTS, []));
  });

  it('is what there is so far where a signal ends it', async () => {
    expect(powers(await recorded(THREE_MOMENTS, ['--samples', '100'], 1))).toEqual([110_000, 120_000]);
  });

  it('is taken as fast as it goes where a sample takes longer than the period, which is said', async () => {
    // Each look at the clock takes 150 ms, and a sample has two.
    const io = new FakeIo({ slowness: 150, until: ({ slept }) => slept.length >= 5 });
    const argv = ['snapshot', '--samples', '3', '-lms', '100', '--snapshot', saved(THREE_MOMENTS)];
    expect(await main(argv, io)).toBe(0);
    expect(io.errors).toBe('nvsmi: a sample took up to 150 ms, longer than the period of 100 ms\n');
    const { ticks = [] } = parseSnapshot(io.output, 'slow');
    expect(ticks).toHaveLength(2);
    expect(ticks[1]?.ms).toBeGreaterThan((ticks[0]?.ms ?? 0) + 100);
  });

  it('knows the names of processes that begin later, and of each only the program', async () => {
    const secret = '--token=hunter2';
    const name = `/home/alice/bin/serve ${secret}`;
    const machine = moving([machineWith([{}]), machineWith([{ processes: [{ pid: 77, name, fbMiB: 5 }] }])]);
    const snapshot = await recorded(machine, ['--samples', '2']);
    const { status, io } = await runOn(snapshot, ['pmon', '-c', '2', '-s', 'm'], { waits: 9 });
    expect(status).toBe(0);
    expect(io.output).toMatch(/ 77 .*program/);
    expect(snapshot.ticks?.[0]?.calls.nvmlSystemGetProcessName).toEqual({ 77: '/home/user/bin/program' });
    expect(JSON.stringify(snapshot)).not.toMatch(/hunter2|alice/);
    const kept = await recorded(machine, ['--samples', '2', '--keep-identities']);
    expect(kept.ticks?.[0]?.calls.nvmlSystemGetProcessName).toEqual({ 77: name });
  });

  it.each([
    [['--samples', '0'], '--samples must be 1 to 600.'],
    [['--samples', '601'], '--samples must be 1 to 600.'],
    [['--samples', 'many'], 'Option "many" is invalid for "--samples".'],
    [['--samples', '-3'], 'Option "-3" is invalid for "--samples".'],
    [['-l', '1'], '-l and -lms need --samples, the number of samples to record.'],
    [['--samples', '2', '-l', '0'], /Loop frequency must be greater than 0/],
  ])('is refused in one line: %s', async (argv, message) => {
    const { status, io } = await runOn(THREE_MOMENTS, ['snapshot', ...argv]);
    expect(status).toBe(2);
    expect(io.output.trimEnd()).toMatch(message);
    expect(io.output.trimEnd()).not.toContain('\n');
  });
});

const fake = await buildFake();

describe.skipIf(!fake.available)('a snapshot of a library', () => {
  const [first, second] = [10, 90].map((sm) =>
    machineWith([{ sm, watts: sm, processes: [{ pid: PID, name: 'python' }] }], (calls) => {
      // What no loop of ours asks for changes, too.
      calls.nvmlDeviceGetIrqNum = { gpu0: sm };
    }),
  ) as [Snapshot, Snapshot];

  /** Records a library whose answers are others once they were asked so often, and counts the calls. */
  async function recordedFrom(after: number) {
    const { path, log } = fake.with({ snapshot: first, later: { after, snapshot: second } });
    const argv = ['snapshot', '--samples', '4', '-lms', '50'];
    const { status, io } = await runOn(undefined, argv, { nvml: path, waits: 9 });
    expect(io.errors).toBe('');
    expect(status).toBe(0);
    const asked = (fn: string): number => log().filter((one) => one.fn === fn && one.key === 'gpu0').length;
    return { snapshot: parseSnapshot(io.output, 'library'), asked };
  }

  it('asks again what loops ask, though it was the same at first, and not what never changes', async () => {
    const { snapshot, asked } = await recordedFrom(6);
    expect(snapshot.ticks).toHaveLength(3);
    expect([powers(snapshot)[0], powers(snapshot).at(-1)]).toEqual([10_000, 90_000]);
    expect(asked('nvmlDeviceGetPowerUsage')).toBeGreaterThan(4);
    expect(asked('nvmlDeviceGetBoardId')).toBeLessThan(4);
  });

  it('learns what else changes', async () => {
    const { snapshot, asked } = await recordedFrom(1);
    expect(snapshot.calls.nvmlDeviceGetIrqNum).toEqual({ gpu0: 90 });
    expect(asked('nvmlDeviceGetIrqNum')).toBeGreaterThan(4);
  });
});
