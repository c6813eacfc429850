/** Real folders of this user, of root and of another user, which only root can make. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cacheFolder, makeFolder, trustedPath } from '../../src/base/trust.js';

const OURS = process.getuid?.() ?? -1;
const isRoot = OURS === 0;
/** Another user, who needs no account. */
const OTHER = 54_321;

/** A folder that only this user can change; the temporary one is sticky, or belongs to this user. */
function ownPlace(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nvsmi-trust-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder with all that is above it. */
function made(folder: string, mode = 0o755): string {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, mode);
  return folder;
}

describe.skipIf(OURS === -1)('a path is trusted', () => {
  it('where it and all above it belong to the user or root and others may not write', () => {
    const place = ownPlace();
    expect(trustedPath(made(join(place, 'a/b')), OURS)).toBe(join(place, 'a/b'));
    expect(trustedPath('/', OURS)).toBe('/');
    expect(trustedPath(`${place}//a/./b/../b/`, OURS)).toBe(join(place, 'a/b'));
  });

  it.each([
    ['its group', 0o775],
    ['all', 0o757],
  ])('not where %s may write to it or to a folder above it', (_, mode) => {
    const place = ownPlace();
    const inside = made(join(place, 'a/b'));
    chmodSync(join(place, 'a'), mode);
    expect(trustedPath(inside, OURS)).toBeUndefined();
    expect(trustedPath(join(place, 'a'), OURS)).toBeUndefined();
  });

  it('below a sticky folder, which is itself not trusted', () => {
    const sticky = made(join(ownPlace(), 'sticky'), 0o1777);
    expect(trustedPath(made(join(sticky, 'ours')), OURS)).toBe(join(sticky, 'ours'));
    expect(trustedPath(sticky, OURS)).toBeUndefined();
  });

  it.skipIf(isRoot)('not for another user, whom this user could mislead', () => {
    expect(trustedPath(made(join(ownPlace(), 'a')), OURS + 1)).toBeUndefined();
  });

  it.skipIf(!isRoot).each(['a', 'a/b'])('not where %s belongs to another user', (theirs) => {
    const place = ownPlace();
    const inside = made(join(place, 'a/b'));
    chownSync(join(place, theirs), OTHER, OTHER);
    expect(trustedPath(inside, OURS)).toBeUndefined();
    chownSync(place, OTHER, OTHER);
    expect(trustedPath(inside, OTHER)).toBe(inside);
  });

  it('through links, as where they lead', () => {
    const place = ownPlace();
    made(join(place, 'far/away'));
    symlinkSync('far', join(place, 'relative'));
    symlinkSync(join(place, 'relative'), join(place, 'absolute'));
    expect(trustedPath(join(place, 'absolute/away'), OURS)).toBe(join(place, 'far/away'));
    chmodSync(join(place, 'far'), 0o777);
    expect(trustedPath(join(place, 'absolute/away'), OURS)).toBeUndefined();
  });

  it.skipIf(!isRoot)('not through the link of another user in a sticky folder', () => {
    const place = ownPlace();
    const sticky = made(join(place, 'sticky'), 0o1777);
    const link = join(sticky, 'link');
    symlinkSync(made(join(place, 'ours')), link);
    expect(trustedPath(link, OURS)).toBe(join(place, 'ours'));
    spawnSync('chown', ['-h', String(OTHER), link]);
    expect(lstatSync(link).uid).toBe(OTHER);
    expect(trustedPath(link, OURS)).toBeUndefined();
  });

  it('never through links that lead to each other', () => {
    const place = ownPlace();
    symlinkSync('b', join(place, 'a'));
    symlinkSync('a', join(place, 'b'));
    expect(trustedPath(join(place, 'a'), OURS)).toBeUndefined();
  });

  it('only where it is: what is missing throws', () => {
    expect(() => trustedPath(join(ownPlace(), 'missing'), OURS)).toThrow(/ENOENT/);
  });
});

