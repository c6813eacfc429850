import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUERY_NAMES } from '../../src/api/generated/nvsmi-ids.js';
import { NVSMI, type Nvsmi, open } from '../../src/index.js';
import { takesArgument } from '../../src/nvml/functions/caller.js';
import * as entries from '../../src/nvml/generated/entries.js';
import { changing } from '../../src/nvml/generated/prototypes.js';
import * as nvml from '../../src/nvml.js';

/** Every recorded machine that opens; and, with NVSMI_TEST_DEVICE=1, the machine this runs on. */
const DEAD: readonly string[] = ['mismatch'];
const recorded = readdirSync(new URL('../../snapshots/', import.meta.url))
  .map((file) => file.replace(/\.json$/, ''))
  .filter((name) => !DEAD.includes(name));
const machines: readonly [name: string, options: nvml.OpenOptions][] = [
  ...recorded.map((name): [string, nvml.OpenOptions] => [name, { snapshot: name }]),
  ...(process.env.NVSMI_TEST_DEVICE === undefined
    ? []
    : [['this machine', {}] as [string, nvml.OpenOptions]]),
];

/** Whether values may differ from one question to the next. */
const moves = ({ snapshot }: nvml.OpenOptions): boolean =>
  snapshot === undefined ||
  JSON.parse(readFileSync(new URL(`../../snapshots/${snapshot}.json`, import.meta.url), 'utf8')).ticks !==
    undefined;

/** Functions that only read, take a device and nothing else, and return something. */
const getters = Object.values(entries)
  .filter(({ fn, params }) => {
    const inputs = params.filter(takesArgument);
    return (
      params.length > 1 &&
      !changing.has(fn) &&
      inputs.length === 1 &&
      inputs[0]?.[0] === 'handle' &&
      inputs[0][2] === 'device'
    );
  })
  .map(({ fn }) => fn);

const SCHEMA = new URL('../../schemas/report.schema.json', import.meta.url);
const isReport = new Ajv2020({ allowUnionTypes: true, validateFormats: false }).compile(
  JSON.parse(readFileSync(SCHEMA, 'utf8')),
);

const functions = nvml as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** What a getter returned, or the error that it threw. Anything but an NVMLError is a failure. */
function attempt(name: string, ...args: readonly unknown[]): unknown {
  try {
    return functions[name]?.(...args);
  } catch (error) {
    if (error instanceof nvml.NVMLError) return error;
    throw error;
  }
}

type Range = readonly [name: string, args: readonly unknown[], low: number, high: number];

const RANGES: readonly Range[] = [
  ['nvmlDeviceGetPowerUsage', [], 0, 2_000_000],
  ['nvmlDeviceGetEnforcedPowerLimit', [], 1, 2_000_000],
  ['nvmlDeviceGetTemperature', [nvml.NVML_TEMPERATURE_GPU], 0, 120],
  ['nvmlDeviceGetClockInfo', [nvml.NVML_CLOCK_SM], 0, 10_000],
  ['nvmlDeviceGetClockInfo', [nvml.NVML_CLOCK_MEM], 0, 20_000],
  ['nvmlDeviceGetMaxPcieLinkGeneration', [], 1, 8],
  ['nvmlDeviceGetCurrPcieLinkWidth', [], 1, 32],
  ['nvmlDeviceGetPerformanceState', [], 0, 15],
  ['nvmlDeviceGetNumGpuCores', [], 1, 1_000_000],
  ['nvmlDeviceGetPcieThroughput', [nvml.NVML_PCIE_UTIL_TX_BYTES], 0, 1e9],
];

