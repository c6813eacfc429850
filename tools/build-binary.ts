/**
 * Builds dist/nvsmi-linux-ARCH: nvsmi with Bun, koffi, the recorded machines and the simulator in one file, for machines that have
 * none of them; and of each a .tar.gz and a .deb. `npm run build:binary -- x64 arm64 x64-musl arm64-musl`; without a
 * name it is this machine's architecture. Fetches Bun from npm (50 MB for each) at the first run.
 *
 * Bun runs the bundles of the CLI unchanged, and starts in 5 ms where Node takes 34 (a machine with an H200). Its own
 * bundler, with chunks that commands share or with all in one file, makes a file that is smaller by 4 % and starts 3 to
 * 6 ms later than our bundles, each whole in itself.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { bytecodeOrder } from './binary/bytecode-order.js';
import { packages } from './binary/packages.js';
import { bun, koffiNative } from './binary/parts.js';
import { bundleCli } from './bundle.js';
import { buildSimulator } from './simulator/build.js';

const INSTEAD = {
  'nvml/backend/koffi.ts': 'tools/binary/koffi.ts',
  'snapshot/bundled.ts': 'tools/binary/snapshots.ts',
  'nvml/backend/child/program.ts': 'tools/binary/program.ts',
  'nvml/backend/child/start.ts': 'tools/binary/start.ts',
  'nvml/backend/child/inherited.ts': 'tools/binary/inherited.ts',
  'simulator/library-file.ts': 'tools/binary/simulator.ts',
  'top/long-run.ts': 'tools/binary/long-run.ts',
};
const SNAPSHOTS = 'snapshots';
const SIMULATOR = 'simulator';
const KOFFI = 'koffi.node';

const COMPILE: readonly string[] = [
  'build',
  '--compile',
  '--minify',
  '--bytecode',
  // Files of the folder where a user runs nvsmi are not read.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const mebibytes = (path: string): string => `${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`;

/** Fills a folder with what the binary has inside: bundles, recorded machines, koffi's native part. */
async function fill(folder: string, target: string): Promise<void> {
  const native = koffiNative(target);
  await bundleCli(folder, INSTEAD, {
    KOFFI_HASH: JSON.stringify(hashOf(native).slice(0, 16)),
    // Bun would write the paths of this build into the file, and no two builds would be alike.
    'import.meta.url': 'undefined',
  });
  copyFileSync(native, join(folder, KOFFI));
  mkdirSync(join(folder, SNAPSHOTS));
  for (const name of readdirSync(SNAPSHOTS).filter((name) => name.endsWith('.json'))) {
    const text = readFileSync(join(SNAPSHOTS, name), 'utf8');
    writeFileSync(join(folder, SNAPSHOTS, name), JSON.stringify(JSON.parse(text)));
  }
  // Of the other architecture, too: a folder may be for a container.
  mkdirSync(join(folder, SIMULATOR));
  for (const arch of ['x64', 'arm64']) {
    const library = buildSimulator(arch);
    if (library !== undefined) copyFileSync(library, join(folder, SIMULATOR, basename(library)));
  }
}

const ASSETS = ['--asset', KOFFI, '--asset', SNAPSHOTS, '--asset', SIMULATOR];

/** Compiles a folder that was filled. */
function compile(folder: string, target: string, binary: string, more: readonly string[]): void {
  const into = ['--compile-executable-path', bun(target), '--outfile', resolve(binary)];
  execFileSync(bun(process.arch), [...COMPILE, ...more, ...ASSETS, ...into, 'nvsmi.js'], {
    cwd: folder,
    stdio: 'pipe',
  });
}

const work = mkdtempSync(join(tmpdir(), 'nvsmi-binary-'));
try {
  const filled = async (target: string): Promise<string> => {
    const folder = join(work, target);
    if (!existsSync(folder)) await fill(folder, target);
    return folder;
  };
  // The order of this machine's binary serves all: they have the same bundles.
  const unordered = join(work, 'unordered');
  compile(await filled(process.arch), process.arch, unordered, []);
  const order = bytecodeOrder(unordered, work);
  mkdirSync('dist', { recursive: true });
  const named = process.argv.slice(2);
  for (const target of named.length > 0 ? named : [process.arch]) {
    const binary = `dist/nvsmi-linux-${target}`;
    compile(
      await filled(target),
      target,
      binary,
      order.length === 0 ? [] : ['--bytecode-order', order.join(',')],
    );
    for (const path of [binary, ...packages(binary, target)]) {
      console.log(`${hashOf(path)}  ${mebibytes(path).padStart(9)}  ${basename(path)}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
