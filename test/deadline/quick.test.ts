/** Calls made one after another in the other process, and one of them that does not return or is only slow. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openElsewhere } from '../../src/nvml/backend/child/elsewhere.js';
import { leavesTime, stallOf } from '../../src/nvml/backend/child/quick.js';
import type { Call, Handle } from '../../src/nvml/call.js';
import { callOf } from '../../src/nvml/call-of.js';
import {
  nvmlDeviceGetTemperatureV,
  nvmlDeviceGetUtilizationRates,
} from '../../src/nvml/generated/entries.js';
import { startSession } from '../../src/nvml/session.js';
import { NO_ANSWER } from '../../src/nvml/status.js';
import type { FakeLibrary } from '../fake-nvml/build.js';
import { callersOf, deafTo, expectNoneLeft, fake, machineWith } from './stuck.js';

/** Milliseconds: long enough for a busy machine to start another process. */
const TIMEOUT = 20_000;

const UTILIZATION = callOf(nvmlDeviceGetUtilizationRates);
const TEMPERATURE = callOf(nvmlDeviceGetTemperatureV, { sensorType: 0 });

async function opened(library: FakeLibrary) {
  const lines: string[] = [];
  const { driver, end, wasLate } = openElsewhere({
    path: library.path,
    timeout: TIMEOUT,
    opensForSample: false,
    isQuick: true,
    report: (line) => lines.push(line),
  });
  onTestFinished(end);
  const { gpus } = await startSession(driver);
  const [first, second] = gpus.map(({ handle }) => handle as Handle);
  driver.beginSample?.({});
  const ask = async (call: Call, subject: Handle | undefined): Promise<number> => {
    const bound = driver.bind(call, subject);
    return (await bound?.start()) ?? -1;
  };
  return { first, second, ask, end, wasLate, lines };
}

describe.skipIf(!fake.available)('calls one after another', { timeout: 120_000 }, () => {
  it('are made by another process where one of them does not return', async () => {
    const library = deafTo('nvmlDeviceGetUtilizationRates');
    const { first, second, ask, end, wasLate, lines } = await opened(library);
    const begun = performance.now();
    const stuck = ask(UTILIZATION, second);
    const others = await Promise.all([
      ask(TEMPERATURE, first),
      ask(UTILIZATION, first),
      ask(TEMPERATURE, first),
    ]);
    // The timeout has not passed, and the one that does not return is waited for in a thread of its own.
    expect(others).toEqual([0, 0, 0]);
    expect(performance.now() - begun).toBeLessThan(TIMEOUT);
    expect(wasLate()).toBe(false);
    expect(lines).toEqual([]);
    await expect.poll(() => callersOf(library).length).toBe(1);
    expect(await stuck).toBe(NO_ANSWER);
    expect(lines).toEqual([
      expect.stringMatching(/^no answer from nvmlDeviceGetUtilizationRates \(GPU 1\) for (19|2\d)\.\d s$/),
    ]);
    await end();
    await expectNoneLeft(library);
  });

  it('have the answer of one that is only slow', async () => {
    const library = machineWith({ fn: 'nvmlDeviceGetUtilizationRates', when: ['gpu1'], sleepMs: 1500 });
    const { first, second, ask, end, wasLate, lines } = await opened(library);
    const answers = await Promise.all([
      ask(UTILIZATION, second),
      ask(TEMPERATURE, first),
      ask(TEMPERATURE, second),
    ]);
    expect(answers).toEqual([0, 0, 0]);
    expect({ late: wasLate(), lines }).toEqual({ late: false, lines: [] });
    await end();
    await expectNoneLeft(library);
  });
});

describe('another process', () => {
  it.each([
    // A GPU machine, and one where opening NVML took as long as half of the timeout.
    [1000, 60, true],
    [1000, 500, false],
    [3000, 1500, false],
    [60_000, 3000, true],
  ])('has time within %i ms where NVML was open after %i ms: %s', (timeout, opening, isQuick) => {
    expect(leavesTime(timeout - opening, stallOf(timeout), opening)).toBe(isQuick);
  });
});