describe.each(machines)('on %s', (_, options) => {
  const nvsmi: Nvsmi = open(options);
  let devices: readonly nvml.nvmlDevice_t[] = [];
  beforeAll(() => {
    nvml.nvmlInit(options);
    devices = Array.from({ length: nvml.nvmlDeviceGetCount() }, (_, i) =>
      attempt('nvmlDeviceGetHandleByIndex', i),
    ).filter((device): device is nvml.nvmlDevice_t => typeof device === 'bigint');
  });
  afterAll(() => {
    nvml.nvmlShutdown();
    nvsmi.close();
  });

  it("every getter of a device answers, or says in NVML's words why it does not", () => {
    expect(getters.length).toBeGreaterThan(150);
    for (const device of devices) {
      const silent = getters.filter((name) => attempt(name, device) === undefined);
      expect(silent).toEqual([]);
    }
  });

  it('what a GPU says of itself finds it again', () => {
    for (const device of devices) {
      expect(nvml.nvmlDeviceGetHandleByUUID(nvml.nvmlDeviceGetUUID(device))).toBe(device);
      expect(nvml.nvmlDeviceGetHandleByPciBusId(nvml.nvmlDeviceGetPciInfo(device).busId)).toBe(device);
      expect(nvml.nvmlDeviceGetHandleByIndex(nvml.nvmlDeviceGetIndex(device))).toBe(device);
    }
  });

  it('values are in their range', () => {
    for (const device of devices) {
      for (const [name, args, low, high] of RANGES) {
        const value = attempt(name, device, ...args);
        if (value instanceof nvml.NVMLError) continue;
        expect({ name, inRange: Number(value) >= low && Number(value) <= high }).toEqual({
          name,
          inRange: true,
        });
      }
      const memory = attempt('nvmlDeviceGetMemoryInfo', device);
      if (!(memory instanceof nvml.NVMLError)) {
        const { used, free, total } = memory as nvml.nvmlMemory_t;
        expect(Number(used) + Number(free)).toBe(Number(total));
      }
      const rates = attempt('nvmlDeviceGetUtilizationRates', device);
      if (!(rates instanceof nvml.NVMLError))
        expect((rates as nvml.nvmlUtilization_t).gpu).toBeLessThanOrEqual(100);
    }
  });

  it('filters by name and by id agree', () => {
    // What moves between two questions, on a living machine or in a recording of one, is left out.
    const moving = moves(options);
    for (const [name, id] of QUERY_NAMES) {
      if (moving && /util|clock|power|temp|memory|throttle|apps|timestamp|stats/.test(name)) continue;
      expect(nvsmi.deviceQuery(name)).toEqual(nvsmi.deviceQuery([id]));
    }
    expect(nvsmi.deviceQuery([NVSMI.COUNT])).toEqual({ count: nvsmi.gpuCount });
    // A name that looks like an id is no name.
    expect(nvsmi.deviceQuery([String(NVSMI.COUNT)])).toEqual({});
    expect(nvsmi.deviceQuery(String(NVSMI.COUNT))).toEqual({});
    expect(nvsmi.deviceQuery([NVSMI.COUNT])).toEqual({ count: nvsmi.gpuCount });
  });

  it('the report is what its schema says, and so its type', async () => {
    isReport(await nvsmi.report());
    expect(isReport.errors).toBeNull();
    isReport(await nvsmi.report({ groups: ['MEMORY', 'ECC'] }));
    expect(isReport.errors).toBeNull();
  });

  it('gives results of their own, and the same again', () => {
    if (options.snapshot === undefined) return;
    // Nothing that changes on a machine that moves.
    const filter = 'driver_version, name, uuid, memory.total, power.limit';
    const first = nvsmi.deviceQuery(filter);
    const text = JSON.stringify(first);
    (first as Record<string, unknown>).gpu = 'changed';
    expect(JSON.stringify(nvsmi.deviceQuery(filter))).toBe(text);
  });

  it('XML parses, with one element for each GPU that answers', () => {
    const { nvidia_smi: root } = new XMLParser({ isArray: (tag) => tag === 'gpu' }).parse(
      nvsmi.xmlDeviceQuery(),
    );
    expect(root.count).toBe(nvsmi.gpuCount);
    expect(root.gpu ?? []).toHaveLength(nvsmi.gpuCount);
  });
});
