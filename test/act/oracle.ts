/** Command lines that change GPUs, on the fake: as the real nvidia-smi 550.163.01 answered them there, and as nvsmi does. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '../../src/cli.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { openSnapshot } from '../../src/nvml/machine.js';
import { FakeIo } from '../fake-io.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';

/** Command lines that follow each other on one machine. */
export interface Case {
  readonly machine: string;
  readonly faults: readonly Fault[];
  readonly lines: readonly string[];
}

export interface Answer {
  readonly out: string;
  readonly status: number;
}

/** A case and what the real one answered. */
export interface Recorded extends Case {
  readonly answers: readonly Answer[];
}

const FOLDER = new URL('./', import.meta.url);

/** `MACHINE [FUNCTION[@HANDLE]=STATUS]... | COMMAND ; COMMAND` a line. */
export const cases: readonly Case[] = readFileSync(new URL('lines.txt', FOLDER), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [head = '', commands = ''] = line.split(/ *\| *(.*)/s, 2);
    const [machine = '', ...faults] = head.split(' ');
    return {
      machine,
      faults: faults.map((text): Fault => {
        const [, fn = '', handle, status = ''] = /^(\w+)(?:@(\S+))?=(\d+)$/.exec(text) ?? [];
        return {
          fn: fn as FunctionName,
          ...(handle === undefined ? {} : { when: [handle] }),
          status: Number(status),
        };
      }),
      lines: commands.split(/ *; */).map((command) => command.trim()),
    };
  });

/** A machine of its own, whose setters change it. */
export async function machineOf({ machine, faults }: Case): Promise<FakeLibrary> {
  const fake = await buildFake();
  const folder = mkdtempSync(join(process.env.NVSMI_FAKE_MACHINES ?? '/tmp', 'state-'));
  return fake.with({
    snapshot: openSnapshot(machine).snapshot,
    faults,
    sparesFields: true,
    writable: { journal: join(folder, 'journal') },
  });
}

/** The words of a command line, with quotes as a shell has them. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');

export async function nvsmiOn(library: FakeLibrary, line: string): Promise<Answer & { readonly io: FakeIo }> {
  const io = new FakeIo();
  const status = await main([`--nvml=${library.path}`, ...wordsOf(line)], io);
  return { out: io.output, status, io };
}

export const recorded = (): readonly Recorded[] =>
  readFileSync(new URL('550.jsonl', FOLDER), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);

/** How many lines two texts have in common, in the same order, and how many the longer one has. */
export function sameLines(a: string, b: string): readonly [same: number, all: number] {
  const [left, right] = [a.split('\n'), b.split('\n')];
  let row: number[] = Array.from({ length: right.length + 1 }, () => 0);
  for (const line of left) {
    const next = [0];
    right.forEach((other, j) => {
      next.push(line === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    });
    row = next;
  }
  return [row.at(-1) ?? 0, Math.max(left.length, right.length)];
}
