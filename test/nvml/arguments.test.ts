import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takesArgument } from '../../src/nvml/functions/caller.js';
import * as entries from '../../src/nvml/generated/entries.js';
import type { Param } from '../../src/nvml/prototype.js';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';

type Functions = Readonly<Record<string, (...args: unknown[]) => unknown>>;
const functions = nvml as unknown as Functions;

/** Something that a parameter takes. */
function good(param: Param, device: bigint): unknown {
  switch (param[0]) {
    case 'handle':
      return device;
    case 'string':
      return 'text';
    case 'words':
      return 2;
    case 'fields':
      return [1];
    case 'struct':
      return {};
    default:
      return 1;
  }
}

const BEYOND: Readonly<Record<string, readonly (number | bigint)[]>> = {
  u32: [-1, 2 ** 32, 2n ** 32n, -1n],
  i32: [2 ** 31, -(2 ** 31) - 1, 2n ** 31n],
  u64: [-1, 2 ** 64, 2n ** 64n],
};

/** Every whole number that a function takes, and its place among the arguments. */
const numbers = Object.values(entries)
  .filter(({ fn }) => fn !== 'nvmlErrorString' && fn in nvml)
  .flatMap(({ fn, params }) =>
    params.filter(takesArgument).flatMap((param, i, inputs) => {
      if (param[0] !== 'in' && param[0] !== 'given') return [];
      return [{ fn, i, inputs, name: param[1], beyond: BEYOND[param[2]] ?? [] }];
    }),
  );

describe('arguments', () => {
  let device = 0n as nvml.nvmlDevice_t;
  beforeAll(() => {
    nvml.nvmlInit({ snapshot: 'h100-x1' });
    device = nvml.nvmlDeviceGetHandleByIndex(0);
  });
  afterAll(() => nvml.nvmlShutdown());

  it('that are beyond their C type are refused by every function, not cut to its size', () => {
    expect(numbers.length).toBeGreaterThan(150);
    for (const { fn, i, inputs, name, beyond } of numbers) {
      expect(beyond.length, `${fn} ${name}`).toBeGreaterThan(0);
      for (const value of beyond) {
        const args = inputs.map((param, j) => (i === j ? value : good(param, device)));
        const refused = new RegExp(`^nvml\\w+: ${name} must be -?\\d+ to \\d+, not ${value}$`);
        expect(() => functions[fn]?.(...args), `${fn}(${args.join()})`).toThrow(RangeError);
        expect(() => functions[fn]?.(...args)).toThrow(refused);
      }
    }
  });

  it('say their range', () => {
    expect(() => nvml.nvmlDeviceSetPowerManagementLimit(device, 2 ** 32 + 700_000)).toThrow(
      new RangeError('nvmlDeviceSetPowerManagementLimit: limit must be 0 to 4294967295, not 4295667296'),
    );
    expect(() => nvml.nvmlDeviceSetFanSpeed_v2(device, -1, 50)).toThrow(
      new RangeError('nvmlDeviceSetFanSpeed_v2: fan must be 0 to 4294967295, not -1'),
    );
    expect(() => nvml.nvmlDeviceGetHandleByIndex(2 ** 32)).toThrow(RangeError);
    expect(() => nvml.nvmlDeviceGetHandleByIndex(Number.NaN)).toThrow(TypeError);
    expect(() => nvml.nvmlDeviceGetCpuAffinity(device, 1.5)).toThrow(
      new TypeError('nvmlDeviceGetCpuAffinity: cpuSetSize must be a whole number, not 1.5'),
    );
    expect(() => nvml.nvmlDeviceGetCpuAffinity(device, 0xffffffff)).toThrow(
      new RangeError('nvmlDeviceGetCpuAffinity: cpuSetSize must be 0 to 65535, not 4294967295'),
    );
    expect(() => nvml.nvmlInitWithFlags(2 ** 32)).toThrow(
      new RangeError('nvmlInitWithFlags: flags must be 0 to 4294967295, not 4294967296'),
    );
  });

  it('are refused in the name that the caller wrote, whichever version answers', () => {
    expect(() => nvml.nvmlDeviceGetHandleByIndex(-1)).toThrow(
      'nvmlDeviceGetHandleByIndex: index must be 0 to',
    );
    expect(() => nvml.nvmlDeviceGetHandleByIndex_v2(-1)).toThrow('nvmlDeviceGetHandleByIndex_v2: index must');
    const none = 'a handle' as unknown as nvml.nvmlDevice_t;
    expect(() => nvml.nvmlDeviceGetPciInfo(none)).toThrow('nvmlDeviceGetPciInfo: device must be a handle');
  });

  it('may be a bigint or a boolean where that is a number', () => {
    const byIndex = functions.nvmlDeviceGetHandleByIndex as (index: unknown) => unknown;
    expect(byIndex(0n)).toBe(device);
    expect(byIndex(false)).toBe(device);
  });

  it('are refused by promises, too', async () => {
    await expect(promises.nvmlDeviceGetHandleByIndex(2 ** 32)).rejects.toThrow(RangeError);
  });
});

