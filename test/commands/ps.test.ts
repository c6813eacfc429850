import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { jsonNameOf, processColumns } from '../../src/watch/process-columns.js';
import { FakeIo } from '../fake-io.js';
import { buildFake } from '../fake-nvml/build.js';
import { machineWith } from './monitor-machine.js';
import { lines, runOn } from './run-on.js';

const fake = await buildFake();
const schema = JSON.parse(readFileSync(new URL('../../schemas/ps.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv.default({ allowUnionTypes: true, validateFormats: false }).compile(schema);

describe('ps on a recording', () => {
  it('has a line for each process on each GPU, and says what a recording has not', async () => {
    const { status, out } = await runOn('h200-x2-load', ['ps']);
    expect(status).toBe(0);
    expect(out).toBe(
      lines(`
        GPU PID TYPE SM% MEM% ENC% DEC%  GPU-MEM COMMAND
          0 634 C     64   15    0    0  6250MiB python3
          1 634 C     63   15    0    0  6250MiB python3
        A recording has no users, commands, times or containers of its processes.
      `)
        .replaceAll('  6250', ' 6250')
        .replace('  GPU-MEM', ' GPU-MEM'),
    );
  });

  it('shows instances of MIG, and memory that no process accounts for', async () => {
    const { out } = await runOn('a100-mig', ['ps']);
    expect(out).toContain('\n  0  2  1 41377 C      -    -    -    - 1312MiB /usr/bin/tritonserver\n');
    expect(out).toContain('GPU 0: 163MiB in use that no listed process accounts for; ');
  });

  it('sorts, the other way round too, and sums', async () => {
    const pids = async (...argv: string[]) =>
      [...(await runOn('hgx-h100-x8', ['ps', '-i', '4,7', ...argv])).out.matchAll(/^ {2}\d +(\d+) C/gm)].map(
        ([, pid]) => Number(pid),
      );
    expect(await pids()).toEqual([90117, 90344, 4127]);
    expect(await pids('--sort', 'pid')).toEqual([4127, 90117, 90344]);
    expect(await pids('-s', 'used_gpu_memory', '-r')).toEqual([4127, 90344, 90117]);
    expect((await runOn('a100-mig', ['ps', '--by', 'user'])).out).toMatch(
      /^ +4 0 +- 16982MiB +- +- \(unknown\)$/m,
    );
  });

  it('without processes says so', async () => {
    const { status, out } = await runOn('h200-x2', ['ps']);
    expect({ status, out }).toEqual({ status: 0, out: 'No processes found.\n' });
  });

  it('names a lost GPU and ends with its status', async () => {
    const { status, out } = await runOn('lost-gpu', ['ps']);
    expect(status).toBe(15);
    expect(out).toContain('GPU5');
  });

  it.each([
    [
      '--sort',
      'usd_gpu_memory',
      'Cannot sort processes by "usd_gpu_memory".',
      'Did you mean used_gpu_memory?',
    ],
    ['--by', 'users', 'Cannot sum processes by "users".', 'Did you mean user?'],
  ])('refuses %s %s with the nearest word', async (option, word, refusal, hint) => {
    const { status, out, err } = await runOn('h200-x2', ['ps', option, word]);
    expect(status).toBe(2);
    expect(out).toBe(`${refusal}\n`);
    expect(err).toContain(hint);
  });

  it.each(['h200-x2-load', 'hgx-h100-x8', 'a100-mig', 'lost-gpu', 'none'])(
    'prints JSON of its schema on %s',
    async (machine) => {
      const { out, status } = await runOn(machine, ['ps', '--json']);
      if (status === 6) return;
      expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
      const sums = await runOn(machine, ['ps', '--by', 'job', '--json']);
      expect(validate(JSON.parse(sums.out)), JSON.stringify(validate.errors)).toBe(true);
    },
  );

  it('has a schema with every column', () => {
    const { properties } = schema.properties.processes.items;
    expect(Object.keys(properties).filter((name) => name !== 'reasons')).toEqual(
      processColumns.map(jsonNameOf),
    );
  });
});

describe('a table as wide as the terminal', () => {
  const at = async (columns: number): Promise<readonly string[]> => {
    const io = new FakeIo({ env: { COLUMNS: String(columns), LANG: 'C.UTF-8' } });
    await main(['--snapshot', 'a100-mig', 'ps'], io);
    return io.output.split('\n').slice(0, 5);
  };

  it('cuts the command last, with a mark', async () => {
    expect((await at(70))[4]).toBe('  0  4  0 52011 C      -    -    -    - 5182MiB /home/user/notebooks/…');
  });

  it('leaves out the least important columns before that', async () => {
    expect(await at(44)).toEqual([
      'GPU   PID SM% GPU-MEM COMMAND',
      '  0 41208   - 9644MiB /opt/conda/envs/serve…',
      '  0 41377   - 1312MiB /usr/bin/tritonserver',
      '  0 41390   -  844MiB ./BlackScholes',
      '  0 52011   - 5182MiB /home/user/notebooks/…',
    ]);
  });
});

describe.runIf(fake.available)('ps on this machine, through a fake NVML', () => {
  const run = async (...argv: string[]) => {
    const machine = machineWith([
      { fbMiB: 100, processes: [{ pid: process.ppid, name: 'node', fbMiB: 90 }] },
    ]);
    const io = new FakeIo({ now: Date.now() });
    const status = await main(['--nvml', fake.with({ snapshot: machine }).path, 'ps', ...argv], io);
    return { status, out: io.output };
  };

  it('joins the list with /proc', async () => {
    const { out, status } = await run('--json');
    expect(status).toBe(0);
    const document = JSON.parse(out);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    const [found] = document.processes;
    expect(found).toMatchObject({ pid: process.ppid, type: 'C', used_gpu_memory: 90, process_name: 'node' });
    expect(found.command).toBe(
      readFileSync(`/proc/${process.ppid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
    );
    expect(found.uid).toBe(process.getuid?.());
    expect(Math.abs(Date.parse(found.start_time) + found.run_time * 1000 - Date.now())).toBeLessThan(5000);
    expect(document.gpus).toMatchObject([{ gpu: 0, 'memory.used': 100, unaccounted_memory: 10 }]);
  });
});