describe.skipIf(OURS === -1)('the cache folder', () => {
  it('is made in the home of the user, for that user alone, and found again', () => {
    const HOME = ownPlace();
    const folder = cacheFolder('compiled', { HOME }, OURS);
    expect(folder).toBe(join(HOME, '.cache/nvsmi/compiled'));
    expect(statSync(folder as string).mode & 0o777).toBe(0o700);
    expect(cacheFolder('compiled', { HOME }, OURS)).toBe(folder);
  });

  it('is below XDG_CACHE_HOME where that is a whole path', () => {
    const HOME = ownPlace();
    const XDG_CACHE_HOME = join(HOME, 'elsewhere');
    expect(cacheFolder('koffi', { HOME, XDG_CACHE_HOME }, OURS)).toBe(join(HOME, 'elsewhere/nvsmi/koffi'));
    expect(cacheFolder('koffi', { HOME, XDG_CACHE_HOME: 'relative' }, OURS)).toBe(
      join(HOME, '.cache/nvsmi/koffi'),
    );
  });

  it('may be a link of the user to another place of the user', () => {
    const HOME = ownPlace();
    symlinkSync(made(join(HOME, 'scratch'), 0o700), join(HOME, '.cache'));
    expect(cacheFolder('compiled', { HOME }, OURS)).toBe(join(HOME, 'scratch/nvsmi/compiled'));
  });

  it('is none where others may write to it or enter it', () => {
    const HOME = ownPlace();
    const folder = cacheFolder('compiled', { HOME }, OURS) as string;
    for (const [path, mode] of [
      [folder, 0o755],
      [folder, 0o770],
      [join(HOME, '.cache'), 0o777],
      [join(HOME, '.cache/nvsmi'), 0o775],
      [HOME, 0o777],
    ] as const) {
      chmodSync(path, mode);
      expect(cacheFolder('compiled', { HOME }, OURS), `${path} ${mode.toString(8)}`).toBeUndefined();
      chmodSync(path, 0o700);
    }
    expect(cacheFolder('compiled', { HOME }, OURS)).toBe(folder);
  });

  it.skipIf(!isRoot)('is none, and is not made, in the home of another user', () => {
    const HOME = ownPlace();
    chownSync(HOME, OTHER, OTHER);
    expect(cacheFolder('compiled', { HOME }, OURS)).toBeUndefined();
    expect(existsSync(join(HOME, '.cache'))).toBe(false);
  });

  it('is none without a home, and makes none', () => {
    expect(cacheFolder('compiled', {}, OURS)).toBeUndefined();
    expect(cacheFolder('compiled', { HOME: '' }, OURS)).toBeUndefined();
    const HOME = join(ownPlace(), 'missing');
    expect(cacheFolder('compiled', { HOME }, OURS)).toBeUndefined();
    expect(existsSync(HOME)).toBe(false);
  });

  it('is none where a file is in its place, or where nothing can be made', () => {
    const HOME = ownPlace();
    writeFileSync(join(HOME, '.cache'), '');
    expect(cacheFolder('compiled', { HOME }, OURS)).toBeUndefined();
    expect(cacheFolder('compiled', { HOME: '/proc/self' }, OURS)).toBeUndefined();
  });

  it('is given up below /proc at once', () => {
    expect(() => makeFolder('/proc/nvsmi')).toThrow(/ENOENT|EACCES|EPERM/);
  });
});

describe.skipIf(OURS === -1)('the launcher', () => {
  const program = fileURLToPath(new URL('../../bin/nvsmi.js', import.meta.url));

  /** Where the launcher has Node keep compiled code. Any Node takes part: its function is replaced by one that prints. */
  function keptIn(env: Readonly<Record<string, string>>): string {
    const place = ownPlace();
    const spy = join(place, 'spy.cjs');
    const replaced = "(...folder) => process.stderr.write(JSON.stringify(folder) + '\\n')";
    writeFileSync(spy, `require('node:module').enableCompileCache = ${replaced};\n`);
    const args = ['--require', spy, program, '-L', '--snapshot', 't4'];
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    expect(status).toBe(0);
    return stderr;
  }

  it('has Node keep compiled code in the cache folder of the user', () => {
    const HOME = ownPlace();
    expect(keptIn({ HOME })).toBe(`${JSON.stringify([join(HOME, '.cache/nvsmi/compiled')])}\n`);
  });

  it('has Node keep nothing where that folder could be that of another user', () => {
    const HOME = ownPlace();
    chmodSync(HOME, 0o777);
    expect(keptIn({ HOME })).toBe('');
    expect(existsSync(join(HOME, '.cache'))).toBe(false);
  });

  it('leaves it to Node where NODE_COMPILE_CACHE says where', ({ skip }) => {
    if (!('enableCompileCache' in process.getBuiltinModule('node:module'))) skip('this Node keeps nothing');
    expect(keptIn({ HOME: ownPlace(), NODE_COMPILE_CACHE: join(ownPlace(), 'chosen') })).toBe('');
  });

  it('leaves nothing in the folder for temporary files', () => {
    const TMPDIR = made(join(ownPlace(), 'tmp'), 0o1777);
    const env = { TMPDIR, HOME: ownPlace() };
    spawnSync(process.execPath, [program, '-L', '--snapshot', 't4'], { env });
    expect(existsSync(join(TMPDIR, 'node-compile-cache'))).toBe(false);
  });
});
