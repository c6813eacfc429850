/**
 * Packs what is published into dist/packages: a package for each platform, which is its single file, and nvsmi itself,
 * which names them as optional dependencies. `npm publish` takes the archives; those of the platforms come first.
 * The package.json of the source does not name them: `npm ci` would ask for a version that is not published yet.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const OUTPUT = 'dist/packages';
const PLATFORMS = ['x64', 'arm64'];

/** What lies beside the file: licences of what it has inside. */
const LICENCES: Readonly<Record<string, string>> = {
  LICENSE: 'LICENSE',
  'tools/binary/LICENSE.bun': 'LICENSE.bun',
  'node_modules/koffi/LICENSE.txt': 'LICENSE.koffi',
  'dist/THIRD-PARTY-NOTICES.txt': 'THIRD-PARTY-NOTICES.txt',
};

const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const nameOf = (arch: string): string => `nvsmi-linux-${arch}`;

/** Packs a folder into another. Returns the path of the archive. */
function pack(folder: string, into: string, ...more: readonly string[]): string {
  const args = ['pack', folder, '--json', '--pack-destination', into, ...more];
  const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' }));
  return join(into, packed.filename);
}

function platformPackage(work: string, arch: string): string {
  const folder = join(work, nameOf(arch));
  mkdirSync(folder);
  const description = {
    name: nameOf(arch),
    version,
    description: `nvsmi as one file for Linux on ${arch}; the package nvsmi runs it`,
    license,
    os: ['linux'],
    cpu: [arch],
    libc: ['glibc'],
    // Yarn runs no file from inside an archive.
    preferUnplugged: true,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
  for (const [from, to] of Object.entries(LICENCES)) copyFileSync(from, join(folder, to));
  copyFileSync(`dist/${nameOf(arch)}`, join(folder, 'nvsmi'));
  return pack(folder, OUTPUT);
}

/** The package of the source, with the platforms that are packed beside it. */
function mainPackage(work: string, platforms: readonly string[]): string {
  const archive = pack(resolve('.'), work, '--ignore-scripts');
  execFileSync('tar', ['-xzf', archive, '-C', work]);
  const file = join(work, 'package/package.json');
  const description = JSON.parse(readFileSync(file, 'utf8'));
  description.optionalDependencies = Object.fromEntries(platforms.map((arch) => [nameOf(arch), version]));
  writeFileSync(file, `${JSON.stringify(description, null, 2)}\n`);
  return pack(join(work, 'package'), OUTPUT, '--ignore-scripts');
}

const work = mkdtempSync(join(tmpdir(), 'nvsmi-packing-'));
try {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  const built = PLATFORMS.filter((arch) => existsSync(`dist/${nameOf(arch)}`));
  for (const arch of built) console.log(platformPackage(work, arch));
  console.log(mainPackage(work, built));
} finally {
  rmSync(work, { recursive: true, force: true });
}
