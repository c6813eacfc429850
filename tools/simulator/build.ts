/**
 * Builds the simulator's library into dist/simulator, for each architecture that this machine has a compiler for:
 * libnvidia-ml-x64.so, libnvidia-ml-arm64.so. `--all` fails where one is missing: what is published has both.
 *
 * One file serves every Linux: it takes nothing but the C library, and no symbol that glibc 2.28 lacks (what moved into
 * libc.so.6 later, the dynamic linker's functions, is needed by the fronts of the tests alone). musl's loader takes libc.so.6
 * for itself.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { librarySource } from './source.js';

const OUTPUT = 'dist/simulator';

/** Compilers by architecture; the machine's own is tried where it is of that one. */
const COMPILERS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu-gcc',
  arm64: 'aarch64-linux-gnu-gcc',
};

const COMPILE: readonly string[] = [
  '-O2',
  '-Wall',
  '-Wextra',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  // Other functions, which musl lacks, would take the place of some.
  '-U_FORTIFY_SOURCE',
  '-fno-stack-protector',
  '-nodefaultlibs',
  '-Wl,-soname,libnvidia-ml.so.1',
  '-Wl,--build-id=none',
  '-Wl,-z,noexecstack',
  '-Wl,-z,defs',
  '-s',
];

/** Functions of libgcc that choose atomics at run time. */
const MORE: Readonly<Record<string, readonly string[]>> = { arm64: ['-mno-outline-atomics'] };

const NEWEST_GLIBC = [2, 28];

function compilerOf(arch: string): string | undefined {
  const own = process.arch === arch ? [process.env.CC ?? 'cc', 'gcc', 'clang'] : [];
  return [...own, COMPILERS[arch] ?? ''].find((name) => spawnSync(name, ['--version']).status === 0);
}

/** Builds one library. Returns its path, or undefined where there is no compiler. */
export function buildSimulator(arch: string, folder = OUTPUT): string | undefined {
  const compiler = process.platform === 'linux' ? compilerOf(arch) : undefined;
  if (compiler === undefined) return undefined;
  const source = librarySource({});
  const flags = [...COMPILE, ...(MORE[arch] ?? [])];
  const path = join(folder, `libnvidia-ml-${arch}.so`);
  const hash = createHash('sha256')
    .update([compiler, ...flags, source].join('\n'))
    .digest('hex');
  if (existsSync(path) && readHash(path) === hash) return path;
  const work = mkdtempSync(join(tmpdir(), 'nvsmi-simulator-'));
  try {
    const [from, to] = [join(work, 'simulator.c'), join(work, 'library.so')];
    writeFileSync(from, source);
    const { status, stderr } = spawnSync(compiler, [...flags, '-o', to, from, '-lc'], { encoding: 'utf8' });
    if (status !== 0 || stderr !== '') throw new Error(`${compiler}:\n${stderr.slice(0, 4000)}`);
    const tooNew = neededGlibc(readFileSync(to)).filter(isTooNew);
    if (tooNew.length > 0) throw new Error(`${arch}: needs ${tooNew.join(', ')}`);
    mkdirSync(folder, { recursive: true });
    const whole = `${path}.${process.pid}`;
    writeFileSync(whole, readFileSync(to), { mode: 0o755 });
    renameSync(whole, path);
    writeFileSync(hashFile(path), hash);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What a library was built from: it is built again where that is another. */
const hashFile = (library: string): string => `${library}.built-from`;

function readHash(library: string): string | undefined {
  try {
    return readFileSync(hashFile(library), 'utf8');
  } catch {
    return undefined;
  }
}

/** The versions of glibc that a library names. */
export const neededGlibc = (library: Buffer): readonly string[] => [
  ...new Set(library.toString('latin1').match(/(?<=\0)GLIBC_[\d.]+(?=\0)/g) ?? []),
];

function isTooNew(version: string): boolean {
  const [major = 0, minor = 0] = version.slice('GLIBC_'.length).split('.').map(Number);
  const [newestMajor = 0, newestMinor = 0] = NEWEST_GLIBC;
  return major > newestMajor || (major === newestMajor && minor > newestMinor);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const arch of Object.keys(COMPILERS)) {
    const path = buildSimulator(arch);
    if (path !== undefined) console.log(`${path}: ${Math.round(statSync(path).size / 1024)} KiB`);
    else if (process.argv.includes('--all')) throw new Error(`there is no compiler for ${arch}`);
    else console.log(`No compiler for ${arch}: the simulator is not built for it.`);
  }
}
