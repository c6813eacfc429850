/** The binary as a .tar.gz to unpack anywhere, and as a .deb: with man page, completions and licences. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
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
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

interface Description {
  readonly version: string;
  readonly description: string;
}

/** Where a file of this package lies below /usr. */
const FILES: Readonly<Record<string, string>> = {
  'docs/nvsmi.1': 'share/man/man1/nvsmi.1',
  'docs/completions/nvsmi.bash': 'share/bash-completion/completions/nvsmi',
  'docs/completions/_nvsmi': 'share/zsh/vendor-completions/_nvsmi',
  'docs/completions/nvsmi.fish': 'share/fish/vendor_completions.d/nvsmi.fish',
  LICENSE: 'share/doc/nvsmi/LICENSE',
  'CHANGELOG.md': 'share/doc/nvsmi/CHANGELOG.md',
  'dist/THIRD-PARTY-NOTICES.txt': 'share/doc/nvsmi/THIRD-PARTY-NOTICES.txt',
  'node_modules/koffi/LICENSE.txt': 'share/doc/nvsmi/LICENSE.koffi',
  'tools/binary/LICENSE.bun': 'share/doc/nvsmi/LICENSE.bun',
};

/** Debian's name of an architecture. It has none where musl is the C library. */
const DEBIAN: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Puts everything below a folder as it lies below /usr. */
function lay(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(files)) {
    const place = join(folder, to);
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(from, place);
    chmodSync(place, to.startsWith('bin/') ? 0o755 : 0o644);
  }
}

/** Packs what lies in a folder; the same content makes the same archive. */
function tar(archive: string, folder: string, ...names: readonly string[]): void {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=gnu'];
  const plain = `${archive}.tar`;
  execFileSync('tar', [...same, '-cf', plain, '-C', folder, ...names]);
  writeFileSync(archive, gzipSync(readFileSync(plain), { level: 9 }));
  rmSync(plain);
}

/** An ar archive, which is what a .deb is. */
function ar(archive: string, members: readonly string[]): void {
  writeFileSync(archive, '!<arch>\n');
  for (const member of members) {
    const content = readFileSync(member);
    const fields = [
      basename(member).padEnd(16),
      '0'.padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
    ];
    appendFileSync(archive, `${fields.join('')}${String(content.length).padEnd(10)}\`\n`);
    appendFileSync(archive, content);
    if (content.length % 2 === 1) appendFileSync(archive, '\n');
  }
}

const kibibytes = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)).size)
    .reduce((sum, size) => sum + Math.ceil(size / 1024), 0);

function control({ version, description }: Description, arch: string, installed: number): string {
  return [
    'Package: nvsmi',
    `Version: ${version}`,
    `Architecture: ${DEBIAN[arch]}`,
    'Maintainer: The nvsmi maintainers',
    'Section: utils',
    'Priority: optional',
    // What koffi's native part is linked with; Bun needs less. NVML comes with the driver, in a package of many names.
    'Depends: libc6 (>= 2.25), libgcc-s1 | libgcc1, libstdc++6 (>= 7)',
    `Installed-Size: ${installed}`,
    `Description: ${description}`,
    ' One file with Bun inside. NVML comes with the NVIDIA driver.',
    '',
  ].join('\n');
}

/** Writes them beside the binary, and returns their paths. Throws where a file is missing that belongs to them. */
export function packages(binary: string, arch: string): string[] {
  const description: Description = JSON.parse(readFileSync('package.json', 'utf8'));
  const work = mkdtempSync(join(tmpdir(), 'nvsmi-packages-'));
  try {
    const files = { ...FILES, [binary]: 'bin/nvsmi' };
    const name = `nvsmi-${description.version}-linux-${arch}`;
    const archive = join(dirname(binary), `${name}.tar.gz`);
    lay(join(work, name), files);
    tar(archive, work, name);
    if (DEBIAN[arch] === undefined) return [archive];

    const usr = join(work, 'usr');
    lay(usr, files);
    writeFileSync(join(work, 'control'), control(description, arch, kibibytes(usr)));
    writeFileSync(join(work, 'debian-binary'), '2.0\n');
    tar(join(work, 'control.tar.gz'), work, './control');
    tar(join(work, 'data.tar.gz'), work, './usr');
    const deb = join(dirname(binary), `nvsmi_${description.version}_${DEBIAN[arch]}.deb`);
    ar(
      deb,
      ['debian-binary', 'control.tar.gz', 'data.tar.gz'].map((member) => join(work, member)),
    );
    return [archive, deb];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
