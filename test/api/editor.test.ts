import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { QUERY_NAMES } from '../../src/api/generated/nvsmi-ids.js';
import { NVSMI, open } from '../../src/index.js';
import { Editor } from '../editor.js';

const editor = new Editor();
const OPEN = "import { NvidiaSmi, NVSMI, open } from './index.js';\nconst nvsmi = open();\n";
const sorted = (names: Iterable<string>): string[] => [...names].sort();

// It reads the whole library once.
beforeAll(() => void editor.errors(OPEN), 120_000);

describe('an editor', () => {
  it('shows what a field means over its value in a sample', () => {
    const code = `${OPEN}for (const gpu of nvsmi.query(['memory.used', 'name']).sample()) gpu['memory|.used'];`;
    expect(editor.hover(code)).toBe('Memory allocated by programs. In MiB.');
    const name = `${OPEN}for (const gpu of nvsmi.query(['memory.used', 'name']).sample()) gpu.na|me;`;
    expect(editor.hover(name)).toMatch(/^Product name of the GPU/);
  });

  it('shows the time of a sample as what it is', () => {
    const code = `${OPEN}for (const gpu of nvsmi.query(['timestamp']).sample()) gpu.time|stamp;`;
    expect(editor.hover(code)).toBe('When the values were read: ISO 8601, in UTC.');
    const [gpu] = open({ snapshot: 't4' }).query(['timestamp']).sample();
    expect(gpu?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('offers every snapshot that comes with the package', () => {
    const names = readdirSync(new URL('../../snapshots/', import.meta.url)).map((file) => file.slice(0, -5));
    expect(sorted(editor.completions(`${OPEN}open({ snapshot: '|' });`))).toEqual(sorted(names));
    expect(editor.errors(`${OPEN}open({ snapshot: './mine.json' });`)).toEqual([]);
    expect(editor.errors(`${OPEN}open({ snapshot: 7 });`)).not.toEqual([]);
  });

  it('offers the names and ids of filters, and takes others', () => {
    const known = sorted(QUERY_NAMES.keys());
    expect(sorted(editor.completions(`${OPEN}nvsmi.deviceQuery('|');`))).toEqual(known);
    expect(sorted(editor.completions(`${OPEN}nvsmi.deviceQuery(['|']);`))).toEqual(known);
    expect(sorted(editor.completions(`${OPEN}NvidiaSmi.getInstance().deviceQuery(['|']);`))).toEqual(known);
    expect(editor.completions(`${OPEN}nvsmi.deviceQuery([NVSMI.|]);`)).toEqual(
      expect.arrayContaining(Object.keys(NVSMI)),
    );
    const others = [
      "'memory.free, count'",
      "['bogus', 999]",
      "new Set(['count', 7])",
      'null',
      'process.argv[2]',
    ];
    for (const filter of others) expect(editor.errors(`${OPEN}nvsmi.deviceQuery(${filter});`)).toEqual([]);
    expect(editor.errors(`${OPEN}nvsmi.deviceQuery([true]);`)).not.toEqual([]);
  });

  it('lets one walk through the answer of deviceQuery, and says the units', () => {
    const walk = 'gpu?.[0]?.fb_memory_usage?.free';
    const free = `const free: number | string | undefined = nvsmi.deviceQuery('memory.free').${walk};`;
    expect(editor.errors(`${OPEN}${free}`)).toEqual([]);
    const aliases = `const smi = NvidiaSmi.getInstance();
      const free = smi.DeviceQuery('memory.free').${walk};
      const help: string = smi.DeviceQuery('--help');
      const xml: string = smi.XmlDeviceQuery('memory.free');`;
    expect(editor.errors(`${OPEN}${aliases}`)).toEqual([]);
    expect(editor.hover(`${OPEN}nvsmi.deviceQuery().gpu?.[0]?.fb_memory_usage?.fr|ee;`)).toBe(
      'Free memory. In MiB. Asked for as `memory.free`.',
    );
    expect(editor.errors(`${OPEN}nvsmi.deviceQuery().gpu?.[0]?.memory;`)).toHaveLength(1);
  });
});
