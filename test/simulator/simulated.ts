/** A simulated machine in a folder of its own, and its library loaded: what a program written in C sees. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { expect } from 'vitest';
import { LIBRARY, writeMachine } from '../../src/simulator/folder.js';
import { type Simulation, simulationTable } from '../../src/simulator/simulation.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { buildSimulator } from '../../tools/simulator/build.js';

/** Undefined where there is no C compiler: tests that need it skip themselves. */
export const library = buildSimulator(process.arch);

export const recorded = (name: string): Snapshot => openSnapshot(name).snapshot;

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** With files of these contents beside the library. */
export function folderOf(simulation: Simulation, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-simulated-'));
  folders.push(folder);
  writeMachine(folder, readFileSync(library ?? ''), simulationTable(simulation));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

type Argument = Buffer | bigint | number | string | null;

export interface Loaded {
  readonly folder: string;
  /** Calls a function: a Buffer or null is a pointer, a bigint a handle or 64 bits, a number 32 bits. Returns the status. */
  call(fn: string, ...args: readonly Argument[]): number;
  /** The handle of a GPU. */
  gpu(index: number): bigint;
}

const typeOf = (arg: Argument): string => {
  if (typeof arg === 'bigint') return 'uint64_t';
  if (typeof arg === 'number') return 'uint32_t';
  return typeof arg === 'string' ? 'str' : 'void *';
};

/** Loads the library of a machine, and initialises it. */
export function loaded(simulation: Simulation, files?: Readonly<Record<string, string>>): Loaded {
  const folder = folderOf(simulation, files);
  const native = koffi.load(join(folder, LIBRARY));
  const call: Loaded['call'] = (fn, ...args) => native.func(fn, 'int', args.map(typeOf))(...args);
  call('nvmlInit_v2');
  return {
    folder,
    call,
    gpu: (index) => {
      const handle = Buffer.alloc(8);
      call('nvmlDeviceGetHandleByIndex_v2', index, handle);
      return handle.readBigUInt64LE(0);
    },
  };
}

/** A number that a function fills in through its last parameter. */
export function numberOf(machine: Loaded, fn: string, ...args: readonly (bigint | number)[]): number {
  const out = Buffer.alloc(8);
  expect(machine.call(fn, ...args, out)).toBe(0);
  return out.readUInt32LE(0);
}
