import { existsSync, readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, describe, expect, it } from 'vitest';
import { QUERY_NAMES } from '../../src/api/generated/nvsmi-ids.js';
import { type DeviceResult, NVSMI, NvidiaSmi, type Nvsmi, nvidia_smi, open } from '../../src/index.js';

/** What pynvml_utils 13.0.1 returned on two H200s, driver 580.159.04; see the note in the file. */
const seed = JSON.parse(readFileSync(new URL('./pynvml-utils.json', import.meta.url), 'utf8'));

const SNAPSHOTS = new URL('../../snapshots/', import.meta.url);
const snapshot =
  ['h200-x2', 'h200-x1'].find((name) => existsSync(new URL(`${name}.json`, SNAPSHOTS))) ?? 'h200-x2';

/** Values that differ from moment to moment, or from one H200 and its slot to the next. */
const VARIES: ReadonlySet<string> = new Set([
  'timestamp',
  'count',
  'id',
  'pci_bus_id',
  'pci_bus',
  'pci_device',
  'board_id',
  'serial',
  'uuid',
  'minor_number',
  'vbios_version',
  'img_version',
  'replay_counter',
  'tx_util',
  'rx_util',
  'used',
  'free',
  'gpu_util',
  'memory_util',
  'encoder_util',
  'decoder_util',
  'gpu_temp',
  'power_draw',
  'graphics_clock',
  'sm_clock',
  'mem_clock',
  'device_memory',
  'clocks_throttle_reason_gpu_idle',
  'persistence_mode',
  'display_mode',
  'processes',
  'performance_state',
  'power_state',
  'supported_clocks',
  'accounting_mode',
]);

/** Filters for which pynvml_utils answers nothing, or an empty group, although it knows the field: we answer. */
const ANSWERED_HERE: ReadonlySet<string> = new Set([
  'gom.current',
  'gpu_operation_mode.current',
  'gom.pending',
  'gpu_operation_mode.pending',
  'encoder.stats.sessionCount',
  'encoder.stats.averageFps',
  'encoder.stats.averageLatency',
  'ecc.errors.corrected.volatile.total',
  ...['volatile', 'aggregate'].flatMap((counter) =>
    ['device_memory', 'register_file', 'l1_cache', 'l2_cache', 'texture_memory', 'total'].map(
      (place) => `ecc.errors.uncorrected.${counter}.${place}`,
    ),
  ),
  'temperature.memory',
  'clocks.current.sm',
  'clocks.sm',
  'clocks.current.video',
  'clocks.video',
]);
const idsAnsweredHere = new Set([...ANSWERED_HERE].map((name) => QUERY_NAMES.get(name)));

/** The value with everything that varies replaced by its type. */
function stable(value: unknown, key = ''): unknown {
  if (VARIES.has(key)) return `some ${key}`;
  if (Array.isArray(value)) return value.map((item) => stable(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, stable(inner, name)]));
  }
  return value;
}

/** A result with its first GPU alone, as the seed's are kept. */
const firstGpu = (result: DeviceResult): DeviceResult =>
  result.gpu === undefined ? result : { ...result, gpu: result.gpu.slice(0, 1) };

