/** What nvidia-smi 470 to 550 printed on the fake where something cannot be read: words, places and exit statuses. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { machineOf } from '../../tools/oracle/machines.js';
import { FakeIo } from '../fake-io.js';
import { folderOfFile } from '../temporary.js';

const folder = folderOfFile();

type Answers = Record<string, Record<string, unknown>>;

/** A machine with a driver, and with some calls that fail. */
async function printed(
  [machine, driver]: readonly [machine: string, driver: string],
  failing: Answers,
  ...argv: readonly string[]
) {
  const { file } = machineOf(machine, driver, folder);
  const recording = JSON.parse(readFileSync(file, 'utf8')) as { calls: Answers };
  for (const [fn, answers] of Object.entries(failing))
    recording.calls[fn] = { ...recording.calls[fn], ...answers };
  const changed = join(folder, 'changed.json');
  writeFileSync(changed, JSON.stringify(recording));
  const io = new FakeIo();
  const status = await main(['--snapshot', changed, ...argv], io);
  return { status, out: io.output };
}

const error = (name: string) => ({ error: `NVML_ERROR_${name}` });
const init = (name: string): Answers => ({
  nvmlInit_v2: { '': error(name) },
  nvmlInitWithFlags: { '0': error(name) },
});
const handle = (index: number, name: string): Answers => ({
  nvmlDeviceGetHandleByIndex_v2: { [index]: error(name) },
});

describe('NVML that cannot be initialised', () => {
  it.each([
    ['550.163.01', 'UNINITIALIZED', 255, 'Failed to initialize NVML: Uninitialized\n'],
    ['550.163.01', 'ALREADY_INITIALIZED', 255, 'Failed to initialize NVML: Already Initialized\n'],
    ['550.163.01', 'NO_PERMISSION', 4, 'Failed to initialize NVML: Insufficient Permissions\n'],
    ['550.163.01', 'TIMEOUT', 255, 'Failed to initialize NVML: Timeout\n'],
    ['550.163.01', 'GPU_IS_LOST', 15, 'Failed to initialize NVML: GPU is lost\n'],
    [
      '525.147.05',
      'LIB_RM_VERSION_MISMATCH',
      255,
      'Failed to initialize NVML: Driver/library version mismatch\n',
    ],
    [
      '550.163.01',
      'LIB_RM_VERSION_MISMATCH',
      18,
      'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.163\n',
    ],
    [
      '470.256.02',
      'LIBRARY_NOT_FOUND',
      12,
      "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\nPlease also try adding directory that contains libnvidia-ml.so to your system PATH.\n",
    ],
  ])('with driver %s and %s ends every command with %d', async (driver, name, status, out) => {
    for (const argv of [[], ['-L'], ['-q', '-x'], ['topo', '-m'], ['dmon', '-c', '1']])
      expect(await printed(['none', driver], init(name), ...argv)).toEqual({ status, out });
  });
});

describe('a GPU that cannot be attached', () => {
  const lost = 'Problem with GPU 1: GPU is lost.  Reboot the system to recover this GPU\n\n\n';

  it.each(['9', 'abc', 'GPU-99', '0,9'])('is named where -i %s finds nothing', async (id) => {
    for (const driver of ['470.256.02', '550.163.01', '580.159.04']) {
      const found = await printed(['h200-x2', driver], handle(1, 'GPU_IS_LOST'), '-i', id);
      expect(found).toEqual({ status: 255, out: lost });
    }
  });

  it('is not named where -i finds another, or a bus id nothing', async () => {
    const argv = ['--query-gpu=index', '--format=csv,noheader', '-i'];
    const failing = handle(1, 'GPU_IS_LOST');
    expect(await printed(['h200-x2', '550.163.01'], failing, ...argv, '0')).toEqual({
      status: 0,
      out: '0\n',
    });
    const nowhere = await printed(['h200-x2', '550.163.01'], failing, ...argv, '00:42.0');
    expect(nowhere).toEqual({ status: 6, out: 'No devices were found\n' });
  });

  it('is found by the bus id that the system has', async () => {
    const argv = ['--query-gpu=index', '--format=csv,noheader', '-i', '00000000:C3:00.0'];
    expect(await printed(['lost-gpu', '580.159.04'], {}, ...argv)).toEqual({ status: 15, out: '5\n' });
  });

  it('that is forbidden is not named', async () => {
    const found = await printed(['h200-x2', '550.163.01'], handle(1, 'NO_PERMISSION'), '-i', '9');
    expect(found).toEqual({ status: 6, out: 'No devices were found\n' });
  });

  it('and has to be reset ends the output of an older driver, and is on stderr with 580', async () => {
    const failing = handle(0, 'RESET_REQUIRED');
    expect(await printed(['h200-x1', '550.163.01'], failing)).toEqual({
      status: 255,
      out: 'Unable to determine the device handle for GPU0: A GPU reset must occur before this GPU can be used again.\n\n.\n',
    });
    expect(await printed(['h200-x1', '580.159.04'], failing)).toEqual({
      status: 6,
      out: 'No devices were found\n',
    });
  });

  it('is a line of -L, and an unknown error has no blank lines after it', async () => {
    const { status, out } = await printed(['h200-x2', '550.163.01'], handle(0, 'UNKNOWN'), '-L');
    expect(status).toBe(255);
    expect(out.split('\n')[0]).toBe('Unable to determine the device handle for gpu 0: Unknown Error');
    expect(out.split('\n')[1]).toMatch(/^GPU 1: NVIDIA H200/);
  });
});

