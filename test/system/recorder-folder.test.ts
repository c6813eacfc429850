/** Who records to a folder, where several want to at the same moment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
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

/** What happens once, when somebody first asks about a process. */
function once(about: number, happens: () => void): (asked: number) => void {
  let happened = false;
  return (asked) => {
    if (happened || asked !== about) return;
    happened = true;
    happens();
  };
}

const owner = (path: string): string => readFileSync(join(path, 'nvsmi.pid'), 'utf8').trim();
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
