import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as nvml from '../../src/nvml.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

const fake = await buildFake();
const library = (options: Machine): { path: string } => ({ path: fake.with(options).path });

afterEach(() => {
  try {
    for (;;) nvml.nvmlShutdown();
  } catch {
    // closed by now
  }
});

describe.skipIf(!fake.available)('events', () => {
  const XID = nvml.nvmlEventTypeXidCriticalError;
  const snapshot = {
    ...machine,
    calls: {
      ...machine.calls,
      nvmlEventSetCreate: { '': 'eventSet0' },
      nvmlDeviceRegisterEvents: { [`gpu0,${XID},eventSet0`]: [] },
      nvmlEventSetWait_v2: {
        'eventSet0,0': {
          device: 'gpu0',
          eventType: XID,
          eventData: 79,
          gpuInstanceId: 4294967295,
          computeInstanceId: 4294967295,
        },
      },
      nvmlEventSetFree: { eventSet0: [] },
    },
  };
  const timeout = { fn: 'nvmlEventSetWait_v2', status: nvml.NVML_ERROR_TIMEOUT } as const;

  it('come as they happen, past the waits in which nothing does', async () => {
    const one = fake.with({ snapshot, faults: [{ ...timeout, times: 2 }] });
    nvml.nvmlInit({ path: one.path });
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    for await (const event of nvml.nvmlEvents([device], { types: XID, everyMs: 5 })) {
      expect(event).toEqual({
        device,
        eventType: XID,
        eventData: 79,
        gpuInstanceId: null,
        computeInstanceId: null,
      });
      break;
    }
    const calls = one.log().map(({ fn }) => fn);
    expect(calls.filter((fn) => fn === 'nvmlEventSetWait_v2')).toHaveLength(3);
    expect(calls.at(-1)).toBe('nvmlEventSetFree');
  });

  it('end with the signal, and free their set', async () => {
    const one = fake.with({ snapshot, faults: [timeout] });
    nvml.nvmlInit({ path: one.path });
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], {
      types: XID,
      everyMs: 5,
      signal: AbortSignal.timeout(50),
    });
    for await (const event of events) expect.unreachable(`no event was to come, but ${event.eventType} did`);
    expect(one.log().at(-1)?.fn).toBe('nvmlEventSetFree');
  });

  it('throw what is no timeout', async () => {
    const faults = [{ fn: 'nvmlEventSetWait_v2', status: nvml.NVML_ERROR_GPU_IS_LOST } as const];
    nvml.nvmlInit(library({ snapshot, faults }));
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { types: XID, everyMs: 5 });
    await expect(events.next()).rejects.toThrow(nvml.NVMLError_GpuIsLost);
  });

  const idle = (): AsyncGenerator<nvml.nvmlEventData_t, void, undefined> => {
    nvml.nvmlInit(library({ snapshot, faults: [timeout] }));
    return nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { types: XID, everyMs: 5 });
  };

  it('end with return() while none comes', async () => {
    const events = idle();
    const next = events.next();
    expect(await events.return()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('end with what the wait says where NVML is closed meanwhile, not with what came of it', async () => {
    const events = idle();
    const next = events.next();
    nvml.nvmlShutdown();
    await expect(next).rejects.toMatchObject({
      name: 'NVMLError_Uninitialized',
      fn: expect.stringMatching(/^nvmlEventSetWait/),
    });
  });

  it('end also where NVML is open again by then: their set went with the first opening', async () => {
    const one = fake.with({ snapshot, faults: [timeout] });
    nvml.nvmlInit({ path: one.path });
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { types: XID, everyMs: 200 });
    const next = events.next();
    nvml.nvmlShutdown();
    nvml.nvmlInit({ path: one.path });
    one.clearLog();
    await expect(next).rejects.toThrow(nvml.NVMLError_Uninitialized);
    expect(one.log().some(({ fn }) => fn.includes('Event'))).toBe(false);
  });

  it('end quietly with return() after NVML was closed', async () => {
    const one = fake.with({ snapshot });
    nvml.nvmlInit({ path: one.path });
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { types: XID, everyMs: 5 });
    await events.next();
    nvml.nvmlShutdown();
    expect(await events.return()).toEqual({ done: true, value: undefined });
  });

  it('leave nothing on the signal: neither while there is none to wait for, nor at the end', async () => {
    const { signal } = new AbortController();
    nvml.nvmlInit(library({ snapshot, faults: [{ ...timeout, times: 50 }] }));
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { types: XID, everyMs: 5, signal });
    const next = events.next();
    await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(1);
    await next;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await events.return();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('of many iterations take one listener of their signal', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    nvml.nvmlInit(library({ snapshot, faults: [timeout] }));
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const all = Array.from({ length: 12 }, () =>
      nvml.nvmlEvents([device], { types: XID, everyMs: 5, signal }).next(),
    );
    await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(1);
    controller.abort();
    expect(await Promise.all(all)).toEqual(all.map(() => ({ done: true, value: undefined })));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('of many iterations hold no worker thread: they look, and do not wait in NVML', async () => {
    const one = fake.with({ snapshot, faults: [timeout] });
    nvml.nvmlInit({ path: one.path });
    const controller = new AbortController();
    const { signal } = controller;
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const all = Array.from({ length: 8 }, () =>
      nvml.nvmlEvents([device], { types: XID, everyMs: 5, signal }).next(),
    );
    const looks = () => one.log().filter(({ fn }) => fn === 'nvmlEventSetWait_v2');
    await expect.poll(() => looks().length).toBeGreaterThan(80);
    controller.abort();
    await Promise.all(all);
    expect(new Set(looks().map(({ key }) => key))).toEqual(new Set(['eventSet0,0']));
  });

  it('wait however often, and keep nothing of the waits that are over', async () => {
    const one = fake.with({ snapshot, faults: [{ ...timeout, times: 200 }] });
    nvml.nvmlInit({ path: one.path });
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const events = nvml.nvmlEvents([nvml.nvmlDeviceGetHandleByIndex(0)], { types: XID, everyMs: 5, signal });
    await events.next();
    await events.return();
    expect(add.mock.calls.length).toBeGreaterThanOrEqual(200);
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});

describe('what nvmlEvents is given', () => {
  const events = nvml.nvmlEvents as (devices: unknown, options?: unknown) => unknown;

  it.each([
    [5n, undefined, 'devices must be an array of handles, not 5'],
    [['GPU-1'], undefined, 'devices[0] must be a handle, not string'],
    [[], 'xid', 'the options must be an object, { types, signal, everyMs }, not string'],
    [[], { type: 8 }, 'there is no option type; there are types, signal, everyMs'],
    [[], { types: '8' }, 'types must be a whole number, not string'],
    [[], { everyMs: '100' }, 'everyMs must be a whole number, not string'],
    [[], { signal: new AbortController() }, 'signal must be an AbortSignal, not object'],
  ])('is refused at once where it is %o, %o', (devices, options, message) => {
    expect(() => events(devices, options)).toThrow(new TypeError(`nvmlEvents: ${message}`));
  });

  it('is refused where a number is beyond its C type', () => {
    expect(() => events([], { everyMs: -1 })).toThrow(RangeError);
  });
});