describe('what a GPU does not have', () => {
  it('is an error among the PCI counters of 550, and N/A in those of 580', async () => {
    const old = (await printed(['t4', '550.163.01'], {}, 'pci', '-gErrCnt')).out;
    expect(old).toContain('    L0_TO_RECOVERY_COUNTER:  error\n');
    expect(old).toContain('\t lane 12: error\n');
    expect((await printed(['t4', '580.159.04'], {}, 'pci', '-gErrCnt')).out).toContain('lane 12: N/A\n');
  });

  it.each([
    ['550.163.01', 'Unable to read nvlink bandwidth mode\n'],
    ['580.159.04', 'Getting nvlink bandwidth mode is not supported\n'],
  ])('ends nvlink -gBwMode of %s with 3', async (driver, out) => {
    expect(await printed(['a100-mig', driver], {}, 'nvlink', '-gBwMode')).toEqual({ status: 3, out });
  });

  it('ends conf-compute -gm and -gkr with 3', async () => {
    const failed = 'Failed to display Conf. Compute';
    expect(await printed(['a100-mig', '580.159.04'], {}, 'conf-compute', '-gm')).toEqual({
      status: 3,
      out: expect.stringMatching(
        /^GPU 0: .*\nFailed to display Conf\. Compute GPU Memory Size Info: Not Supported\n$/,
      ),
    });
    expect(await printed(['a100-mig', '550.163.01'], {}, 'conf-compute', '-gkr')).toEqual({
      status: 3,
      out: `${failed} key rotation threshold info: Not Supported\n`,
    });
  });

  it.each([
    ['470.256.02', '-s', ''],
    ['525.147.05', '-s', 'NVML: Unable to retrieve NVLink information for link 99 - inActive\n'],
    ['550.163.01', '-e', 'NVML: Unable to retrieve NVLink errors for link 99 - inActive\n'],
    ['550.163.01', '-c', ''],
    ['580.159.04', '-c', '\t Invalid Link\n'],
  ])('as link 99: driver %s, nvlink %s', async (driver, option, line) => {
    const { out } = await printed(['h200-x2', driver], {}, 'nvlink', option, '-l', '99', '-i', '0');
    expect(out.split('\n').slice(1).join('\n')).toBe(line);
  });

  it('is not asked of a machine without GPUs', async () => {
    for (const id of ['', '00:06', 'abc'])
      expect((await printed(['none', '550.163.01'], {}, '-i', id)).out).toBe('No devices were found\n');
  });
});

describe('options of an older driver', () => {
  it('that take a value are read with it', async () => {
    const { status, out } = await printed(['h200-x2', '550.163.01'], {}, 'nvlink', '-gc', '0');
    expect([status, out.split('\n')[1]]).toEqual([3, 'Warning: Getting counter control is deprecated!']);
  });

  it('have metrics without names', async () => {
    const argv = ['dmon', '-c', '1', '--gpm-metrics', '1,20'];
    expect((await printed(['h100-x1', '550.163.01'], {}, ...argv)).out).toMatch(
      / id=1 +id=20 \n.* GPM +GPM \n/,
    );
  });
});
