/** doctor on made-up machines: each check with each verdict that it can have. */
import { describe, expect, it } from 'vitest';
import { doctorChecks } from '../../src/doctor/checks.js';
import { runOn } from '../commands/run-on.js';
import { DRIVER_CASES } from './cases-of-drivers.js';
import { OTHER_CASES } from './cases-of-the-rest.js';
import { type Case, run } from './made-machines.js';
import { node } from './tree.js';

const CASES: readonly Case[] = [...DRIVER_CASES, ...OTHER_CASES];

/** The status of the worst verdict. */
const STATUS: Readonly<Record<string, number>> = { ok: 0, unknown: 1, warn: 1, fail: 2 };

describe('doctor', () => {
  it.each(CASES)('%s is %s: %s', async (check, verdict, why, machine) => {
    const { status, out, err } = await run(machine, ['--checks', check, '--json']);
    const document = JSON.parse(out);
    const found = document.checks.filter((one: { verdict: string }) => one.verdict === verdict);
    expect(found.map((one: { why: string }) => one.why).join('\n'), `${out}${err}`).toMatch(why);
    expect(document.verdict).toBe(verdict);
    expect(status).toBe(STATUS[verdict]);
    if (verdict !== 'ok') expect(found[0].action.length).toBeGreaterThan(5);
  });

  it('has a test of each check', () => {
    expect(doctorChecks.map(({ id }) => id).filter((id) => !CASES.some(([check]) => check === id))).toEqual(
      [],
    );
  });

  it('says that all is well where it is', async () => {
    const { status, out } = await run({}, []);
    expect(out).toMatch(/\n19 ok\n$|\n2\d ok\n$/);
    expect(out).not.toMatch(/do:|unknown/);
    expect(status).toBe(0);
  });

  it('says nothing of containers, WSL and MIG where there are none', async () => {
    const { out } = await run({}, ['--json']);
    const checks = JSON.parse(out).checks.map(({ check }: { check: string }) => check);
    for (const absent of ['container', 'wsl', 'mig-nodes']) expect(checks).not.toContain(absent);
  });

  it('names what to do and the evidence in text', async () => {
    const { out, status } = await run({ tree: { '/dev/nvidiactl': node('c 195:255 EPERM') } }, [
      '--checks',
      'device-access',
    ]);
    expect(out).toContain('device-access  Opening /dev/nvidiactl is not permitted (EPERM)');
    expect(out).toContain('do: After a systemctl daemon-reload');
    expect(out).toContain('/dev/nvidiactl = EPERM');
    expect(status).toBe(2);
  });

  it('refuses a check that it does not know, with the nearest name', async () => {
    const { status, out, err } = await runOn('h200-x2', ['doctor', '--checks', 'nuveau']);
    expect(out).toBe('--checks: unknown check "nuveau"\n');
    expect(err).toContain('Did you mean nouveau?');
    expect(status).toBe(2);
  });

  it('lists its checks', async () => {
    const { out } = await runOn('h200-x2', ['doctor', '--list']);
    expect(out.trimEnd().split('\n')).toHaveLength(doctorChecks.length);
  });

  it('finds a recording of other versions broken, and one without files unknown, not well', async () => {
    expect((await runOn('mismatch', ['doctor'])).status).toBe(2);
    expect((await runOn('h200-x2', ['doctor'])).status).toBe(1);
  });
});
