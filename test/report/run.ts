/** Runs nvsmi on a machine that a test makes: its output, what went to a file, and its exit status. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/cli.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { FakeIo } from '../fake-io.js';

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
  const io = new FakeIo({ now, waits: ticks - 1 });
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-report-'));
  try {
    let source = machine;
    if (typeof source !== 'string') {
      const path = join(folder, 'machine.json');
      writeFileSync(path, JSON.stringify(source));
      source = path;
    }
    const status = await main(['--snapshot', source, ...argv], io);
    const file = [...io.files.values()].join('');
    return { status, writes: io.writes, out: io.output, err: io.errors, file };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
