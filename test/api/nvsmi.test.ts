import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { NVMLError, open, UnknownField } from '../../src/index.js';
import * as nvml from '../../src/nvml.js';

describe('an open machine', () => {
  const nvsmi = open({ snapshot: 'h100-x1' });
  afterAll(() => nvsmi.close());

  it('answers the fields that were asked, with real numbers, booleans, and null', () => {
    const query = nvsmi.query(['name', 'memory.total', 'power.limit', 'ecc.mode.current', 'fan.speed']);
    expect(query.sample()).toEqual([
      {
        name: 'NVIDIA H100 80GB HBM3',
        'memory.total': 81559,
        'power.limit': 700,
        'ecc.mode.current': true,
        'fan.speed': null,
        reasons: { 'fan.speed': 'Not Supported' },
      },
    ]);
  });

  it('answers aliases under the name that was used', () => {
    expect(nvsmi.query(['gpu_name', 'clocks.mem']).sample()).toEqual([
      { gpu_name: 'NVIDIA H100 80GB HBM3', 'clocks.mem': expect.any(Number) },
    ]);
  });

  it('gives the same from worker threads', async () => {
    const query = nvsmi.query(['name', 'pcie.link.gen.max']);
    expect(await query.sampleAsync()).toEqual(query.sample());
  });

  it('refuses a name that is no field, and says which were near', () => {
    const ask = nvsmi.query as unknown as (names: string[]) => unknown;
    expect(() => ask.call(nvsmi, ['memory.usd'])).toThrow(UnknownField);
    expect(() => ask.call(nvsmi, ['memory.usd'])).toThrow('memory.used');
  });

  it('samples at a pace until the signal ends', async () => {
    const times: number[] = [];
    const start = performance.now();
    const controller = new AbortController();
    for await (const [gpu] of nvsmi.watch(['memory.total'], { everyMs: 20, signal: controller.signal })) {
      times.push(performance.now());
      expect(gpu).toEqual({ 'memory.total': 81559 });
      if (times.length === 4) controller.abort();
    }
    expect(times).toHaveLength(4);
    // Three periods, whatever a sample took.
    expect((times[3] ?? 0) - start).toBeGreaterThan(55);
  });

  it.each([Infinity, 1e12])('waits %d ms for the second sample', async (everyMs) => {
    let count = 0;
    for await (const _ of nvsmi.watch(['name'], { everyMs, signal: AbortSignal.timeout(50) })) count++;
    expect(count).toBe(1);
  });

  it('refuses a period that is none, at once', () => {
    for (const everyMs of [0, -1, Number.NaN]) {
      expect(() => nvsmi.watch(['name'], { everyMs })).toThrow(RangeError);
    }
    expect(() => nvsmi.watch(['name'], { everyMs: '10' as unknown as number })).toThrow(
      new TypeError('watch: everyMs must be a number of milliseconds above 0, not string'),
    );
  });

  it('reports everything as one object, or the groups that were asked', async () => {
    const report = await nvsmi.report();
    expect(report.attached_gpus).toBe(1);
    expect(report.gpu).toHaveLength(1);
    const [gpu] = report.gpu;
    expect(gpu?.product_name).toBe('NVIDIA H100 80GB HBM3');
    expect(gpu?.fb_memory_usage?.total).toBe(81559);
    expect(gpu?.fan_speed).toBeNull();
    expect(gpu?.reasons?.fan_speed).toBe('Not Supported');
    const some = await nvsmi.report({ groups: ['MEMORY'] });
    expect(Object.keys(some.gpu[0] ?? {})).toContain('fb_memory_usage');
    expect(Object.keys(some.gpu[0] ?? {})).not.toContain('product_name');
  });

  it('says whether performance counters are for administrators alone', () => {
    expect(nvsmi.permissions()).toEqual({ profilingAdminOnly: false });
  });

  it('is independent of another recording', () => {
    using other = open({ snapshot: 'h200-x2' });
    expect(other.gpuCount).toBe(2);
    expect(nvsmi.gpuCount).toBe(1);
  });

  it('keeps a lost GPU in its place, without values', () => {
    using lost = open({ snapshot: 'lost-gpu' });
    const samples = lost.query(['index', 'name', 'memory.total']).sample();
    expect(samples).toHaveLength(lost.gpuCount);
    expect(samples.filter(({ name }) => name === null)).toHaveLength(1);
  });

  it('answers nothing any more once it is closed', async () => {
    const closed = open({ snapshot: 'h100-x1' });
    const query = closed.query(['name']);
    query.sample();
    closed.close();
    closed.close();
    const error = nvml.NVMLError_Uninitialized;
    expect(() => query.sample()).toThrow(error);
    expect(() => closed.query(['name'])).toThrow(error);
    expect(() => closed.watch(['name'], { everyMs: 1 })).toThrow(error);
    expect(() => closed.deviceQuery()).toThrow(error);
    expect(() => closed.deviceWatch('count', { everyMs: 1 })).toThrow(error);
    expect(() => closed.xmlDeviceQuery()).toThrow(error);
    expect(() => closed.processes()).toThrow(error);
    expect(() => closed.permissions()).toThrow(error);
    expect(() => closed.gpuCount).toThrow(error);
    expect(() => query.watch({ everyMs: 1 })).toThrow(error);
    await expect(query.sampleAsync()).rejects.toThrow(error);
    await expect(closed.deviceQueryAsync()).rejects.toThrow(error);
    await expect(closed.report()).rejects.toThrow(error);
  });

  it('throws where it is closed in the middle of a question', async () => {
    const closed = open({ snapshot: 'h100-x1' });
    const asked = [closed.query(['name']).sampleAsync(), closed.report(), closed.deviceQueryAsync()];
    closed.close();
    for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toBeInstanceOf(nvml.NVMLError_Uninitialized);
    }
  });

  it('ends its watches when it is closed, however long they wait', async () => {
    const closed = open({ snapshot: 'h100-x1' });
    let count = 0;
    const watches = Array.from({ length: 12 }, async () => {
      for await (const _ of closed.watch(['name'], { everyMs: 3_600_000 })) {
        // By the next turn of the event loop all of them are waiting.
        if (++count === 12) setImmediate(() => closed.close());
      }
    });
    await Promise.all(watches);
    expect(count).toBe(12);
  });

  it('shows nothing of its inside', () => {
    using shown = open({ snapshot: 'h100-x1' });
    expect(inspect(shown)).toBe('OpenMachine {}');
    expect(inspect(shown.query(['name']))).toBe("CompiledQuery { fields: [ 'name' ] }");
  });

  it('throws what NVML says where it cannot be opened', () => {
    expect(() => open({ snapshot: 'mismatch' })).toThrow(nvml.NVMLError_LibRmVersionMismatch);
    expect(() => open({ snapshot: 'mismatch' })).toThrow('Driver/library version mismatch');
    expect(() => open({ path: '/nowhere/libnvidia-ml.so.1' })).toThrow(NVMLError);
  });
});
