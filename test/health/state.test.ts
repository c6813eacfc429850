/** The file of health with what the last run left. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { refused } from '../commands/made-machine.js';
import type { Tree } from '../doctor/tree.js';
import { keptFile } from './kept-file.js';
import { type Answers, checksOf, fields, h200s, run, withAnswers } from './made-machines.js';

describe('the state that health keeps', () => {
  const { folder, file } = keptFile();

  const counted = (count: number, at = 94) => h200s(fields({ [`gpu0,${at}`]: count }));
  const state = (machine: string | Snapshot, check: string) =>
    run({ machine }, ['--state', file(), '--checks', check, '--json']);
  /** Moves the time of the state back. */
  const hoursAgo = (hours: number): void => {
    const kept = JSON.parse(readFileSync(file(), 'utf8'));
    writeFileSync(file(), JSON.stringify({ ...kept, time: kept.time - hours * 3_600_000 }));
  };

  it('judges how counters grew since the last run, and says over which time', async () => {
    await state(counted(0), 'pcie-replays');
    hoursAgo(1);
    const few = await state(counted(100), 'pcie-replays');
    expect(checksOf(few)[0]).toMatchObject({ verdict: 'ok', why: '100 PCIe replays in the last 1 h.' });
    hoursAgo(1);
    const many = await state(counted(1100), 'pcie-replays');
    expect(checksOf(many)[0]).toMatchObject({
      verdict: 'warn',
      why: '1000 PCIe replays in the last 1 h, more than 8 a minute.',
    });
    expect(many.status).toBe(1);
  });

  it('keeps the counters of GPUs that a run did not ask, or that did not answer, with their time', async () => {
    const both = (count: number) => h200s(fields({ 'gpu0,94': count, 'gpu1,94': count }));
    await state(both(0), 'pcie-replays');
    hoursAgo(1);
    await run({ machine: both(10) }, ['--state', file(), '--checks', 'pcie-replays', '-i', '0']);
    const lost = withAnswers(both(20), { nvmlDeviceGetHandleByIndex_v2: { 1: refused('GPU_IS_LOST') } });
    await state(lost, 'pcie-replays');
    const after = await state(both(30), 'pcie-replays');
    expect(checksOf(after).map((one) => one.why)).toEqual([
      expect.stringMatching(/^10 PCIe replays in the last \d+ s[.,]/),
      '30 PCIe replays in the last 1 h.',
    ]);
    expect(JSON.parse(readFileSync(file(), 'utf8')).earlier).toBeUndefined();
  });

  it('has no rate for a counter that ran backwards', async () => {
    await state(counted(50), 'pcie-replays');
    const outcome = await state(counted(3), 'pcie-replays');
    expect(checksOf(outcome)[0]).toMatchObject({
      verdict: 'unknown',
      why: expect.stringMatching(/has decreased/),
    });
    expect(checksOf(await state(counted(3), 'pcie-replays'))[0]?.verdict).toBe('ok');
  });

  it('counts from zero after a boot, but for what the GPU keeps itself', async () => {
    const on = (boot: string, uptime: number): Tree => ({
      '/proc/sys/kernel/random/boot_id': `${boot}\n`,
      '/proc/uptime': `${uptime}.00 1.00\n`,
    });
    const look = (machine: Snapshot, tree: Tree, check: string) =>
      run({ machine, tree }, ['--state', file(), '--checks', check, '--json']);
    const rows = (unc: number) => ({
      nvmlDeviceGetRemappedRows_v2: {
        gpu0: {
          corrActiveRemaps: 0,
          corrInactiveRemaps: 0,
          uncActiveRemaps: unc,
          uncInactiveRemaps: 0,
          bPending: 0,
          bFailureOccurred: 0,
        },
      },
    });
    await look(h200s({ ...fields({ 'gpu0,94': 5000 }), ...rows(1) }), on('a', 900_000), 'pcie-replays');
    hoursAgo(10);
    const after = h200s({ ...fields({ 'gpu0,94': 12 }), ...rows(3) });
    const [replays] = checksOf(await look(after, on('b', 1800), 'pcie-replays'));
    expect(replays).toMatchObject({ verdict: 'ok', why: '12 PCIe replays in the last 30 min.' });
    await look(h200s(rows(1)), on('a', 900_000), 'row-remap');
    hoursAgo(10);
    const [remapped] = checksOf(await look(after, on('b', 1800), 'row-remap'));
    expect(remapped?.why).toBe('3 rows are remapped, 2 of them in the last 10 h; none is pending.');
  });

  it('says how many uncorrectable errors are new', async () => {
    const errors = (count: number) => h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,1,0': count } });
    await state(errors(1), 'ecc-uncorrected');
    hoursAgo(2);
    const [found] = checksOf(await state(errors(4), 'ecc-uncorrected'));
    expect(found?.why).toBe(
      '4 uncorrectable memory errors since the driver was loaded, 3 of them in the last 2 h.',
    );
  });

  it.each([
    [
      'ecc-corrected',
      { nvmlDeviceGetTotalEccErrors: { 'gpu0,0,0': 30 } },
      'warn',
      /30 corrected memory errors in the last 1 h, more than 10 an hour/,
    ],
    ['nvlink-errors', fields({ 'gpu0,163': 40 }, 3), 'warn', /40 NVLink CRC errors in the last 1 h/],
    [
      'thermal-slowdown',
      fields({ 'gpu0,270': 9_000_000_000 }, 3),
      'fail',
      /9 s in the last 1 h in which the hardware lowers/,
    ],
    ['thermal-limit', fields({ 'gpu0,269': 9_000_000_000 }, 3), 'warn', /9 s in the last 1 h/],
    ['power-brake', fields({ 'gpu0,271': 9_000_000_000 }, 3), 'warn', /9 s in the last 1 h/],
  ] as const)('judges the growth of %s', async (check, answers, verdict, reason) => {
    await state(h200s(fields({ 'gpu0,269': 0, 'gpu0,270': 0, 'gpu0,271': 0 }, 3)), check);
    hoursAgo(1);
    const [first] = checksOf(await state(h200s(answers as Answers), check));
    expect(first).toMatchObject({ verdict, why: expect.stringMatching(reason) });
  });

  it.each([
    ['torn', '{"format":"nvsmi-hea', /torn, or no JSON/],
    ['another version', '{"format":"nvsmi-health-state","version":9}', /of version 9/],
    [
      'another machine',
      '{"format":"nvsmi-health-state","version":1,"machine":"ff","time":1,"counters":{}}',
      /of another machine/,
    ],
    [
      'the future',
      '{"format":"nvsmi-health-state","version":1,"machine":null,"time":4000000000000,"counters":{}}',
      /2096-10-02T07:06:40\.000Z, which has not come yet/,
    ],
    [
      'a wrong form',
      '{"format":"nvsmi-health-state","version":1,"machine":null,"time":"x","counters":{}}',
      /time: a number/,
    ],
  ])('keeps a state of no use aside, and continues: %s', async (_, content, reason) => {
    writeFileSync(file(), content);
    const tree = { '/etc/machine-id': '0123456789abcdef\n' };
    const { err, status } = await run({ tree }, ['--state', file(), '--checks', 'pcie-replays']);
    expect(err).toMatch(reason);
    expect(err).toContain(`it is kept as ${file()}.old-1`);
    expect(readFileSync(`${file()}.old-1`, 'utf8')).toBe(content);
    expect(JSON.parse(readFileSync(file(), 'utf8')).format).toBe('nvsmi-health-state');
    expect(status).toBe(0);
  });

  it('is not ok where the state cannot be kept', async () => {
    const { status, err } = await run({}, [
      '--state',
      join(folder(), 'no', 'such', 'file'),
      '--checks',
      'pcie-replays',
    ]);
    expect(err).toMatch(/cannot be written \(ENOENT\)/);
    expect(status).toBe(3);
  });
});
