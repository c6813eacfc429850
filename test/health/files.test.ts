/** The files of health: what is expected of a machine, and what the last run left. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepAside, readIfThere, writeWhole } from '../../src/health/kept-file.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import type { Outcome } from '../commands/run-on.js';
import { runOn } from '../commands/run-on.js';
import type { Tree } from '../doctor/tree.js';
import {
  type Answers,
  checksOf,
  fields,
  h200s,
  type Machine,
  memory,
  mib,
  RUNNING,
  run,
  withAnswers,
} from './made-machines.js';

describe('files of health', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nvsmi-health-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (): string => join(folder, 'file.json');
  const expecting = (machine: Machine) => run(machine, ['--expect', file(), '--json']);
  const why = (outcome: Outcome, check: string): readonly (string | undefined)[] =>
    checksOf(outcome)
      .filter((one) => one.check === check && one.verdict !== 'ok')
      .map((one) => one.why);

  it('learns what a machine has, and misses what it lacks later', async () => {
    const learned = await run({}, ['--learn', file()]);
    expect(learned).toMatchObject({
      status: 0,
      out: `${file()}: what 2 GPUs have now is expected from now on.\n`,
    });
    expect((await expecting({})).status).toBe(0);
    const one = withAnswers(h200x2(), { nvmlDeviceGetCount_v2: { '': 1 } });
    expect(why(await expecting({ machine: one }), 'gpu-count')).toEqual([
      'NVML counts 1 GPUs; expected 2; missing: 0000:00:07.0.',
    ]);
    const worse = h200s({
      nvmlDeviceGetName: { gpu0: 'NVIDIA H100 80GB HBM3' },
      nvmlDeviceGetMemoryInfo_v2: { gpu0: { ...(memory(0) as object), total: mib(81559) } },
      nvmlDeviceGetCurrPcieLinkWidth: { gpu0: 8 },
      nvmlDeviceGetMaxPcieLinkGeneration: { gpu0: 4 },
      nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 },
      nvmlSystemGetDriverVersion: { '': '570.10' },
      ...fields({ 'gpu0,1': 0, 'gpu1,164:5': 20000 }),
    });
    const outcome = await expecting({ machine: worse });
    for (const check of [
      'name',
      'memory-size',
      'pcie-width',
      'pcie-generation',
      'nvlink',
      'modes',
      'driver-version',
    ]) {
      expect(why(outcome, check), check).not.toEqual([]);
    }
    expect(why(outcome, 'nvlink')).toEqual([
      '17 NVLinks are up; expected 18.',
      'An NVLink has 20 GB/s; expected 26.562 GB/s.',
    ]);
  });

  it('warns of GPUs that are not expected', async () => {
    const one = withAnswers(h200x2(), { nvmlDeviceGetCount_v2: { '': 1 } });
    await run({ machine: one }, ['--learn', file()]);
    const outcome = await expecting({});
    expect(why(outcome, 'gpu-count')).toEqual(['NVML counts 2 GPUs; expected 1.']);
    expect(outcome.status).toBe(1);
  });

  it('compares what a key expects, addresses as nvidia-smi writes them too, and nothing without a key', async () => {
    const expected = (gpu: string) =>
      writeFileSync(
        file(),
        `{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"pci.bus_id":"00000000:00:06.0"${gpu}},{"pci.bus_id":"00000000:00:07.0"}]}`,
      );
    expected(',"name":"NVIDIA B200"');
    expect(why(await expecting({}), 'name')).toEqual(['The name is NVIDIA H200; expected NVIDIA B200.']);
    expected('');
    const down = h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 } });
    // Without a key the model counts.
    expect(why(await expecting({ machine: down }), 'nvlink')).toEqual([
      '17 NVLinks are up; its model has 18.',
    ]);
  });

  it('compares by place without addresses, and warns of a chosen GPU that is not in the file', async () => {
    const expected = (...gpus: readonly object[]) =>
      writeFileSync(
        file(),
        JSON.stringify({ format: 'nvsmi-expectations', version: 1, machine: null, gpus }),
      );
    expected({}, { name: 'NVIDIA B200' });
    expect(why(await expecting({}), 'name')).toEqual(['The name is NVIDIA H200; expected NVIDIA B200.']);
    expected({ 'pci.bus_id': '0000:00:07.0' }, { 'pci.bus_id': '0000:99:00.0' });
    const chosen = await run({}, ['--expect', file(), '-i', '0', '--json']);
    expect(why(chosen, 'gpu-count')).toEqual(['The expectations have no GPU 0 (0000:00:06.0).']);
  });

  it('keeps the expectations that were there, and says so', async () => {
    writeFileSync(file(), 'old');
    const { err } = await run({}, ['--learn', file()]);
    expect(err).toBe(`nvsmi: the file that was there is kept as ${file()}.old-1\n`);
    expect(readFileSync(`${file()}.old-1`, 'utf8')).toBe('old');
    expect(JSON.parse(readFileSync(file(), 'utf8')).gpus[0].name).toBe('NVIDIA H200');
  });

  it('prints what it learns for -', async () => {
    const { out, status } = await run({}, ['--learn', '-']);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ gpus: [{ name: 'NVIDIA H200' }, { name: 'NVIDIA H200' }] });
  });

  it('learns nothing from a machine with a lost GPU', async () => {
    const { status, out } = await runOn('lost-gpu', ['health', '--learn', file()]);
    expect(out).toMatch(/GPU 5 does not answer/);
    expect(status).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('learns nothing where a reading failed: nothing would be expected of it', async () => {
    const machine = h200s({ nvmlDeviceGetMemoryInfo_v2: { gpu1: refused('UNKNOWN') } });
    const { status, out } = await run({ machine }, ['--learn', file()]);
    expect(out).toMatch(/^memory\.total of GPU 1 could not be read/);
    expect(status).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('expects what a GPU says it has nothing of, and a speed that cannot be read', async () => {
    await run({}, ['--learn', file()]);
    const none = h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,0': refused('NOT_SUPPORTED') } });
    const noSpeed = h200s(fields({ 'gpu1,164:5': refused('NOT_SUPPORTED') }));
    for (const machine of [none, noSpeed]) {
      const outcome = await run({ machine }, ['--expect', file(), '--checks', 'nvlink', '--json']);
      expect(checksOf(outcome).map(({ verdict }) => verdict)).not.toEqual(['ok', 'ok']);
      expect(outcome.status).toBeGreaterThan(1);
    }
  });

  const BAD: readonly (readonly [what: string, content: string, why: RegExp])[] = [
    ['torn', '{"format": "nvsmi-expec', /torn, or no JSON/],
    ['another version', '{"format":"nvsmi-expectations","version":2}', /of version 2/],
    ['no expectations', '{"a":1}', /no expectation file/],
    [
      'a wrong form',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"name":[]}]}',
      /gpus\[0\]/,
    ],
    [
      'a value of a wrong type',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"memory.total":"143771 MiB"}]}',
      /gpus\[0\].*memory\.total.*a number/,
    ],
    [
      'an unknown key',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"nmae":"x"}]}',
      /"nmae" is no expectation; did you mean name\?/,
    ],
    [
      'an unknown limit',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[],"limits":{"idle_power_percnt":1}}',
      /did you mean idle_power_percent/,
    ],
    [
      'an address twice',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"pci.bus_id":"00000000:3B:00.0"},{"pci.bus_id":"0000:3b:00.0"}]}',
      /two GPUs have the pci\.bus_id 0000:3b:00\.0/,
    ],
    [
      'another machine',
      '{"format":"nvsmi-expectations","version":1,"machine":"00aa","gpus":[]}',
      /made on another machine/,
    ],
  ];
  it.each(BAD)('refuses expectations: %s', async (_, content, reason) => {
    writeFileSync(file(), content);
    const { status, out } = await run({ tree: { '/etc/machine-id': '0123456789abcdef\n' } }, [
      '--expect',
      file(),
    ]);
    expect(out).toMatch(reason);
    expect(status).toBe(3);
    expect(readFileSync(file(), 'utf8')).toBe(content);
  });

  it('refuses expectations that are not there', async () => {
    expect(await run({}, ['--expect', join(folder, 'none')])).toMatchObject({
      status: 3,
      out: expect.stringMatching(/--learn makes one/),
    });
  });

  it('uses the limits of the file', async () => {
    writeFileSync(
      file(),
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[],"limits":{"unaccounted_memory_mib":50}}',
    );
    const outcome = await run({ machine: h200s(RUNNING) }, [
      '--expect',
      file(),
      '--checks',
      'unaccounted-memory',
      '--json',
    ]);
    expect(outcome.status).toBe(1);
  });

  it('loses no file where the new one cannot be written', async () => {
    mkdirSync(file());
    writeFileSync(join(file(), 'inside'), 'x');
    const { status, out } = await run({}, ['--learn', file()]);
    expect(out).toMatch(/cannot be (written|kept aside) \(E[A-Z]+\)/);
    expect(status).toBe(3);
    expect(readdirSync(folder)).toEqual(['file.json']);
    expect(readdirSync(file())).toEqual(['inside']);
  });

  it('reads no file without end', () => {
    expect(() => readIfThere('/dev/zero')).toThrow(/longer than 16 MiB/);
  });

  it('keeps files aside under free names, and leaves nothing to keep to one of two runs', () => {
    writeFileSync(`${file()}.old-1`, 'older');
    writeFileSync(file(), 'old');
    expect(keepAside(file())).toBe(`${file()}.old-2`);
    expect(keepAside(file())).toBeUndefined();
    expect(readFileSync(`${file()}.old-1`, 'utf8')).toBe('older');
    expect(readFileSync(`${file()}.old-2`, 'utf8')).toBe('old');
  });

  it('is a whole file whenever another run reads it', async () => {
    const text = JSON.stringify({ all: 'x'.repeat(200_000) });
    writeWhole(file(), text);
    const writer = spawn(process.execPath, [
      '--import',
      'tsx',
      '--eval',
      `import('${new URL('../../src/health/kept-file.ts', import.meta.url)}').then(({ writeWhole }) => {
        const text = JSON.stringify({ all: 'x'.repeat(200000) });
        for (let i = 0; i < 50; i++) writeWhole(${JSON.stringify(file())}, text);
      })`,
    ]);
    let isRunning = true;
    const ended = new Promise((resolve) => writer.on('exit', resolve)).finally(() => {
      isRunning = false;
    });
    while (isRunning) {
      writeWhole(file(), text);
      expect(readIfThere(file())).toBe(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ended).toBe(0);
    expect(readdirSync(folder)).toEqual(['file.json']);
  });

  const counted = (count: number, at = 94) => h200s(fields({ [`gpu0,${at}`]: count }));
  const state = (machine: string | Snapshot, check: string) =>
    run({ machine }, ['--state', file(), '--checks', check, '--json']);
  /** Moves the time of the state back. */
  const hoursAgo = (hours: number): void => {
    const kept = JSON.parse(readFileSync(file(), 'utf8'));
    writeFileSync(file(), JSON.stringify({ ...kept, time: kept.time - hours * 3_600_000 }));
  };

  it('judges how counters grew since the last run, and says over which time', async () => {
    await state(counted(0), 'pcie-replays');
    hoursAgo(1);
    const few = await state(counted(100), 'pcie-replays');
    expect(checksOf(few)[0]).toMatchObject({ verdict: 'ok', why: '100 PCIe replays in the last 1 h.' });
    hoursAgo(1);
    const many = await state(counted(1100), 'pcie-replays');
    expect(checksOf(many)[0]).toMatchObject({
      verdict: 'warn',
      why: '1000 PCIe replays in the last 1 h, more than 8 a minute.',
    });
    expect(many.status).toBe(1);
  });

  it('keeps the counters of GPUs that a run did not ask, or that did not answer, with their time', async () => {
    const both = (count: number) => h200s(fields({ 'gpu0,94': count, 'gpu1,94': count }));
    await state(both(0), 'pcie-replays');
    hoursAgo(1);
    await run({ machine: both(10) }, ['--state', file(), '--checks', 'pcie-replays', '-i', '0']);
    const lost = withAnswers(both(20), { nvmlDeviceGetHandleByIndex_v2: { 1: refused('GPU_IS_LOST') } });
    await state(lost, 'pcie-replays');
    const after = await state(both(30), 'pcie-replays');
    expect(checksOf(after).map((one) => one.why)).toEqual([
      expect.stringMatching(/^10 PCIe replays in the last \d+ s[.,]/),
      '30 PCIe replays in the last 1 h.',
    ]);
    expect(JSON.parse(readFileSync(file(), 'utf8')).earlier).toBeUndefined();
  });

  it('has no rate for a counter that ran backwards', async () => {
    await state(counted(50), 'pcie-replays');
    const outcome = await state(counted(3), 'pcie-replays');
    expect(checksOf(outcome)[0]).toMatchObject({
      verdict: 'unknown',
      why: expect.stringMatching(/has decreased/),
    });
    expect(checksOf(await state(counted(3), 'pcie-replays'))[0]?.verdict).toBe('ok');
  });

  it('counts from zero after a boot, but for what the GPU keeps itself', async () => {
    const on = (boot: string, uptime: number): Tree => ({
      '/proc/sys/kernel/random/boot_id': `${boot}\n`,
      '/proc/uptime': `${uptime}.00 1.00\n`,
    });
    const look = (machine: Snapshot, tree: Tree, check: string) =>
      run({ machine, tree }, ['--state', file(), '--checks', check, '--json']);
    const rows = (unc: number) => ({
      nvmlDeviceGetRemappedRows_v2: {
        gpu0: {
          corrActiveRemaps: 0,
          corrInactiveRemaps: 0,
          uncActiveRemaps: unc,
          uncInactiveRemaps: 0,
          bPending: 0,
          bFailureOccurred: 0,
        },
      },
    });
    await look(h200s({ ...fields({ 'gpu0,94': 5000 }), ...rows(1) }), on('a', 900_000), 'pcie-replays');
    hoursAgo(10);
    const after = h200s({ ...fields({ 'gpu0,94': 12 }), ...rows(3) });
    const [replays] = checksOf(await look(after, on('b', 1800), 'pcie-replays'));
    expect(replays).toMatchObject({ verdict: 'ok', why: '12 PCIe replays in the last 30 min.' });
    await look(h200s(rows(1)), on('a', 900_000), 'row-remap');
    hoursAgo(10);
    const [remapped] = checksOf(await look(after, on('b', 1800), 'row-remap'));
    expect(remapped?.why).toBe('3 rows are remapped, 2 of them in the last 10 h; none is pending.');
  });

  it('says how many uncorrectable errors are new', async () => {
    const errors = (count: number) => h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,1,0': count } });
    await state(errors(1), 'ecc-uncorrected');
    hoursAgo(2);
    const [found] = checksOf(await state(errors(4), 'ecc-uncorrected'));
    expect(found?.why).toBe(
      '4 uncorrectable memory errors since the driver was loaded, 3 of them in the last 2 h.',
    );
  });

  it.each([
    [
      'ecc-corrected',
      { nvmlDeviceGetTotalEccErrors: { 'gpu0,0,0': 30 } },
      'warn',
      /30 corrected memory errors in the last 1 h, more than 10 an hour/,
    ],
    ['nvlink-errors', fields({ 'gpu0,163': 40 }, 3), 'warn', /40 NVLink CRC errors in the last 1 h/],
    [
      'thermal-slowdown',
      fields({ 'gpu0,270': 9_000_000_000 }, 3),
      'fail',
      /9 s in the last 1 h in which the hardware lowers/,
    ],
    ['thermal-limit', fields({ 'gpu0,269': 9_000_000_000 }, 3), 'warn', /9 s in the last 1 h/],
    ['power-brake', fields({ 'gpu0,271': 9_000_000_000 }, 3), 'warn', /9 s in the last 1 h/],
  ] as const)('judges the growth of %s', async (check, answers, verdict, reason) => {
    await state(h200s(fields({ 'gpu0,269': 0, 'gpu0,270': 0, 'gpu0,271': 0 }, 3)), check);
    hoursAgo(1);
    const [first] = checksOf(await state(h200s(answers as Answers), check));
    expect(first).toMatchObject({ verdict, why: expect.stringMatching(reason) });
  });

  it.each([
    ['torn', '{"format":"nvsmi-hea', /torn, or no JSON/],
    ['another version', '{"format":"nvsmi-health-state","version":9}', /of version 9/],
    [
      'another machine',
      '{"format":"nvsmi-health-state","version":1,"machine":"ff","time":1,"counters":{}}',
      /of another machine/,
    ],
    [
      'the future',
      '{"format":"nvsmi-health-state","version":1,"machine":null,"time":4000000000000,"counters":{}}',
      /2096-10-02T07:06:40\.000Z, which has not come yet/,
    ],
    [
      'a wrong form',
      '{"format":"nvsmi-health-state","version":1,"machine":null,"time":"x","counters":{}}',
      /time: a number/,
    ],
  ])('keeps a state of no use aside, and continues: %s', async (_, content, reason) => {
    writeFileSync(file(), content);
    const tree = { '/etc/machine-id': '0123456789abcdef\n' };
    const { err, status } = await run({ tree }, ['--state', file(), '--checks', 'pcie-replays']);
    expect(err).toMatch(reason);
    expect(err).toContain(`it is kept as ${file()}.old-1`);
    expect(readFileSync(`${file()}.old-1`, 'utf8')).toBe(content);
    expect(JSON.parse(readFileSync(file(), 'utf8')).format).toBe('nvsmi-health-state');
    expect(status).toBe(0);
  });

  it('is not ok where the state cannot be kept', async () => {
    const { status, err } = await run({}, [
      '--state',
      join(folder, 'no', 'such', 'file'),
      '--checks',
      'pcie-replays',
    ]);
    expect(err).toMatch(/cannot be written \(ENOENT\)/);
    expect(status).toBe(3);
  });
});
