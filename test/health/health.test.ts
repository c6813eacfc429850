/** health on recorded machines with other answers: each check with each verdict that it can have. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { healthChecks } from '../../src/health/checks/index.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { moving } from '../commands/moving-machine.js';
import { type Outcome, runOn } from '../commands/run-on.js';
import { SOUND, type Tree, withTree } from '../doctor/tree.js';

type Answers = Readonly<Record<string, Readonly<Record<string, Json>>>>;

function withAnswers({ calls, ...rest }: Snapshot, answers: Answers): Snapshot {
  const changed = Object.entries(answers).map(([fn, some]) => [fn, { ...(calls as Answers)[fn], ...some }]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } } as Snapshot;
}

const recorded = (name: string): Snapshot =>
  JSON.parse(readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8'));

const h200s = (answers: Answers): Snapshot => withAnswers(h200x2(), answers);
const fields = (values: Readonly<Record<string, Json>>, type = 1): Answers => ({
  nvmlDeviceGetFieldValues: Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? { type, value } : value]),
  ),
});
const mib = (count: number): string => String(count * 1024 * 1024);
const memory = (used: number): Json => ({
  version: 33554472,
  total: '150754820096',
  reserved: 0,
  free: 0,
  used: mib(used),
});
const margin = (degrees: number): Json => ({ version: 16777224, marginTemperature: degrees });
const hot = (degrees: number): Json => ({ version: 16777228, sensorType: 0, temperature: degrees });
const fabric = (state: number, more: Readonly<Record<string, Json>> = {}): Answers => ({
  nvmlDeviceGetGpuFabricInfoV: {
    gpu0: {
      version: 50331688,
      clusterUuid: [],
      status: 0,
      cliqueId: 0,
      state,
      healthMask: 0,
      healthSummary: 0,
      ...more,
    },
  },
});
const process = (pid: number, used: number): Json => [
  { pid, usedGpuMemory: mib(used), gpuInstanceId: 4294967295, computeInstanceId: 4294967295 },
];
const rows = (pending: number, failure: number): Json => ({
  corrActiveRemaps: 0,
  corrInactiveRemaps: 0,
  uncActiveRemaps: 1,
  uncInactiveRemaps: 0,
  bPending: pending,
  bFailureOccurred: failure,
});
const reasons = (mask: number): Answers => ({
  nvmlDeviceGetCurrentClocksEventReasons: { gpu0: mask },
});
const kmsg = (...lines: readonly string[]): Tree => ({
  '/dev/kmsg': lines.map((text, i) => `4,${i + 2},${(i + 5) * 1000000},-;${text}\n`).join(''),
});
const LOST = { nvmlDeviceGetHandleByIndex_v2: { 1: refused('GPU_IS_LOST') } };
const STUCK_STAT = (state: string): Tree => ({
  '/proc/4242/stat': `4242 (python) train) ${state} 1 4242 4242 0 -1 0\n`,
});
const RUNNING = {
  nvmlDeviceGetComputeRunningProcesses_v3: { gpu0: process(4242, 900) },
  nvmlDeviceGetMemoryInfo_v2: { gpu0: memory(1000) },
};

interface Machine {
  readonly machine?: string | Snapshot;
  readonly tree?: Tree;
}

const run = (
  { machine = 'h200-x2', tree = {} }: Machine,
  argv: readonly string[],
  ticks = 1,
): Promise<Outcome> =>
  withTree({ ...SOUND, ...tree }, (root) => runOn(machine, ['health', '--root', root, ...argv], ticks));

const CASES: readonly (readonly [check: string, verdict: string, why: RegExp, machine: Machine])[] = [
  ['gpu-count', 'ok', /all GPUs: 2/, {}],
  [
    'gpu-count',
    'fail',
    /2 of 3 GPUs/,
    {
      tree: {
        '/sys/bus/pci/devices/0000:00:08.0/vendor': '0x10de\n',
        '/sys/bus/pci/devices/0000:00:08.0/class': '0x030200\n',
      },
    },
  ],
  ['gpu-count', 'fail', /counts no GPU/, { machine: 'none' }],
  ['gpu-reachable', 'ok', /It answers/, {}],
  [
    'gpu-reachable',
    'fail',
    /GPU is lost\. The kernel log has no Xid of it/,
    { machine: h200s(LOST), tree: { '/proc/driver/nvidia/gpus/0000:00:07.0/information': '' } },
  ],
  ['driver-version', 'ok', /580\.159\.04/, {}],
  [
    'driver-version',
    'unknown',
    /not known/,
    { machine: h200s({ nvmlSystemGetDriverVersion: { '': refused('UNKNOWN') } }) },
  ],
  ['xid', 'ok', /No Xid/, {}],
  [
    'xid',
    'fail',
    /Xid 79 since the boot: The GPU fell off the bus/,
    { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 79, pid=1, GPU has fallen off the bus.') },
  ],
  ['xid', 'warn', /Xid 94/, { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 94, pid=1, Contained') }],
  [
    'xid',
    'ok',
    /Xid 31 since the boot/,
    { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 31, pid=1', 'NVRM: Xid (PCI:0000:00:06): 63, Row Remapper') },
  ],
  [
    'xid',
    'fail',
    /SXid 20034/,
    { tree: kmsg('nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 20034, Fatal, Link 30 LTSSM Fault Up') },
  ],
  ['xid', 'unknown', /\/dev\/kmsg cannot be read \(ENOENT\)/, { tree: { '/dev/kmsg': undefined } }],
  ['name', 'ok', /NVIDIA H200/, {}],
  [
    'name',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetName: { gpu0: refused('UNKNOWN') } }) },
  ],
  ['memory-size', 'ok', /143771 MiB, as its model has/, {}],
  [
    'memory-size',
    'fail',
    /and its model has 143771/,
    {
      machine: h200s({
        nvmlDeviceGetMemoryInfo_v2: { gpu0: { ...(memory(0) as object), total: mib(70000) } },
      }),
    },
  ],
  [
    'memory-size',
    'unknown',
    /Insufficient Permissions/,
    { machine: h200s({ nvmlDeviceGetMemoryInfo_v2: { gpu0: refused('NO_PERMISSION') } }) },
  ],
  ['pcie-width', 'ok', /16 lanes/, {}],
  [
    'pcie-width',
    'warn',
    /8 lanes, and 16/,
    { machine: h200s({ nvmlDeviceGetCurrPcieLinkWidth: { gpu0: 8 } }) },
  ],
  [
    'pcie-width',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetCurrPcieLinkWidth: { gpu0: refused('UNKNOWN') } }) },
  ],
  ['pcie-generation', 'ok', /generation 5/, {}],
  ['pcie-generation', 'ok', /lowered as the GPU is idle/, { machine: 't4' }],
  [
    'pcie-generation',
    'warn',
    /generation 3 under load/,
    {
      machine: h200s({
        nvmlDeviceGetCurrPcieLinkGeneration: { gpu0: 3 },
        nvmlDeviceGetUtilizationRates: { gpu0: { gpu: 90, memory: 1 } },
      }),
    },
  ],
  ['nvlink', 'ok', /18 NVLinks are up/, {}],
  [
    'nvlink',
    'fail',
    /17 NVLinks are up, and its model has 18/,
    { machine: h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 } }) },
  ],
  [
    'nvlink',
    'warn',
    /17 of 18 NVLinks/,
    {
      machine: h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 }, nvmlDeviceGetName: { gpu0: 'NVIDIA X' } }),
    },
  ],
  [
    'nvlink',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': refused('UNKNOWN') } }) },
  ],
  ['modes', 'ok', /No change/, {}],
  ['modes', 'warn', /after the next reset/, { machine: h200s(fields({ 'gpu0,2': 0 })) }],
  ['ecc-uncorrected', 'ok', /No uncorrectable/, {}],
  [
    'ecc-uncorrected',
    'fail',
    /3 uncorrectable/,
    { machine: h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,1,0': 3 } }) },
  ],
  [
    'ecc-uncorrected',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,1,0': refused('UNKNOWN') } }) },
  ],
  ['ecc-corrected', 'ok', /0 corrected/, {}],
  [
    'ecc-corrected',
    'unknown',
    /implausible/,
    { machine: h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,0,0': 4294967295 } }) },
  ],
  ['row-remap', 'ok', /No row/, {}],
  [
    'row-remap',
    'warn',
    /pending/,
    { machine: h200s({ nvmlDeviceGetRemappedRows_v2: { gpu0: rows(1, 0) } }) },
  ],
  [
    'row-remap',
    'fail',
    /could not be remapped/,
    { machine: h200s({ nvmlDeviceGetRemappedRows_v2: { gpu0: rows(0, 1) } }) },
  ],
  [
    'row-remap',
    'warn',
    /2 banks/,
    {
      machine: h200s({
        nvmlDeviceGetRowRemapperHistogram: { gpu0: { max: 3070, high: 0, partial: 0, low: 0, none: 2 } },
      }),
    },
  ],
  ['retired-pages', 'ok', /3 pages/, { machine: 't4' }],
  ['retired-pages', 'warn', /pending/, { machine: withAnswers(recorded('t4'), fields({ 'gpu0,31': 1 })) }],
  [
    'retired-pages',
    'fail',
    /60 pages|6\d pages/,
    { machine: withAnswers(recorded('t4'), fields({ 'gpu0,30': 60 })) },
  ],
  ['inforom', 'ok', /valid/, {}],
  [
    'inforom',
    'fail',
    /corrupt/,
    { machine: h200s({ nvmlDeviceValidateInforom: { gpu0: refused('CORRUPTED_INFOROM') } }) },
  ],
  [
    'inforom',
    'unknown',
    /Timeout/,
    { machine: h200s({ nvmlDeviceValidateInforom: { gpu0: refused('TIMEOUT') } }) },
  ],
  ['recovery-action', 'ok', /no recovery/, {}],
  ['recovery-action', 'fail', /asks for: Reset/, { machine: h200s(fields({ 'gpu0,230': 1 })) }],
  ['recovery-action', 'warn', /Drain P2P/, { machine: h200s(fields({ 'gpu0,230': 3 })) }],
  ['recovery-action', 'unknown', /does not know/, { machine: h200s(fields({ 'gpu0,230': 77 })) }],
  ['pcie-replays', 'ok', /0 PCIe replays/, {}],
  ['pcie-errors', 'ok', /No uncorrectable/, {}],
  ['pcie-errors', 'warn', /2 uncorrectable PCIe/, { machine: h200s(fields({ 'gpu0,179': 2 })) }],
  ['pcie-errors', 'fail', /1 fatal/, { machine: h200s(fields({ 'gpu0,180': 1 })) }],
  ['pcie-errors', 'unknown', /Unknown Error/, { machine: h200s(fields({ 'gpu0,180': refused('UNKNOWN') })) }],
  ['nvlink-errors', 'ok', /0 replays/, {}],
  ['nvlink-errors', 'warn', /recovered 2 times/, { machine: h200s(fields({ 'gpu0,162': 2 }, 3)) }],
  [
    'nvlink-errors',
    'unknown',
    /Unknown Error/,
    { machine: h200s(fields({ 'gpu0,162': refused('UNKNOWN') })) },
  ],
  ['fabric', 'ok', /complete/, {}],
  ['fabric', 'warn', /In Progress/, { machine: h200s(fabric(2)) }],
  ['fabric', 'fail', /status Unknown Error/, { machine: h200s(fabric(3, { status: 999 })) }],
  ['fabric', 'fail', /unhealthy/, { machine: h200s(fabric(3, { healthSummary: 2 })) }],
  ['fabric', 'warn', /Limited Capacity/, { machine: h200s(fabric(3, { healthSummary: 3 })) }],
  ['temperature', 'ok', /37 C, within its limits/, {}],
  [
    'temperature',
    'warn',
    /made for 87 C/,
    { machine: h200s({ nvmlDeviceGetTemperatureV: { 'gpu0,sensorType=0': hot(88) } }) },
  ],
  [
    'temperature',
    'fail',
    /slows down from 89 C/,
    { machine: h200s({ nvmlDeviceGetTemperatureV: { 'gpu0,sensorType=0': hot(89) } }) },
  ],
  [
    'temperature',
    'warn',
    /no margin/,
    { machine: h200s({ nvmlDeviceGetMarginTemperature: { gpu0: margin(0) } }) },
  ],
  [
    'temperature',
    'unknown',
    /implausible/,
    { machine: h200s({ nvmlDeviceGetTemperatureV: { 'gpu0,sensorType=0': hot(255) } }) },
  ],
  ['power', 'ok', /78\.54 W of 700 W/, {}],
  [
    'power',
    'warn',
    /900 W, and its limit/,
    { machine: h200s({ nvmlDeviceGetPowerUsage: { gpu0: 900000 } }) },
  ],
  ['power', 'unknown', /implausible/, { machine: h200s({ nvmlDeviceGetPowerUsage: { gpu0: 4294967294 } }) }],
  ['thermal-slowdown', 'ok', /does not lower/, {}],
  ['thermal-slowdown', 'fail', /too hot/, { machine: h200s(reasons(0x40)) }],
  ['thermal-limit', 'ok', /does not lower/, {}],
  ['thermal-limit', 'warn', /the driver lowers/, { machine: h200s(reasons(0x20)) }],
  ['power-brake', 'ok', /no power brake/, {}],
  ['power-brake', 'warn', /power brake/, { machine: h200s(reasons(0x80)) }],
  ['hardware-slowdown', 'ok', /does not lower/, {}],
  ['hardware-slowdown', 'warn', /lowers the clocks/, { machine: h200s(reasons(0x8)) }],
  ['stuck-utilization', 'ok', /0 % busy/, {}],
  [
    'stuck-utilization',
    'warn',
    /said to be 100 %/,
    { machine: h200s({ nvmlDeviceGetUtilizationRates: { gpu0: { gpu: 100, memory: 0 } } }) },
  ],
  [
    'stuck-utilization',
    'unknown',
    /implausible/,
    { machine: h200s({ nvmlDeviceGetUtilizationRates: { gpu0: { gpu: 101, memory: 0 } } }) },
  ],
  ['process-states', 'ok', /0 processes/, {}],
  ['process-states', 'ok', /1 processes/, { machine: h200s(RUNNING), tree: STUCK_STAT('S') }],
  ['process-states', 'warn', /waits in the kernel/, { machine: h200s(RUNNING), tree: STUCK_STAT('D') }],
  ['process-states', 'fail', /zombie/, { machine: h200s(RUNNING), tree: STUCK_STAT('Z') }],
  ['process-states', 'unknown', /cannot be seen/, { machine: h200s(RUNNING) }],
  ['unaccounted-memory', 'ok', /0 MiB of 0 MiB/, {}],
  ['unaccounted-memory', 'ok', /100 MiB of 1000 MiB/, { machine: h200s(RUNNING) }],
  [
    'unaccounted-memory',
    'warn',
    /5000 MiB are in use/,
    { machine: h200s({ nvmlDeviceGetMemoryInfo_v2: { gpu0: memory(5000) } }) },
  ],
  ['persistence-mode', 'ok', /is on/, {}],
  ['persistence-mode', 'warn', /is off/, { machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: 0 } }) }],
  [
    'persistence-mode',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: refused('UNKNOWN') } }) },
  ],
];

const STATUS: Readonly<Record<string, number>> = { ok: 0, warn: 1, fail: 2, unknown: 3 };

interface Check {
  readonly check: string;
  readonly gpu: number | null;
  readonly verdict: string;
  readonly why: string;
}
const checksOf = ({ out }: Outcome): readonly Check[] => JSON.parse(out).checks;

describe('health', () => {
  it.each(CASES)('%s is %s: %s', async (check, verdict, why, machine) => {
    const outcome = await run(machine, ['--checks', check, '--json']);
    const found = checksOf(outcome).filter((one) => one.verdict === verdict);
    expect(found.map((one) => one.why).join('\n'), `${outcome.out}${outcome.err}`).toMatch(why);
    expect(outcome.status).toBe(STATUS[verdict]);
  });

  it('has a test of each check', () => {
    const tested = new Set([...CASES.map(([check]) => check), 'nvlink-recoveries']);
    expect(healthChecks.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual([]);
  });

  it('knows nothing of a lost GPU, and calls no check of it well', async () => {
    const checks = checksOf(await runOn('lost-gpu', ['health', '--json'])).filter(({ gpu }) => gpu === 5);
    expect(checks.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check)).toEqual([
      'gpu-reachable',
    ]);
    expect(checks.filter(({ verdict }) => verdict === 'ok')).toEqual([]);
    const ofGpu = healthChecks.filter((check) => 'judge' in check).map(({ id }) => id);
    expect(checks.filter(({ verdict }) => verdict === 'unknown').map(({ check }) => check)).toEqual(ofGpu);
  });

  it('lists what a GPU has nothing of as not applicable, which is neither ok nor unknown', async () => {
    const { not_applicable: none, checks } = JSON.parse((await runOn('rtx-4090', ['health', '--json'])).out);
    expect(none).toContainEqual({ check: 'ecc-uncorrected', gpu: 0, reason: 'Not Supported' });
    expect(checks.some(({ check }: Check) => check === 'ecc-uncorrected')).toBe(false);
  });

  it('counts failed recoveries of NVLink 5', async () => {
    const links = Object.fromEntries(
      Array.from({ length: 18 }, (_, i) => [
        `gpu0,214${i === 0 ? '' : `:${i}`}`,
        { type: 1, value: i === 2 ? 4 : 0 },
      ]),
    );
    const rest = Object.fromEntries(
      Array.from({ length: 18 }, (_, i) => [`gpu1,214${i === 0 ? '' : `:${i}`}`, { type: 1, value: 0 }]),
    );
    const outcome = await run({ machine: h200s({ nvmlDeviceGetFieldValues: { ...links, ...rest } }) }, [
      '--checks',
      'nvlink-recoveries',
      '--json',
    ]);
    expect(checksOf(outcome).map(({ verdict }) => verdict)).toEqual(['fail', 'ok']);
  });

  it('fails where NVML cannot be initialized', async () => {
    const outcome = await runOn('mismatch', ['health', '--json']);
    expect(checksOf(outcome)).toMatchObject([{ check: 'nvml', verdict: 'fail' }]);
    expect(outcome.status).toBe(2);
  });

  it('has the exit status of its verdicts, whatever else was asked', async () => {
    expect((await runOn('lost-gpu', ['health', '--checks', 'temperature'])).status).toBe(3);
    expect((await runOn('lost-gpu', ['health', '--checks', 'driver-version'])).status).toBe(0);
  });

  it('refuses a check that it does not know, with the nearest name and status 3', async () => {
    const { status, out, err } = await runOn('h200-x2', ['health', '--skip', 'ecc,pcie-width']);
    expect(out).toBe('"ecc" is no check of --skip\n');
    expect(err).toMatch(/Did you mean|--list/);
    expect(status).toBe(3);
    expect((await runOn('h200-x2', ['health', '--checks', 'tempreature'])).err).toContain(
      'Did you mean temperature?',
    );
  });

  it('leaves out what is skipped', async () => {
    const checks = checksOf(await run({}, ['--skip', 'xid,name', '--json'])).map(({ check }) => check);
    expect(checks).not.toContain('xid');
    expect(checks).toContain('power');
  });
});

describe('the text of health', () => {
  it('shows what is not well, and with -v all', async () => {
    const machine = { machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: 0 } }) };
    const { out, status } = await run(machine, []);
    expect(out).toMatch(
      /^! persistence-mode {2}GPU 0: Persistence mode is off\.\n {20}do: Start nvidia-persistenced/,
    );
    expect(out).toMatch(/\n1 warned, \d+ ok\n$/);
    expect(status).toBe(1);
    expect((await run(machine, ['-v'])).out).toContain(
      '+ temperature         GPU 0: Temperature 37 C, within its limits.',
    );
  });
});

describe('the line for Nagios', () => {
  it('has the state, what is wrong, and performance data', async () => {
    const { out, status } = await run({ machine: h200s({ nvmlDeviceGetPersistenceMode: { gpu0: 0 } }) }, [
      '--nagios',
    ]);
    expect(out).toMatch(
      /^GPU WARNING - GPU 0: persistence-mode: Persistence mode is off\. \| 'gpu0_temperature\.gpu'=37;87;89 /,
    );
    expect(out).toContain("'gpu1_power.draw'=78.87;;;0;700");
    expect(out.split('\n')).toHaveLength(2);
    expect(status).toBe(1);
  });

  it('is OK where all is well, and critical without a driver', async () => {
    expect((await run({}, ['--nagios'])).out).toMatch(/^GPU OK - \d+ checks \| /);
    expect((await runOn('mismatch', ['health', '--nagios'])).out).toMatch(/^GPU CRITICAL - nvml: [^|]+\n$/);
  });

  it('has one bar, whatever the names are', async () => {
    const machine = h200s({ ...RUNNING, nvmlSystemGetProcessName: { 4242: 'a | b' } });
    const { out } = await run({ machine, tree: STUCK_STAT('Z') }, ['--nagios']);
    expect(out.match(/\|/g)).toHaveLength(1);
  });
});

describe('files of health', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nvsmi-health-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (): string => join(folder, 'file.json');
  const expecting = (machine: Machine) => run(machine, ['--expect', file(), '--json']);
  const why = (outcome: Outcome, check: string): readonly (string | undefined)[] =>
    checksOf(outcome)
      .filter((one) => one.check === check && one.verdict !== 'ok')
      .map((one) => one.why);

  it('learns what a machine has, and misses what it lacks later', async () => {
    const learned = await run({}, ['--learn', file()]);
    expect(learned).toMatchObject({
      status: 0,
      out: `${file()}: what 2 GPUs have now is expected from now on.\n`,
    });
    expect((await expecting({})).status).toBe(0);
    const one = withAnswers(h200x2(), { nvmlDeviceGetCount_v2: { '': 1 } });
    expect(why(await expecting({ machine: one }), 'gpu-count')).toEqual([
      'NVML counts 1 GPUs, and 2 are expected; missing: 0000:00:07.0.',
    ]);
    const worse = h200s({
      nvmlDeviceGetName: { gpu0: 'NVIDIA H100 80GB HBM3' },
      nvmlDeviceGetMemoryInfo_v2: { gpu0: { ...(memory(0) as object), total: mib(81559) } },
      nvmlDeviceGetCurrPcieLinkWidth: { gpu0: 8 },
      nvmlDeviceGetMaxPcieLinkGeneration: { gpu0: 4 },
      nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 },
      nvmlSystemGetDriverVersion: { '': '570.10' },
      ...fields({ 'gpu0,1': 0, 'gpu1,164:5': 20000 }),
    });
    const outcome = await expecting({ machine: worse });
    for (const check of [
      'name',
      'memory-size',
      'pcie-width',
      'pcie-generation',
      'nvlink',
      'modes',
      'driver-version',
    ]) {
      expect(why(outcome, check), check).not.toEqual([]);
    }
    expect(why(outcome, 'nvlink')).toEqual([
      '17 NVLinks are up, and 18 are expected.',
      'An NVLink has 20 GB/s, and 26.562 GB/s are expected.',
    ]);
  });

  it('keeps the expectations that were there, and says so', async () => {
    writeFileSync(file(), 'old');
    const { err } = await run({}, ['--learn', file()]);
    expect(err).toBe(`nvsmi: the file that was there is kept as ${file()}.old-1\n`);
    expect(readFileSync(`${file()}.old-1`, 'utf8')).toBe('old');
    expect(JSON.parse(readFileSync(file(), 'utf8')).gpus[0].name).toBe('NVIDIA H200');
  });

  it('learns nothing from a machine with a lost GPU', async () => {
    const { status, out } = await runOn('lost-gpu', ['health', '--learn', file()]);
    expect(out).toMatch(/GPU 5 does not answer/);
    expect(status).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  const BAD: readonly (readonly [what: string, content: string, why: RegExp])[] = [
    ['torn', '{"format": "nvsmi-expec', /torn, or no JSON/],
    ['another version', '{"format":"nvsmi-expectations","version":2}', /of version 2/],
    ['no expectations', '{"a":1}', /no expectation file/],
    [
      'a wrong form',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"name":[]}]}',
      /gpus\[0\]/,
    ],
    [
      'an unknown key',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[{"nmae":"x"}]}',
      /"nmae" is no expectation; did you mean name\?/,
    ],
    [
      'an unknown limit',
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[],"limits":{"idle_power_percnt":1}}',
      /did you mean idle_power_percent/,
    ],
    [
      'another machine',
      '{"format":"nvsmi-expectations","version":1,"machine":"00aa","gpus":[]}',
      /made on another machine/,
    ],
  ];
  it.each(BAD)('refuses expectations: %s', async (_, content, reason) => {
    writeFileSync(file(), content);
    const { status, out } = await run({ tree: { '/etc/machine-id': '0123456789abcdef\n' } }, [
      '--expect',
      file(),
    ]);
    expect(out).toMatch(reason);
    expect(status).toBe(3);
    expect(readFileSync(file(), 'utf8')).toBe(content);
  });

  it('refuses expectations that are not there', async () => {
    expect(await run({}, ['--expect', join(folder, 'none')])).toMatchObject({
      status: 3,
      out: expect.stringMatching(/--learn makes one/),
    });
  });

  it('uses the limits of the file', async () => {
    writeFileSync(
      file(),
      '{"format":"nvsmi-expectations","version":1,"machine":null,"gpus":[],"limits":{"unaccounted_memory_mib":50}}',
    );
    const outcome = await run({ machine: h200s(RUNNING) }, [
      '--expect',
      file(),
      '--checks',
      'unaccounted-memory',
      '--json',
    ]);
    expect(outcome.status).toBe(1);
  });

  const counted = (count: number, at = 94) => h200s(fields({ [`gpu0,${at}`]: count }));
  const state = (machine: string | Snapshot, check: string) =>
    run({ machine }, ['--state', file(), '--checks', check, '--json']);
  /** Moves the time of the state back. */
  const hoursAgo = (hours: number): void => {
    const kept = JSON.parse(readFileSync(file(), 'utf8'));
    writeFileSync(file(), JSON.stringify({ ...kept, time: kept.time - hours * 3_600_000 }));
  };

  it('judges how counters grew since the last run, and says over which time', async () => {
    await state(counted(0), 'pcie-replays');
    hoursAgo(1);
    const few = await state(counted(100), 'pcie-replays');
    expect(checksOf(few)[0]).toMatchObject({ verdict: 'ok', why: '100 PCIe replays in the last 1 h.' });
    hoursAgo(1);
    const many = await state(counted(1100), 'pcie-replays');
    expect(checksOf(many)[0]).toMatchObject({
      verdict: 'warn',
      why: '1000 PCIe replays in the last 1 h, more than 8 a minute.',
    });
    expect(many.status).toBe(1);
  });

  it('has no rate for a counter that ran backwards', async () => {
    await state(counted(50), 'pcie-replays');
    const outcome = await state(counted(3), 'pcie-replays');
    expect(checksOf(outcome)[0]).toMatchObject({
      verdict: 'unknown',
      why: expect.stringMatching(/ran backwards/),
    });
    expect(checksOf(await state(counted(3), 'pcie-replays'))[0]?.verdict).toBe('ok');
  });

  it.each([
    [
      'ecc-corrected',
      { nvmlDeviceGetTotalEccErrors: { 'gpu0,0,0': 30 } },
      'warn',
      /30 corrected memory errors in the last 1 h, more than 10 an hour/,
    ],
    ['nvlink-errors', fields({ 'gpu0,163': 40 }, 3), 'warn', /40 NVLink CRC errors in the last 1 h/],
    [
      'thermal-slowdown',
      fields({ 'gpu0,270': 9_000_000_000 }, 3),
      'fail',
      /9 s in the last 1 h in which the hardware lowers/,
    ],
    ['thermal-limit', fields({ 'gpu0,269': 9_000_000_000 }, 3), 'warn', /9 s in the last 1 h/],
    ['power-brake', fields({ 'gpu0,271': 9_000_000_000 }, 3), 'warn', /9 s in the last 1 h/],
  ] as const)('judges the growth of %s', async (check, answers, verdict, reason) => {
    await state(h200s(fields({ 'gpu0,269': 0, 'gpu0,270': 0, 'gpu0,271': 0 }, 3)), check);
    hoursAgo(1);
    const [first] = checksOf(await state(h200s(answers as Answers), check));
    expect(first).toMatchObject({ verdict, why: expect.stringMatching(reason) });
  });

  it.each([
    ['torn', '{"format":"nvsmi-hea', /torn, or no JSON/],
    ['another version', '{"format":"nvsmi-health-state","version":9}', /of version 9/],
    [
      'another machine',
      '{"format":"nvsmi-health-state","version":1,"machine":"ff","time":1,"counters":{}}',
      /of another machine/,
    ],
    [
      'a wrong form',
      '{"format":"nvsmi-health-state","version":1,"machine":null,"time":"x","counters":{}}',
      /time: a number/,
    ],
  ])('keeps a state of no use aside, and continues: %s', async (_, content, reason) => {
    writeFileSync(file(), content);
    const tree = { '/etc/machine-id': '0123456789abcdef\n' };
    const { err, status } = await run({ tree }, ['--state', file(), '--checks', 'pcie-replays']);
    expect(err).toMatch(reason);
    expect(err).toContain(`it is kept as ${file()}.old-1`);
    expect(readFileSync(`${file()}.old-1`, 'utf8')).toBe(content);
    expect(JSON.parse(readFileSync(file(), 'utf8')).format).toBe('nvsmi-health-state');
    expect(status).toBe(0);
  });

  it('is not ok where the state cannot be kept', async () => {
    const { status, err } = await run({}, [
      '--state',
      join(folder, 'no', 'such', 'file'),
      '--checks',
      'pcie-replays',
    ]);
    expect(err).toMatch(/cannot be written \(ENOENT\)/);
    expect(status).toBe(3);
  });
});

