/** bin/nvsmi, in the layouts that package managers make. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../bin/nvsmi', import.meta.url));
const LOADERS: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};
const loader = LOADERS[process.arch];
const runsFiles = loader !== undefined && existsSync(loader) && !existsSync('/etc/NIXOS');

const top = realpathSync(mkdtempSync(join(tmpdir(), 'nvsmi launcher-')));
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** Says who runs it and with what, in so many lines. */
const SAYS = (who: string): string => `#!/bin/sh\nprintf '%s\\n' "${who} $$" "$@"\n`;

function program(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** The package in a folder of modules; the `node` in its bin is Node. */
function packageIn(nodeModules: string): string {
  const folder = join(nodeModules, 'nvsmi');
  program(join(folder, 'bin/nvsmi.js'), 'never run\n');
  copyFileSync(LAUNCHER, join(folder, 'bin/nvsmi'));
  chmodSync(join(folder, 'bin/nvsmi'), 0o755);
  return folder;
}

function platformIn(nodeModules: string, text = SAYS('file'), arch = process.arch): void {
  program(join(nodeModules, `nvsmi-linux-${arch}/nvsmi`), text);
}

function linked(from: string, to: string): string {
  mkdirSync(dirname(from), { recursive: true });
  symlinkSync(relative(dirname(from), to), from);
  return from;
}

/** A folder with a program `node`, to be the only one of PATH. */
const nodes = join(top, 'nodes');
program(join(nodes, 'node'), SAYS('node'));

interface Ran {
  readonly status: number | null;
  readonly who: string | undefined;
  readonly argv: readonly string[];
  /** Whether the process that was started is the one that ran in the end. */
  readonly isSelf: boolean;
}

function run(path: string, argv: readonly string[] = [], cwd = top): Ran {
  const { pid, status, stdout } = spawnSync(path, argv, {
    cwd,
    encoding: 'utf8',
    env: { PATH: `${nodes}:/usr/bin:/bin` },
  });
  const [first = '', ...rest] = stdout.split('\n').slice(0, -1);
  const [who, by] = first.split(' ');
  return { status, who, argv: rest, isSelf: Number(by) === pid };
}

describe.skipIf(!runsFiles)('the launcher runs the file of the platform', () => {
  it('of a local install, by the link of npm', () => {
    const modules = join(top, 'local/node_modules');
    const folder = packageIn(modules);
    platformIn(modules);
    const link = linked(join(modules, '.bin/nvsmi'), join(folder, 'bin/nvsmi'));
    expect(run(link)).toMatchObject({ status: 0, who: 'file', isSelf: true });
    expect(run('.bin/nvsmi', [], modules).who).toBe('file');
  });

  it('of a global install, whose modules are inside', () => {
    const prefix = join(top, 'prefix');
    const folder = packageIn(join(prefix, 'lib/node_modules'));
    platformIn(join(folder, 'node_modules'));
    const link = linked(join(prefix, 'bin/nvsmi'), join(folder, 'bin/nvsmi'));
    expect(run(link)).toMatchObject({ who: 'file', isSelf: true });
  });

  it('where pnpm keeps each package in a folder of its own', () => {
    const store = join(top, 'pnpm/node_modules/.pnpm/nvsmi@1/node_modules');
    const folder = packageIn(store);
    platformIn(store);
    const link = linked(join(top, 'pnpm/node_modules/nvsmi'), folder);
    expect(run(join(link, 'bin/nvsmi'))).toMatchObject({ who: 'file', isSelf: true });
  });

  it('by a link of a user to that of npm', () => {
    const modules = join(top, 'user/node_modules');
    const folder = packageIn(modules);
    platformIn(modules);
    const link = linked(join(modules, '.bin/nvsmi'), join(folder, 'bin/nvsmi'));
    const own = linked(join(top, 'user/home/bin/gpus'), link);
    expect(run(own)).toMatchObject({ who: 'file', isSelf: true });
  });

  it('by its name, found in PATH or in the folder', () => {
    const modules = join(top, 'named/node_modules');
    const folder = packageIn(modules);
    platformIn(modules);
    const ran = spawnSync('sh', ['nvsmi'], { cwd: join(folder, 'bin'), encoding: 'utf8' });
    expect(ran.stdout).toMatch(/^file /);
    linked(join(modules, '.bin/nvsmi'), join(folder, 'bin/nvsmi'));
    const env = { PATH: `${join(modules, '.bin')}:/usr/bin:/bin` };
    expect(spawnSync('nvsmi', { env, encoding: 'utf8' }).stdout).toMatch(/^file /);
  });

  it('with the arguments, the input, the status and the signals of its caller', async () => {
    const modules = join(top, 'exact/node_modules');
    const folder = packageIn(modules);
    const launcher = join(folder, 'bin/nvsmi');
    platformIn(modules);
    const argv = ['', ' a  b ', '*', '$HOME', '"', "'", '\\n', '--', '-e', 'Größe', 'two\tparts'];
    expect(run(launcher, argv).argv).toEqual(argv);

    platformIn(modules, '#!/bin/sh\ncat\nexit 77\n');
    const { status, stdout } = spawnSync(launcher, { input: 'one\ntwo\n', encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 77, stdout: 'one\ntwo\n' });

    platformIn(modules, '#!/bin/sh\necho begun\nexec sleep 60\n');
    const child = spawn(launcher, { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    child.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
  });
});

describe.skipIf(process.platform !== 'linux')('the launcher runs Node', () => {
  it('where there is no package of the platform', () => {
    const folder = packageIn(join(top, 'plain/node_modules'));
    const { who, argv, isSelf } = run(join(folder, 'bin/nvsmi'), ['-L', '']);
    expect({ who, isSelf }).toEqual({ who: 'node', isSelf: true });
    expect(argv.slice(1)).toEqual(['-L', '']);
    expect(realpathSync(argv[0] ?? '')).toBe(join(folder, 'bin/nvsmi.js'));
  });

  it('where only that of another architecture is there', () => {
    const modules = join(top, 'foreign/node_modules');
    const folder = packageIn(modules);
    platformIn(modules, SAYS('file'), process.arch === 'x64' ? 'arm64' : 'x64');
    expect(run(join(folder, 'bin/nvsmi')).who).toBe('node');
  });
});
