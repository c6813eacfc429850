import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/library.js';
import { migDevices, openSession, type Session } from '../../src/nvml/session.js';
import { DeadLibrary } from '../../src/nvml/status.js';
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

  it.each([0xffffffff, 1_000_000_000])('takes a count of %i for none', (count) => {
    const wild = (fn: string, key: string): Machine => ({
      snapshot: { ...machine, calls: { ...machine.calls, [fn]: { [key]: count } } },
    });
    expect(opened(wild('nvmlDeviceGetCount_v2', '')).session.gpus).toEqual([]);
    const { session } = opened(wild('nvmlDeviceGetMaxMigDeviceCount', 'gpu1'));
    expect(session.gpus.flatMap((gpu) => migDevices(session.driver, gpu))).toEqual([]);
  });

  it('finds the MIG devices of a GPU behind gaps, and none where there is no MIG', () => {
    const { session } = opened({ snapshot: machine });
    expect(session.gpus.map((gpu) => migDevices(session.driver, gpu).length)).toEqual([0, 1]);
  });
});
