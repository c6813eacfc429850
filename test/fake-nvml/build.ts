/** Compiles the fake NVML, once per content: later runs, and other tests, find it in the checkout. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handle } from '../../src/nvml/call.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { librarySource, type SourceOptions } from '../../tools/simulator/source.js';
import { type Machine, tableOf } from './table.js';

/** Not in the folder for temporary files, where others could put a library of this name first. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/nvsmi-fake-nvml', import.meta.url));
const COMPILED = ['-O1', '-Wall', '-Wextra', '-fPIC', '-pthread'];
const SHARED_LIBRARY = [...COMPILED, '-shared'];

/** A call as the fake logged it: its function and its inputs, spelled as the keys of a snapshot. */
export interface LoggedCall {
  readonly fn: string;
  readonly key: string;
}

/** A library that answers for one machine. Each has its own file, so one process may load several. */
export interface FakeLibrary {
  /** For --nvml, NVSMI_NVML or loadLibrary. */
  readonly path: string;
  /** The folder of the library, for LD_LIBRARY_PATH: its name there is libnvidia-ml.so.1. */
  readonly folder: string;
  /** The made-up address of a handle. */
  handleOf(name: string): Handle;
  /** Every call made so far, by whichever process. */
  log(): readonly LoggedCall[];
  /** Starts the log again. */
  clearLog(): void;
}

export interface Fake {
  /** False where there is no C compiler: the tests that need one skip themselves. */
  readonly available: boolean;
  with(machine: Machine): FakeLibrary;
}

export interface FakeOptions extends SourceOptions {
  /** Functions that this library does not have. */
  readonly without?: readonly FunctionName[];
}

/** The first C compiler of this machine, or undefined. The fake is for Linux, as its real counterpart's path is. */
export const compiler: string | undefined = findCompiler();

function findCompiler(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const named = process.env.CC;
  return (named === undefined ? ['cc', 'gcc', 'clang'] : [named]).find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** What the compiler makes of a file with this text, or made of it before. Returns the path. */
function made(file: string, text: string, args: readonly string[]): string {
  if (compiler === undefined) throw new Error('there is no C compiler');
  const hash = createHash('sha256')
    .update([compiler, ...args, text].join('\n'))
    .digest('hex');
  const path = join(CACHE, hash.slice(0, 24));
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'build-'));
  try {
    writeFileSync(join(folder, file), text);
    const { status, stderr } = spawnSync(compiler, [...args, '-o', 'output'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${compiler} failed:\n${stderr.slice(0, 4000)}`);
    if (stderr !== '') console.warn(stderr);
    renameSync(join(folder, 'output'), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return path;
}

const compile = (source: string, flags: readonly string[], libraries: readonly string[] = []): string =>
  made('source.c', source, [...flags, 'source.c', ...libraries]);

/** A library of the fake's code, which some functions are no symbols of. To link it takes a tenth of compiling it. */
function link(code: string, without: readonly string[]): string {
  const hidden = without.length === 0 ? '{};' : `{ local: ${without.join('; ')}; };`;
  return made('symbols.map', hidden, [
    '-shared',
    '-pthread',
    '-Wl,--version-script=symbols.map',
    code,
    '-ldl',
  ]);
}

/** Builds the fake, whole or without some of its functions. */
export async function buildFake(options: FakeOptions = {}): Promise<Fake> {
  if (compiler === undefined) {
    return {
      available: false,
      with: () => {
        throw new Error('the fake NVML needs a C compiler');
      },
    };
  }
  const { without = [], ...source } = options;
  const code = compile(librarySource({ front: true, ...source }), [...COMPILED, '-fvisibility=hidden', '-c']);
  const built = link(code, without);
  return { available: true, with: (machine) => place(built, machine) };
}

/** A shared library of any other source, for libraries that are not NVML. */
export const compileLibrary = (source: string): string => compile(source, SHARED_LIBRARY);

/** A program of any source. */
export const compileProgram = (source: string): string => compile(source, ['-O1', '-Wall'], ['-ldl']);

/** Where the machines of this run lie. Under vitest setup.ts makes and removes it: workers end without an exit. */
let machines = process.env.NVSMI_FAKE_MACHINES;

function machinesFolder(): string {
  if (machines === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-fake-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    machines = folder;
  }
  return machines;
}

/** The loader takes two names of one file for the same library, so each machine gets a copy. */
function place(built: string, machine: Machine): FakeLibrary {
  const folder = mkdtempSync(join(machinesFolder(), 'machine-'));
  const path = join(folder, 'libnvidia-ml.so.1');
  const log = typeof machine.log === 'string' ? machine.log : join(folder, 'log');
  copyFileSync(built, path);
  const table = tableOf({ ...machine, log: machine.log === false ? false : log });
  writeFileSync(`${path}.table`, table);
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, '');
  return {
    path,
    folder,
    handleOf: (name) => BigInt(new RegExp(`^!handle ${name} (\\d+)$`, 'm').exec(table)?.[1] ?? 0) as Handle,
    log: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => {
          const space = line.indexOf(' ');
          return { fn: line.slice(0, space), key: decodeURI(line.slice(space + 1)) };
        }),
    clearLog: () => writeFileSync(log, ''),
  };
}
