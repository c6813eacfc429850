/** doctor, health and events where NVML does not answer: unknown or failed in time, with the exit status of a verdict. */
import { describe, expect, it } from 'vitest';
import { deafTo, expectNoneLeft, fake, machineWith, nvsmi, TIMEOUT } from './stuck.js';

const SLACK = 500 + 10_000;

const timed = (line: string): readonly string[] => ['--timeout', String(TIMEOUT), ...line.split(' ')];

interface Finding {
  readonly check: string;
  readonly gpu: number | null;
  readonly verdict: string;
  readonly why: string;
}

const findingsIn = (out: string): readonly Finding[] => JSON.parse(out).checks;

describe.skipIf(!fake.available)('health with --timeout', { timeout: 60_000 }, () => {
  it('is unknown where a reading has no answer, and judges the other GPU', async () => {
    const library = deafTo('nvmlDeviceGetTemperatureV');
    const { status, out, took } = await nvsmi(library, timed('health --checks temperature --json'));
    expect(took).toBeLessThan(TIMEOUT * 1000 + SLACK);
    expect(findingsIn(out).map(({ gpu, verdict }) => [gpu, verdict])).toEqual([
      [0, 'ok'],
      [1, 'unknown'],
    ]);
    expect(out).toContain('No Answer');
    expect(status).toBe(3);
    await expectNoneLeft(library);
  });

  it('is critical for Nagios where NVML is not initialized in time', async () => {
    const library = deafTo('nvmlInit_v2');
    const { status, out } = await nvsmi(library, timed('health --nagios'));
    expect(out).toMatch(/^GPU CRITICAL|CRITICAL/);
    expect(out).toContain('No Answer');
    expect(status).toBe(2);
    await expectNoneLeft(library);
  });

  it('continues a loop, with the events of NVML', async () => {
    const library = deafTo('nvmlDeviceGetTemperatureV', { after: 1 });
    let ticks = 0;
    const argv = timed('health --checks temperature --json -l 1');
    const { out, err } = await nvsmi(library, argv, (out) => {
      ticks = out.split('\n').length - 1;
      return ticks >= 3;
    });
    const verdicts = out
      .split('\n')
      .slice(0, 2)
      .map((line) => findingsIn(line).map(({ verdict }) => verdict));
    expect(verdicts).toEqual([
      ['ok', 'ok'],
      ['ok', 'unknown'],
    ]);
    expect(err).toMatch(/no answer from nvmlDeviceGetTemperatureV \(GPU 1\)/);
    await expectNoneLeft(library);
  });
});

describe.skipIf(!fake.available)('doctor with --timeout', { timeout: 60_000 }, () => {
  it('says that NVML does not answer, and what it found without it', async () => {
    const library = deafTo('nvmlInit_v2');
    const { status, out, took } = await nvsmi(library, timed('doctor --json'));
    expect(took).toBeLessThan(TIMEOUT * 1000 + SLACK);
    const nvml = findingsIn(out).find(({ check }) => check === 'nvml');
    expect(nvml).toMatchObject({ verdict: 'fail', why: expect.stringContaining('No Answer') });
    expect(findingsIn(out).length).toBeGreaterThan(10);
    expect(status).toBe(2);
    await expectNoneLeft(library);
  });
});

describe.skipIf(!fake.available)('events with --timeout', { timeout: 60_000 }, () => {
  it('runs on, and ends with a signal', async () => {
    const library = machineWith();
    const { status, err } = await nvsmi(library, timed('events --json'), (_, err) => err !== '');
    expect(status).toBe('SIGTERM');
    expect(err).not.toContain('takes neither');
    await expectNoneLeft(library);
  });

  it('says which GPUs have no events where NVML does not answer', async () => {
    const library = deafTo('nvmlDeviceGetSupportedEventTypes');
    const { err } = await nvsmi(library, timed('events'), (_, err) => err.includes('NVML has no events'));
    expect(err).toMatch(/NVML has no events of GPU \d/);
    await expectNoneLeft(library);
  });
});
