/** The runner of actions: records, the system log, advice, and one GPU of two that fails. */
import { mkdtempSync, readFileSync } from 'node:fs';
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
    expect((await nvsmiOn(await machine(), '-shbd 1')).out).toMatch(/its effect is unknown/);
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

  it('says what else is in the way of a reset, and how the kernel resets the bus', async () => {
    const { io, status } = await nvsmiOn(await machine(), '-r bus -i 1');
    expect(status).toBe(3);
    expect(io.errors).toMatch(/^GPU 1 is in persistence mode: nvsmi -i 1 -pm 0 ends that\.\n/);
    expect(io.errors).toContain('echo bus | sudo tee /sys/bus/pci/devices/0000:00:07.0/reset_method\n');
    const cut = await machine();
    await nvsmiOn(cut, '-mig 1 -i 0');
    await nvsmiOn(cut, 'mig -cgi 19,19 -i 0');
    expect((await nvsmiOn(cut, '-r -i 0')).io.errors).toContain(
      'GPU 0 has 2 GPU instances: a reset destroys them',
    );
    const wrong = await nvsmiOn(await machine(), '-r 0');
    expect(wrong.out).toMatch(/^ERROR: Option 0 is invalid for -r\./);
    expect(wrong.status).toBe(2);
  });

  it('names what 580 has and what was never seen', async () => {
    for (const [line, words] of [
      ['-col 2', /^Option "-col" is refused: a summary in 2 columns is not supported/],
      ['nvlink -sLWidth 1', /^Option "-sLWidth" is refused: its effect is unknown/],
      ['vgpu -tm', /^Option "-tm" is refused: NVML has no function/],
    ] as const) {
      const { out, status } = await nvsmiOn(await machine(), line);
      expect(out).toMatch(words);
      expect(status).toBe(3);
    }
    expect((await nvsmiOn(await machine(), '--debug=/nonexistent/log')).io.errors).toMatch(
      /Nothing is written for --debug/,
    );
  });

  it('names the GPU instance whose vGPU mode is set, or that there is none', async () => {
    const host = await machine('vgpu-host');
    const { out } = await nvsmiOn(host, 'vgpu -shm 1 -i 0 -gi 3');
    expect(out).toBe(
      'Unable to enable vGPU heterogeneous mode of GPU instance 3 for GPU 00000000:01:00.0: Not Found\n',
    );
    expect((await nvsmiOn(host, 'vgpu -smts 1 -i 0 -gi 3')).out).toMatch(/^Option "-gi" does not go with/);
    expect((await nvsmiOn(host, 'vgpu -shm 1 -gi 3')).out).toMatch(/^-gi needs the GPU of the instances/);
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
