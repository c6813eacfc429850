/** The package as others have it: in folders of any name and layout, in a bundle, without koffi. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { addKoffi, addNative, install, NATIVE, newTop } from './install.js';

const top = newTop();
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** A folder with the package in its node_modules. */
const installed = (name: string): string => install(join(top, name));

/** A native part that cannot be loaded: of another koffi, say. */
function addBroken(nodeModules: string): void {
  const folder = join(nodeModules, NATIVE, `linux_${process.arch}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'koffi.node'), 'no library');
}

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a file of a folder, with nothing of our environment. */
function run(folder: string, file: string, args: readonly string[] = []): Ran {
  const options = { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], options);
  return { status, out: stdout.trim(), err: stderr };
}

/** Writes a file into a folder and runs it. */
function runText(folder: string, file: string, text: string): Ran {
  writeFileSync(join(folder, file), text);
  return run(folder, file);
}

/** What opening a library that is not there ends with: an error of NVML's where koffi is there to try. */
const OPEN = `
import { open } from 'nvsmi';
try { open({ path: '/nowhere.so' }); } catch (error) { console.log(error.name + ': ' + error.message.split('\\n')[0]); }
`;
const TRIED = 'NVMLError_LibraryNotFound: The NVML library that was named cannot be loaded. Tried:';

/** The same, and which native part was loaded by the short way, without koffi's own entry. */
const SHORT = `
import { createRequire } from 'node:module';
const { cache } = createRequire(import.meta.url);
const { dlopen } = process;
process.dlopen = (...args) => { console.log(args[1]); dlopen.apply(process, args); };
${OPEN}
console.log(Object.keys(cache).some((file) => file.includes('koffi')));
`;

const isLinux = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

describe.skipIf(!isLinux)('the native part of koffi', () => {
  const part = (nodeModules: string): string => join(nodeModules, NATIVE, `linux_${process.arch}/koffi.node`);

  it('is found under any path', () => {
    const folder = installed('with space & 100%41');
    const nodeModules = join(folder, 'node_modules');
    addKoffi(nodeModules);
    addNative(nodeModules);
    expect(runText(folder, 'short.mjs', SHORT).out.split('\n')).toEqual([part(nodeModules), TRIED, 'false']);
    expect(run(folder, 'node_modules/nvsmi/bin/nvsmi.js', ['--nvml', '/nowhere.so']).status).toBe(12);
  });

  it('is that of our koffi, where another lies nearer', () => {
    const folder = installed('nested');
    const nodeModules = join(folder, 'node_modules');
    const inner = join(addKoffi(nodeModules), 'node_modules');
    addNative(inner);
    addBroken(nodeModules);
    expect(runText(folder, 'short.mjs', SHORT).out.split('\n')).toEqual([part(inner), TRIED, 'false']);
  });

  it('is found through a link of the package manager', () => {
    const folder = installed('linked');
    const store = join(folder, 'store/node_modules');
    const koffi = addKoffi(store);
    addNative(store);
    symlinkSync(koffi, join(folder, 'node_modules/koffi'));
    expect(runText(folder, 'short.mjs', SHORT).out.split('\n')).toEqual([part(store), TRIED, 'false']);
  });
});

describe('a package without koffi', () => {
  const folder = installed('bare');
  const MISSING = /koffi, through which NVML is called, cannot be loaded: (.*)\. Install nvsmi with its dep/;

  it('says so, and not that there is no NVML', () => {
    const { out } = runText(folder, 'open.mjs', OPEN);
    expect(out).toMatch(/^KoffiNotFound: /);
    expect(MISSING.exec(out)?.[1]).toBe("Cannot find module 'koffi'");
    expect(
      runText(folder, 'open.cjs', OPEN.replace(/import (.*) from (.*);/, 'const $1 = require($2);')).out,
    ).toBe(out);
  });

  it('says so in the program, on stderr and with a status of its own', () => {
    const { status, out, err } = run(folder, 'node_modules/nvsmi/bin/nvsmi.js');
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toMatch(/^nvsmi: koffi, through which/);
  });

  it('answers from recordings', () => {
    const script = "import { open } from 'nvsmi'; console.log(open({ snapshot: 't4' }).gpuCount);";
    expect(runText(folder, 'recording.mjs', script).out).toBe('1');
  });

  it('says so where only the native part is missing', () => {
    const half = installed('half');
    addKoffi(join(half, 'node_modules'));
    const { out } = runText(half, 'open.mjs', OPEN);
    expect(MISSING.exec(out)?.[1]).toMatch(/Cannot find the native Koffi module/);
  });
});

describe('a bundle', () => {
  const folder = installed('bundled');
  addKoffi(join(folder, 'node_modules'));
  addNative(join(folder, 'node_modules'));

  const ENDING = { cjs: 'cjs', esm: 'mjs' } as const;

  async function bundle(
    text: string,
    format: 'cjs' | 'esm',
    name: string,
    external: string[],
  ): Promise<void> {
    writeFileSync(join(folder, `${name}.source.mjs`), text);
    await build({
      entryPoints: [join(folder, `${name}.source.mjs`)],
      outfile: join(folder, name),
      bundle: true,
      platform: 'node',
      format,
      external,
      logLevel: 'silent',
    });
  }

  it.each(['cjs', 'esm'] as const)(
    'of the library as %s calls NVML through koffi outside',
    async (format) => {
      const name = `open.${ENDING[format]}`;
      await bundle(OPEN, format, name, ['koffi']);
      expect(run(folder, name).out).toBe(TRIED);
    },
  );

  it.each(['cjs', 'esm'] as const)('as %s says that it has left out the snapshots', async (format) => {
    const name = `snapshot.${ENDING[format]}`;
    await bundle(OPEN.replace('path:', 'snapshot:').replace('/nowhere.so', 't4'), format, name, ['koffi']);
    expect(run(folder, name).out).toMatch(/^SnapshotError: the snapshots of nvsmi are not where its code is/);
  });

  it('of another program, which leaves nvsmi outside, has all of it', async () => {
    const text = "import { open } from 'nvsmi'; console.log(open({ snapshot: 't4' }).gpuCount);";
    await bundle(text, 'cjs', 'outside.cjs', ['nvsmi', 'koffi']);
    expect(run(folder, 'outside.cjs').out).toBe('1');
  });
});

describe('the package for a program', () => {
  const folder = installed('program');

  it('lets a test put a function in place of another', () => {
    const script = `
      const nvml = require('nvsmi/nvml');
      const { configurable, writable, enumerable } = Object.getOwnPropertyDescriptor(nvml, 'nvmlDeviceGetName');
      nvml.nvmlDeviceGetName = () => 'mine';
      console.log(configurable, writable, enumerable, require('nvsmi/nvml').nvmlDeviceGetName(), 'open' in require('nvsmi'));
    `;
    expect(runText(folder, 'spy.cjs', script).out).toBe('true true true mine true');
  });

  it('has its schemas', () => {
    const script = "console.log(require('nvsmi/schemas/report.schema.json').title !== undefined);";
    expect(runText(folder, 'schema.cjs', script)).toMatchObject({ status: 0 });
  });

  it('ends with the failure of a loop that nothing awaits', () => {
    const script = `
      import { NvidiaSmi } from 'nvsmi';
      NvidiaSmi.getInstance({ snapshot: 't4' }).loop(1, 'count', () => { throw new Error('the callback failed'); });
    `;
    const { status, err } = runText(folder, 'loop.mjs', script);
    expect(status).toBe(1);
    expect(err).toContain('the callback failed');
  });

  it('ends quietly where an iteration has reported the failure', () => {
    const script = `
      import { NvidiaSmi } from 'nvsmi';
      let count = 0;
      const loop = NvidiaSmi.getInstance({ snapshot: 't4' }).loop(1, 'count', async () => {
        if (++count === 3) throw new Error('the callback failed');
      });
      try { for await (const result of loop) await new Promise((resolve) => setTimeout(resolve, 30)); }
      catch (error) { console.log(error.message); }
    `;
    expect(runText(folder, 'iteration.mjs', script)).toEqual({
      status: 0,
      out: 'the callback failed',
      err: '',
    });
  });
});
