/** Values that cannot be true, planted into the answers of a GPU: nothing that programs read repeats them, nor top. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../src/index.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200sWhoseFirst, h200x2 } from '../commands/machines.js';
import { runOn } from '../commands/run-on.js';
import { collectionOf } from '../exporter/collected.js';
import { folderOfFile, saved } from '../temporary.js';

/** All ones of 64 bits, as recordings have numbers of so many. */
const ONES = '18446744073709551615';

/** What GPU 0 is made to answer, lies of each kind, and the digits by which they are found. */
const LIES: readonly (readonly [
  kind: string,
  digits: RegExp,
  answers: Partial<Record<FunctionName, Json>>,
])[] = [
  [
    'percentages',
    /808334905|8083349\.05/,
    { nvmlDeviceGetUtilizationRates: { gpu: 808334905, memory: 808334905 } },
  ],
  [
    'temperatures',
    /77777(?!\d)/,
    { nvmlDeviceGetTemperatureV: { version: 16777228, sensorType: 0, temperature: 77777 } },
  ],
  [
    'powers',
    /55555555|555555\.5/,
    { nvmlDeviceGetPowerUsage: 555555555, nvmlDeviceGetEnforcedPowerLimit: 555555555 },
  ],
  ['clocks', /66666/, { nvmlDeviceGetClockInfo: 66666, nvmlDeviceGetMaxClockInfo: 66666 }],
  [
    'all ones of 64 bits',
    /18446744073709551615|1\.84467440737|17592186044416/,
    {
      nvmlDeviceGetMemoryInfo_v2: { version: 33554472, total: ONES, reserved: ONES, free: ONES, used: ONES },
      nvmlDeviceGetBAR1MemoryInfo: { bar1Total: ONES, bar1Free: ONES, bar1Used: ONES },
      nvmlDeviceGetTotalEnergyConsumption: ONES,
      nvmlDeviceGetTotalEccErrors: ONES,
    },
  ],
  [
    'all ones of 32 bits',
    /4294967295|0xffffffff/i,
    {
      nvmlDeviceGetPcieThroughput: 4294967295,
      nvmlDeviceGetPcieReplayCounter: 4294967295,
      nvmlDeviceGetFanSpeed: 4294967295,
      nvmlDeviceGetBoardId: 4294967295,
      nvmlDeviceGetCurrPcieLinkWidth: 4294967295,
      nvmlDeviceGetRemappedRows: [4294967295, 4294967295, 4294967295, 4294967295],
    },
  ],
  [
    'all ones of a word, a flag and a mask',
    /"(?:addressing_mode|c2c_mode|multigpu_board|display_attached|clocks_event_reasons?[._]\w+|compute_mode)": ?(?:true|"Unknown"|"0xF+")/,
    {
      nvmlDeviceGetAddressingMode: { version: 16777224, value: 255 },
      nvmlDeviceGetC2cModeInfoV: { isC2cEnabled: 4294967295 },
      nvmlDeviceGetMultiGpuBoard: 65535,
      nvmlDeviceGetDisplayMode: 4294967295,
      nvmlDeviceGetCurrentClocksEventReasons: ONES,
      nvmlDeviceGetComputeMode: 255,
    },
  ],
];

const PLANTED = saved(h200sWhoseFirst(Object.assign({}, ...LIES.map(([, , answers]) => answers))));

const FIELDS = [
  'utilization.gpu',
  'utilization.memory',
  'temperature.gpu',
  'power.draw',
  'enforced.power.limit',
  'clocks.sm',
  'clocks.max.sm',
  'memory.total',
  'memory.used',
  'ecc.errors.corrected.volatile.total',
  'fan.speed',
  'pcie.link.width.current',
  'compute_mode',
  'clocks_event_reasons.active',
  'clocks_event_reasons.gpu_idle',
] as const;

/** What shows the first GPU to programs, and top. */
const LINES = [
  `--query-gpu=${FIELDS} --format=json`,
  `--query-gpu=${FIELDS} --format=jsonl`,
  '--json',
  '-q --json',
  'dmon -c 2 -s pucvmet --format json',
  'top --once',
  'top --once --json',
  'ps --json',
  'health --json',
  'nvlink -s --json',
  'pci -gErrCnt --json',
  'mig -lgip --json',
];

async function metrics(): Promise<string> {
  const file = join(folderOfFile(), 'metrics.prom');
  await runOn(PLANTED, ['exporter', '--pcie-throughput', '--textfile', file]);
  const ofFirst = (line: string): boolean => line.includes('gpu="0"');
  return readFileSync(file, 'utf8').split('\n').filter(ofFirst).join('\n');
}

async function library(): Promise<string> {
  const nvsmi = open({ snapshot: PLANTED });
  const said: unknown[] = [nvsmi.query(FIELDS).sample()[0], (await nvsmi.report()).gpu[0]];
  let ticks = 0;
  for await (const [first] of nvsmi.watch(FIELDS, { everyMs: 1 })) {
    said.push(first);
    if (++ticks === 2) break;
  }
  for (const name of ['gpus', 'nvlinks', 'processes', 'pcie_lanes'] as const) {
    const records: readonly { readonly gpu: number | null }[] = nvsmi.relation(name).sample();
    said.push(records.filter(({ gpu }) => gpu === 0));
  }
  nvsmi.close();
  return JSON.stringify(said);
}

