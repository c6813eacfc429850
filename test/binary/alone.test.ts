/** What only the single file does: it brings koffi along, and reads nothing that lies around. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwritten } from '../../tools/binary/own-code.js';
import { buildFake, compileLibrary } from '../fake-nvml/build.js';
import { PROGRAM } from '../program.js';
import { folderOfFile } from '../temporary.js';

const top = folderOfFile();

let homes = 0;
/** A home, with a folder for temporary files beside it. */
function newHome() {
  const folder = join(top, String(homes++));
  for (const name of ['home', 'tmp', 'work']) mkdirSync(join(folder, name), { recursive: true });
  const cache = join(folder, 'home/.cache/nvsmi/koffi');
  return { home: join(folder, 'home'), tmp: join(folder, 'tmp'), work: join(folder, 'work'), cache };
}

function run(argv: readonly string[], env: NodeJS.ProcessEnv, cwd = top) {
  const { status, stdout, stderr } = spawnSync(PROGRAM[0], argv, { cwd, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const fake = await buildFake();

describe.skipIf(!fake.available)('koffi in the single file', () => {
  const snapshot = JSON.parse(readFileSync(new URL('../../snapshots/t4.json', import.meta.url), 'utf8'));
  const library = (): string => fake.with({ snapshot, log: false }).path;
  const asked = (env: NodeJS.ProcessEnv) =>
    run(['--query-gpu=name', '--format=csv', '--nvml', library()], env);
  const ANSWER = { status: 0, stdout: 'name\nTesla T4\n', stderr: '' };

  it('is written once to the cache of its user, for no other user', () => {
    const { home, tmp, cache } = newHome();
    expect(asked({ HOME: home, TMPDIR: tmp })).toEqual(ANSWER);
    const [name = '', ...others] = readdirSync(cache);
    expect(others).toEqual([]);
    const before = statSync(join(cache, name));
    expect(before.mode & 0o777).toBe(0o500);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(asked({ HOME: home, TMPDIR: tmp })).toEqual(ANSWER);
    expect(statSync(join(cache, name)).ino).toBe(before.ino);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('lies where XDG_CACHE_HOME says', () => {
    const { home, tmp } = newHome();
    expect(asked({ HOME: home, TMPDIR: tmp, XDG_CACHE_HOME: join(home, 'elsewhere') })).toEqual(ANSWER);
    expect(readdirSync(home)).toEqual(['elsewhere']);
  });

  it.each(['/proc', '/dev/null', 'not/absolute', ''])(
    'does without a cache where HOME is "%s", and leaves nothing',
    (home) => {
      const { tmp } = newHome();
      expect(asked({ HOME: home, TMPDIR: tmp })).toEqual(ANSWER);
      expect(readdirSync(tmp)).toEqual([]);
    },
  );

  it('is not loaded from a copy that others can write', () => {
    const { home, tmp, cache } = newHome();
    asked({ HOME: home, TMPDIR: tmp });
    const [name = ''] = readdirSync(cache);
    const marker = join(home, 'loaded');
    const foreign = compileLibrary(
      `#include <fcntl.h>\n__attribute__((constructor)) static void mark(void) { open("${marker}", O_CREAT, 0600); }\n`,
    );
    const put = (mode: number): void => {
      rmSync(join(cache, name), { force: true });
      copyFileSync(foreign, join(cache, name));
      chmodSync(join(cache, name), mode);
    };
    put(0o522);
    expect(asked({ HOME: home, TMPDIR: tmp })).toEqual(ANSWER);
    expect(existsSync(marker)).toBe(false);
    put(0o500);
    chmodSync(cache, 0o777);
    expect(asked({ HOME: home, TMPDIR: tmp })).toEqual(ANSWER);
    expect(existsSync(marker)).toBe(false);
  });

  it('is taken from inside where the copy cannot be loaded', () => {
    const { home, tmp, cache } = newHome();
    asked({ HOME: home, TMPDIR: tmp });
    const [name = ''] = readdirSync(cache);
    rmSync(join(cache, name));
    writeFileSync(join(cache, name), 'torn', { mode: 0o500 });
    expect(asked({ HOME: home, TMPDIR: tmp })).toEqual(ANSWER);
    expect(readdirSync(tmp)).toEqual([]);
  });
});

describe.skipIf(!fake.available)('calls that wait', () => {
  it('overlap, however few processors there are', () => {
    const snapshot = JSON.parse(
      readFileSync(new URL('../../snapshots/hgx-h100-x8.json', import.meta.url), 'utf8'),
    );
    // As many as there are threads where nothing says how many GPUs there are.
    const { path } = fake.with({
      snapshot,
      log: false,
      faults: [{ fn: 'nvmlDeviceGetPcieThroughput', together: 4 }],
    });
    const { home } = newHome();
    const { status, stdout } = run(['dmon', '-s', 't', '-c', '1', '--nvml', path], { HOME: home });
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(2, 10).join('\n')).not.toContain(' - ');
  });
});

describe('the single file', () => {
  it('runs with nothing in its environment', () => {
    expect(run(['--snapshot', 't4', '-L'], {})).toMatchObject({ status: 0, stderr: '' });
  });

  it('reads no settings from the folder where it is run', () => {
    const { work } = newHome();
    const marker = join(work, 'preloaded');
    writeFileSync(join(work, '.env'), 'NVSMI_SNAPSHOT=none\n');
    writeFileSync(join(work, 'bunfig.toml'), 'preload = ["./preload.js"]\n');
    writeFileSync(join(work, 'preload.js'), `require('node:fs').writeFileSync('${marker}', '');\n`);
    writeFileSync(join(work, 'package.json'), '{ "name": "other" }\n');
    writeFileSync(join(work, 'tsconfig.json'), '{ nothing\n');
    const { stdout } = run(['-L', '--snapshot', 't4'], {}, work);
    expect(stdout).toMatch(/^GPU 0: Tesla T4/);
    expect(run(['-L'], { NVSMI_NVML: '/nowhere.so' }, work).status).toBe(12);
    expect(existsSync(marker)).toBe(false);
  });
});

describe('what a monitor gives back of its own file', () => {
  it('is mapped of that file to be read, and was not written', () => {
    const mapping = (range: string, rights: string, file: string, anonymous: number): string =>
      `${range} ${rights} 00000000 00:1f 42 ${file}\nSize: 4 kB\nAnonymous: ${anonymous} kB\nVmFlags: rd\n`;
    const smaps = [
      mapping('00200000-00300000', 'r--p', '/opt/nvsmi', 0),
      mapping('00300000-00500000', 'r-xp', '/opt/nvsmi', 0),
      // Relocated at the start, and closed then.
      mapping('00500000-00501000', 'r--p', '/opt/nvsmi', 12),
      mapping('00501000-00502000', 'rw-p', '/opt/nvsmi', 0),
      mapping('7f000000-7f100000', 'r-xp', '/lib/libc.so.6', 0),
      mapping('7f100000-7f200000', 'r-xp', '/opt/nvsmi (deleted)', 0),
      mapping('7f200000-7f300000', 'rw-p', '', 64),
    ].join('');
    expect(unwritten(smaps, '/opt/nvsmi')).toEqual([
      { start: 0x200000, length: 0x100000 },
      { start: 0x300000, length: 0x200000 },
    ]);
  });
});
