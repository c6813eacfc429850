import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { NODE_PROGRAM, started } from '../program.js';
import { library } from '../simulator/simulated.js';

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-simulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where the program keeps its machines: nothing may be left there. */
const temporary = mkdtempSync(join(folder, 'tmp-'));
const env = { ...process.env, TMPDIR: temporary };

function simulate(...argv: readonly string[]) {
  const { status, signal, stdout, stderr } = spawnSync(...started(['simulate', ...argv]), {
    encoding: 'utf8',
    env,
  });
  return { status, signal, stdout, stderr };
}

/** What nvsmi itself says in place of the program. */
const nvsmiOn = (machine: readonly string[], ...argv: readonly string[]): string =>
  simulate(...machine, '--', ...NODE_PROGRAM, ...argv).stdout;

const query = (fields: string): readonly string[] => [
  `--query-gpu=${fields}`,
  '--format=csv,noheader,nounits',
];

describe.skipIf(library === undefined)('simulate', { timeout: 60_000 }, () => {
  it.each(['a100-mig', 'hgx-h100-x8', 't4'])('lets a program see %s as the recording has it', (machine) => {
    for (const line of [['-L'], query('name,uuid,pci.bus_id,memory.total,ecc.mode.current,power.limit')]) {
      const [file, args] = started(['--snapshot', machine, ...line]);
      expect(nvsmiOn([machine], ...line)).toBe(execFileSync(file, args, { encoding: 'utf8' }));
    }
  });

  it('lets values move with the clock, and stay with --still', () => {
    const lines = (...options: readonly string[]): readonly string[] =>
      simulate('h200-x2-load', ...options, '--', 'sh', '-c', `${ask}; sleep 1.2; ${ask}`).stdout.split('\n');
    const ask = [...NODE_PROGRAM, ...query('power.draw.instant'), '-i', '0'].join(' ');
    const [first, second] = lines();
    expect(Number(first)).toBeGreaterThan(0);
    expect(second).not.toBe(first);
    const [still, same] = lines('--still');
    expect(same).toBe(still);
  });

  it.each([
    ['utilization.gpu=87', 'utilization.gpu', '87'],
    ['power.draw=312.5 W', 'power.draw', '312.50'],
    ['temperature.gpu=95', 'temperature.gpu', '95'],
    ['memory.used=70000 MiB', 'memory.used', '70000'],
    ['pstate=P8', 'pstate', 'P8'],
    ['clocks_event_reasons.sw_power_cap=Active', 'clocks_event_reasons.sw_power_cap', 'Active'],
    ['ecc.errors.uncorrected.volatile.total=3', 'ecc.errors.uncorrected.volatile.total', '3'],
    ['fan.speed=30', 'fan.speed', '30'],
    ['gpu_name=Made-Up 9000', 'name', 'Made-Up 9000'],
  ])('sets a field by its name: %s', (setting, field, shown) => {
    expect(nvsmiOn(['h200-x2', '--set', `gpu1 ${setting}`], ...query(field), '-i', '1')).toBe(`${shown}\n`);
    const [file, args] = started(['--snapshot', 'h200-x2', ...query(field), '-i', '0']);
    expect(nvsmiOn(['h200-x2', '--set', `gpu1 ${setting}`], ...query(field), '-i', '0')).toBe(
      execFileSync(file, args, { encoding: 'utf8' }),
    );
  });

  it('keeps what was set in every moment of a recording', () => {
    const ask = [...NODE_PROGRAM, ...query('utilization.gpu')].join(' ');
    const { stdout } = simulate(
      'h200-x2-load',
      '--set',
      'utilization.gpu=42',
      '--',
      'sh',
      '-c',
      `${ask}; sleep 1.2; ${ask}`,
    );
    expect(stdout).toBe('42\n'.repeat(4));
  });

  it('refuses an answer that no library could give, by its place in the recording', () => {
    const recorded = JSON.parse(
      readFileSync(new URL('../../snapshots/h200-x1.json', import.meta.url), 'utf8'),
    );
    const refusalOf = (fn: string, key: string, answer: unknown) => {
      const file = join(folder, 'bad.json');
      writeFileSync(
        file,
        JSON.stringify({ ...recorded, calls: { ...recorded.calls, [fn]: { [key]: answer } } }),
      );
      const { status, stdout } = simulate(file, '-o', join(folder, 'bad'));
      return [status, stdout.replace(`${file}: `, '')];
    };
    expect(refusalOf('nvmlDeviceGetPowerUsage', 'gpu0', 'abc')).toEqual([
      2,
      'calls.nvmlDeviceGetPowerUsage[gpu0]: a number is needed, not "abc"\n',
    ]);
    expect(refusalOf('nvmlDeviceGetFieldValues', 'gpu0,82', { value: 1 })).toEqual([
      2,
      'calls.nvmlDeviceGetFieldValues[gpu0,82]: a field value needs its type\n',
    ]);
  });

  it('lets functions fail, of one GPU or of all', () => {
    const machine = ['h200-x2', '--fail', 'gpu1 nvmlDeviceGetPerformanceState GPU_IS_LOST'];
    expect(nvsmiOn(machine, ...query('pstate'))).toBe('P0\n[GPU is lost]\n');
    expect(nvsmiOn(['h200-x2', '--fail', 'nvmlInit DRIVER_NOT_LOADED'], '-L')).toContain(
      "couldn't communicate",
    );
  });

  it('lets functions hang', async () => {
    const [file, args] = started([
      'simulate',
      't4',
      '--hang',
      'gpu0 nvmlDeviceGetPerformanceState',
      '--',
      'timeout',
      '3',
      ...NODE_PROGRAM,
      ...query('pstate'),
    ]);
    await expect(promisify(execFile)(file, args)).rejects.toMatchObject({ code: 124 });
  });

  it('writes the calls of the program to a file', () => {
    const log = join(folder, 'calls');
    nvsmiOn(['t4', '--log', log], ...query('pstate'));
    expect(readFileSync(log, 'utf8')).toMatch(/^nvmlDeviceGetPerformanceState gpu0$/m);
  });

  it('keeps what programs change with --writable, until the machine is written again', () => {
    const limit = [...NODE_PROGRAM, ...query('power.limit'), '-i', '0'];
    const change = [...NODE_PROGRAM, '-pl', '300', '-i', '0', '--audit', join(folder, 'audit')];
    const { stdout } = simulate(
      ...['h200-x2', '--writable', '--', 'sh', '-c'],
      `${change.join(' ')} && ${limit.join(' ')}`,
    );
    expect(stdout).toMatch(/was set to 300\.00 W from 700\.00 W[\s\S]*\n300\.00\n$/);
    const machine = join(folder, 'writable');
    expect(simulate('h200-x2', '--writable', '-o', machine).status).toBe(0);
    const on = ([file = '', ...args]: readonly string[]): string =>
      spawnSync(file, args, { encoding: 'utf8', env: { ...env, LD_LIBRARY_PATH: machine } }).stdout;
    on(change);
    expect(on(limit)).toBe('300.00\n');
    expect(simulate('h200-x2', '--writable', '-o', machine).status).toBe(0);
    expect(on(limit)).toBe('700.00\n');
  });

  it('leaves a folder for LD_LIBRARY_PATH, and keeps its rules when it is written again', () => {
    const machine = join(folder, 'machine');
    expect(simulate('t4', '-o', machine)).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(machine).sort()).toEqual([
      'control',
      'libnvidia-ml.so',
      'libnvidia-ml.so.1',
      'libnvidia-ml.so.1.table',
    ]);
    expect(readlinkSync(join(machine, 'libnvidia-ml.so'))).toBe('libnvidia-ml.so.1');
    const list = (): string =>
      spawnSync(...started(['-L']), { encoding: 'utf8', env: { ...env, LD_LIBRARY_PATH: machine } }).stdout;
    expect(list()).toMatch(/^GPU 0: Tesla T4 /);
    writeFileSync(join(machine, 'control'), 'fail nvmlInit DRIVER_NOT_LOADED\n');
    expect(simulate('h200-x2', '-o', machine).status).toBe(0);
    expect(list()).toContain("couldn't communicate");
    writeFileSync(join(machine, 'control'), '');
    expect(list()).toMatch(/^GPU 0: NVIDIA H200 /);
  });

  it('ends as the program does, and leaves no file', () => {
    expect(simulate('t4', '--', 'sh', '-c', 'exit 7').status).toBe(7);
    expect(simulate('t4', '--', 'sh', '-c', 'kill -TERM $$').signal).toBe('SIGTERM');
    expect(simulate('t4', '--', 'sh', '-c', 'kill -ABRT $$').status).toBe(134);
    expect(simulate('t4', '--', join(folder, 'none'))).toMatchObject({ status: 127 });
    expect(simulate('t4', '--', folder)).toMatchObject({ status: 126 });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('passes signals on to the program', async () => {
    const child = spawn(
      ...started([
        'simulate',
        't4',
        '--',
        'sh',
        '-c',
        'trap "echo caught; exit 5" TERM; echo ready; sleep 9 & wait',
      ]),
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (text.includes('ready')) child.kill('SIGTERM');
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect({ status, said }).toEqual({ status: 5, said: 'ready\ncaught\n' });
  });

  it.each([
    [['h200-x3', '--', 'true'], 'Unknown machine "h200-x3".', 'Did you mean h200-x1 or h200-x2?'],
    [
      ['t4', '--set', 'utilization.gp=1', '--', 'true'],
      'Unknown field "utilization.gp".',
      'utilization.gpu?',
    ],
    [['t4', '--set', 'gpu4 pstate=P0', '--', 'true'], 'Unknown GPU "gpu4".', 'Did you mean gpu0?'],
    [['t4', '--set', 'pstate', '--', 'true'], 'Option --set takes "[GPU] FIELD=VALUE", not "pstate".', ''],
    [['t4', '--set', 'pstate=P99', '--', 'true'], 'pstate of gpu0 cannot be set to "P99".', 'It is P8.'],
    [['t4', '--set', 'index=3', '--', 'true'], 'index of gpu0 cannot be set to "3".', 'It is 0.'],
    [['t4', '--fail', 'nvmlDeviceGetNam UNKNOWN', '--', 'true'], 'Unknown function', 'nvmlDeviceGetName?'],
    [['t4', '--fail', 'nvmlDeviceGetName LOST', '--', 'true'], 'Unknown status "LOST".', ''],
    [['t4', '--fail', 'nvmlDeviceGetName', '--', 'true'], 'Option --fail takes "[GPU] FUNCTION STATUS"', ''],
    [
      ['t4', '--hang', 'gpu0 nvmlDeviceGetName now', '--', 'true'],
      'Option --hang takes "[GPU] FUNCTION"',
      '',
    ],
    [['t4', '--'], 'No program is given after --.', ''],
    [['t4'], 'There is neither a program after -- nor a folder (-o FOLDER).', ''],
    [[], 'Argument MACHINE is missing.', ''],
    [['t4', '--arch', 'mips', '-o', folder], 'mips', ''],
    [['t4', '-o', '/proc/none/machine'], 'Cannot write to /proc/none/machine', ''],
    [['t4', 'nvtop'], 'Option "nvtop" is not recognized.', ''],
  ])('refuses %j', (argv, refusal, hint) => {
    const { status, stdout, stderr } = simulate(...argv);
    expect(stdout).toContain(refusal);
    expect(stderr).toContain(hint);
    expect(status).toBe(2);
    expect(existsSync(join(folder, 'libnvidia-ml.so.1'))).toBe(false);
  });
});
