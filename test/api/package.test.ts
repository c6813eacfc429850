/** What importers of the package get: types, both kinds of modules, what a bundle takes of it. */
import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, newTop, root } from './install.js';

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

/** What compilers before `exports` resolve. */
const OLD = `
import { open } from 'nvsmi';
import { nvmlInit } from 'nvsmi/nvml';
import { nvmlDeviceGetCount } from 'nvsmi/nvml/promises';
export const used: [typeof open, typeof nvmlInit, Promise<number>] = [open, nvmlInit, nvmlDeviceGetCount()];
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

/** Milliseconds that a test may take which compiles. */
const COMPILED = 180_000;

/** What a program of its own has beside the package, and how strictly it is checked. */
const STRICT: ts.CompilerOptions = {
  module: ts.ModuleKind.Node16,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  types: ['node'],
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
};

describe('the package', () => {
  const folder = newTop();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(() => {
    install(folder);
    for (const needed of ['koffi', '@types', '@koromix']) {
      symlinkSync(join(root, 'node_modules', needed), join(folder, 'node_modules', needed));
    }
  });

  /** Files that several programs have are read once; one file may be of either kind of module. */
  const parsed = new Map<string, ts.SourceFile | undefined>();

  function programOf(files: Readonly<Record<string, string>>, options: ts.CompilerOptions): ts.Program {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const all = { ...STRICT, outDir: join(folder, 'out'), ...options };
    const host = ts.createCompilerHost(all);
    const names = Object.keys(files).map((name) => join(folder, name));
    return ts.createProgram(names, all, {
      ...host,
      getCurrentDirectory: () => folder,
      getSourceFile: (path, wanted) => {
        const kind = typeof wanted === 'object' ? wanted.impliedNodeFormat : undefined;
        const key = `${path} ${kind}`;
        if (!parsed.has(key)) parsed.set(key, host.getSourceFile(path, wanted));
        return parsed.get(key);
      },
    });
  }

  const isOurs = ({ fileName }: ts.SourceFile): boolean => fileName.startsWith(folder);

  /** What the compiler finds wrong in the files and in our declarations, or in some of them. Those of others are theirs. */
  function faultsOf(program: ts.Program, isChecked = isOurs): readonly string[] {
    const own = program.getSourceFiles().filter(isOurs);
    expect(own.some(({ fileName }) => fileName.endsWith('types/index.d.ts'))).toBe(true);
    const found = [
      ...program.getConfigFileParsingDiagnostics(),
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...own
        .filter(isChecked)
        .flatMap((file) => [
          ...program.getSyntacticDiagnostics(file),
          ...program.getSemanticDiagnostics(file),
        ]),
    ];
    return found.map(({ file, messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, ' ');
      return `${file?.fileName.slice(folder.length + 1)}: ${text}`;
    });
  }

  it(
    'has types that hold for importers of both kinds, its own declarations included',
    () => {
      const program = programOf({ 'esm.mts': ESM, 'cjs.cts': CJS }, {});
      expect(faultsOf(program)).toEqual([]);
      program.emit();
    },
    COMPILED,
  );

  /** What the compiler says of a stand-in. */
  const faultsOfFake = (lib: readonly string[], types: readonly string[]): readonly string[] =>
    faultsOf(
      programOf(
        { 'fake.mts': FAKE },
        {
          exactOptionalPropertyTypes: true,
          lib: lib.map((name) => `lib.${name}.d.ts`),
          types: [...types],
        },
      ),
    );

  it(
    'has types that need those of Node or of the DOM, and that a stand-in can have',
    () => {
      expect(faultsOfFake(['es2022'], ['node'])).toEqual([]);
      expect(faultsOfFake(['es2022', 'dom'], [])).toEqual([]);
    },
    COMPILED,
  );

  it(
    'has types that need AbortSignal of them, and nothing else',
    () => {
      const missing = faultsOfFake(['es2022'], []).map((fault) => fault.replace(/^.*?: /, ''));
      expect([...new Set(missing)]).toEqual(["Cannot find name 'AbortSignal'."]);
    },
    COMPILED,
  );

  it(
    'has types for the resolution of older compilers',
    () => {
      const old = programOf(
        { 'old.ts': OLD },
        { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
      );
      // The declarations are those of the CommonJS module above.
      expect(faultsOf(old, ({ fileName }) => fileName.endsWith('/old.ts'))).toEqual([]);
    },
    COMPILED,
  );

  const run = (file: string): unknown =>
    JSON.parse(execFileSync(process.execPath, [join(folder, file)], { encoding: 'utf8' }));

  it('answers an ES module', () => {
    expect(run('out/esm.mjs')).toEqual([81559, 'NVIDIA H100 80GB HBM3', true, { count: 1 }]);
  });

  it('answers a CommonJS module, with one library under its entries', () => {
    expect(run('out/cjs.cjs')).toEqual(['NVIDIA H100 80GB HBM3', 1]);
  });

  it('is one library where it is imported and required', () => {
    writeFileSync(join(folder, 'both.mjs'), BOTH);
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
