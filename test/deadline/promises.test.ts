/** `nvsmi/nvml/promises` with limits: a call that never returns holds up neither others nor the end of the program. */
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';
import { deafTo, expectNoneLeft, fake, machineWith } from './stuck.js';

/** Milliseconds. */
const TIMEOUT = 3000;
const SLACK = 500 + 5000;

/** The error of a promise, and in how many milliseconds it came. */
async function failure(promise: Promise<unknown>): Promise<{ error: unknown; took: number }> {
  const begun = performance.now();
  const error = await promise.then(
    (value) => new Error(`it resolved with ${value}`),
    (error: unknown) => error,
  );
  return { error, took: performance.now() - begun };
}

afterEach(() => {
  try {
    for (;;) nvml.nvmlShutdown();
  } catch {
    // Closed.
  }
});

describe.skipIf(!fake.available)('a call with limits', { timeout: 60_000 }, () => {
  it('answers as without them, also about handles that this process was given', async () => {
    const library = machineWith();
    nvml.nvmlInit({ path: library.path });
    const device = nvml.nvmlDeviceGetHandleByIndex(1);
    const limits = { timeout: 30_000, signal: new AbortController().signal };
    expect(await promises.nvmlDeviceGetName(device, limits)).toBe(nvml.nvmlDeviceGetName(device));
    expect(await promises.nvmlDeviceGetMemoryInfo(device, limits)).toEqual(
      nvml.nvmlDeviceGetMemoryInfo(device),
    );
    expect(await promises.nvmlDeviceGetFieldValues(device, [nvml.NVML_FI_DEV_ECC_CURRENT], limits)).toEqual([
      expect.objectContaining({ fieldId: nvml.NVML_FI_DEV_ECC_CURRENT, nvmlReturn: 0 }),
    ]);
    // The same question has the same handle.
    expect(await promises.nvmlDeviceGetHandleByIndex(1, limits)).toBe(device);
    await expect(promises.nvmlDeviceGetHandleByIndex(9, limits)).rejects.toBeInstanceOf(
      nvml.NVMLError_InvalidArgument,
    );
    nvml.nvmlShutdown();
    await expectNoneLeft(library);
  });

  it('rejects with NVMLError_NoAnswer at its timeout, and the next ones are answered', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    nvml.nvmlInit({ path: library.path });
    const device = nvml.nvmlDeviceGetHandleByIndex(1);
    await promises.nvmlDeviceGetName(device, { timeout: 30_000 });
    const stuck = promises.nvmlDeviceGetUtilizationRates(device, { timeout: TIMEOUT });
    // Meanwhile, about the same GPU, and more of them than there are threads.
    const others = Array.from({ length: 20 }, () => promises.nvmlDeviceGetIndex(device, { timeout: 30_000 }));
    expect(await Promise.all(others)).toEqual(Array.from({ length: 20 }, () => 1));
    const { error, took } = await failure(stuck);
    expect(took).toBeLessThan(TIMEOUT + SLACK);
    expect(error).toBeInstanceOf(nvml.NVMLError_NoAnswer);
    expect(error).toMatchObject({
      code: 124,
      symbol: 'NVSMI_NO_ANSWER',
      fn: 'nvmlDeviceGetUtilizationRates',
      message: 'No Answer',
    });
    expect(await promises.nvmlDeviceGetIndex(device, { timeout: 30_000 })).toBe(1);
    expect(nvml.nvmlDeviceGetIndex(device)).toBe(1);
    nvml.nvmlShutdown();
    await expectNoneLeft(library);
  });

  it('rejects at its timeout for handles, PCIe throughput and process lists, too', async () => {
    const library = machineWith(
      { fn: 'nvmlDeviceGetHandleByIndex_v2', when: [1], hangs: true },
      { fn: 'nvmlDeviceGetPcieThroughput', when: ['gpu0'], hangs: true },
      { fn: 'nvmlDeviceGetComputeRunningProcesses_v3', when: ['gpu0'], hangs: true },
    );
    await promises.nvmlInit({ path: library.path, timeout: 30_000 });
    const device = await promises.nvmlDeviceGetHandleByIndex(0);
    const limits = { timeout: TIMEOUT };
    const failures = await Promise.all([
      failure(promises.nvmlDeviceGetHandleByIndex(1, limits)),
      failure(promises.nvmlDeviceGetPcieThroughput(device, nvml.NVML_PCIE_UTIL_TX_BYTES, limits)),
      failure(promises.nvmlDeviceGetComputeRunningProcesses(device, limits)),
    ]);
    for (const { error, took } of failures) {
      expect(error).toBeInstanceOf(nvml.NVMLError_NoAnswer);
      expect(took).toBeLessThan(TIMEOUT + SLACK);
    }
    await promises.nvmlShutdown();
    await expectNoneLeft(library);
  });

  it('rejects with the reason of its signal', async () => {
    nvml.nvmlInit({ path: deafTo('nvmlDeviceGetTemperatureV').path });
    const device = nvml.nvmlDeviceGetHandleByIndex(1);
    await promises.nvmlDeviceGetName(device, { timeout: 30_000 });
    const controller = new AbortController();
    const stuck = promises.nvmlDeviceGetTemperatureV(
      device,
      { sensorType: 0 },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(), 100);
    const { error } = await failure(stuck);
    expect(error).toBe(controller.signal.reason);
    expect(error).toMatchObject({ name: 'AbortError' });
    const again = promises.nvmlDeviceGetName(device, { signal: controller.signal });
    await expect(again).rejects.toBe(controller.signal.reason);
    const own = new Error('mine');
    await expect(promises.nvmlDeviceGetName(device, { signal: AbortSignal.abort(own) })).rejects.toBe(own);
  });

  it('rejects in time where the other process cannot initialise NVML', async () => {
    const library = deafTo('nvmlInit_v2');
    nvml.nvmlInitWithFlags(0, { path: library.path });
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const { error, took } = await failure(promises.nvmlDeviceGetName(device, { timeout: TIMEOUT }));
    expect(took).toBeLessThan(TIMEOUT + SLACK);
    expect(error).toBeInstanceOf(nvml.NVMLError_NoAnswer);
    nvml.nvmlShutdown();
    await expectNoneLeft(library);
  });

  it('is refused where another process cannot know its handle', async () => {
    nvml.nvmlInit({ path: machineWith().path });
    const unknown = 0x7f0000001000n as nvml.nvmlDevice_t;
    await expect(promises.nvmlDeviceGetName(unknown, { timeout: TIMEOUT })).rejects.toThrow(
      /nvmlDeviceGetName: another process does not know this device/,
    );
    const foreign = await promises.nvmlDeviceGetHandleByIndex(0, { timeout: 30_000 });
    expect(await promises.nvmlDeviceGetIndex(foreign, { timeout: 30_000 })).toBe(0);
    expect(() => nvml.nvmlDeviceGetIndex(foreign)).toThrow(/comes from a call with a timeout or a signal/);
  });

  it.each([
    [{ timeout: 0 }, RangeError, /timeout must be a number of milliseconds above 0/],
    [{ timeout: '1' }, TypeError, /timeout must be a number/],
    [{ signal: 5 }, TypeError, /signal must be an AbortSignal/],
    [{ deadline: 5 }, TypeError, /there is no option deadline; there are timeout, signal/],
    [5, TypeError, /the options must be an object, \{ timeout, signal \}, not 5/],
  ])('is refused with %j', async (options, type, message) => {
    nvml.nvmlInit({ snapshot: 'h200-x2' });
    const refused = promises.nvmlDeviceGetCount(options as promises.CallOptions);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(type);
  });

  it('is answered by a recording, and ended by a signal there, too', async () => {
    await promises.nvmlInit({ snapshot: 'h200-x2', timeout: TIMEOUT });
    expect(await promises.nvmlDeviceGetCount({ timeout: TIMEOUT })).toBe(2);
    await expect(promises.nvmlDeviceGetCount({ signal: AbortSignal.abort('over') })).rejects.toBe('over');
    await promises.nvmlShutdown();
  });

  it('lets a program end by itself, and leaves no process', async () => {
    const library = deafTo('nvmlDeviceGetTemperatureV');
    const built = (file: string): string =>
      JSON.stringify(new URL(`../../dist/lib/${file}`, import.meta.url).href);
    const source = `
      import { nvmlInit, nvmlDeviceGetHandleByIndex } from ${built('nvml.js')};
      import * as promises from ${built('nvml-promises.js')};
      nvmlInit({ path: ${JSON.stringify(library.path)} });
      const device = nvmlDeviceGetHandleByIndex(1);
      await promises.nvmlDeviceGetTemperatureV(device, { sensorType: 0 }, { timeout: ${TIMEOUT} }).catch(({ code }) => console.log(code));`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '124\n', stderr: '' });
    await expectNoneLeft(library);
  });
});

