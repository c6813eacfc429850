import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Finding, fail, ok, unknown, warn } from '../../src/base/verdict.js';
import type { Collector } from '../../src/exporter/collector.js';
import { labelsOfGpu } from '../../src/exporter/dialects/nvsmi.js';
import { checkPoints } from '../../src/exporter/health-points.js';
import { MetricsText } from '../../src/exporter/metrics-text.js';
import type { HealthSeen } from '../../src/exporter/observed.js';
import { pagesOf } from '../../src/exporter/pages.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import { runOn } from '../commands/run-on.js';
import { buildFake } from '../fake-nvml/build.js';
import { startExporter } from './program.js';
import { until } from './prometheus.js';

const NOW = 1_795_000_000_000;
const fake = await buildFake();

const of = (...findings: readonly Finding[]): HealthSeen => ({
  at: NOW,
  tookMs: 3,
  period: 60_000,
  findings,
  notApplicable: [],
});
const well: Finding = { check: 'ecc-uncorrected', gpu: 0, uuid: 'GPU-a', ...ok('No error.') };
const warned: Finding = {
  check: 'persistence-mode',
  gpu: 0,
  uuid: 'GPU-a',
  ...warn('It is off.', 'Switch it on.'),
};
const failed: Finding = { check: 'row-remap', gpu: 1, uuid: 'GPU-b', ...fail('It failed.', 'Replace it.') };
const unread: Finding = { check: 'xid', gpu: 0, uuid: 'GPU-a', ...unknown('No log.', 'Be root.') };

const collectorWith = (health: HealthSeen | undefined, more: Partial<Collector> = {}): Collector => ({
  latest: { at: NOW, tookMs: 1, records: [], errors: {} },
  health,
  checksHealth: true,
  stuckSince: undefined,
  errors: new Map(),
  collections: 1,
  stop: () => undefined,
  ...more,
});

async function answer(collector: Collector, now = NOW) {
  const metrics = new MetricsText(collector, [], labelsOfGpu(['gpu'], ''), '0.1.0', () => now);
  const page = await pagesOf(
    metrics,
    collector,
    () => now,
    '',
  )('/health', { headers: {} } as IncomingMessage);
  const { verdict, checks } = JSON.parse(String(page?.body)) as { verdict: string; checks: Finding[] };
  const text = (await metrics.body('text', false)).toString();
  const worst = /^nvsmi_health_status (\d)$/m.exec(text)?.[1];
  return { status: page?.status, type: page?.type, verdict, checks, worst };
}

describe('/health', () => {
  it.each([
    ['all is well', of(well), 200, 'ok', '0'],
    ['something is to be looked into', of(well, warned), 200, 'warn', '1'],
    ['a check fails', of(well, warned, failed, unread), 503, 'fail', '2'],
    ['something could not be read', of(well, unread), 503, 'unknown', '3'],
    ['nothing was checked', of(), 503, 'unknown', '3'],
    ['the checks did not run yet', undefined, 503, 'unknown', '3'],
  ])('where %s has the status and the verdict for it', async (_, health, status, verdict, worst) => {
    expect(await answer(collectorWith(health))).toMatchObject({
      status,
      verdict,
      worst,
      type: 'application/json; charset=utf-8',
    });
  });

  it('does not believe a verdict that is old', async () => {
    expect(await answer(collectorWith(of(well)), NOW + 120_000)).toMatchObject({
      status: 200,
      verdict: 'ok',
    });
    const { status, verdict, checks, worst } = await answer(collectorWith(of(well)), NOW + 200_000);
    expect([status, verdict, worst]).toEqual([503, 'unknown', '3']);
    expect(checks[0]).toMatchObject({
      check: 'exporter',
      why: 'The last run of the checks ended 200 seconds ago.',
    });
  });

  it('does not believe a verdict while NVML does not answer, and a failure stays one', async () => {
    const stuck = { stuckSince: NOW };
    const { verdict, checks } = await answer(collectorWith(of(well), stuck));
    expect(verdict).toBe('unknown');
    expect(checks[0]?.why).toBe('NVML has not answered since 2026-11-18T11:06:40.000Z.');
    expect(await answer(collectorWith(of(failed), stuck))).toMatchObject({ status: 503, verdict: 'fail' });
  });
});