describe('a loop of health', () => {
  it('prints a JSON object a tick, and judges the Xids that NVML reports meanwhile', async () => {
    const quiet = h200s({ nvmlEventSetWait_v2: { 'events0,0': refused('TIMEOUT') } });
    const event = {
      device: 'gpu1',
      eventType: 8,
      eventData: 48,
      gpuInstanceId: 4294967295,
      computeInstanceId: 4294967295,
    };
    const loud = h200s({ nvmlEventSetWait_v2: { 'events0,0': event } });
    const machine = moving([quiet, loud, quiet, quiet, quiet]);
    const { out } = await run({ machine }, ['-l', '1', '--json', '--checks', 'xid'], 4);
    const ticks = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(ticks).toHaveLength(4);
    expect(ticks[0].verdict).toBe('ok');
    expect(ticks.at(-1).checks[1]).toMatchObject({
      gpu: 1,
      verdict: 'fail',
      why: expect.stringMatching(/Xid 48/),
    });
  });
});

describe('some GPUs alone', () => {
  it('are judged, and no GPU is missed', async () => {
    const log = kmsg('NVRM: Xid (PCI:0000:00:07): 79, pid=1');
    const outcome = await run({ tree: log }, ['-i', '0', '--json']);
    expect(new Set(checksOf(outcome).map(({ gpu }) => gpu))).toEqual(new Set([null, 0]));
    expect(outcome.status).toBe(0);
  });
});

