/** Runs a whole command line on a recorded or made-up machine: main() in a made-up world. */
import { readFileSync } from 'node:fs';
import { main } from '../../src/cli/cli.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { FakeIo } from '../fake-io.js';
import { saved } from '../temporary.js';

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Mon Nov 23 01:41:50 2026, local time. */
const NOW = new Date(2026, 10, 23, 1, 41, 50).getTime();

/** The outcome of `nvsmi ARGV` on a machine: the name of a bundled recording, or a snapshot. */
export async function runOn(
  machine: string | Snapshot,
  argv: readonly string[],
  ticks = 1,
): Promise<Outcome> {
  const io = new FakeIo({ now: NOW, waits: ticks - 1 });
  const source = typeof machine === 'string' ? machine : saved(machine);
  const status = await main(['--snapshot', source, ...argv], io);
  return { status, out: io.output, err: io.errors };
}

/** A recorded output of nvidia-smi. */
export const golden = (machine: 'h100-x1' | 'h200-x2', name: string): string =>
  readFileSync(new URL(`../golden/${machine}/${name}.out`, import.meta.url), 'utf8');

/** Lines of a text without their common indent. */
export function lines(text: string): string {
  const all = text.replace(/^\n|\n *$/g, '').split('\n');
  const indent = Math.min(...all.filter((l) => l.trim() !== '').map((l) => l.search(/\S/)));
  return `${all.map((l) => l.slice(indent)).join('\n')}\n`;
}
