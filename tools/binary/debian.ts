/** A .deb as Debian's policy wants it: copyright, changelogs, compressed manual, checksums. lintian finds no error in it. */
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tar } from './tar.js';

export interface Description {
  readonly version: string;
  readonly description: string;
  readonly author: string;
}

/** Debian's name of an architecture. */
export const DEBIAN: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Of this packaging of a version. */
const REVISION = 1;

export const debianVersion = ({ version }: Description): string => `${version}-${REVISION}`;

/**
 * Who is asked about the package, as Debian's own tools take it from the environment. The project has no address, which the
 * policy asks for; the one here cannot exist (RFC 2606).
 */
function maintainer({ author }: Description): string {
  const { DEBFULLNAME, DEBEMAIL } = process.env;
  return `${DEBFULLNAME || author} <${DEBEMAIL || 'maintainers@nvsmi.invalid'}>`;
}

/** As `gzip -9n`: without name and time, the same bytes each time. */
const gzip = (text: string): Buffer => gzipSync(text, { level: 9 });

/** Licences by what is under them. */
const LICENCES: Readonly<Record<string, string>> = {
  'nvsmi:': 'LICENSE',
  'koffi, which is inside:': 'node_modules/koffi/LICENSE.txt',
  'Packages whose code is inside:': 'dist/THIRD-PARTY-NOTICES.txt',
};

/** That of Bun names libraries under the LGPL, whose text lintian wants from common-licenses. */
const BUN_LICENCE = 'LICENSE.bun.gz';

/** The Apache License, as packages bring it along. Debian has it once for all of them, and wants it left out. */
const APACHE = / *Apache License\n\s+Version 2\.0, January 2004\n[\s\S]*?limitations under the License\./g;
const APACHE_IN_DEBIAN =
  'Apache License, Version 2.0: on Debian systems its text is in /usr/share/common-licenses/Apache-2.0.';

function copyright({ version }: Description): string {
  const parts = Object.entries(LICENCES).map(
    ([of, path]) => `${of}\n\n${readFileSync(path, 'utf8').replaceAll(APACHE, APACHE_IN_DEBIAN).trim()}\n`,
  );
  const head = `This is nvsmi ${version}, built from its own sources.\n`;
  const bun = `Bun, which is inside, and what it is made of: see ${BUN_LICENCE} beside this file.\n`;
  return [head, ...parts, bun].join(`\n${'-'.repeat(79)}\n\n`);
}

function changelog(description: Description, date: Date): string {
  return [
    `nvsmi (${debianVersion(description)}) unstable; urgency=medium`,
    '',
    `  * Version ${description.version}. What has changed is in changelog.gz.`,
    '',
    ` -- ${maintainer(description)}  ${date.toUTCString().replace('GMT', '+0000')}`,
    '',
  ].join('\n');
}

/** What lintian finds, and is on purpose. */
const OVERRIDES = [
  '# One file for machines that have nothing else: the engine brings its libraries along,',
  '# and is taken as its makers built it.',
  'nvsmi: embedded-library *',
  'nvsmi: hardening-no-pie *',
  '# It is in no distribution, whose bugs it could close.',
  'nvsmi: initial-upload-closes-no-bugs *',
  '',
].join('\n');

/** The texts of a package, by their places below /usr. */
export function debianFiles(description: Description, date: Date): Readonly<Record<string, string | Buffer>> {
  return {
    'share/doc/nvsmi/copyright': copyright(description),
    [`share/doc/nvsmi/${BUN_LICENCE}`]: gzip(readFileSync('tools/binary/LICENSE.bun', 'utf8')),
    'share/doc/nvsmi/changelog.gz': gzip(readFileSync('CHANGELOG.md', 'utf8')),
    'share/doc/nvsmi/changelog.Debian.gz': gzip(changelog(description, date)),
    'share/man/man1/nvsmi.1.gz': gzip(readFileSync('docs/nvsmi.1', 'utf8')),
    'share/lintian/overrides/nvsmi': OVERRIDES,
  };
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();

function control(description: Description, arch: string, kibibytes: number): string {
  return [
    'Package: nvsmi',
    `Version: ${debianVersion(description)}`,
    `Architecture: ${DEBIAN[arch]}`,
    `Maintainer: ${maintainer(description)}`,
    'Section: utils',
    'Priority: optional',
    // What koffi's native part is linked with; Bun needs less. NVML comes with the driver, in a package of many names.
    'Depends: libc6 (>= 2.25), libgcc-s1 | libgcc1, libstdc++6 (>= 7)',
    `Installed-Size: ${kibibytes}`,
    `Description: ${description.description}`,
    ' One file with Bun inside. NVML comes with the NVIDIA driver.',
    '',
  ].join('\n');
}

/** An ar archive, which is what a .deb is. */
function ar(archive: string, members: readonly string[], seconds: number): void {
  writeFileSync(archive, '!<arch>\n');
  for (const member of members) {
    const content = readFileSync(member);
    const fields = [
      basename(member).padEnd(16),
      String(seconds).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
    ];
    appendFileSync(archive, `${fields.join('')}${String(content.length).padEnd(10)}\`\n`);
    appendFileSync(archive, content);
    if (content.length % 2 === 1) appendFileSync(archive, '\n');
  }
}

/** Packs the folder `usr` of a work folder, in which the parts are made. */
export function deb(archive: string, work: string, arch: string, description: Description, date: Date): void {
  const usr = join(work, 'usr');
  const files = filesBelow(usr);
  const kibibytes = files.reduce((sum, name) => sum + Math.ceil(statSync(join(usr, name)).size / 1024), 0);
  const sums = files.map(
    (name) =>
      `${createHash('md5')
        .update(readFileSync(join(usr, name)))
        .digest('hex')}  usr/${name}\n`,
  );
  writeFileSync(join(work, 'control'), control(description, arch, kibibytes));
  writeFileSync(join(work, 'md5sums'), sums.join(''));
  writeFileSync(join(work, 'debian-binary'), '2.0\n');
  tar(join(work, 'control.tar.gz'), work, date, './control', './md5sums');
  tar(join(work, 'data.tar.gz'), work, date, './usr');
  const members = ['debian-binary', 'control.tar.gz', 'data.tar.gz'].map((member) => join(work, member));
  ar(archive, members, date.getTime() / 1000);
}
