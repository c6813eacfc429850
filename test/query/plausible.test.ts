/** What cannot be true is absent for programs, with the reason, and is printed as nvidia-smi prints it in its own formats. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open } from '../../src/index.js';
import {
  celsius,
  count,
  isPlausible,
  type Kind,
  mebibytes,
  megahertz,
  pcieGeneration,
  pcieLanes,
  percent,
  percentOfOne,
  processId,
  watts,
} from '../../src/query/kind.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200sWhoseFirst } from '../commands/machines.js';
import { runOn } from '../commands/run-on.js';
import { folderOfFile, saved } from '../temporary.js';

const ABSURD = h200sWhoseFirst({
  nvmlDeviceGetPowerUsage: 4294967294,
  nvmlDeviceGetUtilizationRates: { gpu: 808334905, memory: 101 },
  nvmlDeviceGetTemperatureV: { version: 16777228, sensorType: 0, temperature: 255 },
});

const FIELDS = 'power.draw,utilization.gpu,utilization.memory,temperature.gpu,memory.total';

describe('a reading that cannot be true', () => {
  it('is absent in JSON, with the reason', async () => {
    const { out } = await runOn(ABSURD, [`--query-gpu=${FIELDS}`, '--format=json']);
    const [first, second] = JSON.parse(out).gpus;
    expect(first).toEqual({
      'power.draw': null,
      'utilization.gpu': null,
      'utilization.memory': null,
      'temperature.gpu': null,
      'memory.total': 143771,
      reasons: {
        'power.draw': 'implausible',
        'utilization.gpu': 'implausible',
        'utilization.memory': 'implausible',
        'temperature.gpu': 'implausible',
      },
    });
    expect(second.reasons).toBeUndefined();
  });

  it('is printed in CSV as nvidia-smi prints it', async () => {
    const { out } = await runOn(ABSURD, [`--query-gpu=${FIELDS}`, '--format=csv,noheader', '-i', '0']);
    expect(out).toBe('4294967.50 W, 808334905 %, 101 %, 255, 143771 MiB\n');
  });

  it('is absent in the report and the summary as JSON, and not in their text', async () => {
    const report = JSON.parse((await runOn(ABSURD, ['-q', '-d', 'UTILIZATION', '--json'])).out);
    expect(report.gpu[0].utilization).toMatchObject({ gpu_util: null, reasons: { gpu_util: 'implausible' } });
    expect((await runOn(ABSURD, ['-q', '-d', 'UTILIZATION'])).out).toContain('808334905 %');
    const summary = JSON.parse((await runOn(ABSURD, ['--json'])).out);
    expect(JSON.stringify(summary.gpus[0].reasons)).toContain('implausible');
  });

  it('is absent in the lines of dmon as JSON', async () => {
    const {
      gpus: [first],
    } = JSON.parse((await runOn(ABSURD, ['dmon', '-c', '1', '--format', 'json'])).out);
    expect(first).toMatchObject({ 'utilization.gpu': null, 'temperature.gpu': null, 'power.draw': null });
    expect(first.reasons).toMatchObject({
      'utilization.gpu': 'implausible',
      'temperature.gpu': 'implausible',
      'power.draw': 'implausible',
    });
  });
});

/** What NVML leaves of a GPU whose answers are all ones, in the width of each. */
const ALL_ONES = h200sWhoseFirst({
  nvmlDeviceGetPowerUsage: 0xffffffff,
  nvmlDeviceGetUtilizationRates: { gpu: 255, memory: 0xffff },
  nvmlDeviceGetTemperatureV: { version: 16777228, sensorType: 0, temperature: 0xffff },
  nvmlDeviceGetClockInfo: 0xffff,
  nvmlDeviceGetCurrPcieLinkWidth: 255,
  nvmlDeviceGetCurrPcieLinkGeneration: 255,
  nvmlDeviceGetTotalEnergyConsumption: '18446744073709551615',
});

/** The lines about the first GPU. */
const ofFirst = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line.includes('gpu="0"'));

