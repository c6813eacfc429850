/** Two H200s, one of which has a call that never returns, and programs that ask it. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';
import { started } from '../program.js';

export const fake = await buildFake();

const snapshot = JSON.parse(
  readFileSync(new URL('../../snapshots/h200-x2.json', import.meta.url), 'utf8'),
) as Snapshot;

/** The machine, with what goes wrong on it. */
export const machineWith = (...faults: readonly Fault[]): FakeLibrary => fake.with({ snapshot, faults });

/** A call about the second GPU that never returns, or one about the machine. */
export function deafTo(fn: FunctionName, how: Partial<Fault> = {}): FakeLibrary {
  const isOfMachine = fn.startsWith('nvmlInit') || fn.startsWith('nvmlSystem');
  const [second] = fn === 'nvmlDeviceGetHandleByIndex_v2' ? [1] : ['gpu1'];
  return machineWith({ fn, ...(isOfMachine ? {} : { when: [second] }), hangs: true, ...how });
}

export interface Ended {
  readonly status: number | NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** Milliseconds from its start to its end. */
  readonly took: number;
}

/** Runs nvsmi to its end, or until it is stopped: as soon as its output is enough. */
export async function nvsmi(
  library: Pick<FakeLibrary, 'path'>,
  argv: readonly string[],
  isEnough: (out: string, err: string) => boolean = () => false,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const begun = performance.now();
  const child = spawn(...started(['--nvml', library.path, ...argv]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let out = '';
  let err = '';
  const look = (): void => {
    if (isEnough(out, err)) child.kill('SIGTERM');
  };
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
    look();
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
    look();
  });
  // What is enough may be elsewhere, too.
  const timer = setInterval(look, 100);
  const status = await new Promise<Ended['status']>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  clearInterval(timer);
  return { status, out, err, took: performance.now() - begun };
}

/** The processes that call a library for another one. */
export const callersOf = ({ path }: FakeLibrary): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes('--make-nvml-calls') && words.includes(path);
      } catch {
        return false;
      }
    });

/** Nothing is left of them, not even as a zombie: that has no command line, and its parent is gone. */
export async function expectNoneLeft(library: FakeLibrary): Promise<void> {
  // Not expect.poll(), which needs to know its test: there are several at a time.
  for (let tries = 0; tries < 100 && callersOf(library).length > 0; tries++) await setTimeout(50);
  expect(callersOf(library)).toEqual([]);
}

/**
 * Seconds that a program is given here: 3, and on a busy machine five times what it takes where NVML answers. Several programs start at a
 * time.
 */
export const TIMEOUT: number = fake.available ? await patience() : 3;

async function patience(): Promise<number> {
  const { took } = await nvsmi(machineWith(), ['--timeout', '60', '-q']);
  return Math.min(30, Math.max(3, Math.ceil(took / 200)));
}
