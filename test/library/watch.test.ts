import { getEventListeners } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { open } from '../../src/index.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';

const HOUR = 3_600_000;
const nvsmi = open({ snapshot: 'h100-x1' });
afterAll(() => nvsmi.close());
const fake = await buildFake();

describe('a watch', () => {
  it('ends with return() in the middle of its pause', async () => {
    const watch = nvsmi.watch(['name'], { everyMs: HOUR });
    await watch.next();
    const second = watch.next();
    expect(await watch.return()).toEqual({ done: true, value: undefined });
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('takes one listener of its signal, however many there are, and leaves none', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const watches = Array.from({ length: 12 }, () => nvsmi.watch(['name'], { everyMs: HOUR, signal }));
    for (const watch of watches) await watch.next();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const waiting = watches.map((watch) => watch.next());
    await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(1);
    controller.abort();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ done: true, value: undefined })));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('a query that watches', () => {
  it('samples until it is told to stop, and says in between why a value is null', async () => {
    const query = nvsmi.query(['name', 'fan.speed']);
    const controller = new AbortController();
    let count = 0;
    for await (const samples of query.watch({ everyMs: 1, signal: controller.signal })) {
      expect(samples).toEqual([{ name: 'NVIDIA H100 80GB HBM3', 'fan.speed': null }]);
      expect(query.reasons()).toEqual([{ 'fan.speed': 'Not Supported' }]);
      if (++count === 3) controller.abort();
    }
    expect(count).toBe(3);
  });

  it.skipIf(!fake.available)('gives the reasons of the sample in hand, not those of another', async () => {
    const { path } = fake.with({
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetPowerUsage', when: ['gpu0'], status: 15, after: 1, times: 1 }],
    });
    using library = open({ path });
    const query = library.query(['power.draw'], { gpus: [0] });
    const reasons: unknown[] = [];
    for await (const _ of query.watch({ everyMs: 1 })) {
      reasons.push(query.reasons());
      if (reasons.length === 3) break;
    }
    expect(reasons).toEqual([[{}], [{ 'power.draw': 'GPU is lost' }], [{}]]);
  });
});
