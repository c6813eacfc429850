import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LIBRARY } from '../../src/simulator/folder.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import { runOn } from '../commands/run-on.js';
import { buildFake } from '../fake-nvml/build.js';
import { started } from '../program.js';
import { folderOf } from '../simulator/simulated.js';
import { type Exporter, startExporter } from './program.js';
import { freePort, hasPromtool, until } from './prometheus.js';

const fake = await buildFake();

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-exporter-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function exporter(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Exporter> {
  const one = await startExporter(argv, env);
  onTestFinished(() => {
    one.child.kill('SIGKILL');
  });
  return one;
}

/** The processes that collect for an exporter. */
const collectorsOf = (port: number): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(`127.0.0.1:${port}`) && words.includes('--collect-for-exporter');
      } catch {
        return false;
      }
    });

const value = (text: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);

describe('an exporter command line', () => {
  it.each([
    ['--names nvsmi,dcgn', '--names: dcgn is not one of nvsmi, nvidia_smi, dcgm. Did you mean dcgm?\n'],
    ['--fields power.drew', 'Field "power.drew" is not a metric. Did you mean power.draw?\n'],
    ['--skip nvlimk.*', 'Field "nvlimk.*" is not a metric.\n'],
    [
      '--labels gpu,uid',
      '--labels: uid is not one of gpu, uuid, name, pci_bus_id, serial, hostname. Did you mean uuid?\n',
    ],
    ['--listen a:b:c', '--listen must be ADDRESS:PORT, not a:b:c\n'],
    ['--listen 127.0.0.1:99999', '--listen must be ADDRESS:PORT, not 127.0.0.1:99999\n'],
    ['-l 0.01', 'The interval between collections must be 0.1 to 600 seconds.\n'],
    ['--web.config.file /nowhere/web.yml', /^--web\.config\.file: \/nowhere\/web\.yml: ENOENT.*\n$/],
    ['--textfile a --listen :1', '--textfile cannot be combined with --listen.\n'],
    ['--textfile a --otlp http://a', '--textfile cannot be combined with --otlp.\n'],
    ['--otlp ftp://a', '--otlp must be a URL such as http://localhost:4318, not ftp://a\n'],
    ['--textfile /nowhere/a.prom', /^Cannot write \/nowhere\/a\.prom: ENOENT/],
  ])('with %s is refused in a line', async (line, message) => {
    const { status, out } = await runOn('h100-x1', ['exporter', ...line.split(' ')]);
    expect(status).toBe(2);
    expect(out).toMatch(
      typeof message === 'string' ? new RegExp(`^${message.replace(/[.*?[\]]/g, '\\$&')}$`) : message,
    );
  });

  it('for a port in use is refused in a line', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const argv = ['--snapshot', 't4', 'exporter', '--listen', `127.0.0.1:${port}`];
    const { status, stdout } = spawnSync(...started(argv), { encoding: 'utf8', timeout: 20_000 });
    expect([status, stdout]).toEqual([2, `Cannot listen on 127.0.0.1 port ${port}: the port is in use\n`]);
  });

  it('for a certificate that is none is refused in a line', async () => {
    const path = join(temporaryFolder(), 'web.yml');
    writeFileSync(path, 'tls_server_config:\n  cert: no certificate\n  key: no key\n');
    const { status, out } = await runOn('t4', [
      'exporter',
      '--web.config.file',
      path,
      '--listen',
      '127.0.0.1:0',
    ]);
    expect(status).toBe(2);
    expect(out).toMatch(/^--web\.config\.file: the certificate cannot be used: .*\n$/);
  });
});

describe('a text file', () => {
  it('is written at once, and replaced as a whole', async () => {
    const path = join(temporaryFolder(), 'nvsmi.prom');
    const write = async () => runOn('hgx-h100-x8', ['exporter', '--textfile', path, '--names', 'nvsmi,dcgm']);
    expect(await write()).toMatchObject({ status: 0, out: '', err: '' });
    const before = statSync(path).ino;
    await write();
    expect(statSync(path).ino).not.toBe(before);
    const text = readFileSync(path, 'utf8');
    expect(value(text, 'nvsmi_power_draw_watts')).toBe(698.12);
    expect(value(text, 'DCGM_FI_DEV_POWER_USAGE')).toBe(698.12);
    expect(readdirSync(join(path, '..'))).toEqual(['nvsmi.prom']);
  });

  it('is stdout for -, a whole text at each collection', async () => {
    const { status, out } = await runOn('t4', ['exporter', '--textfile', '-', '-l', '1'], 2);
    expect(status).toBe(0);
    expect(out.match(/^nvsmi_exporter_collections_total \d+$/gm)).toEqual([
      'nvsmi_exporter_collections_total 1',
      'nvsmi_exporter_collections_total 2',
    ]);
  });

  it('is written again and again with -l, each time with newer values', async () => {
    const path = join(temporaryFolder(), 'nvsmi.prom');
    const { status } = await runOn('t4', ['exporter', '--textfile', path, '-l', '1'], 3);
    expect(status).toBe(0);
    expect(value(readFileSync(path, 'utf8'), 'nvsmi_exporter_collections_total')).toBe(3);
  });

  it.skipIf(!hasPromtool)('has nothing that promtool complains about', async () => {
    const path = join(temporaryFolder(), 'nvsmi.prom');
    for (const machine of ['hgx-h100-x8', 'a100-mig', 'rtx-4090', 'lost-gpu', 't4']) {
      await runOn(machine, ['exporter', '--textfile', path, '--processes']);
      const input = readFileSync(path);
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      expect([machine, status, stdout + stderr]).toEqual([machine, 0, '']);
    }
  });
});

