/** The files of health: what is expected of a machine. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepAside, readIfThere, writeWhole } from '../../src/health/kept-file.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { type Outcome, runOn } from '../commands/run-on.js';
import { keptFile } from './kept-file.js';
import {
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

/** Why a check is not ok. */
const why = (outcome: Outcome, check: string): readonly (string | undefined)[] =>
  checksOf(outcome)
    .filter((one) => one.check === check && one.verdict !== 'ok')
    .map((one) => one.why);

describe('files of health', () => {
  const { folder, file } = keptFile();
  const expecting = (machine: Machine) => run(machine, ['--expect', file(), '--json']);

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
    expect(readdirSync(folder())).toEqual([]);
  });

  it('learns nothing where a reading failed: nothing would be expected of it', async () => {
    const machine = h200s({ nvmlDeviceGetMemoryInfo_v2: { gpu1: refused('UNKNOWN') } });
    const { status, out } = await run({ machine }, ['--learn', file()]);
    expect(out).toMatch(/^memory\.total of GPU 1 could not be read/);
    expect(status).toBe(3);
    expect(readdirSync(folder())).toEqual([]);
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
    expect(await run({}, ['--expect', join(folder(), 'none')])).toMatchObject({
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
    expect(readdirSync(folder())).toEqual(['file.json']);
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
    expect(readdirSync(folder())).toEqual(['file.json']);
  });
});