describe('the metrics of health', () => {
  it('have a series for each check of each GPU, with the worst of what it says', () => {
    const twice: Finding = { ...failed, ...unknown('And more.', '') };
    const machine: Finding = { check: 'gpu-count', ...ok('All.') };
    const [[, points] = []] = [...checkPoints(of(well, failed, twice, machine), (gpu) => ({ gpu }))];
    expect(points).toEqual([
      { labels: { check: 'ecc-uncorrected', gpu: '0' }, value: 0 },
      { labels: { check: 'row-remap', gpu: '1' }, value: 2 },
      { labels: { check: 'gpu-count' }, value: 0 },
    ]);
  });

  it('are in a text file, too, and not where health is switched off', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-health-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'a.prom');
    const written = async (...argv: readonly string[]): Promise<string> => {
      expect(await runOn('h200-x2', ['exporter', '--textfile', path, ...argv])).toMatchObject({ status: 0 });
      return readFileSync(path, 'utf8');
    };
    expect(await written()).toMatch(
      /^nvsmi_health_check_status\{check="ecc-uncorrected",gpu="1",uuid="GPU-.*"\} 0$/m,
    );
    const one = await written('--health-checks', 'ecc-uncorrected');
    expect(one.match(/^nvsmi_health_check_status\{/gm)).toHaveLength(2);
    expect(one).toMatch(/^nvsmi_health_status 0$/m);
    expect(await written('--health', '0')).not.toContain('nvsmi_health');
  });

  it.each([
    ['--health soon', '--health must be 0, or 1 to 86400 seconds.\n'],
    ['--health-skip ecc', '--health-skip: unknown check "ecc"\n'],
    ['--health-expect /nowhere', /^--health-expect: \/nowhere: there is no such file/],
  ])('with %s are refused in a line', async (line, message) => {
    const { status, out } = await runOn('t4', ['exporter', '--textfile', '/dev/null', ...line.split(' ')]);
    expect([status, out]).toEqual([
      2,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
  });
});

describe.skipIf(!fake.available)('the health of a machine', () => {
  it('is checked in the background, what takes the driver long is asked once', {
    timeout: 60_000,
  }, async () => {
    const { snapshot } = openSnapshot('h200-x2');
    const { path, log } = fake.with({ snapshot });
    const one = await startExporter(['-l', '0.5', '--health', '1', '--health-skip', 'gpu-count'], {
      NVSMI_NVML: path,
    });
    onTestFinished(() => {
      one.child.kill('SIGKILL');
    });
    const counted = (fn: string): number => log().filter((call) => call.fn.startsWith(fn)).length;
    const fetched = async () => fetch(`http://127.0.0.1:${one.port}/health`);
    await until('three runs', async () => counted('nvmlDeviceGetGpuFabricInfo') >= 6);
    const response = await fetched();
    const { verdict, checks } = (await response.json()) as { verdict: string; checks: Finding[] };
    expect(checks.filter(({ check }) => check === 'inforom')).toHaveLength(2);
    expect([response.status, verdict === 'ok' || verdict === 'warn']).toEqual([
      verdict === 'unknown' ? 503 : 200,
      verdict !== 'unknown',
    ]);
    expect(counted('nvmlDeviceValidateInforom')).toBe(2);
  });

  it('that fails is status 503', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-health-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'expected.json');
    const gpus = [{ 'pci.bus_id': '0000:ff:00.0' }];
    writeFileSync(file, JSON.stringify({ format: 'nvsmi-expectations', version: 1, machine: null, gpus }));
    const { path } = fake.with({ snapshot: openSnapshot('t4').snapshot });
    const one = await startExporter(['--health-expect', file], { NVSMI_NVML: path });
    onTestFinished(() => {
      one.child.kill('SIGKILL');
    });
    await until('the verdict', async () => (await one.get('/health')).includes('"verdict":"fail"'));
    expect((await fetch(`http://127.0.0.1:${one.port}/health`)).status).toBe(503);
    expect(await one.get('/metrics')).toMatch(/^nvsmi_health_check_status\{check="gpu-count"\} 2$/m);
  });
});
