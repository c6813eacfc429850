/** `apply`: a plan, what is made of it, and what is left where it ends before that. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compiler } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';
import { machineOf, nvsmiOn } from './oracle.js';

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-act-'));
const machine = (name = 'h200-x2', ...faults: Fault[]) => machineOf({ machine: name, faults, lines: [] });

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const WANTED = `schema_version: 1
gpus:
  - gpu: all
    persistence_mode: true
    power_limit: 400
    compute_mode: EXCLUSIVE_PROCESS
  - gpu: 1
    mig: all-1g.18gb
  - gpu: 0
    mig: [{ profile: 3g.71gb, start: 0 }, 3g.71gb]
`;

describe.skipIf(compiler === undefined)('apply', () => {
  const path = file('gpus.yaml', WANTED);
  const state = async (library: Awaited<ReturnType<typeof machine>>): Promise<string> =>
    (await nvsmiOn(library, '--query-gpu=power.limit,compute_mode,mig.mode.current --format=csv,noheader'))
      .out +
    (await nvsmiOn(library, 'mig -lgi')).out +
    (await nvsmiOn(library, 'mig -lci')).out;

  it('makes GPUs as the file says, and then has nothing to do', async () => {
    const library = await machine();
    const first = await nvsmiOn(library, `apply ${path}`);
    expect(first.status).toBe(0);
    expect(first.out).toMatch(
      /^GPU 0 \(00000000:00:06.0\):\n {2}mig.mode: Disabled -> Enabled\n.* {2}compute_mode: Default -> Exclusive_Process\n {2}power.limit: 700.00 W -> 400.00 W\nGPU 1 /s,
    );
    expect(await state(library)).toMatch(
      /^400.00 W, Exclusive_Process, Enabled\n400.00 W, Exclusive_Process, Enabled\n/,
    );
    const second = await nvsmiOn(library, `apply ${path}`);
    expect(second.out).toMatch(/as wanted\n.*as wanted\nNothing to do.\n$/s);
    expect(second.status).toBe(0);
    expect(second.io.logged).toEqual([]);
  });

  it('reads stdin where the file is -, and says so of what is wrong there', async () => {
    const library = await machine();
    const planned = await nvsmiOn(library, 'apply - --dry-run', WANTED);
    expect(planned).toMatchObject({
      status: 0,
      out: (await nvsmiOn(library, `apply ${path} --dry-run`)).out,
    });
    const refused = await nvsmiOn(library, 'apply -', 'schema_version: 1\ngpus: 3\n');
    expect(refused.out).toMatch(/^stdin: gpus: a list is needed, not 3/);
    expect(refused.status).toBe(2);
  });

  it('changes nothing in a dry run, and has the same plan', async () => {
    const library = await machine();
    const { out, status } = await nvsmiOn(library, `apply ${path} --dry-run`);
    expect(status).toBe(0);
    expect(out).toMatch(
      / {2}mig.mode: Disabled -> Enabled\n {2}create a GPU instance 1g.18gb\n {2}create its compute instance\n/,
    );
    expect(library.log().some(({ fn }) => /Set|Create|Destroy/.test(fn))).toBe(false);
  });

  it('destroys MIG instances only with --yes', async () => {
    const library = await machine('a100-mig');
    const empty = file('empty.json', '{"schema_version":1,"gpus":[{"gpu":0,"mig":"empty"}]}');
    const refused = await nvsmiOn(library, `apply ${empty}`);
    expect(refused.out).toMatch(
      /Nothing was changed: 8 MIG instances would be destroyed. Add --yes for that.\n$/,
    );
    expect(refused.status).toBe(2);
    expect((await nvsmiOn(library, `apply ${empty} --yes`)).status).toBe(0);
    expect((await nvsmiOn(library, 'mig -lgi')).out).toBe('No GPU instances found: Not Found\n');
  });

  it('destroys, switches the mode, and creates, in this order', async () => {
    const library = await machine('a100-mig');
    const off = file('off.json', '{"schema_version":1,"gpus":[{"gpu":0,"mig":["1g.5gb"]}]}');
    const { out, status } = await nvsmiOn(library, `apply ${off} --yes`);
    expect(status).toBe(0);
    const order = out.split('\n').filter((line) => line.startsWith('Successfully'));
    const verbs = order.map((line) => line.split(' ').slice(1, 3).join(' '));
    expect(verbs.lastIndexOf('destroyed GPU')).toBeLessThan(verbs.indexOf('created GPU'));
    expect(verbs.at(-1)).toBe('created compute');
  });

  it('stops at each step that fails, says what was not done, and does the rest when repeated', {
    timeout: 120_000,
  }, async () => {
    const whole = await machine();
    await nvsmiOn(whole, `apply ${path}`);
    const wanted = await state(whole);
    const setters = [
      'nvmlDeviceSetComputeMode',
      'nvmlDeviceSetPowerManagementLimit_v2',
      'nvmlDeviceSetMigMode',
      'nvmlDeviceCreateGpuInstance',
      'nvmlGpuInstanceCreateComputeInstance',
      'nvmlDeviceCreateGpuInstanceWithPlacement',
    ] as const;
    for (const fn of setters) {
      for (const after of [0, 1, 3]) {
        const library = await machine('h200-x2', { fn, status: 4, after, times: 1 });
        const first = await nvsmiOn(library, `apply ${path}`);
        if (first.status === 0) continue;
        expect(first.status).toBe(4);
        expect(first.out).toMatch(/Stopped: \d+ of \d+ steps are done. Not done:\n {2}/);
        const again = await nvsmiOn(library, `apply ${path} --yes`);
        expect({ fn, after, status: again.status }).toEqual({ fn, after, status: 0 });
        expect(await state(library)).toBe(wanted);
      }
    }
  });

  it('ended after any of its steps, before that one is recorded, does the rest when repeated', {
    timeout: 240_000,
  }, async () => {
    const whole = await machine();
    await nvsmiOn(whole, `apply ${path}`);
    const wanted = await state(whole);
    for (let ends = 1; ends <= 12; ends++) {
      const library = await machine();
      for (let i = 0; i < ends; i++) {
        // The audit file is full: each time the program ends after one change.
        const { status } = await nvsmiOn(library, `apply ${path} --yes --audit /dev/full`);
        expect({ ends, status }).toEqual({ ends, status: 1 });
      }
      expect({ ends, status: (await nvsmiOn(library, `apply ${path} --yes`)).status }).toEqual({
        ends,
        status: 0,
      });
      expect(await state(library)).toBe(wanted);
    }
  });

  it('puts MIG layouts of an A100 and an H100 where the file says', async () => {
    for (const [name, layout, starts] of [
      ['a100-mig', '["3g.20gb", { "profile": "3g.20gb", "start": 0 }]', '0:4 4:4'],
      ['a100-mig', '"all-2g.10gb"', '0:2 2:2 4:2'],
      ['a100-mig', '[{ "profile": "1g.5gb", "start": 6 }, "4g.20gb"]', '0:4 6:1'],
      ['h100-x1', '"all-1g.10gb"', '0:1 1:1 2:1 3:1 4:1 5:1 6:1'],
      ['h100-x1', '[{ "profile": "2g.20gb", "start": 2 }, "3g.40gb"]', '2:2 4:4'],
      ['h100-x1', '"7g.80gb"', '0:8'],
    ] as const) {
      const library = await machine(name);
      const wish = file('layout.json', `{"schema_version":1,"gpus":[{"gpu":0,"mig":${layout}}]}`);
      const { status } = await nvsmiOn(library, `apply ${wish} --yes`);
      const { out } = await nvsmiOn(library, 'mig -lgi -i 0');
      const places = [...out.matchAll(/(\d+:\d+) +\|$/gm)].map(([, place]) => place);
      expect({ name, layout, status, places: places.sort().join(' ') }).toEqual({
        name,
        layout,
        status: 0,
        places: starts,
      });
      const again = await nvsmiOn(library, `apply ${wish}`);
      expect(again.out).toMatch(/as wanted\nNothing to do.\n$/);
    }
  });

  it('checks every value before anything is changed', async () => {
    const library = await machine();
    const wrong = file('wrong.yaml', WANTED.replace('400', '9999'));
    const { out, status } = await nvsmiOn(library, `apply ${wrong}`);
    expect(out).toMatch(/should be between 200.00 W and 700.00 W.*\nNothing was changed.\n$/s);
    expect(status).toBe(2);
    expect(library.log().some(({ fn }) => /Set|Create/.test(fn))).toBe(false);
  });

  it('puts together what several entries say of a GPU', async () => {
    const library = await machine();
    const twice = `schema_version: 1
gpus:
  - { gpu: all, power_limit: 400 }
  - { gpu: [0, GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000], power_limit: 400, compute_mode: PROHIBITED }
`;
    const path = file('twice.yaml', twice);
    expect((await nvsmiOn(library, `apply ${path}`)).out).toMatch(/Done: 3 steps\.\n$/);
    expect((await nvsmiOn(library, `apply ${path}`)).out).toMatch(/Nothing to do\.\n$/);
  });

  it.each([
    [
      'schema_version: 1\ngpus: [{gpu: all, power_limit: 400}, {gpu: 0, power_limit: 500}]',
      'GPU 0: power_limit is 400 in one entry and 500 in another.',
    ],
    ['schema_version: 1\ngpus: [{gpu: [0, 9], power_limit: 400}]', 'No GPU is 9.'],
    [
      'schema_version: 1\ngpus: [{gpu: 0, mig: [7g.141gb, 1g.18gb]}]',
      'GPU 0 has no room for all of 7g.141gb, 1g.18gb.',
    ],
    [
      'schema_version: 1\ngpus: [{gpu: 0, mig: [1g.18gb+me, 1g.18gb+me]}]',
      'GPU 0 has room for 1 instances 1g.18gb+me, not for 2.',
    ],
    [
      'schema_version: 1\ngpus: [{gpu: 0, mig: [{profile: 3g.71gb, start: 1}]}]',
      'On GPU 0 an instance 3g.71gb must start at 0, 4, not at 1.',
    ],
    [
      'schema_version: 1\ngpus: [{gpu: 0, mig: [{profile: 3g.71gb, start: 0}, {profile: 3g.71gb, start: 0}]}]',
      'GPU 0 has no room for all of 3g.71gb:0, 3g.71gb:0.',
    ],
  ])('refuses %j before anything is changed', async (text, words) => {
    const library = await machine();
    const { out } = await nvsmiOn(library, `apply ${file('conflict.yaml', text)}`);
    expect(out).toContain(words);
    expect(library.log().some(({ fn }) => /Set|Create/.test(fn))).toBe(false);
  });

  it.each([
    ['gpus: 5', 'schema_version: 1 is needed, not nothing'],
    ['schema_version: 1\ngpus: 5', 'gpus: a list is needed, not 5'],
    [
      'schema_version: 1\ngpus: [{gpu: 0, powerlimit: 5}]',
      'gpus[0].powerlimit: one of gpu, persistence_mode',
    ],
    [
      'schema_version: 1\ngpus: [{gpu: 0, gpu_clocks: [5, 3]}]',
      'gpus[0].gpu_clocks: two clocks, the lower one first',
    ],
    ['schema_version: 1\ngpus: [{gpu: 0, mig: 9g.1gb}]', 'GPU 0 has no MIG profile 9g.1gb; it has 1g.18gb'],
    ['schema_version: 1\ngpus: [{gpu: 7}]', 'No GPU is 7.'],
    ['a: [', 'Flow'],
  ])('refuses %j and says where', async (text, words) => {
    const { out, status } = await nvsmiOn(await machine(), `apply ${file('bad.yaml', text)}`);
    expect(out).toContain(words);
    expect([2, 6]).toContain(status);
  });
});
