import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import { openSession } from '../../src/nvml/session.js';
import { buildFake, compileLibrary } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import { answer, deathOf, fake, loaded, prototyped } from './loaded.js';

describe.skipIf(!fake.available)('libraries of other drivers', () => {
  it('answers FUNCTION_NOT_FOUND for a symbol that the library lacks', async () => {
    const old = await buildFake({ without: ['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetTemperatureV'] });
    const { driver, gpus } = loaded({ snapshot: machine }, old);
    expect(driver.bind(prototyped('nvmlDeviceGetMemoryInfo_v2'), gpus[0])).toBeUndefined();
    expect(answer(driver, prototyped('nvmlDeviceGetMemoryInfo_v2'), gpus[0])).toEqual({
      error: 'NVML_ERROR_FUNCTION_NOT_FOUND',
    });
    expect(answer(driver, prototyped('nvmlDeviceGetMemoryInfo'), gpus[0])).toMatchObject({
      total: 85899345920,
    });
  });

  it('works with a library that has only every other function', async () => {
    const needed = ['nvmlInit_v2', 'nvmlShutdown', 'nvmlDeviceGetHandleByIndex_v2'];
    const names = Object.keys(signatures) as FunctionName[];
    const without = names.filter((name, i) => i % 2 === 1 && !needed.includes(name));
    const half = await buildFake({ without });
    const { driver } = loaded({ snapshot: machine }, half);
    const missing = names.filter((fn) => driver.bind({ fn, args: [] }) === undefined);
    expect(missing).toEqual(without);
  });

  it('says why a file cannot be loaded, in status 12', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'libnvidia-ml.so.1');
    writeFileSync(path, 'this is no library\n');
    expect(deathOf(path)).toMatchObject({ status: 12, hint: expect.stringContaining(`${path}: `) });
    expect(deathOf(path).hint).toMatch(/invalid ELF header|file too short/);
    expect(deathOf(join(folder, 'nothing.so')).hint).toMatch(/nothing\.so: .*No such file/);
  });

  it('refuses a library that is not NVML', () => {
    const path = compileLibrary('int answer(void) { return 42; }\n');
    expect(deathOf(path)).toMatchObject({ status: 12, hint: expect.stringContaining('nvmlShutdown') });
  });

  it('answers also where the fake is found through links, as a driver installs them', () => {
    const { path } = fake.with({ snapshot: machine });
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(path, join(folder, 'libnvidia-ml.so.1'));
    symlinkSync('libnvidia-ml.so.1', join(folder, 'libnvidia-ml.so'));
    const driver = loadLibrary({ path: join(folder, 'libnvidia-ml.so'), env: {} });
    expect(openSession(driver).gpus.map(({ status }) => status)).toEqual([0, 0]);
  });

  it('finds the library by the search of the loader', () => {
    const { folder } = fake.with({ snapshot: machine });
    const script = fileURLToPath(new URL('./load-by-name.ts', import.meta.url));
    const source = execFileSync(process.execPath, ['--import', 'tsx', script], {
      env: { PATH: process.env.PATH, LD_LIBRARY_PATH: folder },
      encoding: 'utf8',
    });
    expect(source).toBe('libnvidia-ml.so.1 580.00.01\n');
  });
});
