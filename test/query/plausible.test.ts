/** What cannot be true is absent for programs, with the reason, and is printed as nvidia-smi prints it in its own formats. */
import { describe, expect, it } from 'vitest';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import {
  celsius,
  count,
  isPlausible,
  type Kind,
  mebibytes,
  megahertz,
  percent,
  processId,
  watts,
} from '../../src/query/kind.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from '../commands/machines.js';
import { runOn } from '../commands/run-on.js';

/** Two H200s of which the first answers otherwise. */
function h200s(answers: Partial<Record<FunctionName, Json>>): Snapshot {
  const { calls, ...rest } = h200x2();
  const changed = Object.entries(answers).map(([fn, answer]) => [
    fn,
    Object.fromEntries(
      Object.entries(calls[fn as FunctionName] ?? {}).map(([key, old]) => [
        key,
        key.startsWith('gpu0') ? answer : old,
      ]),
    ),
  ]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } };
}

const ABSURD = h200s({
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

const BOUNDS: readonly (readonly [
  what: string,
  kind: Kind,
  yes: readonly (number | bigint)[],
  no: readonly (number | bigint)[],
])[] = [
  ['percentages', percent, [0, 100], [101, 255, 65535, 4294967295]],
  ['temperatures', celsius, [-40, 0, 199], [200, 255, 65535]],
  ['milliwatts', watts, [0, 76285, 2_700_000], [5_000_000, 4294967294]],
  ['clocks', megahertz, [0, 9500], [10_000, 65535]],
  ['counts', count, [0, 255, 65535, 4294967294], [4294967295, 18446744073709551615n]],
  ['bytes', mebibytes, [0, 150754820096n], [18446744073709551615n]],
  ['process ids', processId, [1, 4294967295], []],
];

it.each(BOUNDS)('the bounds of %s are those of what can be built', (_, kind, yes, no) => {
  expect(yes.map((value) => isPlausible(kind, value))).toEqual(yes.map(() => true));
  expect(no.map((value) => isPlausible(kind, value))).toEqual(no.map(() => false));
});
