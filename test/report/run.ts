import { main } from '../../src/cli/cli.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { FakeIo } from '../fake-io.js';
import { saved } from '../temporary.js';

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
  const source = typeof machine === 'string' ? machine : saved(machine);
  const status = await main(['--snapshot', source, ...argv], io);
  const file = [...io.files.values()].join('');
  return { status, writes: io.writes, out: io.output, err: io.errors, file };
}
