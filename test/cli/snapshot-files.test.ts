import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { FakeIo } from '../fake-io.js';
import { machineFor } from '../golden/recorded.js';
import { folderOfFile } from '../temporary.js';
import { nvsmi } from './run.js';

const folder = folderOfFile();

describe('a snapshot that cannot be used', () => {
  const whole = readFileSync(new URL('../../snapshots/none.json', import.meta.url), 'utf8');
  const counting = (count: string): string =>
    whole.replace(/("nvmlDeviceGetCount_v2": \{\s*"": )0/, `$1${count}`);
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it.each([
    ['is cut off', 'cut.json', whole.slice(0, 700), /cut\.json:\d+:\d+: not a snapshot: /],
    ['is not JSON', 'text.json', 'GPU 0: NVIDIA H200', /text\.json.*: not a snapshot: /],
    ['is empty', 'empty.json', '', /empty\.json:1:1: not a snapshot: /],
    ['is another JSON', 'other.json', '{"calls": {}}', /other\.json: format: not an nvsmi snapshot/],
    [
      'is of a later version',
      'later.json',
      whole.replace('"version": 1', '"version": 2'),
      /later\.json: version: 2 /,
    ],
    [
      'has no calls',
      'calls.json',
      whole.replace('"calls": {', '"call": {'),
      /calls\.json: calls: an object is needed/,
    ],
    [
      'has text where a number belongs',
      'number.json',
      whole.replace('"nvmlSystemGetCudaDriverVersion_v2": {\n      "": 13000', (found) =>
        found.replace('13000', '"thirteen"'),
      ),
      /number\.json: calls\.nvmlSystemGetCudaDriverVersion_v2\[\]: a number is needed, not "thirteen"/,
    ],
    [
      'counts less than no GPU',
      'count.json',
      counting('-1'),
      /count\.json: .*_v2\[\]: -1 does not fit u32$/m,
    ],
    [
      'counts a milliard GPUs',
      'counts.json',
      counting('1000000000'),
      /counts\.json: calls\.nvmlDeviceGetCount_v2\[\]: 1000000000 is more than there can be \(256\)$/m,
    ],
    [
      'has a status that NVML has not',
      'status.json',
      whole.replace(
        '"nvmlInit_v2": {\n      "": []',
        '"nvmlInit_v2": {\n      "": {"error":"NVML_ERROR_BORED"}',
      ),
      /status\.json: calls\.nvmlInit_v2\[\]: unknown status "NVML_ERROR_BORED"/,
    ],
  ])('because it %s is named in one line, with the place', async (_, name, text, message) => {
    expect(text).not.toBe(whole);
    const { status, out, err } = await nvsmi(['--version'], {}, file(name, text));
    expect(status).toBe(2);
    expect(out).toMatch(message);
    expect(out.trimEnd()).not.toContain('\n');
    expect(err).toMatch(/^nvsmi \S+\n$/);
  });

  it('because it has no end is left after 32 MiB', async () => {
    expect(await nvsmi(['-L'], {}, '/dev/zero')).toMatchObject({
      status: 2,
      out: '/dev/zero: longer than 32 MiB, which no snapshot is\n',
    });
  });

  it('is not one that counts its GPUs as all ones: how many it has is not known', async () => {
    expect(await nvsmi(['-L'], {}, file('none.json', counting('4294967295')))).toMatchObject({
      status: 3,
      out: 'Unable to determine the number of available GPUs: N/A\n',
    });
  });

  it('is not one that begins with a byte order mark', async () => {
    expect(await nvsmi(['--version'], {}, file('mark.json', `\ufeff${whole}`))).toMatchObject({ status: 0 });
  });

  it('because it is not there is named', async () => {
    expect(await nvsmi(['-L'], {}, 'no-such-machine')).toMatchObject({
      status: 2,
      out: expect.stringMatching(
        /^no-such-machine: no such snapshot; there are a100-mig, .*, or a file's path\n$/,
      ),
    });
  });

  it('because it has no name is refused like any option without its value', async () => {
    const io = new FakeIo();
    expect(await main(['-L', '--snapshot'], io)).toBe(255);
    expect(io.output).toMatch(/^ERROR: Option --snapshot is missing its value\./);
  });
});

describe('the overrides of golden rows', () => {
  it('change what they name and nothing else', () => {
    const plain = machineFor('h200-x2', []);
    const busy = machineFor('h200-x2', ['load']);
    expect(busy.calls.nvmlDeviceGetTemperature).toMatchObject({ 'gpu0,0': 58, 'gpu1,0': 52 });
    expect(busy.calls.nvmlDeviceGetName).toEqual(plain.calls.nvmlDeviceGetName);
  });
});
