import { getEventListeners } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { open } from '../../src/index.js';
import { runOn } from '../commands/run-on.js';
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
  it('samples until it is stopped', async () => {
    const query = nvsmi.query(['name', 'fan.speed']);
    const controller = new AbortController();
    let count = 0;
    for await (const samples of query.watch({ everyMs: 1, signal: controller.signal })) {
      expect(samples).toEqual([
        { name: 'NVIDIA H100 80GB HBM3', 'fan.speed': null, reasons: { 'fan.speed': 'Not Supported' } },
      ]);
      if (++count === 3) controller.abort();
    }
    expect(count).toBe(3);
  });

  it.skipIf(!fake.available)('gives each sample its own reasons, whatever is sampled beside it', async () => {
    const { path } = fake.with({
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetPowerUsage', when: ['gpu0'], status: 15, after: 1, times: 1 }],
    });
    using library = open({ path });
    const query = library.query(['power.draw'], { gpus: [0] });
    const samples = [];
    for await (const [sample] of query.watch({ everyMs: 1 })) {
      samples.push(sample);
      if (samples.length === 2) samples.push(query.sample()[0]);
      if (samples.length === 3) break;
    }
    expect(samples.map((sample) => sample?.reasons)).toEqual([
      undefined,
      { 'power.draw': 'GPU is lost' },
      undefined,
    ]);
  });

  it('samples what the program prints as JSON', async () => {
    const { out } = await runOn('h100-x1', ['--query-gpu=name,fan.speed', '--format=json']);
    expect(nvsmi.query(['name', 'fan.speed']).sample()).toEqual(JSON.parse(out).gpus);
  });
});
