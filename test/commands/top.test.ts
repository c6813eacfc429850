import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { deviceColumns } from '../../src/query/monitor/device.js';
import { headColumns, headLine, tickLine } from '../../src/query/monitor/recording.js';
import { RecordWriter } from '../../src/system/record-file.js';
import { METRIC_KINDS } from '../../src/watch/gpu-metrics.js';
import { FakeIo } from '../fake-io.js';

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const io = new FakeIo({ env });
  const status = await main(argv, io);
  return { status, out: io.output, err: io.errors };
}

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'nvsmi-top-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
};

describe('top where there is no screen', () => {
  it('prints its view once, with what needs two samples', async () => {
    const { status, out } = await run(['--snapshot', 'hgx-h100-x8', 'top'], {
      COLUMNS: '100',
      LANG: 'C.UTF-8',
    });
    expect(status).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[1]).toMatch(/^GPU Name +Temp +Power +Memory +Util +SM Tens/);
    expect(lines[2]).toMatch(
      /^ {2}0 H100 80GB HBM3 +63C +698.700W +69.6.79.6G \S+ +100% \S+ +94% +47% 1620 power cap/,
    );
    expect(out).toContain('VLLM::EngineCore');
    expect(out).not.toContain('\x1b');
  });

  it('without UTF-8 has only ASCII', async () => {
    const { out } = await run(['--snapshot', 'a100-mig', 'top', '--once'], { LANG: 'C' });
    expect(out).toMatch(/^[ -~\n]*$/);
    expect(out).toContain('- MIG 1g.5gb');
  });

  it('names a lost GPU and ends with its status', async () => {
    const { status, out } = await run(['--snapshot', 'lost-gpu', 'top']);
    expect(status).toBe(15);
    expect(out).toContain('\n  5 GPU is lost\n');
  });

  it('shows the chosen GPUs, sorted and as a tree', async () => {
    const { out } = await run(['--snapshot', 'hgx-h100-x8', 'top', '-i', '4', '-s', 'used_gpu_memory', '-t']);
    expect([...out.matchAll(/^ {3}4 +(\d+)/gm)].map(([, pid]) => pid)).toEqual(['90117', '90344']);
  });
});

describe('top where there is nothing to watch', () => {
  it('says what doctor finds first', async () => {
    const { status, out, err } = await run(['--snapshot', 'none', 'top']);
    expect({ status, out }).toEqual({ status: 6, out: 'No devices were found\n' });
    expect(err).toMatch(/^nvsmi doctor: NVML counts no GPU\./m);
  });

  it('does not say twice that NVML cannot be initialised', async () => {
    const { status, err } = await run(['--snapshot', 'mismatch', 'top']);
    expect(status).toBe(18);
    expect(err).not.toContain('nvsmi doctor');
  });

  it('does not ask doctor where a GPU was named that is not there', async () => {
    const { status, err } = await run(['--snapshot', 'h200-x2', 'top', '-i', '7']);
    expect({ status, err }).toEqual({ status: 6, err: '' });
  });
});

describe('top --json', () => {
  const schema = JSON.parse(readFileSync(new URL('../../schemas/top.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv.default({ allowUnionTypes: true, validateFormats: false }).compile(schema);

  it.each(['hgx-h100-x8', 'a100-mig', 'lost-gpu', 'h200-x2-load', 't4'])(
    'is of its schema on %s',
    async (machine) => {
      const { out } = await run(['--snapshot', machine, 'top', '--json']);
      expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
    },
  );

  it('has the values of the view, in their units', async () => {
    const { out } = await run(['--snapshot', 'hgx-h100-x8', 'top', '--json']);
    expect(JSON.parse(out).gpus[0]).toMatchObject({
      'power.draw': 697.53,
      'memory.used': 71253,
      mmaact: 46.77,
    });
  });

  it('has a schema with every metric', () => {
    const names = Object.keys(schema.properties.gpus.items.properties);
    expect(names.filter((name) => !['gpu', 'uuid', 'name', 'reasons'].includes(name))).toEqual(
      Object.keys(METRIC_KINDS),
    );
  });
});

describe('top refuses', () => {
  it.each([
    [['-d', '0'], 'The interval between samples must be 0.1 to 3600 seconds.'],
    [['-d', 'fast'], 'The interval between samples must be 0.1 to 3600 seconds.'],
    [['-s', 'memory'], 'Cannot sort processes by "memory".'],
    [['--replay', '/nowhere/at/all'], /^Cannot read \/nowhere\/at\/all: ENOENT/],
  ])('%j', async (argv, refusal) => {
    const { status, out } = await run(['--snapshot', 'h200-x2', 'top', ...argv]);
    expect(status).toBe(2);
    expect(out.trimEnd()).toEqual(typeof refusal === 'string' ? refusal : expect.stringMatching(refusal));
  });

  it('settings that are not known, with the file and the nearest name', async () => {
    const XDG_CONFIG_HOME = folder();
    mkdirSync(join(XDG_CONFIG_HOME, 'nvsmi'));
    const path = join(XDG_CONFIG_HOME, 'nvsmi/top.json');
    writeFileSync(path, '{"intervals": 2}');
    const { status, out } = await run(['--snapshot', 'h200-x2', 'top'], { XDG_CONFIG_HOME });
    expect(status).toBe(2);
    expect(out).toBe(`${path}: there is no setting "intervals"; did you mean interval?\n`);
  });

  it('a folder without recordings', async () => {
    const { status, out } = await run(['top', '--replay', folder()]);
    expect(status).toBe(2);
    expect(out).toMatch(/ has no recordings \(nvstats-\.\.\.\)\.\n$/);
  });

  it('a machine without GPUs, as the others do', async () => {
    expect(await run(['--snapshot', 'none', 'top'])).toMatchObject({
      status: 6,
      out: 'No devices were found\n',
    });
  });
});

describe('top --replay', () => {
  const recording = (): string => {
    const made = folder();
    const writer = new RecordWriter(join(made, 'nvstats-20261123'));
    const columns = deviceColumns.filter(({ name }) => ['pwr', 'gtemp', 'sm', 'fb'].includes(name));
    const gpus = [0, 1].map((index) => ({ index, uuid: `GPU-${index}`, name: 'NVIDIA H200' }));
    const about = { started: '2026-11-23T00:00:00.000Z', driver: '580.1', delay: 1, gpus };
    writer.write(headLine({ ...about, columns: headColumns(columns) }));
    const begin = new Date(2026, 10, 23, 9).getTime();
    for (const tick of [0, 1, 2]) {
      const lines = gpus.map(({ index }) => ({
        gpu: { index, handle: undefined, status: 0 },
        instance: undefined,
        cells: [(300 + tick) * 1000, 40 + tick, 10 * tick, 1024 * 2 ** 20],
      }));
      writer.write(tickLine(begin + tick * 1000, columns, lines));
    }
    writer.close();
    return made;
  };

  it('shows the first sample of the last file, without a GPU', async () => {
    const { status, out } = await run(['top', '--replay', recording(), '-i', '1']);
    expect(status).toBe(0);
    expect(out).toMatch(/^nvsmi top +2026-11-23 09:00:00 .*nvstats-20261123 1\/3$/m);
    expect(out).toMatch(/^ {2}1 H200 +40C +300\/-/m);
    expect(out).not.toMatch(/^ {2}0 H200/m);
    expect(out).toContain('A recorder keeps no processes.');
  });

  it('says where no GPU of it is chosen', async () => {
    expect(await run(['top', '--replay', recording(), '-i', '7'])).toMatchObject({
      status: 6,
      out: 'Nothing in the recording matches.\n',
    });
  });
});
