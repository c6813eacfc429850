import { afterEach, describe, expect, it } from 'vitest';
import { type LoopCallback, NvidiaSmi, nvidia_smi } from '../../src/index.js';
import { NVMLError_AlreadyInitialized } from '../../src/nvml.js';

const snapshot = 'h100-x1';
afterEach(() => NvidiaSmi.getInstance({ snapshot }).close());

describe('a loop with an asynchronous callback', () => {
  it('asks again when that has ended', async () => {
    const told: string[] = [];
    const loop = NvidiaSmi.getInstance({ snapshot }).loop(1, 'count', async (self) => {
      told.push('begins');
      // Many ticks pass meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 20));
      told.push('ends');
      if (told.length === 6) self.cancel();
    });
    await loop.done;
    expect(told).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
  });

  it('ends and fails with it', async () => {
    const loop = NvidiaSmi.getInstance({ snapshot }).loop(1, 'count', async () => {
      await Promise.resolve();
      throw new Error('the callback failed');
    });
    await expect(loop.done).rejects.toThrow('the callback failed');
    expect(loop.isAborted()).toBe(true);
  });

  it('fails its iterations with it', async () => {
    let fails = false;
    const loop = NvidiaSmi.getInstance({ snapshot }).loop(1, 'count', async () => {
      if (fails) throw new Error('the callback failed');
    });
    const iterate = async (): Promise<void> => {
      for await (const _ of loop) fails = true;
    };
    await expect(iterate()).rejects.toThrow('the callback failed');
  });
});

describe('a loop', () => {
  it.each([5, 'log', {}, null])('takes no %j for a callback', (callback) => {
    const smi = NvidiaSmi.getInstance({ snapshot });
    const wrong = callback as unknown as LoopCallback;
    expect(() => smi.loop(1, 'count', wrong)).toThrow(/^loop: callback must be a function, not /);
    expect(() => NvidiaSmi.loop(1, 'count', wrong)).toThrow(TypeError);
  });

  it('takes no period that is none', () => {
    const smi = NvidiaSmi.getInstance({ snapshot });
    expect(() => smi.loop(0)).toThrow(
      new RangeError('loop: everyMs must be a number of milliseconds above 0, not 0'),
    );
  });

  it('ends an iteration with return() in the middle of its pause', async () => {
    const loop = NvidiaSmi.getInstance({ snapshot }).loop(3_600_000, 'count');
    const results = loop[Symbol.asyncIterator]();
    await results.next();
    const second = results.next();
    expect(await results.return()).toEqual({ done: true, value: undefined });
    expect(await second).toEqual({ done: true, value: undefined });
    await loop.done;
  });
});

describe('the one object', () => {
  it('is the same without options and with those that opened it', () => {
    const smi = NvidiaSmi.getInstance({ snapshot });
    expect(NvidiaSmi.getInstance()).toBe(smi);
    expect(nvidia_smi.getInstance({ snapshot, path: undefined })).toBe(smi);
  });

  it('is not handed out for other options', () => {
    NvidiaSmi.getInstance({ snapshot });
    expect(() => NvidiaSmi.getInstance({ snapshot: 't4' })).toThrow(NVMLError_AlreadyInitialized);
    expect(() => NvidiaSmi.getInstance({ path: '/a/libnvidia-ml.so.1' })).toThrow(
      'snapshot h100-x1 is open already, so library /a/libnvidia-ml.so.1 cannot be opened',
    );
  });
});