const SURFACES: readonly (readonly [name: string, read: () => Promise<string>])[] = [
  ...LINES.map((line): [string, () => Promise<string>] => [
    `nvsmi ${line.replace(String(FIELDS), '...')}`,
    async () => (await runOn(PLANTED, [...line.split(' '), '-i', '0'], 2)).out,
  ]),
  ['nvsmi exporter', metrics],
  ['the library', library],
];

describe.each(SURFACES)('%s', (_, read) => {
  let text = '';
  beforeAll(async () => {
    text = await read();
  });

  it.each(LIES)('does not repeat %s that cannot be true', (_kind, digits) => {
    expect(text.length).toBeGreaterThan(100);
    expect(digits.exec(text)?.[0]).toBeUndefined();
  });
});

it.each(LIES.slice(0, 4))('%s that cannot be true are in -q as nvidia-smi shows them', async (_, digits) => {
  expect((await runOn(PLANTED, ['-q', '-i', '0'])).out).toMatch(digits);
});

/** Two H200s whose first has a counter that is so many, tick by tick. */
function counting(fn: FunctionName, answers: readonly Json[]): Snapshot {
  const machine = h200x2();
  const keys = Object.keys(machine.calls[fn] ?? {}).filter((key) => key.startsWith('gpu0'));
  const all = (answer: Json | undefined) => ({
    [fn]: Object.fromEntries(keys.map((key) => [key, answer as Json])),
  });
  const calls = { ...machine.calls, [fn]: { ...machine.calls[fn], ...all(answers[0])[fn] } };
  return {
    ...machine,
    calls,
    ticks: answers.slice(1).map((answer, i) => ({ ms: 1000 * (i + 1), calls: all(answer) })),
  };
}

describe('a counter that ran backwards', () => {
  const name = 'ecc.errors.corrected.volatile.total';
  const machine = counting('nvmlDeviceGetTotalEccErrors', [7, 8, 3, 9, 10]);

  it('is absent for a tick of a loop as JSON, with the reason, and counts from there', async () => {
    const { out } = await runOn(machine, [`--query-gpu=${name}`, '--format=jsonl', '-i', '0', '-l', '1'], 5);
    const records = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map((record) => record[name])).toEqual([7, 8, null, 9, 10]);
    expect(records[2].reasons).toEqual({ [name]: 'implausible' });
  });

  it('is printed as CSV as nvidia-smi prints it', async () => {
    const { out } = await runOn(
      machine,
      [`--query-gpu=${name}`, '--format=csv,noheader', '-i', '0', '-l', '1'],
      5,
    );
    expect(out).toBe('7\n8\n3\n9\n10\n');
  });

  it('is absent for a sample of the library, too', async () => {
    const nvsmi = open({ snapshot: saved(machine) });
    const query = nvsmi.query([name]);
    const seen = Array.from({ length: 5 }, () => query.sample()[0]);
    nvsmi.close();
    expect(seen.map((gpu) => gpu?.[name])).toEqual([7, 8, null, 9, 10]);
    expect(seen[2]?.reasons).toEqual({ [name]: 'implausible' });
  });

  it('is no metric for a collection, and is counted', async () => {
    const collection = collectionOf(saved(machine));
    const values = [];
    const errors = [];
    for (let i = 0; i < 5; i++) {
      const { records, errors: failed } = await collection.collect(() => 0);
      values.push(records[0]?.values[name]);
      errors.push(failed.implausible ?? 0);
    }
    expect(values).toEqual([7, 8, undefined, 9, 10]);
    expect(errors.map((count) => count > 0)).toEqual([false, false, true, false, false]);
  });
});

describe('time in which the power limit held the clocks back', () => {
  // Microseconds, and nanoseconds: half of the first second, then backwards, then faster than the time itself.
  const machine = counting('nvmlDeviceGetViolationStatus', [
    { referenceTime: 10_000_000, violationTime: 5_000_000_000 },
    { referenceTime: 11_000_000, violationTime: 5_500_000_000 },
    { referenceTime: 12_000_000, violationTime: 4_000_000_000 },
    { referenceTime: 13_000_000, violationTime: 9_000_000_000 },
  ]);
  const line = ['dmon', '-s', 'v', '-c', '4', '-i', '0'];

  it('is no share, for programs, where it ran backwards or faster than the time', async () => {
    const { out } = await runOn(machine, [...line, '--format', 'jsonl'], 4);
    const records = out
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each));
    expect(records.map((record) => record['violation.power'])).toEqual([0, 50, null, null]);
    expect(records.map((record) => record['violation.thermal'])).toEqual([false, true, null, true]);
    expect(records[2].reasons).toEqual({
      'violation.power': 'implausible',
      'violation.thermal': 'implausible',
    });
  });

  it('is the nearest share in the text', async () => {
    const { out } = await runOn(machine, line, 4);
    const cells = out
      .split('\n')
      .filter((each) => /^ +0 /.test(each))
      .map((each) => each.trim().split(/ +/));
    expect(cells).toEqual([
      ['0', '0', '0'],
      ['0', '50', '1'],
      ['0', '0', '0'],
      ['0', '100', '1'],
    ]);
  });
});
