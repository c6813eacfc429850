import { describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/index.js';
import { machineWith } from './monitor-machine.js';
import { runOn } from './run-on.js';

type Answers = Record<string, unknown>;
const refused = (name: string): { readonly error: string } => ({ error: `NVML_ERROR_${name}` });

/** Everything is asked of GPU 1 in vain, but its handle. */
const lostLater = machineWith([{}, {}], (calls: Record<string, Answers>) => {
  for (const answers of Object.values(calls)) {
    for (const key of Object.keys(answers)) {
      if (key.startsWith('gpu1')) answers[key] = refused('GPU_IS_LOST');
    }
  }
});

const unattached = (name: string) =>
  machineWith([{}, {}], (calls: Record<string, Answers>) => {
    calls.nvmlDeviceGetHandleByIndex_v2 = { 0: 'gpu0', 1: refused(name) };
  });

const COMMANDS = [
  [],
  ['-L'],
  ['--query-gpu=name,memory.used', '--format=csv'],
  ['--query-gpu=power.draw.instant', '--format=csv'],
  ['-q', '-d', 'MEMORY'],
  ['dmon', '-c', '1'],
  ['nvlink', '-s'],
  ['topo', '-m'],
];

/** Commands for which the other GPUs have nothing to show. */
const WITHOUT_ANSWER = [
  ['power-profiles', '-l'],
  ['power-profiles', '-l', '--json'],
  ['mig', '-lgi'],
];

describe('a GPU that falls off the bus after it was attached', () => {
  it.each([...COMMANDS, ...WITHOUT_ANSWER].map((argv) => [argv]))('makes %j end with 15', async (argv) => {
    expect((await runOn(lostLater, argv)).status).toBe(15);
  });

  it('is no matter where another is asked', async () => {
    const query = ['--query-gpu=uuid,pci.bus_id', '--format=csv,noheader', '-i'];
    const { status, out } = await runOn(lostLater, [...query, '0']);
    expect(status).toBe(0);
    for (const name of out.trim().split(', '))
      expect((await runOn(lostLater, [...query, name])).status).toBe(0);
    expect((await runOn(lostLater, [...query, '1'])).status).toBe(15);
  });
});

describe('a GPU that cannot be attached', () => {
  it.each([
    ['NO_PERMISSION', 4],
    ['INSUFFICIENT_POWER', 8],
    ['IRQ_ISSUE', 11],
    ['GPU_IS_LOST', 15],
    ['IN_USE', 19],
    ['TIMEOUT', 255],
    ['RESET_REQUIRED', 255],
    ['UNKNOWN', 255],
  ])('for %s makes every command end with %d', async (name, expected) => {
    for (const argv of COMMANDS) {
      expect({ argv, status: (await runOn(unattached(name), argv)).status }).toEqual({
        argv,
        status: expected,
      });
    }
  });

  it('is no matter where another is asked', async () => {
    const argv = ['--query-gpu=name', '--format=csv', '-i', '0'];
    expect((await runOn(unattached('UNKNOWN'), argv)).status).toBe(0);
  });
});

const LOST =
  'Unable to determine the device handle for GPU5: 0000:C3:00.0: GPU is lost.  Reboot the system to recover this GPU\n';

/** What each subcommand is asked; those that are left out need no GPU, or run on. */
const ASKED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  topo: [['-m'], ['-mp'], ['-p2p', 'r'], ['-nvme']],
  nvlink: [['-s'], ['-gt', 'd'], ['-gBwMode'], ['-info']],
  c2c: [['-s'], ['-e'], ['-s', '-i', '5']],
  clocks: [['--sync-boost-list']],
  pci: [['-gErrCnt'], ['-gCnt']],
  mig: [['-lgip'], ['-lgipp'], ['-lgi'], ['-lci']],
  vgpu: [[], ['-q'], ['-s'], ['-c'], ['-u'], ['-m'], ['-ss']],
  'conf-compute': [['-q'], ['-gc'], ['-gm']],
  'compute-policy': [['-l']],
  'boost-slider': [['-l']],
  'power-hint': [['-l']],
  'base-clocks': [[]],
  encodersessions: [[]],
  fbcsessions: [[]],
  'power-smoothing': [['-ppd']],
  'power-profiles': [['-l'], ['-ld'], ['-gr'], ['-ge'], ['-l', '-i', '5']],
  gpm: [['-g'], ['-g', '-i', '5']],
};
const MONITORS = ['dmon', 'pmon'];
/** Commands that have words of their own for a lost GPU, and tests of their own, and those about what they name. */
const NEEDLESS = [
  ...['snapshot', 'simulate', 'daemon', 'replay', 'prm', 'drain', 'apply', 'vgpu-set-scheduler-state'],
  ...['doctor', 'health', 'events', 'ps', 'top', 'exporter', 'fleet'],
];

const lines = Object.entries(ASKED).flatMap(([name, asked]) => asked.map((argv) => [name, ...argv]));

