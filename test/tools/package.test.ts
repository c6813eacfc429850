/** What npm and the packages of the binary ship. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { packages } from '../../tools/binary/packages.js';
import { released } from '../../tools/released.js';
import { folderOfFile } from '../temporary.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = folderOfFile();

/** Debian has the Apache License once for all packages. */
const APACHE = / *Apache License\n\s+Version 2\.0, January 2004\n[\s\S]*?limitations under the License\./g;

describe('the package', () => {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root });
  const packed: readonly { readonly path: string; readonly mode: number }[] = JSON.parse(
    listing.toString(),
  )[0].files;
  const files = packed.map(({ path }) => path);

  it('has everything that its README links to', () => {
    const links = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g);
    const missing = [...links]
      .map(([, link = '']) => link)
      .filter((link) => !files.some((file) => file === link || file.startsWith(`${link}/`)));
    expect(missing).toEqual([]);
  });

  it('has a program that can be run, in the archive and in the repository', ({ skip }) => {
    expect(packed.find(({ path }) => path === 'bin/nvsmi.js')?.mode).toBe(0o755);
    const tracked = spawnSync('git', ['ls-files', '-s', 'bin/nvsmi.js'], { cwd: root, encoding: 'utf8' });
    if (tracked.status !== 0 || tracked.stdout === '') skip('not a checkout');
    expect(tracked.stdout).toMatch(/^100755 /);
  });

  it('names its manual in the form that every npm installs: a list', () => {
    expect(description.man).toEqual(['docs/nvsmi.1']);
    expect(files).toEqual(expect.arrayContaining(description.man));
  });

  it('names as its author who has the copyright', () => {
    const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
    expect(licence).toMatch(new RegExp(`^Copyright \\(c\\) \\d{4} ${description.author}$`, 'm'));
  });

  it('is built before it is packed', () => {
    expect(description.scripts.prepack).toBe('npm run build');
  });

  it('has types for compilers that do not know exports', () => {
    const of = description.typesVersions['*'];
    const paths = [description.types, ...of.nvml, ...of['nvml/promises']];
    const exported = Object.values(description.exports as Record<string, { require?: { types: string } }>);
    expect(paths).toEqual(exported.flatMap((one) => one.require?.types ?? []));
    expect(description.main).toBe(description.exports['.'].require.default);
  });
});

describe('generate:check', () => {
  it('checks everything that generate writes', () => {
    const tools = (script: string): readonly string[] => script.match(/tools\/[\w-]+\.ts/g) ?? [];
    expect(tools(description.scripts['generate:check'])).toEqual(tools(description.scripts.generate));
    expect(description.scripts['generate:check'].match(/--check/g)).toHaveLength(
      tools(description.scripts.generate).length,
    );
  });
});

