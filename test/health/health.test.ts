/** health on recorded machines with other answers: each check with each verdict that it can have. */
import { describe, expect, it } from 'vitest';
import { healthChecks } from '../../src/health/checks/index.js';
import { runOn } from '../commands/run-on.js';
import { GPU_CASES } from './cases-of-gpus.js';
import { LOAD_CASES } from './cases-of-load.js';
import { type Case, type Check, checksOf, h200s, RUNNING, run, STATUS, STUCK_STAT } from './made-machines.js';

const CASES: readonly Case[] = [...GPU_CASES, ...LOAD_CASES];

describe('health', () => {
  it.each(CASES)('%s is %s: %s', async (check, verdict, why, machine) => {
    const outcome = await run(machine, ['--checks', check, '--json']);
    const found = checksOf(outcome).filter((one) => one.verdict === verdict);
    expect(found.map((one) => one.why).join('\n'), `${outcome.out}${outcome.err}`).toMatch(why);
    expect(outcome.status).toBe(STATUS[verdict]);
  });

  it('has a test of each check', () => {
    const tested = new Set([...CASES.map(([check]) => check), 'nvlink-recoveries']);
    expect(healthChecks.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual([]);
  });

  it('knows nothing of a lost GPU, and calls no check of it well', async () => {
    const checks = checksOf(await runOn('lost-gpu', ['health', '--json'])).filter(({ gpu }) => gpu === 5);
    expect(checks.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check)).toEqual([
      'gpu-reachable',
    ]);
    expect(checks.filter(({ verdict }) => verdict === 'ok')).toEqual([]);
    const ofGpu = healthChecks.filter((check) => 'judge' in check).map(({ id }) => id);
    expect(checks.filter(({ verdict }) => verdict === 'unknown').map(({ check }) => check)).toEqual(ofGpu);
  });

  it('lists what a GPU has nothing of as not applicable, which is neither ok nor unknown', async () => {
    const { not_applicable: none, checks } = JSON.parse((await runOn('rtx-4090', ['health', '--json'])).out);
    expect(none).toContainEqual({ check: 'ecc-uncorrected', gpu: 0, reason: 'Not Supported' });
    expect(checks.some(({ check }: Check) => check === 'ecc-uncorrected')).toBe(false);
  });

  it('counts failed recoveries of NVLink 5', async () => {
    const links = Object.fromEntries(
      Array.from({ length: 18 }, (_, i) => [
        `gpu0,214${i === 0 ? '' : `:${i}`}`,
        { type: 1, value: i === 2 ? 4 : 0 },
      ]),
    );
    const rest = Object.fromEntries(
      Array.from({ length: 18 }, (_, i) => [`gpu1,214${i === 0 ? '' : `:${i}`}`, { type: 1, value: 0 }]),
    );
    const outcome = await run({ machine: h200s({ nvmlDeviceGetFieldValues: { ...links, ...rest } }) }, [
      '--checks',
      'nvlink-recoveries',
      '--json',
    ]);
    expect(checksOf(outcome).map(({ verdict }) => verdict)).toEqual(['fail', 'ok']);
  });

  it('fails where NVML cannot be initialized', async () => {
    const outcome = await runOn('mismatch', ['health', '--json']);
    expect(checksOf(outcome)).toMatchObject([{ check: 'nvml', verdict: 'fail' }]);
    expect(outcome.status).toBe(2);
  });

  it('has the exit status of its verdicts, whatever else was asked', async () => {
    expect((await runOn('lost-gpu', ['health', '--checks', 'temperature'])).status).toBe(3);
    expect((await runOn('lost-gpu', ['health', '--checks', 'driver-version'])).status).toBe(0);
  });

  it('lets no warning hide what is unknown', async () => {
    const outcome = await run(
      { machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: 0 } }), tree: { '/dev/kmsg': undefined } },
      ['--checks', 'xid,persistence-mode', '--nagios'],
    );
    expect(outcome.status).toBe(3);
    expect(outcome.out).toMatch(/^GPU UNKNOWN - xid: The kernel log was not read: .* persistence-mode: /);
  });

  it('refuses a check that it does not know, with the nearest name and status 3', async () => {
    const { status, out, err } = await runOn('h200-x2', ['health', '--skip', 'ecc,pcie-width']);
    expect(out).toBe('--skip: unknown check "ecc"\n');
    expect(err).toMatch(/Did you mean|--list/);
    expect(status).toBe(3);
    expect((await runOn('h200-x2', ['health', '--checks', 'tempreature'])).err).toContain(
      'Did you mean temperature?',
    );
  });

  it.each([
    [['--no-such-option'], 'no-such-option'],
    [['-i', '7'], 'No devices were found'],
    [['-l', 'soon'], 'Loop frequency'],
    [['extra'], '"extra"'],
  ])('gives no verdict for a wrong command line, and no status that is one: %j', async (argv, said) => {
    const { status, out, err } = await runOn('h200-x2', ['health', ...argv]);
    expect(`${out}${err}`).toContain(said);
    expect(status).toBe(3);
  });

  it('gives no verdict for a timeout that is none', async () => {
    expect((await runOn('h200-x2', ['--timeout', '0', 'health', '--nagios'])).status).toBe(3);
  });

  it('leaves out what is skipped', async () => {
    const checks = checksOf(await run({}, ['--skip', 'xid,name', '--json'])).map(({ check }) => check);
    expect(checks).not.toContain('xid');
    expect(checks).toContain('power');
  });
});

describe('the text of health', () => {
  it('shows what is not well, and with -v all', async () => {
    const machine = { machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: 0 } }) };
    const { out, status } = await run(machine, []);
    expect(out).toMatch(
      /^! persistence-mode {2}GPU 0: Persistence mode is off\.\n {20}do: Start nvidia-persistenced/,
    );
    expect(out).toMatch(/\n1 warned, \d+ ok\n$/);
    expect(status).toBe(1);
    expect((await run(machine, ['-v'])).out).toContain(
      '+ temperature         GPU 0: Temperature 37 C, within its limits.',
    );
  });
});

describe('the line for Nagios', () => {
  it('has the state, what is wrong, and performance data', async () => {
    const { out, status } = await run({ machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: 0 } }) }, [
      '--nagios',
    ]);
    expect(out).toMatch(
      /^GPU WARNING - GPU 0: persistence-mode: Persistence mode is off\. \| 'gpu0_temperature\.gpu'=37;87;89 /,
    );
    expect(out).toContain("'gpu1_power.draw'=78.87;;;0;700");
    expect(out.split('\n')).toHaveLength(2);
    expect(status).toBe(1);
  });

  it('is OK where all is well, and critical without a driver', async () => {
    expect((await run({}, ['--nagios'])).out).toMatch(/^GPU OK - \d+ checks \| /);
    expect((await runOn('mismatch', ['health', '--nagios'])).out).toMatch(/^GPU CRITICAL - nvml: [^|]+\n$/);
  });

  it('has one bar, whatever the names are', async () => {
    const machine = h200s({ ...RUNNING, nvmlSystemGetProcessName: { 4242: 'a | b' } });
    const { out } = await run({ machine, tree: STUCK_STAT('Z') }, ['--nagios']);
    expect(out.match(/\|/g)).toHaveLength(1);
  });
});
