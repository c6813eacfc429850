/** The kernel log: its records, a copy that grows, and one that cannot be read. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NoKernelLog, openKernelLog, parseRecord } from '../../src/system/kernel-log.js';
import { withTree } from '../doctor/tree.js';

it('reads a record with its sequence and time', () => {
  expect(parseRecord('4,1234,5678901,-;NVRM: a; b')).toEqual({
    sequence: 1234,
    microseconds: 5678901,
    text: 'NVRM: a; b',
  });
  expect(parseRecord('6,1,2,-,caller=T1;x')).toMatchObject({ text: 'x' });
  expect(parseRecord(' SUBSYSTEM=pci')).toBeUndefined();
  expect(parseRecord('6,1,2,c;part of a line')).toMatchObject({ text: 'part of a line' });
});

it('reads what the kernel escapes: line breaks, other alphabets, backslashes', () => {
  expect(parseRecord(String.raw`4,1,2,-;NVRM: a\x0aNVRM: b, name=caf\xc3\xa9\x5cx0a`)?.text).toBe(
    'NVRM: a\nNVRM: b, name=café\\x0a',
  );
});

it('counts records that were overwritten before they were read', async () => {
  await withTree({ '/dev/kmsg': '6,7,10,-;a\n6,8,20,-;b\n' }, async (root) => {
    const log = openKernelLog(root);
    if (log instanceof NoKernelLog) throw new Error(String(log));
    log.read();
    expect(log.begins).toMatchObject({ sequence: 7 });
    expect(log.overwritten).toBe(0);
    appendFileSync(join(root, 'dev/kmsg'), '6,12,30,-;c\n');
    log.read();
    expect(log.overwritten).toBe(3);
  });
});

it('gives each record of a copy once', async () => {
  await withTree({ '/dev/kmsg': '6,1,10,-;a\n6,2,20,-;b\n SUBSYSTEM=pci\n' }, async (root) => {
    const log = openKernelLog(root);
    if (log instanceof NoKernelLog) throw new Error(String(log));
    expect(log.read().map(({ text }) => text)).toEqual(['a', 'b']);
    expect(log.read()).toEqual([]);
    appendFileSync(join(root, 'dev/kmsg'), '6,3,30,-;c\n');
    expect(log.read().map(({ text }) => text)).toEqual(['c']);
    log.close();
  });
});

it('gives records once where the numbers begin again, as in a copy of two boots', async () => {
  await withTree({ '/dev/kmsg': '6,1,10,-;a\n6,900,20,-;b\n6,0,0,-;c\n' }, async (root) => {
    const log = openKernelLog(root);
    if (log instanceof NoKernelLog) throw new Error(String(log));
    expect(log.read()).toHaveLength(3);
    expect(log.read()).toEqual([]);
  });
});

it.each([
  ['nothing', ''],
  ['what dmesg prints', '[12345.678901] NVRM: Xid (PCI:0000:00:06): 79, GPU has fallen off the bus.\n'],
  ['what dmesg prints with times', '2026-11-29T04:12:09,318000+00:00 NVRM: Xid (PCI:0000:00:06): 79, x\n'],
  ['what journalctl prints', 'Nov 29 04:12:09 host kernel: NVRM: Xid (PCI:0000:00:06): 79, x\n'],
])('is no log without records of the kernel: %s', async (_, content) => {
  await withTree({ '/dev/kmsg': content }, async (root) => {
    const log = openKernelLog(root);
    expect(String(log)).toBe('/dev/kmsg holds no records of the kernel');
    expect(log instanceof NoKernelLog && log.remedy).toMatch(/dd if=\/dev\/kmsg/);
  });
});

it('says why there is none, and what helps', async () => {
  await withTree({}, async (root) => {
    const log = openKernelLog(root);
    expect(String(log)).toBe('/dev/kmsg cannot be read (ENOENT)');
    expect(log instanceof NoKernelLog && log.remedy).toMatch(/mount \/dev\/kmsg/);
  });
  expect(new NoKernelLog('/dev/kmsg', 'EPERM').remedy).toMatch(/CAP_SYSLOG.*dmesg_restrict/);
});