describe('deviceQuery on a recorded H200', () => {
  const nvsmi: Nvsmi = open({ snapshot });
  afterAll(() => nvsmi.close());

  it('knows the names and numbers of pynvml_utils', () => {
    expect(Object.fromEntries(QUERY_NAMES)).toEqual(seed.queryNames);
    expect(Object.fromEntries(Object.entries(NVSMI).map(([name, id]) => [`NVSMI_${name}`, id]))).toEqual(
      seed.fieldIds,
    );
  });

  it('answers everything with the same keys in the same order, and the same values where they do not vary', () => {
    const result = firstGpu(nvsmi.deviceQuery());
    expect(stable(result)).toEqual(stable(seed.deviceQueryAll));
    expect(JSON.stringify(Object.keys(result.gpu?.[0] ?? {}))).toBe(
      JSON.stringify(Object.keys(seed.deviceQueryAll.gpu[0])),
    );
  });

  it.each(Object.keys(seed.deviceQuery).filter((name) => !ANSWERED_HERE.has(name)))(
    'answers %s alike',
    (name) => {
      expect(stable(firstGpu(nvsmi.deviceQuery(name)))).toEqual(stable(seed.deviceQuery[name]));
    },
  );

  it.each(Object.keys(seed.deviceQueryById).filter((id) => !idsAnsweredHere.has(Number(id))))(
    'answers the id %s alike',
    (id) => {
      expect(stable(firstGpu(nvsmi.deviceQuery([Number(id)])))).toEqual(stable(seed.deviceQueryById[id]));
    },
  );

  it.each([...ANSWERED_HERE])('answers %s, which pynvml_utils does not', (name) => {
    const [gpu] = nvsmi.deviceQuery(name).gpu ?? [];
    expect(Object.keys(gpu ?? {})).toHaveLength(1);
    const [group] = Object.values(gpu ?? {});
    const seeded = seed.deviceQuery[name].gpu?.[0] ?? {};
    expect(seeded).not.toEqual(gpu);
    expect(JSON.stringify(group).length).toBeGreaterThan(JSON.stringify(seeded).length / 2);
  });

  it('takes a comma list with blanks, an array of names, an array of ids, and ignores what it does not know', () => {
    const { filter, result } = seed.multi;
    expect(stable(firstGpu(nvsmi.deviceQuery(filter)))).toEqual(stable(result));
    const byNames = nvsmi.deviceQuery(['pci.bus_id', 'memory.total', 'memory.free']);
    expect(byNames).toEqual(nvsmi.deviceQuery([NVSMI.PCI_BUS_ID, NVSMI.MEMORY_TOTAL, NVSMI.MEMORY_FREE]));
    expect(byNames).toEqual(nvsmi.deviceQuery(filter));
    expect(nvsmi.deviceQuery('bogus')).toEqual(seed.bogus);
  });

  it('takes whatever can be iterated, and null as no filter', async () => {
    const ids = [NVSMI.MEMORY_TOTAL, NVSMI.COUNT];
    const wanted = nvsmi.deviceQuery(ids);
    expect(nvsmi.deviceQuery(new Set(ids))).toEqual(wanted);
    expect(nvsmi.deviceQuery(new Set(['memory.total', 'count']).values())).toEqual(wanted);
    expect(await nvsmi.deviceQueryAsync(new Set(ids))).toEqual(wanted);
    expect(nvsmi.deviceQuery(null)).toEqual(nvsmi.deviceQuery());
    expect(nvsmi.xmlDeviceQuery(null)).toBe(nvsmi.xmlDeviceQuery());
    // One name with a comma is no list.
    expect(nvsmi.deviceQuery('memory.total,count')).toEqual(wanted);
    expect(nvsmi.deviceQuery(['memory.total,count'])).toEqual({});
  });

  it.each([
    [5, 'a filter is a comma list of names, or an array of names and ids, not a number'],
    [true, 'a filter is a comma list of names, or an array of names and ids, not a boolean'],
    [{}, 'a filter is a comma list of names, or an array of names and ids, not an object'],
    [[null], 'a filter holds names and ids, not null'],
    [[['count']], 'a filter holds names and ids, not an object'],
  ])('refuses %j as a filter, in words', async (filter, message) => {
    const error = new TypeError(message);
    expect(() => nvsmi.deviceQuery(filter as string)).toThrow(error);
    expect(() => nvsmi.xmlDeviceQuery(filter as string)).toThrow(error);
    await expect(nvsmi.deviceQueryAsync(filter as string)).rejects.toThrow(error);
  });

  it('answers the PCIe link alone in XML, too', () => {
    expect(nvsmi.xmlDeviceQuery('pcie.link.gen.current')).toContain('<pci_gpu_link_info>');
  });

  it('writes XML with the elements and texts of pynvml_utils, and the temperatures that it leaves out', () => {
    const parser = new XMLParser({ parseTagValue: false });
    const ours = parser.parse(nvsmi.xmlDeviceQuery()).nvidia_smi;
    const gpu = Array.isArray(ours.gpu) ? ours.gpu[0] : ours.gpu;
    const theirs = parser.parse(seed.xmlDeviceQueryAll).nvidia_smi.gpu;
    expect(theirs.temperature).toBe('');
    expect(Object.keys(gpu.temperature)).toEqual([
      'gpu_temp',
      'gpu_temp_max_threshold',
      'gpu_temp_slow_threshold',
    ]);
    const known = { ...theirs, temperature: gpu.temperature };
    expect(stable(gpu)).toEqual(stable(known));
    expect(gpu.fb_memory_usage.total).toBe('143771.0 MiB');
    expect(gpu.power_readings.max_power_limit).toBe('700.00 W');
  });

  it('gives the same result with the waits on worker threads', async () => {
    expect(await nvsmi.deviceQueryAsync('memory.total,pci.bus_id')).toEqual(
      nvsmi.deviceQuery('memory.total,pci.bus_id'),
    );
    expect(await nvsmi.deviceQueryAsync()).toEqual(nvsmi.deviceQuery());
  });
});