describe.each([
  ['absurd', ABSURD],
  ['all ones', ALL_ONES],
])('a reading that is %s', (_, machine) => {
  it('is no metric, and is counted', async () => {
    const file = join(folderOfFile(), 'metrics.prom');
    const { status } = await runOn(machine, ['exporter', '--textfile', file]);
    expect(status).toBe(0);
    const text = readFileSync(file, 'utf8');
    const absent = [
      'utilization_gpu_ratio',
      'utilization_memory_ratio',
      'temperature_gpu_celsius',
      'power_draw_watts',
    ];
    const names = ofFirst(text).map((line) => line.replace(/\{.*/, ''));
    expect(names).toContain('nvsmi_power_limit_watts');
    for (const name of absent) expect(names).not.toContain(`nvsmi_${name}`);
    expect(text).toMatch(/errors_total\{status="implausible"\} [1-9]/);
    // The other GPU has them all.
    for (const name of absent) expect(text).toMatch(new RegExp(`nvsmi_${name}\\{gpu="1"`));
  });

  it('is absent in the library', async () => {
    const nvsmi = open({ snapshot: saved(machine) });
    const fields = ['power.draw', 'utilization.gpu', 'utilization.memory', 'temperature.gpu'] as const;
    const [first, second] = nvsmi.query(fields).sample();
    const report = await nvsmi.report();
    nvsmi.close();
    expect(fields.map((name) => first?.[name])).toEqual([null, null, null, null]);
    expect(first?.reasons).toMatchObject({
      'utilization.gpu': 'implausible',
      'temperature.gpu': 'implausible',
    });
    expect(second?.reasons).toBeUndefined();
    expect(report.gpu[0]?.utilization).toMatchObject({
      gpu_util: null,
      reasons: { gpu_util: 'implausible' },
    });
  });

  it('is absent in top, as text and as JSON', async () => {
    const text = (await runOn(machine, ['top', '--once'])).out;
    const line = text.split('\n').find((each) => each.startsWith('  0 '));
    expect(line).not.toMatch(/255|65535|4294967|808|101%/);
    const [first] = JSON.parse((await runOn(machine, ['top', '--once', '--json'])).out).gpus;
    expect(first).toMatchObject({ 'power.draw': null, 'utilization.gpu': null, 'temperature.gpu': null });
  });

  it('is unknown to health', async () => {
    const { status, out } = await runOn(machine, ['health', '--json']);
    expect(status).toBe(3);
    const verdicts = JSON.parse(out).checks.filter(({ gpu }: { gpu: number | null }) => gpu === 0);
    const of = (check: string): string =>
      verdicts.find((each: { check: string }) => each.check === check).verdict;
    expect(['temperature', 'power', 'stuck-utilization'].map(of)).toEqual(['unknown', 'unknown', 'unknown']);
  });
});

describe('a PCIe link of all ones', () => {
  it('is neither 255 lanes wide nor well', async () => {
    const { out } = await runOn(ALL_ONES, ['health', '--json', '--checks', 'pcie-width,pcie-generation']);
    const first = JSON.parse(out).checks.filter(({ gpu }: { gpu: number }) => gpu === 0);
    expect(
      first.map(({ verdict, reasons }: { verdict: string; reasons: object }) => [verdict, reasons]),
    ).toEqual([
      ['unknown', { 'pcie.link.width.current': 'implausible' }],
      ['unknown', expect.objectContaining({ 'pcie.link.gen.current': 'implausible' })],
    ]);
    const { out: csv } = await runOn(ALL_ONES, [
      '--query-gpu=pcie.link.width.current',
      '--format=csv,noheader',
      '-i',
      '0',
    ]);
    expect(csv).toBe('255\n');
  });
});

describe('a process that uses more than all of a GPU', () => {
  const text = readFileSync(new URL('../../snapshots/h200-x2-load.json', import.meta.url), 'utf8');
  const absurd = JSON.parse(text.replace(/"smUtil": ?\d+/g, '"smUtil":808334905')) as Snapshot;

  it('has no share in ps', async () => {
    expect(JSON.stringify(absurd)).toContain('808334905');
    const { out } = await runOn(absurd, ['ps']);
    expect(out.split('\n').length).toBeGreaterThan(2);
    expect(out).not.toContain('808334905');
    const { processes } = JSON.parse((await runOn(absurd, ['ps', '--json'])).out);
    expect(processes[0]['utilization.gpu']).toBeNull();
    expect(processes[0].reasons['utilization.gpu']).toBe('implausible');
  });
});

it('a share of one processor or of several GPUs may be above 100 %', () => {
  expect([percentOfOne.json(350), isPlausible(percentOfOne, 350)]).toEqual([350, true]);
});

const BOUNDS: readonly (readonly [
  what: string,
  kind: Kind,
  yes: readonly (number | bigint)[],
  no: readonly (number | bigint)[],
])[] = [
  ['percentages', percent, [0, 100], [101, 255, 65535, 4294967295]],
  ['temperatures', celsius, [-40, 0, 199], [200, 255, 65535]],
  ['milliwatts', watts, [0, 76285, 2_700_000], [5_000_000, 4294967294]],
  ['clocks', megahertz, [0, 9500, 10_501, 14_001], [40_000, 65535]],
  ['counts', count, [0, 255, 65535, 4294967294], [4294967295, 18446744073709551615n]],
  ['bytes', mebibytes, [0, 150754820096n], [18446744073709551615n]],
  ['lanes of PCIe', pcieLanes, [0, 16, 32], [255, 65535]],
  ['generations of PCIe', pcieGeneration, [1, 7], [255]],
  ['process ids', processId, [1, 4294967295], []],
];

it.each(BOUNDS)('the bounds of %s are those of what can be built', (_, kind, yes, no) => {
  expect(yes.map((value) => isPlausible(kind, value))).toEqual(yes.map(() => true));
  expect(no.map((value) => isPlausible(kind, value))).toEqual(no.map(() => false));
});
