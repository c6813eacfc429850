/** Who records to a folder, where several want to at the same moment. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backgroundOf } from '../../src/base/background.js';
import { startOf } from '../../src/system/processes.js';
import { RecorderFolder } from '../../src/system/recorder-folder.js';

/** Numbers beyond those that Linux gives to processes. */
const FIRST = 5_000_001;
const SECOND = 5_000_002;
const THIRD = 5_000_003;
const KILLED = 5_000_009;

function newFolder(left?: string): string {
  const path = mkdtempSync(join(tmpdir(), 'nvsmi-folder-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  if (left !== undefined) writeFileSync(join(path, 'nvsmi.pid'), left);
  return path;
}

/** A recorder of the folder. While it looks whether a process lives, others may do something. */
function recorder(path: string, pid: number, meanwhile: (asked: number) => void = () => {}): RecorderFolder {
  return new RecorderFolder(path, {
    pid,
    isAlive: (asked) => {
      meanwhile(asked);
      return asked !== KILLED;
    },
  });
}

/** What happens once, at the first question about a process. */
function once(about: number, happens: () => void): (asked: number) => void {
  let happened = false;
  return (asked) => {
    if (happened || asked !== about) return;
    happened = true;
    happens();
  };
}

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

  it('goes to one of two who find the file of a killed recorder', () => {
    const path = newFolder(`${KILLED}\n`);
    const second = recorder(path, SECOND);
    const first = recorder(
      path,
      FIRST,
      once(KILLED, () => second.take()),
    );
    expect(() => first.take()).toThrow(refusal(SECOND));
    expect(owner(path)).toBe(String(SECOND));
    expect(readdirSync(path)).toEqual(['nvsmi.pid']);
  });

  it('is not taken by a third while the second gives its file back to the first', () => {
    const path = newFolder(`${KILLED}\n`);
    const first = recorder(path, FIRST);
    const third = recorder(path, THIRD);
    // The second moves the file of the first, asks about the first, and only then gives the file back.
    const tookFirst = once(KILLED, () => first.take());
    const triesThird = once(FIRST, () => expect(() => third.take()).toThrow(refusal(FIRST)));
    const second = recorder(path, SECOND, (asked) => {
      tookFirst(asked);
      triesThird(asked);
    });
    expect(() => second.take()).toThrow(refusal(FIRST));
    expect(owner(path)).toBe(String(FIRST));
    expect(readdirSync(path)).toEqual(['nvsmi.pid']);
  });

  it('goes back to a living recorder whose file was left aside by one that was killed', () => {
    const path = newFolder();
    writeFileSync(join(path, `nvsmi.pid.${KILLED}`), `${FIRST}\n`);
    expect(() => recorder(path, SECOND).take()).toThrow(refusal(FIRST));
    expect(owner(path)).toBe(String(FIRST));
  });

  it('stays with its recorder when another one ends', () => {
    const path = newFolder();
    recorder(path, FIRST).take();
    const second = recorder(path, SECOND);
    second.leaveReason(new Error('the disk was full'));
    second.release();
    expect(owner(path)).toBe(String(FIRST));
    recorder(path, FIRST).release();
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

  it('is not stopped where another user wrote the number and the start of that process', () => {
    const pid = bystander();
    const folder = ofThisMachine(newFolder(`${pid}\n${startOf(pid)}\n`));
    expect(folder.recorderToStop()).toBeUndefined();
  });

  it('is the recorder where that process has the file open', async () => {
    const path = newFolder('');
    const pid = bystander(join(path, 'nvsmi.pid'));
    writeFileSync(join(path, 'nvsmi.pid'), `${pid}\n${startOf(pid)}\n`);
    const folder = ofThisMachine(path);
    for (let waits = 0; folder.recorderToStop() === undefined && waits < 500; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(folder.recorderToStop()).toBe(pid);
  });

  it('is no recorder where it has ended and waits for its parent', async () => {
    // A parent that does not look after its child: by the time that ends, it is another program.
    const script = 'exec 3<&0; (read -r _ <&3) & echo $!; exec sleep 60';
    const parent = spawn('bash', ['-c', script]);
    onTestFinished(() => {
      parent.kill('SIGKILL');
    });
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
    const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await later();
    parent.stdin.write('\n');
    while (startOf(pid) !== '') await later();
    expect(ofThisMachine(newFolder(`${pid}\n12345\n`)).recorder()).toBeUndefined();
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