describe('every subcommand', () => {
  it('is among these', () => {
    expect([...Object.keys(ASKED), ...MONITORS, ...NEEDLESS].sort()).toEqual(
      commands.map(({ name }) => name).sort(),
    );
  });

  it.each(lines.map((argv) => [argv]))(
    'ends with 15 where a GPU is lost, and says which: %j',
    async (argv) => {
      const text = await runOn('lost-gpu', argv);
      expect(text.status).toBe(15);
      expect(text.out.endsWith(LOST)).toBe(true);
      expect(text.out.split(LOST)).toHaveLength(2);
      const json = await runOn('lost-gpu', [...argv, '--json']);
      expect(json.status).toBe(15);
      expect(() => JSON.parse(json.out)).not.toThrow();
    },
  );

  it.each([
    ['prm', '-i', '5', '-c', 'plr_rcv_codes', '-p', 'local_port=1'],
    ['prm', '-i', '0', '-c', 'plr_rcv_codes', '-p', 'local_port=1'],
    ['drain', '-q', '-p', '0000:C3:00.0'],
  ])('about one GPU ends alike in text and in JSON: %s %s %s', async (...argv) => {
    const { status } = await runOn('lost-gpu', argv);
    expect((await runOn('lost-gpu', [...argv, '--json'])).status).toBe(status);
  });

  it.each(MONITORS)('that runs on ends with 15, too: %s', async (name) => {
    expect((await runOn('lost-gpu', [name, '-c', '1'])).status).toBe(15);
    expect((await runOn('lost-gpu', [name, '-c', '1', '--format', 'json'])).status).toBe(15);
  });

  it.each(
    [...lines.filter((argv) => !argv.includes('-i')), ...MONITORS.map((name) => [name])].map((a) => [a]),
  )('says that there is no GPU where there is none, with status 6: %j', async (argv) => {
    expect(await runOn('none', argv)).toMatchObject({ status: 6, out: 'No devices were found\n' });
    const json = MONITORS.includes(argv[0] ?? '') ? ['--format', 'json'] : ['--json'];
    expect(await runOn('none', [...argv, ...json])).toMatchObject({ status: 6 });
  });

  it('about the drain state says that it is not known', async () => {
    expect((await runOn('none', ['drain', '-q', '-p', '0000:C3:00.0'])).status).toBe(255);
  });
});

/** As 525 to 550 say it of a GPU that nothing else is said of. */
const ALONE =
  'Unable to determine the device handle for GPU5: GPU is lost.  Reboot the system to recover this GPU\n\n\n';

describe('vgpu where a GPU is lost', () => {
  it.each([[[]], [['-q']], [['-s']], [['-u']], [['-i', '5']], [['-q', '-i', '0,5']]])(
    'says nothing else with 550: %j',
    async (argv) => {
      expect(await runOn('lost-gpu', ['--as', '550', 'vgpu', ...argv])).toMatchObject({
        status: 15,
        out: ALONE,
      });
      const json = await runOn('lost-gpu', ['--as', '550', 'vgpu', ...argv, '--json']);
      expect(json.status).toBe(15);
      expect(() => JSON.parse(json.out)).not.toThrow();
    },
  );

  it('answers about the others', async () => {
    const { status, out } = await runOn('lost-gpu', ['--as', '550', 'vgpu', '-q', '-i', '0']);
    expect({ status, out }).toEqual({ status: 0, out: 'No supported devices in vGPU mode\n' });
  });
});

describe('topo where a GPU is lost', () => {
  it.each([
    [['-c', '0'], 'The GPUs that have an affinity with CPU 0 are:\n0, 1, 2, 3\n\n'],
    [
      ['-n', '4', '-i', '0'],
      'Device 0 is connected by way of an on-CPU interconnect between PCIe host bridges to device(s): 1, 2, 3\n\n',
    ],
    [
      ['-p', '-i', '1,0'],
      'Device 0 is connected to device 1 by way of an on-CPU interconnect between PCIe host bridges.\n\n',
    ],
    [['-C', '-i', '0'], 'NUMA IDs of closest CPU: 0\n'],
    [['-M', '-i', '0'], 'NUMA IDs of closest memory: 0\n'],
    [['-gnid', '-i', '0'], 'N/A\n'],
  ])('answers about the others as ever: %j', async (argv, out) => {
    expect(await runOn('lost-gpu', ['topo', ...argv])).toMatchObject({ status: 0, out });
    expect((await runOn('lost-gpu', ['topo', ...argv, '--json'])).status).toBe(0);
  });

  it.each([
    [['-n', '5', '-i', '5']],
    [['-n', '9', '-i', '5']],
    [['-p', '-i', '0,5']],
    [['-C', '-i', '5']],
    [['-m', '-i', '5']],
    [['-i', '5']],
  ])('names it before all that may be wrong besides: %j', async (argv) => {
    const with550 = await runOn('lost-gpu', ['--as', '550', 'topo', ...argv]);
    expect(with550).toMatchObject({ status: 15, out: ALONE });
    const { status, out } = await runOn('lost-gpu', ['topo', ...argv]);
    expect({ status, out }).toEqual({ status: 15, out: `${LOST}\n\n` });
  });

  it('has a blank in the name of the GPU with 470', async () => {
    const { out } = await runOn('lost-gpu', ['--as', '470', 'topo', '-n', '5', '-i', '5']);
    expect(out).toBe(ALONE.replace('GPU5', 'GPU 5'));
  });

  it.each([
    [['-m'], 'Failed to run topology matrix\n\n'],
    [['-mp'], 'Failed to run topology matrix\n\n'],
    [['-p2p', 'r'], 'Failed to display p2p capability matrix for the specified p2p Index\n\n'],
  ])('has no matrix with 550, and stderr says why: %j', async (argv, out) => {
    const failed = await runOn('lost-gpu', ['--as', '550', 'topo', ...argv]);
    expect(failed).toMatchObject({ status: 255, out });
    expect(failed.err).toContain(LOST.trim());
    const json = await runOn('lost-gpu', ['--as', '550', 'topo', ...argv, '--json']);
    expect(json.status).toBe(15);
    const { gpu_pairs: pairs } = JSON.parse(json.out);
    expect(pairs).toHaveLength(56);
  });

  it('keeps what was answered before a matrix that fails', async () => {
    const { status, out } = await runOn('lost-gpu', ['--as', '550', 'topo', '-m', '-p', '-i', '0,1']);
    expect(status).toBe(255);
    expect(out).toMatch(/^Device 0 is connected to device 1 .*\n\nFailed to run topology matrix\n\n$/);
  });
});