describe('an answer that fails', () => {
  const functions = Object.entries(h200x2().calls)
    .filter(([, answers]) => Object.keys(answers).some((key) => key.startsWith('gpu0')))
    .filter(
      ([fn]) =>
        !/Vgpu|Accounting|Encoder|Decoder|FBC|gpm|Gpm|Topology|Supported|ConfCompute|Instance/.test(fn),
    )
    .map(([fn]) => fn);

  it('is no verdict that is ok, whichever it is', async () => {
    expect(functions.length).toBeGreaterThan(90);
    const needs = new Map(healthChecks.map((check) => [check.id, check.needs]));
    for (const [i, fn] of functions.entries()) {
      const answers = h200x2().calls[fn as keyof Snapshot['calls']] ?? {};
      const why = refused(['UNKNOWN', 'GPU_IS_LOST', 'TIMEOUT'][i % 3] as 'UNKNOWN');
      const failing = Object.fromEntries(
        Object.keys(answers)
          .filter((key) => key.startsWith('gpu0'))
          .map((key) => [key, why]),
      );
      const { out, status } = await runOn(h200s({ [fn]: failing }), ['health', '--json', '--skip', 'xid']);
      const document = JSON.parse(out);
      for (const { check, gpu, verdict, readings } of document.checks) {
        if (verdict !== 'ok' || gpu !== 0) continue;
        for (const name of needs.get(check) ?? []) {
          if (name in readings)
            expect(readings[name], `${fn}: ${check} is ok without ${name}`).not.toBeNull();
        }
      }
      expect(status, fn).toBe(STATUS[document.verdict]);
    }
  }, 120_000);
});
