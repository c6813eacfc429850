/** The runner of actions: records, the system log, advice, and one GPU of two that fails. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { sendToSystemLog } from '../../src/nvml/backend/system-log.js';
import { FakeIo } from '../fake-io.js';
import { compiler } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';
import { machineOf, nvsmiOn } from './oracle.js';

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-act-'));
const machine = (name = 'h200-x2', ...faults: Fault[]) => machineOf({ machine: name, faults, lines: [] });
const SECOND_DENIED: Fault = { fn: 'nvmlDeviceSetPowerManagementLimit_v2', when: ['gpu1'], status: 4 };
const FIRST_DENIED: Fault = { ...SECOND_DENIED, when: ['gpu0'] };

describe.skipIf(compiler === undefined)('an action', () => {
  it('is seen by the next program that asks', async () => {
    const library = await machine();
    await nvsmiOn(library, '-pl 450 -i 1');
    await nvsmiOn(library, '-c 3 -i 0');
    const { out } = await nvsmiOn(library, '--query-gpu=power.limit,compute_mode --format=csv,noheader');
    expect(out).toBe('700.00 W, Exclusive_Process\n450.00 W, Default\n');
  });

  it('has a JSON document with values before and after', async () => {
    const { out, status } = await nvsmiOn(await machine(), '-pl 450 --json');
    const { actions, ...document } = JSON.parse(out);
    expect(document).toEqual({ dry_run: false, status: 0, schema_version: 1 });
    expect(status).toBe(0);
    expect(actions).toHaveLength(2);
    expect(actions[1]).toEqual({
      action: 'power-limit',
      gpu: 1,
      uuid: 'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001',
      'pci.bus_id': '00000000:00:07.0',
      value: 450,
      before: { 'power.limit': 700 },
      after: { 'power.limit': 450 },
      outcome: 'changed',
      status: 0,
      message: 'Power limit for GPU 00000000:00:07.0 was set to 450.00 W from 700.00 W.',
      needs: ['root'],
    });
  });

  it('ends at the first GPU that fails, and says of the others that they were not attempted', async () => {
    const { out, status } = await nvsmiOn(await machine('h200-x2', FIRST_DENIED), '-pl 450 --json');
    const { actions } = JSON.parse(out);
    expect(actions.map((each: { outcome: string }) => each.outcome)).toEqual(['failed', 'not_attempted']);
    expect(status).toBe(4);
  });

  it('continues with --keep-going, and ends with the status of the GPU that failed', async () => {
    const library = await machine('h200-x2', FIRST_DENIED);
    const { out, status, io } = await nvsmiOn(library, '-pl 450 --keep-going');
    expect(out).toBe(
      [
        'Failed to set power management limit for GPU 00000000:00:06.0: Insufficient Permissions',
        'Power limit for GPU 00000000:00:07.0 was set to 450.00 W from 700.00 W.',
        'Terminating early due to previous errors.',
        '',
      ].join('\n'),
    );
    expect(status).toBe(4);
    expect(io.errors).toBe('GPU 0 can be changed by root alone: run it with sudo.\n');
  });

  it('keeps what the first GPU got where the second fails', async () => {
    const library = await machine('h200-x2', SECOND_DENIED);
    const { status } = await nvsmiOn(library, '-pl 450');
    expect(status).toBe(4);
    const { out } = await nvsmiOn(library, '--query-gpu=power.limit --format=csv,noheader');
    expect(out).toBe('450.00 W\n700.00 W\n');
  });

  it('names the processes that use a GPU', async () => {
    const library = await machine('h200-x2-load', { fn: 'nvmlDeviceSetComputeMode', status: 19 });
    const { status, io } = await nvsmiOn(library, '-c 3 -i 0');
    expect(status).toBe(19);
    expect(io.errors).toMatch(/^GPU 0 is used by: \d+ \S+/);
  });

  it('names the range before anything is changed', async () => {
    const library = await machine();
    const { out, status } = await nvsmiOn(library, '-pl 9999');
    expect(out).toMatch(/should be between 200.00 W and 700.00 W/);
    expect(status).toBe(2);
    expect(library.log().some(({ fn }) => fn.includes('SetPower'))).toBe(false);
  });

  it('encrypts memory where the driver can', async () => {
    const [get, set] = ['nvmlDeviceGetDramEncryptionMode', 'nvmlDeviceSetDramEncryptionMode'] as const;
    const library = await machine('h200-x2', { fn: get, status: 0 }, { fn: set, status: 0 });
    const { out, status } = await nvsmiOn(library, '-den 1 -i 0');
    expect(out).toBe('Enabled DRAM encryption for GPU 00000000:00:06.0.\nAll done.\nReboot required.\n');
    expect(status).toBe(0);
    expect((await nvsmiOn(await machine(), '-den 1 -i 0')).out).toMatch(/^DRAM encryption not supported/);
    expect((await nvsmiOn(await machine(), '-shbd 1')).out).toMatch(/was never seen/);
  });

  it('says why what NVML cannot do is not done', async () => {
    for (const [line, words] of [
      [
        '-lmcd 3201',
        /^Unable to set Memory locked clocks "\(memClock 3201\)" for GPU \S+: Not Supported\nTerminating/,
      ],
      ['-rmcd', /^Reseting deferred memory clocks is not supported\nTerminating/],
      ['-cc 1', /^Overriding CUDA clock limit is not supported for this device.\nTerminating/],
    ] as const) {
      const { out, status, io } = await nvsmiOn(await machine(), line);
      expect(out).toMatch(words);
      expect(io.errors).toMatch(/NVML has no function for --\S+; nvidia-smi does it without NVML/);
      expect(status).toBe(3);
    }
  });

  it('says why a GPU is not reset, and how the kernel does it', async () => {
    const { out, status, io } = await nvsmiOn(await machine(), '-r -i 0');
    expect(out).toBe('GPU reset unavailable: Not Supported\n');
    expect(io.errors).toMatch(/NVML has no function for --gpu-reset/);
    expect(io.errors).toContain('echo 1 | sudo tee /sys/bus/pci/devices/0000:00:06.0/reset\n');
    expect(status).toBe(3);
  });

  it('names the processes that keep GPUs from being reset', async () => {
    const { out, status, io } = await nvsmiOn(await machine('h200-x2-load'), '-r');
    expect(out).toMatch(
      /^The following GPUs could not be reset:\n( {2}GPU \S+: In use by another client\n)+\n\d devices? (is|are) currently being used/,
    );
    expect(io.errors).toMatch(/^GPU 0 is used by: \d+ \S+/);
    expect(status).toBe(255);
  });
});

describe.skipIf(compiler === undefined)('the record', () => {
  it('is a line of JSON in the system log for each change and each refusal of the driver', async () => {
    const { io } = await nvsmiOn(await machine('h200-x2', SECOND_DENIED), '-pl 450');
    const lines = io.logged.map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      action: 'power-limit',
      gpu: 0,
      before: { 'power.limit': 700 },
      after: { 'power.limit': 450 },
      outcome: 'changed',
    });
    expect(lines[0].command.slice(-2)).toEqual(['-pl', '450']);
    expect(lines[0].timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(lines[0].user).not.toBe('');
    expect(lines[1]).toMatchObject({ outcome: 'failed', status: 4 });
  });

  it('is appended to the file of --audit instead', async () => {
    const file = join(folder, 'audit.jsonl');
    const library = await machine();
    const { io } = await nvsmiOn(library, `-pm 0 -i 0 --audit ${file}`);
    await nvsmiOn(library, `-pm 1 -i 0 --audit ${file}`);
    expect(io.logged).toEqual([]);
    const values = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).value);
    expect(values).toEqual(['Disabled', 'Enabled']);
  });

  it('is opened before anything is changed: a file that cannot be written ends the program', async () => {
    const library = await machine();
    const { status, io } = await nvsmiOn(library, `-pm 0 --audit ${folder}/none/audit.jsonl`);
    expect(status).toBe(1);
    expect(io.errors).toMatch(/nothing was changed: the audit file cannot be opened/);
    expect(library.log().some(({ fn }) => fn.includes('SetPersistence'))).toBe(false);
  });

  it('is not missed in silence where no system log takes it', () => {
    expect(() => sendToSystemLog('a line', join(folder, 'no-log'))).toThrow(/no one listens/);
  });

  it('that cannot be written ends the program after the change, and says so', async () => {
    const library = await machine();
    const { status, io } = await nvsmiOn(library, '-pm 0 --audit /dev/full');
    expect(io.errors).toMatch(/a change was made and could not be recorded: .*ENOSPC/);
    expect(status).toBe(1);
    // The first GPU alone: nothing more is changed without a record.
    expect(library.log().filter(({ fn }) => fn === 'nvmlDeviceSetPersistenceMode')).toHaveLength(1);
  });

  it('says once that the system log does not take it, and continues', async () => {
    const library = await machine();
    class Unheard extends FakeIo {
      override readonly systemLog = (): void => {
        throw new Error('no one listens');
      };
    }
    const io = new Unheard();
    const status = await main([`--nvml=${library.path}`, '-pm', '0'], io);
    expect(io.errors).toBe('Not recorded in the system log (no one listens). Use --audit FILE.\n');
    expect(status).toBe(0);
  });

  it('of a dry run is none', async () => {
    const { io } = await nvsmiOn(await machine(), '-pm 0 --dry-run');
    expect(io.logged).toEqual([]);
  });
});

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
      /^GPU 0 \(00000000:00:06.0\):\n {2}compute_mode: Default -> Exclusive_Process\n {2}power.limit: 700.00 W -> 400.00 W\n/,
    );
    expect(await state(library)).toMatch(
      /^400.00 W, Exclusive_Process, Enabled\n400.00 W, Exclusive_Process, Enabled\n/,
    );
    const second = await nvsmiOn(library, `apply ${path}`);
    expect(second.out).toMatch(/as wanted\n.*as wanted\nNothing to do.\n$/s);
    expect(second.status).toBe(0);
    expect(second.io.logged).toEqual([]);
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
