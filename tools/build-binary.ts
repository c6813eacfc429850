/**
 * Builds dist/nvsmi-linux-ARCH: nvsmi with Node, koffi and the recorded machines in one file, for machines that have
 * none of them; and of each a .tar.gz and a .deb. `npm run build:binary -- x64 arm64`; without a name it is this
 * machine's architecture. Fetches Node from npm (52 MB) at the first run.
 *
 * Node's single executables run one script. Here it is a launcher that runs the bundles of the CLI from memory, with
 * code that V8 compiled in training runs: 5 ms faster than `node bin/nvsmi.js` with Node's compile cache. A startup
 * snapshot was tried and takes longer: 7 ms for an empty one (Node 24), more than there is to win.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { wrapped } from './binary/bundles.js';
import { packages } from './binary/packages.js';
import { koffiNative, nodePackage, postject } from './binary/parts.js';
import { trainingRuns } from './binary/training.js';
import { bundleCli } from './bundle.js';

const require = createRequire(import.meta.url);
const INSTEAD = { 'nvml/koffi.ts': 'tools/binary/koffi.ts', 'nvml/bundled.ts': 'tools/binary/snapshots.ts' };
const SNAPSHOTS = 'snapshots';
/** In every Node executable; its last character tells whether a script is inside. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const mebibytes = (path: string): string => `${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`;

/** Writes a script of tools/binary as one CommonJS file. */
async function script(
  name: string,
  folder: string,
  define: Readonly<Record<string, string>> = {},
): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    entryPoints: [`tools/binary/${name}.ts`],
    outfile,
    define: { ...define },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
  });
  return outfile;
}

/** Fills a folder with what the binary has inside, and returns the names: bundles, recorded machines, koffi. */
async function fill(folder: string, arch: string): Promise<string[]> {
  const native = koffiNative(
    arch,
    JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8')).version,
  );
  const snapshots = readdirSync(SNAPSHOTS).filter((name) => name.endsWith('.json'));
  await bundleCli(folder, INSTEAD, {
    KOFFI_HASH: JSON.stringify(hashOf(native).slice(0, 16)),
    SNAPSHOT_NAMES: JSON.stringify(snapshots.map((name) => basename(name, '.json'))),
  });
  rmSync(join(folder, 'package.json'));
  const bundles = readdirSync(folder).filter((name) => name.endsWith('.js'));
  for (const name of bundles)
    writeFileSync(join(folder, name), wrapped(readFileSync(join(folder, name), 'utf8')));
  copyFileSync(native, join(folder, 'koffi.node'));
  mkdirSync(join(folder, SNAPSHOTS));
  for (const name of snapshots) {
    const text = readFileSync(join(SNAPSHOTS, name), 'utf8');
    writeFileSync(join(folder, SNAPSHOTS, name), JSON.stringify(JSON.parse(text)));
  }
  return [...bundles, ...snapshots.map((name) => `${SNAPSHOTS}/${name}`), 'koffi.node'];
}

async function buildFor(arch: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'nvsmi-binary-'));
  try {
    const inside = await fill(work, arch);
    // V8's code is of one architecture. For another one the binary compiles as it goes.
    const native = arch === process.arch;
    const host = join(nodePackage(process.arch), 'bin/node');
    const coded = native ? await train(work, host) : [];
    const config = {
      main: await script('launcher', work, { CODED: JSON.stringify(coded) }),
      output: join(work, 'blob'),
      disableExperimentalSEAWarning: true,
      useCodeCache: native,
      assets: Object.fromEntries(
        [...inside, ...coded.map((name) => `${name}.code`)].map((name) => [name, join(work, name)]),
      ),
    };
    writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
    execFileSync(host, ['--experimental-sea-config', join(work, 'sea.json')], { stdio: 'pipe' });
    const binary = `dist/nvsmi-linux-${arch}`;
    mkdirSync('dist', { recursive: true });
    copyFileSync(join(nodePackage(arch), 'bin/node'), binary);
    strip(binary);
    const { inject } = require(postject());
    await inject(binary, 'NODE_SEA_BLOB', readFileSync(config.output), { sentinelFuse: FUSE });
    chmodSync(binary, 0o755);
    return binary;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Takes out the symbols of debuggers, 16 MiB, where binutils are there for the architecture. */
function strip(binary: string): void {
  try {
    execFileSync('strip', [binary], { stdio: 'ignore' });
  } catch {
    console.log(`${basename(binary)} keeps its symbols: no strip for its architecture`);
  }
}

/** Runs commands and returns the bundles of which V8's code was kept. */
async function train(folder: string, node: string): Promise<string[]> {
  const trainer = await script('train', folder);
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), NODE_OPTIONS: '' };
  for (const args of await trainingRuns()) {
    execFileSync(node, [trainer, folder, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.code'))
    .map((name) => name.slice(0, -'.code'.length));
}

const named = process.argv.slice(2);
for (const arch of named.length > 0 ? named : [process.arch]) {
  const binary = await buildFor(arch);
  for (const path of [binary, ...packages(binary, arch, join(nodePackage(arch), 'LICENSE'))]) {
    console.log(`${hashOf(path)}  ${mebibytes(path).padStart(9)}  ${basename(path)}`);
  }
}
