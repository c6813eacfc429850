/** The library with a timeout: a driver that does not answer holds up no program. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NVMLError, type Nvsmi, open } from '../../src/index.js';
import type { FakeLibrary } from '../fake-nvml/build.js';
import { deafTo, expectNoneLeft, fake, machineWith } from './stuck.js';

/** Milliseconds. */
const TIMEOUT = 3000;
const SLACK = 500 + 5000;

async function opened({ path }: FakeLibrary): Promise<Nvsmi> {
  const nvsmi = await open({ path, timeout: TIMEOUT });
  onTestFinished(() => nvsmi.close());
  return nvsmi;
}

/** What came of a promise, and in how many milliseconds. */
async function timed<T>(promise: Promise<T>): Promise<{ readonly value: T; readonly took: number }> {
  const begun = performance.now();
  const value = await promise;
  return { value, took: performance.now() - begun };
}

describe.skipIf(!fake.available)('open({ timeout })', { timeout: 60_000 }, () => {
  it('answers as without one where NVML does', async () => {
    const library = machineWith();
    const nvsmi = await opened(library);
    const here = open({ path: library.path });
    onTestFinished(() => here.close());
    const fields = ['name', 'temperature.gpu', 'memory.used'] as const;
    expect(await nvsmi.query(fields).sampleAsync()).toEqual(here.query(fields).sample());
    expect(await nvsmi.gpusAsync()).toEqual(here.gpus());
    expect(await nvsmi.processesAsync()).toEqual(here.processes());
    expect(await nvsmi.report({ groups: ['MEMORY'] })).toMatchObject({ attached_gpus: 2 });
    nvsmi.close();
    await expectNoneLeft(library);
  });

  it('has null and the reason in time where a GPU does not answer, and the others', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    const nvsmi = await opened(library);
    const query = nvsmi.query(['index', 'utilization.gpu']);
    const { value, took } = await timed(query.sampleAsync());
    expect(took).toBeLessThan(TIMEOUT + SLACK);
    expect(value).toEqual([
      { index: 0, 'utilization.gpu': 0 },
      { index: 1, 'utilization.gpu': null, reasons: { 'utilization.gpu': 'No Answer' } },
    ]);
    // The call is still being made: nothing waits for it again.
    expect((await timed(query.sampleAsync())).took).toBeLessThan(TIMEOUT / 2);
    nvsmi.close();
    await expectNoneLeft(library);
  });

  it('rejects where NVML cannot be initialised in time', async () => {
    const library = deafTo('nvmlInit_v2');
    const { value, took } = await timed(open({ path: library.path, timeout: TIMEOUT }).catch((e) => e));
    expect(took).toBeLessThan(TIMEOUT + SLACK);
    expect(value).toBeInstanceOf(NVMLError);
    expect(value).toMatchObject({ code: 124, symbol: 'NVSMI_NO_ANSWER', fn: 'nvmlInit' });
    await expectNoneLeft(library);
  });

  it('rejects where the processes of a GPU are not known in time', async () => {
    const nvsmi = await opened(deafTo('nvmlDeviceGetComputeRunningProcesses_v3'));
    await expect(nvsmi.processesAsync()).rejects.toThrow(/processes of GPU 1 .*No Answer/);
  });

  it('continues a watch, each sample with a deadline of its own', async () => {
    const nvsmi = await opened(deafTo('nvmlDeviceGetTemperatureV', { after: 1 }));
    const seen: unknown[] = [];
    for await (const gpus of nvsmi.watch(['temperature.gpu'], { everyMs: 100 })) {
      seen.push(gpus.map((gpu) => gpu['temperature.gpu']));
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([
      [37, 38],
      [37, null],
      [37, null],
    ]);
  });

  it('throws a TypeError for what cannot be asked synchronously', async () => {
    const nvsmi = await opened(machineWith());
    const synchronously = /nothing can be asked synchronously: ask for a promise/;
    expect(() => nvsmi.query(['name']).sample()).toThrow(synchronously);
    expect(() => nvsmi.gpus()).toThrow(synchronously);
    expect(() => nvsmi.processes()).toThrow(TypeError);
    expect(() => nvsmi.deviceQuery()).toThrow(TypeError);
  });

  it.each([[0], [-1], [Number.NaN], [1e9]])('rejects %s milliseconds', async (timeout) => {
    await expect(open({ timeout })).rejects.toThrow(RangeError);
  });

  it('rejects with what was tried where there is no library', async () => {
    const failed = open({ path: '/nonexistent/libnvidia-ml.so', timeout: TIMEOUT });
    await expect(failed).rejects.toThrow(/nonexistent/);
    await expect(failed).rejects.toMatchObject({ code: 12 });
  });

  it('lets a program end by itself, and leaves no process', async () => {
    const library = deafTo('nvmlDeviceGetTemperatureV');
    const entry = new URL('../../dist/lib/index.js', import.meta.url).href;
    const source = `
      import { open } from ${JSON.stringify(entry)};
      const nvsmi = await open({ path: ${JSON.stringify(library.path)}, timeout: ${TIMEOUT} });
      console.log(JSON.stringify(await nvsmi.query(['temperature.gpu']).sampleAsync()));`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject([{ 'temperature.gpu': 37 }, { 'temperature.gpu': null }]);
    await expectNoneLeft(library);
  });
});
