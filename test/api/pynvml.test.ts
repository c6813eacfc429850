import { readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { gpuRows, headRows } from '../../src/api/pynvml/fields.js';
import { NVSMI, open } from '../../src/index.js';
import { fieldNamed } from '../../src/query/relations.js';

type Answers = Record<string, Record<string, unknown>>;

/** The recording of an H100 with other answers. */
function h100(change: (calls: Answers) => void): { snapshot: object } {
  const path = new URL('../../snapshots/h100-x1.json', import.meta.url);
  const snapshot = JSON.parse(readFileSync(path, 'utf8'));
  change(snapshot.calls);
  return { snapshot };
}

const answers = (calls: Answers, fn: string, answer: unknown): void => {
  calls[fn] = Object.fromEntries(Object.keys(calls[fn] ?? {}).map((key) => [key, answer]));
};

describe('the table of deviceQuery', () => {
  it('has each key of a result once', () => {
    const paths = [...headRows, ...gpuRows].map(({ path }) => path.join('.'));
    expect(paths.filter((path, i) => paths.indexOf(path) !== i)).toEqual([]);
  });

  it('asks by the numbers of the fields', () => {
    expect(fieldNamed('memory.used')).toHaveProperty('id', NVSMI.MEMORY_USED);
    expect(fieldNamed('board_id')).toHaveProperty('id', NVSMI.BOARD_ID);
    expect(fieldNamed('utilization.decoder')).toHaveProperty('id', NVSMI.UTILIZATION_DECODER);
  });
});

describe('xmlDeviceQuery', () => {
  it('escapes what a GPU calls itself', () => {
    const name = `<GPU> & "co" 'x' </product_name>`;
    using nvsmi = open(h100((calls) => answers(calls, 'nvmlDeviceGetName', name)));
    const xml = nvsmi.xmlDeviceQuery('name');
    expect(xml).toContain(
      `    <product_name>&lt;GPU&gt; &amp; "co" 'x' &lt;/product_name&gt;</product_name>\n`,
    );
    expect(new XMLParser().parse(xml).nvidia_smi.gpu.product_name).toBe(name);
  });

  it('ends what has no elements on a line of its own, and puts the power state first', () => {
    using nvsmi = open({ snapshot: 'h100-x1' });
    expect(nvsmi.xmlDeviceQuery('compute-apps')).toBe(
      '<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v4.dtd">\n' +
        '<nvidia_smi>\n  <gpu>\n    <processes>\n    </processes>\n  </gpu>\n</nvidia_smi>\n',
    );
    expect(nvsmi.xmlDeviceQuery('power.limit')).toContain(
      '<power_readings>\n      <power_state>P0</power_state>\n      <power_limit>700.00 W</power_limit>\n',
    );
  });

  it('says why a list is missing in its place', () => {
    const refused = h100((calls) =>
      answers(calls, 'nvmlDeviceGetComputeRunningProcesses_v3', { error: 'NVML_ERROR_NO_PERMISSION' }),
    );
    using nvsmi = open(refused);
    expect(nvsmi.deviceQuery('compute-apps').gpu).toEqual([{ processes: 'Insufficient Permissions' }]);
    expect(nvsmi.xmlDeviceQuery('compute-apps')).toContain('<processes>Insufficient Permissions</processes>');
  });
});

describe('deviceQuery', () => {
  it('counts what the driver reserves as used', () => {
    const memory = { version: 33554472, total: 1000 * 2 ** 20, reserved: 100 * 2 ** 20, free: 700 * 2 ** 20 };
    const used = 200 * 2 ** 20;
    const machine = h100((calls) => answers(calls, 'nvmlDeviceGetMemoryInfo_v2', { ...memory, used }));
    using nvsmi = open(machine);
    expect(nvsmi.deviceQuery('memory.used, memory.free').gpu?.[0]?.fb_memory_usage).toEqual({
      used: 300,
      free: 700,
      unit: 'MiB',
    });
  });

  it('gives the short bus id of drivers that have no other', () => {
    const missing = { error: 'NVML_ERROR_FUNCTION_NOT_FOUND' };
    using nvsmi = open(h100((calls) => answers(calls, 'nvmlDeviceGetPciInfo_v3', missing)));
    expect(nvsmi.deviceQuery('pci.bus_id').gpu?.[0]?.id).toBe('0000:00:06.0');
  });

  it('gives results that share no list', () => {
    using nvsmi = open({ snapshot: 'h100-x1' });
    const [first, second] = [nvsmi.deviceQuery('supported-clocks'), nvsmi.deviceQuery('supported-clocks')];
    expect(first).toEqual(second);
    const clocks = first.gpu?.[0]?.supported_clocks as unknown as { supported_graphics_clock: number[] }[];
    clocks[0]?.supported_graphics_clock.pop();
    expect(nvsmi.deviceQuery('supported-clocks')).toEqual(second);
  });
});
