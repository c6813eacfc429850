/** Runs nvsmi on a machine that a test makes: its output, what went to a file, and its exit status. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli.js';
import { UsageError } from '../../src/errors.js';
import type { Io } from '../../src/io.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';

export interface Outcome {
  readonly status: number;
  /** Each write to stdout on its own. */
  readonly writes: readonly string[];
  readonly out: string;
  readonly err: string;
  /** What went to the file of -f. */
  readonly file: string;
}

export interface Options {
  readonly now?: number;
  /** After so many ticks the program is asked to stop; each is a second later than the one before. */
  readonly ticks?: number;
}

export async function runOn(
  machine: Snapshot | string,
  argv: readonly string[],
  { now = 0, ticks = 1 }: Options = {},
): Promise<Outcome> {
  const writes: string[] = [];
  let err = '';
  let file = '';
  let redirected = false;
  let time = now;
  let left = ticks;
  const io: Io = {
    out: (text) => {
      if (redirected) file += text;
      else writes.push(text);
    },
    err: (text) => {
      err += text;
    },
    redirect: (path) => {
      if (path.startsWith('/nonexistent'))
        throw new UsageError(`Failed to create the log file ${path}\n`, 255);
      redirected = true;
    },
    now: () => time,
    elapsed: () => time,
    sleepUntil: async () => {
      left -= 1;
      time += 1000;
      return left > 0;
    },
    env: {},
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    readFile: (path) => readFileSync(path, 'utf8'),
    close: () => {},
  };
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-report-'));
  try {
    let source = machine;
    if (typeof source !== 'string') {
      const path = join(folder, 'machine.json');
      writeFileSync(path, JSON.stringify(source));
      source = path;
    }
    const status = await main(['--snapshot', source, ...argv], io);
    return { status, writes, out: writes.join(''), err, file };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
