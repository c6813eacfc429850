import { afterEach, describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';

const fake = await buildFake();
const open = (): void => nvml.nvmlInit({ snapshot: 'h100-x1' });

afterEach(() => nvml.nvmlShutdown());

describe('an index that no GPU has', () => {
  it.each([99, 1, 0xffffffff])('is an invalid argument to a recorded machine: %i', (index) => {
    open();
    expect(() => nvml.nvmlDeviceGetHandleByIndex(index)).toThrow(nvml.NVMLError_InvalidArgument);
    expect(() => nvml.nvmlDeviceGetHandleByIndex_v2(index)).toThrow(nvml.NVMLError_InvalidArgument);
  });

  it.skipIf(!fake.available)('is one to the library that is compiled of a recorded machine', () => {
    nvml.nvmlInit({ path: fake.with({ snapshot: machine }).path });
    expect(() => nvml.nvmlDeviceGetHandleByIndex(99)).toThrow(nvml.NVMLError_InvalidArgument);
    expect(() => nvml.nvmlDeviceGetHandleByUUID('GPU-none')).toThrow(nvml.NVMLError_NotFound);
  });
});

describe('events of a recorded machine', () => {
  it('never come: a wait takes its time and times out', () => {
    open();
    const set = nvml.nvmlEventSetCreate();
    expect(nvml.nvmlEventSetCreate()).not.toBe(set);
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    nvml.nvmlDeviceRegisterEvents(device, nvml.nvmlDeviceGetSupportedEventTypes(device), set);
    const begin = performance.now();
    expect(() => nvml.nvmlEventSetWait(set, 30)).toThrow(nvml.NVMLError_Timeout);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(29);
    nvml.nvmlEventSetFree(set);
  });

  it('are waited for until the signal, while the program continues', async () => {
    open();
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => ++ticks === 3 && controller.abort(), 5);
    const { signal } = controller;
    for await (const event of nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], {
      signal,
      everyMs: 10,
    })) {
      expect.unreachable(`no event was to come, but ${event.eventType} did`);
    }
    clearInterval(timer);
    expect(signal.aborted).toBe(true);
  });

  it.skipIf(!fake.available)('are not asked for with a signal that has ended', async () => {
    const one = fake.with({ snapshot: machine });
    nvml.nvmlInit({ path: one.path });
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { signal: AbortSignal.abort() });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(one.log().some(({ fn }) => fn.includes('Event'))).toBe(false);
  });
});