describe('NvidiaSmi', () => {
  const smi = NvidiaSmi.getInstance({ snapshot });
  afterAll(() => smi.close());

  it('is one object, also under its Python names', () => {
    expect(NvidiaSmi.getInstance()).toBe(smi);
    expect(nvidia_smi.getInstance()).toBe(smi);
    expect(smi.DeviceQuery('memory.total')).toEqual(smi.deviceQuery('memory.total'));
    expect(smi.XmlDeviceQuery('memory.total')).toBe(smi.xmlDeviceQuery('memory.total'));
  });

  it('has its help, and the names that a filter knows', () => {
    expect(smi.deviceQuery('--help')).toContain('memory.total');
    const names = smi.deviceQuery('--help-query-gpu');
    for (const name of QUERY_NAMES.keys()) expect(names).toContain(`"${name}"`);
    expect(smi.format(names)).toBe(names);
  });

  it('formats a result as indented text', () => {
    const text = smi.format(smi.deviceQuery('driver_version,memory.total,retired_pages.sbe'));
    expect(text.split('\n').slice(0, 5)).toEqual([
      '  driver_version: 580.159.04',
      expect.stringMatching(/^ {2}gpu: \[1 of \d\]$/),
      '    fb_memory_usage:',
      '      total: 143771',
      '      unit: MiB',
    ]);
    expect(text).toContain('      multiple_single_bit_retirement: None\n');
  });

  it('loops with a callback until it is cancelled', async () => {
    const seen: DeviceResult[] = [];
    const loop = smi.loop(1, 'memory.total', (self, result) => {
      seen.push(result);
      if (seen.length === 3) self.cancel();
    });
    expect(loop.isAborted()).toBe(false);
    await loop.done;
    expect(seen).toHaveLength(3);
    expect(loop.isAborted()).toBe(true);
    expect(loop.result()).toEqual(seen[2]);
  });

  it('loops as an async iterator, which ends with cancel', async () => {
    const loop = smi.loop(1, [NVSMI.MEMORY_TOTAL]);
    let count = 0;
    for await (const result of loop) {
      expect(result).toEqual(smi.deviceQuery('memory.total'));
      if (++count === 2) loop.cancel();
    }
    expect(count).toBe(2);
  });

  it.each(['break', 'throw'])('ends a loop with the %s that ends the last iteration over it', async (how) => {
    const loop = smi.loop(1, 'count');
    const first = loop[Symbol.asyncIterator]();
    await first.next();
    const iterate = async (): Promise<void> => {
      for await (const _ of loop) {
        if (how === 'throw') throw new Error('enough');
        break;
      }
    };
    await (how === 'throw' ? expect(iterate()).rejects.toThrow('enough') : iterate());
    expect(loop.isAborted()).toBe(false);
    await first.return();
    expect(loop.isAborted()).toBe(true);
    await loop.done;
  });

  it('asks a filter that can be iterated only once again and again', async () => {
    const loop = smi.loop(1, ['count'].values());
    let count = 0;
    for await (const result of loop) {
      expect(result).toEqual(smi.deviceQuery('count'));
      if (++count === 3) break;
    }
  });

  it('refuses a loop that cannot be, at once', () => {
    for (const everyMs of [0, -1, Number.NaN]) expect(() => smi.loop(everyMs)).toThrow(RangeError);
    expect(() => smi.loop(1, 5 as unknown as string)).toThrow(TypeError);
  });

  it('hands a failing callback to the caller that awaits the loop', async () => {
    const loop = smi.loop(1, 'count', () => {
      throw new Error('the callback failed');
    });
    await expect(loop.done).rejects.toThrow('the callback failed');
    expect(loop.isAborted()).toBe(true);
  });

  it('ends its loops when it is closed, and is another one when it is opened again', async () => {
    const loop = smi.loop(3_600_000, 'count');
    const results: DeviceResult[] = [];
    const iterated = (async () => {
      for await (const result of loop) results.push(result);
    })();
    await expect.poll(() => results.length).toBe(1);
    smi.close();
    expect(loop.isAborted()).toBe(true);
    await loop.done;
    await iterated;
    expect(() => smi.deviceQuery('count')).toThrow('Uninitialized');
    expect(() => smi.loop(1)).toThrow('Uninitialized');
    const next = NvidiaSmi.getInstance({ snapshot });
    expect(next).not.toBe(smi);
    next.close();
  });
});
