/** Two H200s, one of which has a call that never returns, and programs that ask it. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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