describe.skipIf(!fake.available)('nvmlInit({ timeout })', { timeout: 60_000 }, () => {
  it('gives NVML to another process, for all functions', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    await promises.nvmlInit({ path: library.path, timeout: TIMEOUT });
    await promises.nvmlInit({ path: library.path, timeout: TIMEOUT });
    expect(await promises.nvmlDeviceGetCount()).toBe(2);
    const device = await promises.nvmlDeviceGetHandleByIndex(1);
    const uuid = await promises.nvmlDeviceGetUUID(device);
    expect(await promises.nvmlDeviceGetIndex(await promises.nvmlDeviceGetHandleByUUID(uuid))).toBe(1);
    const { error, took } = await failure(promises.nvmlDeviceGetUtilizationRates(device));
    expect(took).toBeLessThan(TIMEOUT + SLACK);
    expect(error).toBeInstanceOf(nvml.NVMLError_NoAnswer);
    const sooner = await failure(promises.nvmlDeviceGetUtilizationRates(device, { timeout: 50 }));
    expect(sooner.error).toBeInstanceOf(nvml.NVMLError_NoAnswer);
    expect(() => nvml.nvmlDeviceGetCount()).toThrow(TypeError);
    await expect(promises.nvmlDeviceSetPersistenceMode(device, 1)).rejects.toThrow(
      /takes no timeout or signal/,
    );
    await expect(promises.nvmlInit({ path: library.path })).rejects.toBeInstanceOf(
      nvml.NVMLError_AlreadyInitialized,
    );
    await promises.nvmlShutdown();
    expect(await promises.nvmlDeviceGetCount()).toBe(2);
    await promises.nvmlShutdown();
    await expect(promises.nvmlDeviceGetCount()).rejects.toBeInstanceOf(nvml.NVMLError_Uninitialized);
    await expectNoneLeft(library);
  });

  it('rejects with NVMLError_NoAnswer where NVML cannot be initialised in time', async () => {
    const library = deafTo('nvmlInit_v2');
    const { error, took } = await failure(promises.nvmlInit({ path: library.path, timeout: TIMEOUT }));
    expect(took).toBeLessThan(TIMEOUT + SLACK);
    expect(error).toBeInstanceOf(nvml.NVMLError_NoAnswer);
    expect(error).toMatchObject({ fn: 'nvmlInit' });
    await expectNoneLeft(library);
  });

  it('ends with its signal, and says what it tried', async () => {
    const library = deafTo('nvmlInit_v2');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    const options = { path: library.path, timeout: 60_000, signal: controller.signal };
    const { error } = await failure(promises.nvmlInit(options));
    expect(error).toBe(controller.signal.reason);
    await expectNoneLeft(library);
    const nowhere = promises.nvmlInit({ path: '/nonexistent/libnvidia-ml.so', timeout: 60_000 });
    await expect(nowhere).rejects.toThrow(/nonexistent/);
    await expect(nowhere).rejects.toBeInstanceOf(nvml.NVMLError_LibraryNotFound);
  });

  it('opens NVML in this process without a timeout', async () => {
    await promises.nvmlInit({ path: machineWith().path });
    expect(nvml.nvmlDeviceGetCount()).toBe(2);
    await promises.nvmlShutdown();
    expect(() => nvml.nvmlDeviceGetCount()).toThrow(nvml.NVMLError_Uninitialized);
  });
});
