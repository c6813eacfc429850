/** Runs a whole command line on a recorded or made-up machine: main() with a sink for what it writes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli.js';
import type { Io } from '../../src/io.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Mon Nov 23 01:41:50 2026, local time. */
const NOW = new Date(2026, 10, 23, 1, 41, 50).getTime();

/** A loop stops after so many ticks. */
class Sink implements Io {
  out_ = '';
  err_ = '';
  readonly env = {};
  readonly stdoutIsTerminal = false;
  readonly stderrIsTerminal = false;

  constructor(private ticks: number) {}

  out(text: string): void {
    this.out_ += text;
  }
  err(text: string): void {
    this.err_ += text;
  }
  redirect(path: string): void {
    throw new Error(`no test writes to ${path}`);
  }
  now(): number {
    return NOW;
  }
  elapsed(): number {
    return this.now();
  }

  async sleepUntil(): Promise<boolean> {
    this.ticks -= 1;
    return this.ticks > 0;
  }
  readFile(path: string): string {
    return readFileSync(path, 'utf8');
  }
  close(): void {}
}

/** The outcome of `nvsmi ARGV` on a machine: the name of a bundled recording, or a snapshot. */
export async function runOn(
  machine: string | Snapshot,
  argv: readonly string[],
  ticks = 1,
): Promise<Outcome> {
  const io = new Sink(ticks);
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-test-'));
  try {
    let source = machine;
    if (typeof source !== 'string') {
      const file = join(folder, 'machine.json');
      writeFileSync(file, JSON.stringify(source));
      source = file;
    }
    const status = await main(['--snapshot', source, ...argv], io as Io);
    return { status, out: io.out_, err: io.err_ };
  } finally {
    rmSync(folder, { recursive: true });
  }
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