describe('structs', () => {
  let device = 0n as nvml.nvmlDevice_t;
  beforeAll(() => {
    nvml.nvmlInit({ snapshot: 'h100-x1' });
    device = nvml.nvmlDeviceGetHandleByIndex(0);
  });
  afterAll(() => nvml.nvmlShutdown());

  const set = (info: unknown) => () => functions.nvmlDeviceSetClockOffsets?.(device, info);
  const metrics = (given: unknown) => () => functions.nvmlGpmMetricsGet?.(given);

  it.each([
    [{ type: '2' }, TypeError, 'info.type must be a whole number, not string'],
    [{ type: Number.NaN }, TypeError, 'info.type must be a whole number, not NaN'],
    [{ type: 1.5 }, TypeError, 'info.type must be a whole number, not 1.5'],
    [{ type: {} }, TypeError, 'info.type must be a whole number, not object'],
    [{ clockOffsetMhz: 5 }, TypeError, 'info.clockOffsetMhz is no field of the struct'],
    [{ pstate: -1 }, RangeError, 'info.pstate must be 0 to 4294967295, not -1'],
    [
      { clockOffsetMHz: 2n ** 31n },
      RangeError,
      'info.clockOffsetMHz must be -2147483648 to 2147483647, not 2147483648',
    ],
    [[1], TypeError, 'info must be an object, not array'],
    [undefined, TypeError, 'info must be an object, not undefined'],
  ])('like %o are refused, with the name of the field', (info, kind, message) => {
    expect(set(info)).toThrow(kind);
    expect(set(info)).toThrow(`nvmlDeviceSetClockOffsets: ${message}`);
  });

  it.each([
    [{ metrics: 5 }, TypeError, 'metrics must be an array, not 5'],
    [{ metrics: '12' }, TypeError, 'metrics must be an array, not string'],
    [
      { metrics: [{ metricId: 1 }, { metricId: '2' }] },
      TypeError,
      'metrics[1].metricId must be a whole number, not string',
    ],
    [{ metrics: [{ metricID: 1 }] }, TypeError, 'metrics[0].metricID is no field of the struct'],
    [{ metrics: [null] }, TypeError, 'metrics[0] must be an object, not null'],
    [{ metrics: new Array(400).fill({}) }, RangeError, 'metrics must be at most 333 items, not 400'],
    [{ sample1: 5 }, TypeError, 'sample1 must be a handle, not 5'],
  ])('with arrays like %o are refused', (given, kind, message) => {
    expect(metrics(given)).toThrow(kind);
    expect(metrics(given)).toThrow(`nvmlGpmMetricsGet: metricsGet.${message}`);
  });

  it('that say what is asked are looked at, too', () => {
    const offsets = (info: unknown) => () => functions.nvmlDeviceGetClockOffsets?.(device, info);
    expect(offsets({ type: 0, pstate: '0' })).toThrow('info.pstate must be a whole number, not string');
    expect(offsets({ type: 0, pState: 0 })).toThrow('info.pState is no field of the struct');
  });

  it('take texts that fit', () => {
    const named = (name: unknown) => () => functions.nvmlDeviceSetHostname_v1?.(device, { value: name });
    expect(named(5)).toThrow('hostname.value must be a string, not 5');
    expect(named('x'.repeat(64))).toThrow(RangeError);
    expect(named('é'.repeat(32))).toThrow('hostname.value must be at most 63 bytes, not 64');
    expect(named('é'.repeat(31))).toThrow(nvml.NVMLError);
  });
});

describe('field ids', () => {
  let device = 0n as nvml.nvmlDevice_t;
  beforeAll(() => {
    nvml.nvmlInit({ snapshot: 'h100-x1' });
    device = nvml.nvmlDeviceGetHandleByIndex(0);
  });
  afterAll(() => nvml.nvmlShutdown());

  const ask = (ids: unknown) => () => functions.nvmlDeviceGetFieldValues?.(device, ids);
  const id = nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION;

  it.each([
    ['5', TypeError, 'fieldIds must be an array, not string'],
    [[String(id)], TypeError, 'fieldIds[0] must be a field id, not string'],
    [[id, undefined], TypeError, 'fieldIds[1] must be a field id, not undefined'],
    [[[String(id), 0]], TypeError, 'fieldIds[0] must be a field id, not string'],
    [[[id, '0']], TypeError, 'fieldIds[0].scopeId must be a whole number, not string'],
    [[{ fieldId: id, scopeID: 1 }], TypeError, 'fieldIds[0].scopeID is no field of the struct'],
    [[1.5], TypeError, 'fieldIds[0] must be a whole number, not 1.5'],
    [[2 ** 32 + id], RangeError, `fieldIds[0] must be 0 to 4294967295, not ${2 ** 32 + id}`],
  ])('like %o are refused', (ids, kind, message) => {
    // The good ones are laid out: what only looks like them must not pass for them.
    expect(ask([id])).not.toThrow();
    expect(ask([id, 0])).not.toThrow();
    expect(ask(ids)).toThrow(kind);
    expect(ask(ids)).toThrow(`nvmlDeviceGetFieldValues: ${message}`);
  });

  it('may be the values that came back', () => {
    const values = nvml.nvmlDeviceGetFieldValues(device, [id]);
    expect(nvml.nvmlDeviceGetFieldValues(device, values)).toEqual(values);
  });
});
