import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ProcessIo } from '../../src/base/io.js';
import { loop } from '../../src/commands/runner/loop.js';
import { started } from '../program.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a loop', () => {
  it('keeps its pace while the clock is set back', async () => {
    const io = new ProcessIo();
    let now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => {
      now -= 3_600_000;
      return now;
    });
    const begin = performance.now();
    let ticks = 0;
    await loop(io, 15, () => void ticks++, 4);
    expect(ticks).toBe(4);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(44);
  });
});

describe.skipIf(process.platform !== 'linux')('a reader that does not read', () => {
  /** A pipe that holds little, with a reader that never reads. */
  function stalledPipe(): string {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-io-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, 'r+');
    onTestFinished(() => {
      closeSync(reader);
      rmSync(folder, { recursive: true });
    });
    return path;
  }

  const written = (child: ChildProcess): number =>
    Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${child.pid}/io`, 'utf8'))?.[1]);

  /** Whether a pipe takes not even a letter. */
  function isFull(path: string): boolean {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(fd, '.');
      return false;
    } catch {
      return true;
    } finally {
      closeSync(fd);
    }
  }

  /** Waits until a program that writes all the time cannot write any more. */
  async function stalled(child: ChildProcess, path: string): Promise<void> {
    for (let before = -1, still = 0; still < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = written(child);
      still = now === before && isFull(path) ? still + 1 : 0;
      before = now;
    }
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('does not keep a loop from ending on %s', async (signal) => {
    const path = stalledPipe();
    const out = openSync(path, 'w');
    const child = spawn(...started(['--snapshot', 'h200-x2', '-q', '-lms', '5']), {
      stdio: ['ignore', out, 'ignore'],
    });
    closeSync(out);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const ended = new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    await stalled(child, path);
    child.kill(signal);
    expect(await ended).toBe(signal);
  });
});
