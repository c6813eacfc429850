import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import { openSession, type Session } from '../../src/nvml/session.js';
import { DeadLibrary, Missing, UncountedGpus } from '../../src/nvml/status.js';
import { Asker } from '../../src/query/ask/asker.js';
import { migDevicesIn } from '../../src/query/mig/devices.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

const fake = await buildFake();

function opened(options: Machine, from = fake): { session: Session; library: FakeLibrary } {
  const library = from.with(options);
  const session = openSession(loadLibrary({ path: library.path, env: {} }));
  onTestFinished(() => session.close());
  return { session, library };
}

function death(status: number, kernelVersion?: () => string | undefined): DeadLibrary {
  const { path } = fake.with({ snapshot: machine, faults: [{ fn: 'nvmlInit_v2', status }] });
  const driver = loadLibrary({ path, env: {} });
  onTestFinished(() => driver.close());
  try {
    openSession(driver, kernelVersion);
  } catch (error) {
    if (error instanceof DeadLibrary) return error;
    throw error;
  }
  throw new Error('NVML was initialised');
}

describe.skipIf(!fake.available)('opening NVML', () => {
  it('initialises it once, counts its GPUs and gives their handles', () => {
    const { session, library } = opened({ snapshot: machine });
    expect(session.gpus.map(({ index, status }) => [index, status])).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(new Set(session.gpus.map((gpu) => gpu.handle)).size).toBe(2);
    expect(library.log()).toEqual([
      { fn: 'nvmlInit_v2', key: '' },
      { fn: 'nvmlDeviceGetCount_v2', key: '' },
      { fn: 'nvmlDeviceGetHandleByIndex_v2', key: '0' },
      { fn: 'nvmlDeviceGetHandleByIndex_v2', key: '1' },
    ]);
  });

  it('shuts it down when it is closed', () => {
    const library = fake.with({ snapshot: machine });
    openSession(loadLibrary({ path: library.path, env: {} })).close();
    expect(library.log().at(-1)).toEqual({ fn: 'nvmlShutdown', key: '' });
  });

  it('says that the driver is not loaded, in status 9', () => {
    const error = death(9);
    expect(error.status).toBe(9);
    expect(error.message).toMatch(
      /^NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver\./,
    );
  });

  it('says which files need rights, in status 4', () => {
    const error = death(4);
    expect(error.status).toBe(4);
    expect(error.message).toBe('Failed to initialize NVML: Insufficient Permissions');
    expect(error.hint).toContain('/dev/nvidiactl');
  });

  it('names both versions when library and kernel module differ, in status 18', () => {
    const error = death(18, () => '575.00.99');
    expect(error.status).toBe(18);
    expect(error.message).toBe(
      'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.00',
    );
    expect(error.hint).toMatch(/580\.00\.01.*575\.00\.99/);
    expect(death(18, () => undefined).hint).toContain('kernel module unknown');
  });

  it('spells any other status', () => {
    expect(death(999)).toMatchObject({ status: 999, message: 'Failed to initialize NVML: Unknown Error' });
    expect(death(3).status).toBe(3);
  });

  it('takes an older nvmlInit where the newest is missing', async () => {
    const old = await buildFake({ without: ['nvmlInit_v2'] });
    const { session, library } = opened({ snapshot: machine }, old);
    expect(session.gpus).toHaveLength(2);
    expect(library.log()[0]?.fn).toBe('nvmlInitWithFlags');
  });

  it('keeps the other GPUs when one is lost, and says which', () => {
    const { session } = opened({
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetHandleByIndex_v2', when: [0], status: 15 }],
    });
    expect(session.gpus).toEqual([
      { index: 0, handle: undefined, status: 15 },
      { index: 1, handle: expect.any(BigInt), status: 0 },
    ]);
  });

  const counting = (fn: string, key: string, count: number): Machine => ({
    snapshot: { ...machine, calls: { ...machine.calls, [fn]: { [key]: count } } },
  });
  const migsOf = (session: Session) => session.gpus.map((gpu) => new Asker(session).run(migDevicesIn(gpu)));

  it.each([
    [0xffffffff, 3, 'Not Supported'],
    [1_000_000_000, 999, '1000000000 is more than there can be (256)'],
    [257, 999, '257 is more than there can be (256)'],
  ])('refuses a count of %i GPUs', (count, status, reason) => {
    const open = () => opened(counting('nvmlDeviceGetCount_v2', '', count));
    expect(open).toThrow(UncountedGpus);
    expect(open).toThrow(expect.objectContaining({ status, reason }));
  });

  it.each([4, 13, 15, 999])('refuses to take status %i of the count for no GPUs', (status) => {
    const open = () => opened({ snapshot: machine, faults: [{ fn: 'nvmlDeviceGetCount_v2', status }] });
    expect(open).toThrow(UncountedGpus);
    expect(open).toThrow(
      expect.objectContaining({ status, message: 'Unable to determine the number of GPUs' }),
    );
  });

  it('takes all ones for no count of MIG devices, and a million for an error', () => {
    const of = (count: number) =>
      migsOf(opened(counting('nvmlDeviceGetMaxMigDeviceCount', 'gpu1', count)).session)[1];
    expect(of(0xffffffff)).toEqual([]);
    expect(of(1_000_000)).toBe(Missing.of(999));
  });

  it('finds the MIG devices of a GPU after gaps, and none where there is no MIG', () => {
    const { session } = opened({ snapshot: machine });
    expect(migsOf(session).map((migs) => migs instanceof Missing || migs.length)).toEqual([0, 1]);
  });
});
