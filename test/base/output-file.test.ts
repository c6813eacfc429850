/** What is left of the file of `-f` and `snapshot -o`, by everything that can interfere: a full disk, links, other users. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openOutput, replaceContent } from '../../src/base/output-file.js';
import { writtenPath } from '../../src/base/written-path.js';
import { temporaryFolder } from '../temporary.js';

const program = fileURLToPath(new URL('../../bin/nvsmi.js', import.meta.url));
const isRoot = process.getuid?.() === 0;
/** Another user, who needs no account. */
const OTHER = 54_321;
const GOOD = 'the good content\n'.repeat(40);

/** A file with a content to keep. */
function goodFile(folder = temporaryFolder()): string {
  const path = join(folder, 'out');
  writeFileSync(path, GOOD);
  return path;
}

/** Runs nvsmi on a recorded machine. On a small disk no file can have more than 1 KiB. */
function nvsmi(args: readonly string[], { disk = 'large' }: { disk?: 'large' | 'small' } = {}) {
  const limit = disk === 'small' ? 'ulimit -f 1; ' : '';
  const words = ['-c', `${limit}exec "$0" "$@"`, process.execPath, program, ...args, '--snapshot', 't4'];
  const { status, stdout, stderr } = spawnSync('bash', words, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Command lines that write once. */
const ONCE = [
  ['snapshot', '-o'],
  ['-q', '-f'],
  ['--json', '-f'],
  ['-q', '-x', '-f'],
  ['dmon', '-c', '1', '-s', 'pucvmet', '--format', 'json', '-f'],
];

describe.skipIf(process.platform !== 'linux')('output that is written once', () => {
  it.each([
    ['snapshot', '-o'],
    ['-q', '-f'],
    ['-q', '-x', '-f'],
    ['-q', '--json', '-f'],
  ])('leaves the file that was there where the disk is full: %s %s %s', (...args) => {
    const path = goodFile();
    const { status, stderr } = nvsmi([...args, path], { disk: 'small' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^nvsmi: cannot finish .*EFBIG.*\n$/),
    });
    expect(readFileSync(path, 'utf8')).toBe(GOOD);
    expect(readdirSync(join(path, '..'))).toEqual(['out']);
  });

  it('leaves no file where there was none and the disk is full', () => {
    const folder = temporaryFolder();
    expect(nvsmi(['-q', '-f', join(folder, 'out')], { disk: 'small' }).status).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves the file that was there where the run fails', () => {
    const path = goodFile();
    expect(nvsmi(['-q', '-i', '9', '-f', path]).status).not.toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(GOOD);
  });

  it('replaces a file in one step, with its mode: who has it open reads the old content', () => {
    const path = goodFile();
    chmodSync(path, 0o640);
    linkSync(path, `${path}.old`);
    expect(nvsmi(['--query-gpu=name', '--format=csv', '-f', path])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(readFileSync(path, 'utf8')).toBe('name\nTesla T4\n');
    expect(readFileSync(`${path}.old`, 'utf8')).toBe(GOOD);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(path, '..')).sort()).toEqual(['out', 'out.old']);
  });

  it('makes a new file as the umask has it', () => {
    const path = join(temporaryFolder(), 'out');
    expect(nvsmi(['-q', '-f', path]).status).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it('follows a link of the user, also one that leads nowhere yet', () => {
    const folder = temporaryFolder();
    symlinkSync('file', join(folder, 'link'));
    for (const before of ['nothing', 'a file']) {
      expect(nvsmi(['--query-gpu=name', '--format=csv', '-f', join(folder, 'link')]).status, before).toBe(0);
      expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('name\nTesla T4\n');
      expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
      writeFileSync(join(folder, 'file'), GOOD);
    }
  });

  it.each(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])('goes to %s, be that a pipe or a file', (path) => {
    const out = join(temporaryFolder(), 'out');
    for (const to of [`| cat > ${out}`, `> ${out}`]) {
      const line = `"$0" "$1" --query-gpu=name --format=csv --snapshot t4 -f ${path} ${to}`;
      spawnSync('bash', ['-c', line, process.execPath, program]);
      expect(readFileSync(out, 'utf8')).toBe('name\nTesla T4\n');
    }
  });

  it('goes to a pipe, to a substituted process and to /dev/null', async () => {
    const folder = temporaryFolder();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = spawn('cat', [pipe]);
    let read = '';
    reader.stdout.on('data', (text) => {
      read += text;
    });
    const ended = new Promise((resolve) => reader.once('close', resolve));
    expect(nvsmi(['-q', '-f', pipe]).status).toBe(0);
    await ended;
    expect(read).toContain('NVSMI LOG');
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    const line = '"$0" "$1" --query-gpu=name --format=csv --snapshot t4 -f >(cat >&2; echo end >&2)';
    const { stderr } = spawnSync('bash', ['-c', line, process.execPath, program], { encoding: 'utf8' });
    expect(stderr).toContain('end');
    expect(nvsmi(['-q', '-f', '/dev/null'])).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('is refused before anything is asked where the file cannot be made', () => {
    const folder = temporaryFolder();
    for (const path of [folder, join(folder, 'missing/out'), `${folder}/out/`, '']) {
      const { status, stdout } = nvsmi(['-q', `--filename=${path}`]);
      expect({ status, stdout }, path).toMatchObject({ status: 255 });
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a file that cannot be exchanged', () => {
  /** A file that was moved away is written where it is; so is one in a folder that takes no other. */
  function moved(): { readonly path: string; readonly write: (text: string) => void } {
    const path = goodFile();
    const file = openOutput(path);
    execFileSync('mv', [path, `${path}.moved`]);
    return { path: `${path}.moved`, write: (text) => replaceContent(file, text) };
  }

  it.each([
    ['longer', `${GOOD}and more\n`],
    ['shorter', 'short\n'],
    ['empty', ''],
  ])('is written over: with a %s content', (_, text) => {
    const { path, write } = moved();
    write(text);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(existsSync(path.replace('.moved', ''))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('keeps its content where the disk is full', () => {
    const path = goodFile();
    const module = fileURLToPath(new URL('../../src/base/output-file.ts', import.meta.url));
    const script = `
      import { renameSync } from 'node:fs';
      import { openOutput, replaceContent } from ${JSON.stringify(module)};
      const file = openOutput(${JSON.stringify(path)});
      renameSync(file.path, file.path + '.moved');
      try { replaceContent(file, 'x'.repeat(5000)); } catch (error) { console.log(error.code); }`;
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 1; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    );
    expect(stdout).toBe('EFBIG\n');
    expect(readFileSync(`${path}.moved`, 'utf8')).toBe(GOOD);
  });
});

describe.skipIf(process.platform !== 'linux')('the output of a loop', () => {
  it('goes to a file that is truncated and grows with every tick', async () => {
    const path = goodFile();
    const before = statSync(path).ino;
    const args = [program, '--query-gpu=index', '--format=csv,noheader', '-lms', '50', '--snapshot', 't4'];
    const child = spawn(process.execPath, [...args, '-f', path], { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (!/^(0\n){3,}$/.test(readFileSync(path, 'utf8'))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill('SIGTERM');
    await ended;
    expect(readFileSync(path, 'utf8')).toMatch(/^(0\n)+$/);
    expect(statSync(path).ino).toBe(before);
  });
});

describe.skipIf(!isRoot)('a link of another user', () => {
  /** A folder of this mode and owner with a link of another user to a file of root. */
  function planted(mode: number, owner = 0): { readonly link: string; readonly victim: string } {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const victim = goodFile(folder);
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, mode);
    const link = join(shared, 'link');
    symlinkSync(victim, link);
    execFileSync('chown', ['-h', String(OTHER), link]);
    chownSync(shared, owner, owner);
    return { link, victim };
  }

  it.each([
    ['a sticky folder', 0o1777, 0],
    ['a folder that all may write to', 0o777, 0],
    ['a folder of that user', 0o755, OTHER],
  ])('in %s is not followed by root', (_, mode, owner) => {
    for (const args of ONCE) {
      const { link, victim } = planted(mode, owner);
      const { status } = nvsmi([...args, link]);
      expect(status, args.join(' ')).toBe(255);
      expect(readFileSync(victim, 'utf8'), args.join(' ')).toBe(GOOD);
    }
  });

  it('is not followed by a loop and by what it leads to being missing', () => {
    const { link, victim } = planted(0o1777);
    expect(nvsmi(['--query-gpu=index', '--format=csv', '-l', '1', '-f', link]).status).toBe(255);
    expect(readFileSync(victim, 'utf8')).toBe(GOOD);
    rmSync(victim);
    expect(nvsmi(['-q', '-f', link]).status).toBe(255);
    expect(existsSync(victim)).toBe(false);
  });

  it('is followed by a third user only where Linux would: in a folder that all may write to it must be that of the folder', () => {
    const THIRD = OTHER + 1;
    const { link, victim } = planted(0o1777);
    expect(() => writtenPath(link, THIRD)).toThrow('is a link of another user');
    expect(writtenPath(link, OTHER)).toBe(victim);
    for (const [mode, owner] of [
      [0o1777, OTHER],
      [0o755, OTHER],
      [0o775, 0],
    ] as const) {
      const shared = planted(mode, owner);
      expect(writtenPath(shared.link, THIRD)).toBe(shared.victim);
    }
  });
});