describe('the packages of the binary', () => {
  const binary = join(folder, 'nvsmi-linux-x64');
  writeFileSync(binary, 'binary');

  it('hold the notices, the manual and the completions', () => {
    if (!existsSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt')))
      spawnSync('npx', ['tsx', 'tools/notices.ts']);
    const [archive = ''] = packages(binary, 'x64');
    const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
    for (const name of [
      'bin/nvsmi',
      'THIRD-PARTY-NOTICES.txt',
      'man1/nvsmi.1',
      'completions/nvsmi',
      'LICENSE.bun',
    ]) {
      expect(names).toContain(`/${name}\n`);
    }
  });

  it('are not made without a file that belongs to them', () => {
    expect(() => packages(join(folder, 'no-such-file'), 'x64')).toThrow(/no-such-file/);
    const here = process.cwd();
    try {
      process.chdir(folder);
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1', description: '' }));
      expect(() => packages(binary, 'x64')).toThrow(/ENOENT/);
    } finally {
      process.chdir(here);
    }
  });
});

/** The members of an ar archive. */
function arMembers(archive: Buffer): ReadonlyMap<string, Buffer> {
  const members = new Map<string, Buffer>();
  for (let at = '!<arch>\n'.length; at < archive.length; ) {
    const head = archive.toString('latin1', at, at + 60);
    const size = Number(head.slice(48, 58));
    members.set(head.slice(0, 16).trim(), archive.subarray(at + 60, at + 60 + size));
    at += 60 + size + (size % 2);
  }
  return members;
}

describe('the .deb', () => {
  if (!existsSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'))) spawnSync('npx', ['tsx', 'tools/notices.ts']);
  const place = join(folder, 'deb');
  mkdirSync(place);
  const binary = join(place, 'nvsmi-linux-x64');
  // A program like any, so that lintian has one to look at.
  copyFileSync(realpathSync('/bin/true'), binary);
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const made = (): string => packages(binary, arch)[1] ?? '';

  const unpacked = (archive: string, member: string): string => {
    const into = mkdtempSync(join(place, 'unpacked-'));
    const content = arMembers(readFileSync(archive)).get(member);
    execFileSync('tar', ['-xzpf', '-', '-C', into], { input: content });
    return into;
  };

  it('is the same for the same content, whenever and under which umask it is made', () => {
    const first = readFileSync(made());
    const before = process.umask(0o077);
    try {
      expect(readFileSync(made()).equals(first)).toBe(true);
    } finally {
      process.umask(before);
    }
    expect([...arMembers(first).keys()]).toEqual(['debian-binary', 'control.tar.gz', 'data.tar.gz']);
  });

  it('has what policy asks for, compressed without time and name', () => {
    const data = unpacked(made(), 'data.tar.gz');
    const doc = join(data, 'usr/share/doc/nvsmi');
    const text = (path: string): string => gunzipSync(readFileSync(path)).toString();
    expect(text(join(data, 'usr/share/man/man1/nvsmi.1.gz'))).toBe(
      readFileSync(join(root, 'docs/nvsmi.1'), 'utf8'),
    );
    expect(text(join(doc, 'changelog.gz'))).toBe(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'));
    expect(text(join(doc, 'changelog.Debian.gz'))).toMatch(
      new RegExp(
        `^nvsmi \\(${description.version}-1\\) \\w+; urgency=\\w+\\n\\n {2}\\* .*\\n\\n -- .* <.*@.*> {2}\\w{3}, \\d\\d \\w{3} \\d{4} 00:00:00 \\+0000\\n$`,
      ),
    );
    for (const name of ['LICENSE', 'node_modules/koffi/LICENSE.txt', 'dist/THIRD-PARTY-NOTICES.txt']) {
      const copyright = readFileSync(join(doc, 'copyright'), 'utf8');
      for (const part of readFileSync(join(root, name), 'utf8').split(APACHE)) {
        expect(copyright).toContain(part.trim());
      }
    }
    expect(text(join(doc, 'LICENSE.bun.gz'))).toBe(
      readFileSync(join(root, 'tools/binary/LICENSE.bun'), 'utf8'),
    );
    const [, , method, flags, ...time] = readFileSync(join(doc, 'changelog.gz')).subarray(0, 9);
    expect([method, flags, ...time]).toEqual([8, 0, 0, 0, 0, 0, 2]);
  });

  it('has plain permissions, the date of the release, and sums that hold', () => {
    const deb = made();
    const data = unpacked(deb, 'data.tar.gz');
    const control = unpacked(deb, 'control.tar.gz');
    for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
      const { mode, mtimeMs } = statSync(join(data, name));
      const isRun = name === 'usr/bin/nvsmi' || statSync(join(data, name)).isDirectory();
      expect(mode & 0o7777, name).toBe(isRun ? 0o755 : 0o644);
      expect(new Date(mtimeMs).toISOString(), name).toBe(`${released()}T00:00:00.000Z`);
    }
    const sums = readFileSync(join(control, 'md5sums'), 'utf8').trimEnd().split('\n');
    for (const line of sums) {
      const [sum, name = ''] = line.split('  ');
      expect(
        createHash('md5')
          .update(readFileSync(join(data, name)))
          .digest('hex'),
        name,
      ).toBe(sum);
    }
    expect(sums.length).toBeGreaterThan(8);
    const fields = readFileSync(join(control, 'control'), 'utf8');
    expect(fields).toMatch(/^Maintainer: .+ <\S+@\S+>$/m);
    expect(fields).toMatch(new RegExp(`^Version: ${description.version}-1$`, 'm'));
  });

  it('takes its maintainer and its date from where Debian has them', () => {
    vi.stubEnv('DEBFULLNAME', 'A Packager');
    vi.stubEnv('DEBEMAIL', 'packager@example.org');
    vi.stubEnv('SOURCE_DATE_EPOCH', '1795435200');
    onTestFinished(() => void vi.unstubAllEnvs());
    const deb = made();
    expect(readFileSync(join(unpacked(deb, 'control.tar.gz'), 'control'), 'utf8')).toContain(
      'Maintainer: A Packager <packager@example.org>\n',
    );
    expect(statSync(join(unpacked(deb, 'data.tar.gz'), 'usr/bin/nvsmi')).mtimeMs).toBe(1_795_435_200_000);
  });

  const lintian = spawnSync('lintian', ['--version']).status === 0;
  it.skipIf(!lintian)('is one in which lintian finds no error', { timeout: 300_000 }, () => {
    const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : [];
    const { stdout } = spawnSync('lintian', [...asRoot, made()], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => /^E:/.test(line))).toEqual([]);
  });
});

describe('npm run parity', () => {
  it('refuses at once, and builds nothing, where there is no nvidia-smi', () => {
    const args = ['--import', 'tsx', 'tools/parity.ts', '--build', '--real', 'no-such-nvidia-smi'];
    // Without npm in its path nothing could be built.
    const env = { ...process.env, PATH: '/nowhere' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
      env,
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^parity compares with no-such-nvidia-smi, which is not here: .*\n$/),
    });
    expect(description.scripts.parity).toBe('tsx tools/parity.ts --build');
  });
});
