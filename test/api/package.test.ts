import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const ESM = `
import { NvidiaSmi, open } from 'nvsmi';
import { NVMLError_NotSupported, nvmlDeviceGetFanSpeed, nvmlDeviceGetHandleByIndex, openNvml, type nvmlDevice_t } from 'nvsmi/nvml';
import { nvmlDeviceGetName } from 'nvsmi/nvml/promises';
using nvsmi = open({ snapshot: 'h100-x1' });
const used: number | null | undefined = nvsmi.query(['memory.total']).sample()[0]?.['memory.total'];
using _nvml = openNvml({ snapshot: 'h100-x1' });
const device: nvmlDevice_t = nvmlDeviceGetHandleByIndex(0);
let refused = false;
try { nvmlDeviceGetFanSpeed(device); } catch (error) { refused = error instanceof NVMLError_NotSupported; }
const smi = NvidiaSmi.getInstance({ snapshot: 'h100-x1' });
console.log(JSON.stringify([used, await nvmlDeviceGetName(device), refused, smi.deviceQuery('count')]));
`;

const CJS = `
import nvsmi = require('nvsmi');
import nvml = require('nvsmi/nvml');
import promises = require('nvsmi/nvml/promises');
const machine = nvsmi.open({ snapshot: 'h100-x1' });
const [sample] = machine.query(['name']).sample();
nvml.nvmlInit({ snapshot: 'h100-x1' });
promises.nvmlDeviceGetCount().then((count) => console.log(JSON.stringify([sample?.name, count])));
`;

/** A stand-in for tests, of what a program without Node's types knows. */
const FAKE = `
import { type GpuProcess, type Nvsmi, open, type Query } from 'nvsmi';
import { nvmlEvents, withNvml } from 'nvsmi/nvml';
import { nvmlDeviceGetName } from 'nvsmi/nvml/promises';
const query: Query<'name'> = {
  fields: ['name'],
  sample: () => [{ name: 'a GPU' }],
  sampleAsync: async () => [{ name: null, reasons: { name: 'GPU is lost' } }],
  async *watch() {
    yield [{ name: 'a GPU' }];
  },
};
const processes: GpuProcess[] = [];
const fake: Nvsmi = {
  gpuCount: 1,
  gpus: () => [],
  query: () => query as never,
  relation: () => ({}) as never,
  async *watch() {},
  report: async () => ({}) as never,
  processes: () => processes,
  gpusAsync: async () => [],
  processesAsync: async () => processes,
  deviceQuery: () => ({ count: 1 }),
  deviceQueryAsync: async () => ({ count: 1 }),
  async *deviceWatch() {},
  xmlDeviceQuery: () => '',
  permissions: () => ({ profilingAdminOnly: false }),
  close() {},
  [Symbol.dispose]() {},
};
export const all = [fake, open, withNvml, nvmlEvents, nvmlDeviceGetName];
`;

/** Both kinds in one process: an ES module, and a CommonJS one that it requires. */
const BOTH = `
import { createRequire } from 'node:module';
import * as esm from 'nvsmi/nvml';
const cjs = createRequire(import.meta.url)('nvsmi/nvml');
esm.nvmlInit({ snapshot: 'h100-x1' });
const device = esm.nvmlDeviceGetHandleByIndex(0);
const caught = (work) => { try { work(); } catch (error) { return error; } };
const refused = caught(() => cjs.nvmlDeviceGetFanSpeed(device));
class Own extends esm.NVMLError_NotSupported {}
const answers = [
  esm.NVMLError !== cjs.NVMLError,
  cjs.nvmlDeviceGetName(device),
  refused instanceof esm.NVMLError_NotSupported,
  refused instanceof esm.NVMLError,
  refused instanceof esm.NVMLError_Uninitialized,
  refused instanceof Own,
  new Error('another') instanceof esm.NVMLError,
];
cjs.nvmlInit({ snapshot: 'h100-x1' });
esm.nvmlShutdown();
answers.push(esm.nvmlDeviceGetCount());
cjs.nvmlShutdown();
answers.push(caught(() => esm.nvmlDeviceGetCount()) instanceof cjs.NVMLError_Uninitialized);
console.log(JSON.stringify(answers));
`;

