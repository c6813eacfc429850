/** Who records to a folder, where several want to at the same moment. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backgroundOf } from '../../src/base/background.js';
import { lockFile } from '../../src/nvml/backend/file-lock.js';
import { startOf } from '../../src/system/processes.js';
import { RecorderFolder } from '../../src/system/recorder-folder.js';
import { temporaryFolder } from '../temporary.js';

/** Numbers beyond those that Linux gives to processes. */
const FIRST = 5_000_001;
const SECOND = 5_000_002;
const KILLED = 5_000_009;

function newFolder(left?: string): string {
  const path = temporaryFolder();
  if (left !== undefined) writeFileSync(join(path, 'nvsmi.pid'), left);
  return path;
}

/** A recorder of the folder. */
const recorder = (path: string, pid: number, lock = lockFile): RecorderFolder =>
  new RecorderFolder(path, { pid, isAlive: (asked) => asked !== KILLED }, lock);

const owner = (path: string): string | undefined =>
  readFileSync(join(path, 'nvsmi.pid'), 'utf8').split('\n')[0];
const refusal = (pid: number): string => `Process ${pid} records to`;

describe('a folder of recordings', () => {
  it('has one recorder', () => {
    const path = newFolder();
    recorder(path, FIRST).take();
    expect(() => recorder(path, SECOND).take()).toThrow(refusal(FIRST));
    expect(owner(path)).toBe(String(FIRST));
  });

  it.each(['', 'damaged', `${KILLED}\n`, `${KILLED} the disk was full\n`])(
    'is taken over from one that left %j',
    (left) => {
      const path = newFolder(left);
      recorder(path, FIRST).take();
      expect(owner(path)).toBe(String(FIRST));
      expect(readdirSync(path)).toEqual(['nvsmi.pid']);
    },
  );

  it('waits for one that only looks, and is not taken by two at the same moment', () => {
    const path = newFolder(`${KILLED}\n`);
    let looks = 0;
    // The kernel answers the first two attempts that another has the lock; who has it has it only to look.
    const first = recorder(path, FIRST, (fd, how) =>
      how === 'alone' && looks++ < 2 ? 'taken' : lockFile(fd, how),
    );
    first.take();
    expect(looks).toBeGreaterThan(2);
    expect(() => recorder(path, SECOND).take()).toThrow(refusal(FIRST));
  });

  it('is locked again where its recorder removed the file between the opening and the lock', () => {
    const path = newFolder(`${KILLED}\n`);
    let isFirst = true;
    const second = recorder(path, SECOND, (fd, how) => {
      if (isFirst) rmSync(join(path, 'nvsmi.pid'));
      isFirst = false;
      return lockFile(fd, how);
    });
    second.take();
    expect(owner(path)).toBe(String(SECOND));
    expect(() => recorder(path, FIRST).take()).toThrow(refusal(SECOND));
  });

  it('has one recorder also where the file system has no locks', () => {
    const path = newFolder(`${KILLED}\n`);
    const unlocked = (pid: number): RecorderFolder => recorder(path, pid, () => 'unknown');
    unlocked(FIRST).take();
    expect(() => unlocked(SECOND).take()).toThrow(refusal(FIRST));
  });

  it('stays with its recorder when another one ends', () => {
    const path = newFolder();
    const first = recorder(path, FIRST);
    first.take();
    const second = recorder(path, SECOND);
    second.leaveReason(new Error('the disk was full'));
    second.release();
    expect(owner(path)).toBe(String(FIRST));
    first.release();
    expect(readdirSync(path)).toEqual([]);
  });
});

describe.skipIf(startOf('self') === undefined)('a file that names a living process', () => {
  const ofThisMachine = (path: string): RecorderFolder => new RecorderFolder(path, backgroundOf(process));

  /** A process that is no recorder, but has the word among its arguments; with the file open if that is given. */
  function bystander(file?: string): number {
    const script = 'exec 9<"$0"; read -r _';
    const child = spawn('bash', ['-c', script, file ?? '/dev/null', 'daemon'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return child.pid as number;
  }

  it('is no recorder, and is not stopped, where the number went to another process', () => {
    const pid = bystander();
    for (const left of [`${pid}\n`, `${pid}\n1\n`, `${pid}\n\n`, `${pid} the disk was full\n`]) {
      const folder = ofThisMachine(newFolder(left));
      expect(folder.recorder(), left).toBeUndefined();
      expect(folder.recorderToStop(), left).toBeUndefined();
    }
  });

  it('is not stopped where another process has the file locked and wrote the number', () => {
    const pid = bystander();
    const path = newFolder(`${pid}\n${startOf(pid)}\n`);
    const fd = openSync(join(path, 'nvsmi.pid'), 'r');
    onTestFinished(() => closeSync(fd));
    lockFile(fd, 'alone');
    expect(() => ofThisMachine(path).recorderToStop()).toThrow(`is not process ${pid} here`);
  });

  it('is the recorder where that process has the file locked, until kill -9', async () => {
    const path = newFolder();
    // Another process than ours, with the lock of the kernel on the file and its own number in it.
    const script = `
      const { openSync, writeSync } = require('node:fs');
      const fd = openSync(process.argv[1], 'w');
      if (require('koffi').load(null).func('int flock(int, int)')(fd, 2) !== 0) process.exit(1);
      writeSync(fd, process.pid + '\\n');
      console.log('taken');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script, join(path, 'nvsmi.pid')]);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    expect(ofThisMachine(path).recorderToStop()).toBe(child.pid);
    expect(() => recorder(path, SECOND).take()).toThrow(refusal(child.pid as number));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(ofThisMachine(path).recorder()).toBeUndefined();
    recorder(path, SECOND).take();
    expect(owner(path)).toBe(String(SECOND));
  });

  it('names none where it is a pipe, a link or endless', () => {
    const pid = bystander();
    const path = newFolder();
    const file = join(path, 'nvsmi.pid');
    const elsewhere = join(newFolder(`${pid}\n${startOf(pid)}\n`), 'nvsmi.pid');
    execFileSync('mkfifo', [file]);
    expect(ofThisMachine(path).recorder()).toBeUndefined();
    rmSync(file);
    for (const target of [elsewhere, '/dev/zero']) {
      symlinkSync(target, file);
      expect(ofThisMachine(path).recorder()).toBeUndefined();
      rmSync(file);
    }
    symlinkSync(elsewhere, file);
    recorder(path, FIRST).take();
    expect(owner(path)).toBe(String(FIRST));
    expect(readFileSync(elsewhere, 'utf8')).toBe(`${pid}\n${startOf(pid)}\n`);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is none to record to where the link of another user chose the folder',
    () => {
      const path = newFolder();
      const shared = join(path, 'shared');
      const chosen = join(path, 'chosen');
      mkdirSync(shared);
      mkdirSync(chosen);
      chmodSync(shared, 0o1777);
      symlinkSync(chosen, join(shared, 'records'));
      execFileSync('chown', ['-h', '54321', join(shared, 'records')]);
      expect(() => recorder(join(shared, 'records'), FIRST).take()).toThrow(
        /Cannot record to .* is a link of another user/,
      );
      expect(readdirSync(chosen)).toEqual([]);
    },
  );

  it('keeps its reason in the block that it has', () => {
    const path = newFolder();
    const folder = recorder(path, FIRST);
    folder.take();
    folder.leaveReason(new Error('no'));
    expect(readFileSync(join(path, 'nvsmi.pid'), 'utf8')).toBe(`${FIRST} no\n`);
    expect(folder.reason()).toBe('no');
    expect(existsSync(join(path, 'nvsmi.pid'))).toBe(true);
  });
});