describe('an exporter of a recording', () => {
  it('serves text, OpenMetrics and gzip, as the client asks', { timeout: 60_000 }, async () => {
    const one = await exporter(['--snapshot', 'h100-x1', '--names', 'nvsmi,nvidia_smi,dcgm']);
    await until('a collection', async () => value(await one.get('/metrics'), 'nvsmi_exporter_up') === 1);
    const text = await one.get('/metrics');
    expect(text).toContain('nvsmi_power_draw_watts{gpu="0",uuid="GPU-');
    expect(text).toContain('nvidia_smi_power_draw_watts{uuid="');
    expect(text).toContain('DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-');
    expect(text).not.toContain('# EOF');
    const accept =
      'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1';
    const open = await fetch(`http://127.0.0.1:${one.port}/metrics`, {
      headers: { Accept: accept, 'Accept-Encoding': 'gzip' },
    });
    expect(open.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect(open.headers.get('content-encoding')).toBe('gzip');
    const body = await open.text();
    expect(body.match(/# EOF/g)).toHaveLength(1);
    expect(body.endsWith('# EOF\n')).toBe(true);
    // A name is the same in both formats.
    const names = (of: string): Set<string> => new Set(of.match(/^\w+(?=[{ ])/gm));
    expect(names(body)).toEqual(names(text));
  });

  it('warns where others than this machine reach it, and it knows no users', {
    timeout: 60_000,
  }, async () => {
    const warning = 'everyone who reaches this machine can read the metrics';
    const open = await exporter(['--snapshot', 't4', '--listen', `0.0.0.0:${await freePort()}`]);
    expect(open.said()).toContain(warning);
    const path = join(temporaryFolder(), 'web.yml');
    writeFileSync(path, `basic_auth_users:\n  ada: ${hashSync('secret', 4)}\n`);
    const listen = ['--listen', `0.0.0.0:${await freePort()}`, '--web.config.file', path];
    const closed = await exporter(['--snapshot', 't4', ...listen]);
    expect(closed.said()).not.toContain(warning);
  });

  it('reads its web configuration again at SIGHUP', { timeout: 60_000 }, async () => {
    const path = join(temporaryFolder(), 'web.yml');
    writeFileSync(path, '');
    const one = await exporter(['--snapshot', 't4', '--web.config.file', path]);
    const status = async (): Promise<number> => (await fetch(`http://127.0.0.1:${one.port}/metrics`)).status;
    expect(await status()).toBe(200);
    writeFileSync(path, `basic_auth_users:\n  ada: ${hashSync('secret', 4)}\n`);
    one.child.kill('SIGHUP');
    await until('the new users', async () => (await status()) === 401);
    writeFileSync(path, 'nonsense: 1\n');
    one.child.kill('SIGHUP');
    await until('a word about it', async () => one.said().includes('kept the old configuration'));
    expect(await status()).toBe(401);
  });
});

describe.skipIf(!fake.available)('an exporter of a machine', () => {
  const { snapshot } = openSnapshot('h200-x2');

  it('serves what its child collected, and ends with it', { timeout: 60_000 }, async () => {
    const { path } = fake.with({ snapshot });
    const one = await exporter(['-l', '0.5'], { NVSMI_NVML: path });
    const text = await one.get('/metrics');
    expect(value(text, 'nvsmi_exporter_up')).toBe(1);
    expect(text).toMatch(/^nvsmi_power_draw_watts\{gpu="1",/m);
    await until(
      'more',
      async () => value(await one.get('/metrics'), 'nvsmi_exporter_collections_total') >= 3,
    );
    const ended = new Promise((resolve) => one.child.once('exit', resolve));
    one.stop();
    await ended;
    expect(one.child.signalCode).toBe('SIGTERM');
  });

  it('keeps the last values of a library that hangs, says since when, and is still up itself', {
    timeout: 60_000,
  }, async () => {
    const { path } = fake.with({
      snapshot,
      faults: [{ fn: 'nvmlDeviceGetPowerUsage', hangs: true, after: 4 }],
    });
    const one = await exporter(['--timeout', '3', '-l', '0.5'], { NVSMI_NVML: path });
    await until('the hang', async () => value(await one.get('/metrics'), 'nvsmi_exporter_up') === 0, 30_000);
    const text = await one.get('/metrics');
    expect(text).toMatch(/^nvsmi_power_draw_watts\{gpu="0",/m);
    expect(value(text, 'nvsmi_exporter_collection_age_seconds')).toBeGreaterThan(2);
    expect(value(text, 'nvsmi_exporter_stuck_since_seconds')).toBeGreaterThan(1.7e9);
    const health = await fetch(`http://127.0.0.1:${one.port}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      verdict: 'unknown',
      checks: expect.arrayContaining([
        expect.objectContaining({
          check: 'exporter',
          why: expect.stringMatching(/^NVML has not answered since /),
        }),
      ]),
    });
    // What it started ends with it, also if it is killed.
    const left = collectorsOf(one.port);
    expect(left).not.toEqual([]);
    one.child.kill('SIGKILL');
    await until('the end of what it started', async () => collectorsOf(one.port).length === 0, 10_000);
  });

  const write = (file: string, path: string, env: NodeJS.ProcessEnv = {}) =>
    spawnSync(...started(['exporter', '--textfile', file]), {
      encoding: 'utf8',
      env: { ...process.env, NVSMI_NVML: path, ...env },
      timeout: 50_000,
    });

  it('writes a file that says that nothing is known where NVML does not start, and says so', {
    timeout: 60_000,
  }, () => {
    const file = join(temporaryFolder(), 'gpu.prom');
    const deaf = fake.with({ snapshot, faults: [{ fn: 'nvmlInit_v2', hangs: true }] });
    const refusing = fake.with({ snapshot, faults: [{ fn: 'nvmlInit_v2', status: 9 }] });
    for (const [{ path }, status, stdout] of [
      [deaf, 124, /^Failed to initialize NVML: No Answer$/m],
      [refusing, 9, /^NVIDIA-SMI has failed/],
    ] as const) {
      expect(write(file, path, { NVSMI_TIMEOUT: '1' })).toMatchObject({
        status,
        stdout: expect.stringMatching(stdout),
      });
      const text = readFileSync(file, 'utf8');
      expect(value(text, 'nvsmi_exporter_up')).toBe(0);
      expect(value(text, 'nvsmi_health_status')).toBe(3);
      expect(write('-', path, { NVSMI_TIMEOUT: '1' }).stdout).not.toContain('nvsmi_exporter_up');
    }
  });

  it('has the timeout at each tick of a text file, not for all of them', { timeout: 60_000 }, async () => {
    const path = join(folderOf({ snapshot }), LIBRARY);
    const child = spawn(...started(['--timeout', '3', 'exporter', '--textfile', '-', '-l', '1']), {
      env: { ...process.env, NVSMI_NVML: path },
    });
    let [out, err] = ['', ''];
    child.stdout?.on('data', (part: Buffer) => {
      out += part.toString();
    });
    child.stderr?.on('data', (part: Buffer) => {
      err += part.toString();
    });
    const ticks = (): number => out.match(/^nvsmi_xid_last\{gpu="1".* 0$/gm)?.length ?? 0;
    await until('ticks', async () => ticks() >= 6, 30_000);
    child.kill('SIGTERM');
    expect(err).toBe('');
  });

  it('writes what is known after ten seconds without a timeout, too, and ends with 124', {
    timeout: 60_000,
  }, () => {
    const { path } = fake.with({
      snapshot,
      faults: [{ fn: 'nvmlDeviceGetPowerUsage', when: ['gpu1'], hangs: true }],
    });
    const { status, stdout, stderr } = write('-', path);
    expect([status, stderr]).toEqual([
      124,
      expect.stringMatching(/^nvsmi: no answer from nvmlDeviceGetPowerUsage /),
    ]);
    expect(stdout).toMatch(/^nvsmi_power_draw_watts\{gpu="0",/m);
    expect(stdout).not.toMatch(/^nvsmi_power_draw_watts\{gpu="1",/m);
  });

  it('ends with the status of NVML where the driver is not loaded', () => {
    const { path } = fake.with({ snapshot, faults: [{ fn: 'nvmlInit_v2', status: 9 }] });
    const { status, stdout } = spawnSync(...started(['exporter', '--listen', '127.0.0.1:0']), {
      encoding: 'utf8',
      env: { ...process.env, NVSMI_NVML: path },
      timeout: 20_000,
    });
    expect([status, stdout]).toEqual([9, expect.stringMatching(/^NVIDIA-SMI has failed/)]);
  });
});
