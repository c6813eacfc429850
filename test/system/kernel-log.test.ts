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

it('says why there is none, and what helps', async () => {
  await withTree({}, async (root) => {
    const log = openKernelLog(root);
    expect(String(log)).toBe('/dev/kmsg cannot be read (ENOENT)');
    expect(log instanceof NoKernelLog && log.remedy).toMatch(/mount \/dev\/kmsg/);
  });
  expect(new NoKernelLog('/dev/kmsg', 'EPERM').remedy).toMatch(/CAP_SYSLOG.*dmesg_restrict/);
});