describe.skipIf(description.exports === undefined)('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-package-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(() => {
    const installed = join(folder, 'node_modules/nvsmi');
    mkdirSync(installed, { recursive: true });
    const tsx = createRequire(import.meta.url).resolve('tsx/cli');
    execFileSync(process.execPath, [tsx, 'tools/build-library.ts', join(installed, 'dist')], { cwd: root });
    cpSync(join(root, 'package.json'), join(installed, 'package.json'));
    cpSync(join(root, 'snapshots'), join(installed, 'snapshots'), { recursive: true });
    for (const needed of ['koffi', '@types', '@koromix']) {
      symlinkSync(join(root, 'node_modules', needed), join(folder, 'node_modules', needed));
    }
    writeFileSync(join(folder, 'esm.mts'), ESM);
    writeFileSync(join(folder, 'cjs.cts'), CJS);
    writeFileSync(join(folder, 'both.mjs'), BOTH);
    const compilerOptions = {
      module: 'node16',
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      strict: true,
      types: ['node'],
      outDir: 'out',
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['esm.mts', 'cjs.cts'] }),
    );
  }, 180_000);

  it('has types that hold for importers of both kinds, its own declarations included', () => {
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    expect(() => execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })).not.toThrow();
  }, 180_000);

  /** What the compiler says of a stand-in. */
  function compiled(lib: readonly string[], types: readonly string[]): string {
    writeFileSync(join(folder, 'fake.mts'), FAKE);
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const compilerOptions = {
      module: 'node16',
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      lib,
      types,
      noEmit: true,
    };
    writeFileSync(join(folder, 'plain.json'), JSON.stringify({ compilerOptions, files: ['fake.mts'] }));
    const args = [tsc, '-p', 'plain.json'];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).stdout;
  }

  it('has types that need those of Node or of the DOM, and that a stand-in can have', () => {
    expect(compiled(['es2022'], ['node'])).toBe('');
    expect(compiled(['es2022', 'dom'], [])).toBe('');
  }, 180_000);

  it('has types that need AbortSignal of them, and nothing else', () => {
    const missing = compiled(['es2022'], []).matchAll(/error TS\d+: (.*)/g);
    expect([...new Set([...missing].map(([, what]) => what))]).toEqual(["Cannot find name 'AbortSignal'."]);
  }, 180_000);

  it('has types for the resolution of older compilers', () => {
    writeFileSync(
      join(folder, 'old.ts'),
      "import { open } from 'nvsmi';\nimport { nvmlInit } from 'nvsmi/nvml';\nimport { nvmlDeviceGetCount } from 'nvsmi/nvml/promises';\nexport const used: [typeof open, typeof nvmlInit, Promise<number>] = [open, nvmlInit, nvmlDeviceGetCount()];\n",
    );
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--types',
      'node',
      '--target',
      'es2022',
      '--lib',
      'es2022,esnext.disposable',
    ];
    const args = [...options, '--module', 'commonjs', '--moduleResolution', 'node10', 'old.ts'];
    const { stdout } = spawnSync(process.execPath, [tsc, ...args], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  }, 180_000);

  const run = (file: string): unknown =>
    JSON.parse(execFileSync(process.execPath, [join(folder, file)], { encoding: 'utf8' }));

  it('answers an ES module', () => {
    expect(run('out/esm.mjs')).toEqual([81559, 'NVIDIA H100 80GB HBM3', true, { count: 1 }]);
  });

  it('answers a CommonJS module, with one library under its entries', () => {
    expect(run('out/cjs.cjs')).toEqual(['NVIDIA H100 80GB HBM3', 1]);
  });

  it('is one library where it is imported and required', () => {
    const name = 'NVIDIA H100 80GB HBM3';
    expect(run('both.mjs')).toEqual([true, name, true, true, false, false, false, 1, true]);
  });

  it('leaves out of a bundle what is not used', async () => {
    const { build } = await import('esbuild');
    const entry = join(folder, 'small.mjs');
    writeFileSync(
      entry,
      "import { nvmlInit, nvmlDeviceGetCount } from 'nvsmi/nvml'; nvmlInit(); nvmlDeviceGetCount();",
    );
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['koffi'],
      write: false,
    });
    const text = outputFiles[0]?.text ?? '';
    expect(text).toContain('nvmlDeviceGetCount_v2');
    expect(text).not.toContain('function nvmlDeviceGetPowerUsage');
    // Those that open NVML, and the one that is called; there are 413.
    expect(text.match(/params: \[/g)?.length).toBeLessThan(10);
  });
});
