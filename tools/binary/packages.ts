/** The binary as a .tar.gz to unpack anywhere, and as a .deb: with man page, completions and licences. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { released } from '../released.js';
import { DEBIAN, type Description, deb, debianFiles, debianVersion } from './debian.js';
import { tar } from './tar.js';

type Places = Readonly<Record<string, string>>;

/** Where a file of this package is below /usr. */
const EVERYWHERE: Places = {
  'docs/completions/nvsmi.bash': 'share/bash-completion/completions/nvsmi',
  'docs/completions/_nvsmi': 'share/zsh/vendor-completions/_nvsmi',
  'docs/completions/nvsmi.fish': 'share/fish/vendor_completions.d/nvsmi.fish',
};

/** The same where no policy asks for another form. */
const PLAIN: Places = {
  'docs/nvsmi.1': 'share/man/man1/nvsmi.1',
  LICENSE: 'share/doc/nvsmi/LICENSE',
  'CHANGELOG.md': 'share/doc/nvsmi/CHANGELOG.md',
  'dist/THIRD-PARTY-NOTICES.txt': 'share/doc/nvsmi/THIRD-PARTY-NOTICES.txt',
  'node_modules/koffi/LICENSE.txt': 'share/doc/nvsmi/LICENSE.koffi',
  'tools/binary/LICENSE.bun': 'share/doc/nvsmi/LICENSE.bun',
};

/** Puts files below a folder as they are below /usr. */
function lay(folder: string, files: Places): void {
  for (const [from, to] of Object.entries(files)) {
    const place = join(folder, to);
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(from, place);
    chmodSync(place, to.startsWith('bin/') ? 0o755 : 0o644);
  }
}

function layTexts(folder: string, texts: Readonly<Record<string, string | Buffer>>): void {
  for (const [to, text] of Object.entries(texts)) {
    const place = join(folder, to);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
}

/** When what is inside was made: what reproducible builds say, else the date of the release. */
function dateOf(): Date {
  const { SOURCE_DATE_EPOCH } = process.env;
  return new Date(SOURCE_DATE_EPOCH ? Number(SOURCE_DATE_EPOCH) * 1000 : released());
}

/** Writes them beside the binary, and returns their paths. Throws where a file is missing that belongs to them. */
export function packages(binary: string, arch: string): string[] {
  const description: Description = JSON.parse(readFileSync('package.json', 'utf8'));
  const date = dateOf();
  const work = mkdtempSync(join(tmpdir(), 'nvsmi-packages-'));
  try {
    const program = { ...EVERYWHERE, [binary]: 'bin/nvsmi' };
    const name = `nvsmi-${description.version}-linux-${arch}`;
    const archive = join(dirname(binary), `${name}.tar.gz`);
    lay(join(work, name), { ...program, ...PLAIN });
    tar(archive, work, date, name);
    if (DEBIAN[arch] === undefined) return [archive];

    lay(join(work, 'usr'), program);
    layTexts(join(work, 'usr'), debianFiles(description, date));
    const debian = join(dirname(binary), `nvsmi_${debianVersion(description)}_${DEBIAN[arch]}.deb`);
    deb(debian, work, arch, description, date);
    return [archive, debian];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
