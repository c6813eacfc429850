import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/nvml/answer.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { h200Pair } from './h200-pair.js';
import { machineWith, refused } from './made-machine.js';
import { snapshotOf } from './recorded-runs.js';
import { runOn } from './run-on.js';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const u32 = (value: number): Json => ({ type: 1, value });
const u64 = (value: number | string): Json => ({ type: 3, value });

const HEADING = (name: string): string => `GPU 0: ${name} (UUID: GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000)\n`;

/** Fields of the only GPU: `id` or `id:scope`. */
const fieldsOf = (fields: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [`gpu0,${key}`, value]));

/** One GPU with links that are up or down. */
function linked(
  name: string,
  states: readonly number[],
  fields: Readonly<Record<string, Json>> = {},
): Snapshot {
  return machineWith(1, name, {
    nvmlDeviceGetMigMode: { gpu0: refused('NOT_SUPPORTED') },
    nvmlDeviceGetNvLinkState: Object.fromEntries(states.map((state, link) => [`gpu0,${link}`, state])),
    nvmlDeviceGetFieldValues: fieldsOf({ 91: u32(states.length), ...fields }),
  });
}

describe('nvlink on GPUs that the recordings lack', () => {
  it('says that all links are down, as on an RTX 2080 SUPER without its bridge', async () => {
    const name = 'NVIDIA GeForce RTX 2080 SUPER';
    const { out, status } = await runOn(linked(name, [0]), ['nvlink', '-s']);
    expect(out).toBe(
      `${HEADING(name)}NVML: Unable to retrieve Nvlink information as all links are inActive\n`,
    );
    expect(status).toBe(0);
  });

  it('says that MIG allows no questions, as on an H100 with MIG on', async () => {
    const machine = machineWith(1, 'NVIDIA H100 80GB HBM3', { nvmlDeviceGetMigMode: { gpu0: [1, 1] } });
    const { out } = await runOn(machine, ['nvlink', '-s']);
    expect(out).toBe(
      `${HEADING('NVIDIA H100 80GB HBM3')}Nvlink queries are not supported for Devices in MIG mode\n`,
    );
  });

  it('marks the links that are down among those that are up', async () => {
    const machine = linked('NVIDIA A100-SXM4-40GB', [1, 0, 1], { '164': u32(25000), '164:2': u32(25000) });
    const { out } = await runOn(machine, ['nvlink', '--status']);
    expect(out).toBe(
      `${HEADING('NVIDIA A100-SXM4-40GB')}\t Link 0: 25 GB/s\n\t Link 1: <inactive>\n\t Link 2: 25 GB/s\n`,
    );
  });

  it('has the counters of NVLink 5 where the GPU counts those', async () => {
    const machine = linked('NVIDIA B200', [1], {
      '206': u64(0),
      '219': u64(3),
      '220': u64(15 * 256 + 255),
      '235': u64('36140749276'),
    });
    const { out } = await runOn(machine, ['nvlink', '-e']);
    expect(out).toBe(
      [
        HEADING('NVIDIA B200'),
        '\t Link 0: Malformed packet Errors: 0\n',
        '\t Link 0: Effective Errors: 3\n',
        '\t Link 0: Effective BER: 15e-255\n',
        '\t Link 0: FEC Errors - 0: 36140749276\n',
        '\n',
      ].join(''),
    );
  });

  it('lists versions of the firmware', async () => {
    const machine = machineWith(1, 'NVIDIA B200', {
      nvmlDeviceGetNvLinkState: { 'gpu0,0': 1 },
      nvmlDeviceGetFieldValues: fieldsOf({ 91: u32(1) }),
      nvmlDeviceGetNvLinkInfo: {
        gpu0: {
          isNvleEnabled: 1,
          firmwareInfo: {
            firmwareVersion: [
              { ucodeType: 1, major: 35, minor: 2014, subMinor: 7 },
              { ucodeType: 2, major: 36, minor: 0, subMinor: 1 },
            ],
            numValidEntries: 2,
          },
        },
      },
    });
    const { out } = await runOn(machine, ['nvlink', '--info']);
    expect(out).toBe(`${HEADING('NVIDIA B200')}\t NVLE: enabled\n\t Firmware Version: 35.2014.7, 36.0.1\n`);
  });

  it('goes on with the GPUs that are left when one is lost', async () => {
    const lost = snapshotOf('one of two H200s', {
      ...h200Pair,
      calls: {
        ...h200Pair.calls,
        nvmlDeviceGetHandleByIndex_v2: { 0: refused('GPU_IS_LOST'), 1: 'gpu1' },
      },
    });
    const { out, status } = await runOn(lost, ['nvlink', '-s', '-l', '2']);
    expect(out).toBe(
      'GPU 1: NVIDIA H200 (UUID: GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001)\n\t Link 2: 26.562 GB/s\n' +
        'Unable to determine the device handle for GPU0: GPU is lost.  Reboot the system to recover this GPU\n',
    );
    expect(status).toBe(15);
  });
});

describe('c2c on a Grace Hopper', () => {
  const scoped = (id: number, link: number): string => (link === 0 ? String(id) : `${id}:${link}`);
  const fields = Object.fromEntries(
    upTo(5).flatMap((link): [string, Json][] => [
      [scoped(171, link), u32(link === 4 ? 0 : 1)],
      [scoped(172, link), u32(44712)],
      [scoped(231, link), u64(0)],
      [scoped(232, link), u64(2)],
      [scoped(233, link), u64(7)],
      [scoped(234, link), u32(link & 1)],
    ]),
  );
  const machine = machineWith(1, 'NVIDIA GH200 480GB', {
    nvmlDeviceGetFieldValues: fieldsOf({ 170: u32(5), ...fields }),
  });
  const heading = HEADING('NVIDIA GH200 480GB');

  it('shows the speed of each link as public outputs do', async () => {
    const { out, status } = await runOn(machine, ['c2c', '-s']);
    const links = upTo(4).map((link) => `\t C2C Link ${link}: 44.712 GB/s\n`);
    expect(out).toBe(`${heading}${links.join('')}\t C2C Link 4: <inactive>\n`);
    expect(status).toBe(0);
  });

  it('counts errors', async () => {
    const { out } = await runOn(machine, ['c2c', '-e', '-l', '1']);
    expect(out).toBe(
      [
        heading,
        '\t C2C Link 1: Error Interrupt Count: 0\n',
        '\t C2C Link 1: Error Replay Count: 2\n',
        '\t C2C Link 1: Error Back-to-Back Replay Count: 7\n',
      ].join(''),
    );
  });

  it('shows which links sleep', async () => {
    const { out } = await runOn(machine, ['c2c', '-gLowPwrInfo', '-l', '1']);
    expect(out).toBe(`${heading}\t C2C Link 1: Power State: Low Power\n`);
  });
});

describe('prm', () => {
  const key = (port: number, id = 301) => `gpu0,counterId=${id},inData.localPort=${port}`;
  const answer = (status: number): Json => ({
    numCounters: 1,
    counters: [
      {
        counterId: 301,
        inData: { localPort: 3 },
        counterValue: { status, outputType: 3, outputValue: { ullVal: 0x64aace03ff } },
      },
    ],
  });
  const machine = (status: number): Snapshot =>
    machineWith(1, 'NVIDIA B200', {
      nvmlDeviceReadPRMCounters_v1: { [key(3)]: answer(status), [key(3, 1001)]: answer(3) },
    });
  const read = ['prm', '-i', '0', '-c', 'plr_rcv_codes', '-p', 'local_port=3'];

  it('reads a counter of a port', async () => {
    expect(await runOn(machine(0), read)).toEqual({
      status: 0,
      out: 'plr_rcv_codes ==> 0x64aace03ff\n',
      err: '',
    });
  });

  it('says that a port has no such counter, as on the H200', async () => {
    expect(await runOn(machine(3), read)).toEqual({
      status: 0,
      out: 'plr_rcv_codes ==> N/A (Not Supported)\n',
      err: '',
    });
  });

  it('ends with 15 where the GPU is lost', async () => {
    const lost = ['prm', '-i', '5', '-c', 'plr_rcv_codes', '-p', 'local_port=1'];
    expect(await runOn('lost-gpu', lost)).toEqual({
      status: 15,
      out: 'plr_rcv_codes ==> N/A (GPU is lost)\n',
      err: '',
    });
    expect((await runOn('lost-gpu', [...lost, '--json'])).status).toBe(15);
  });

  it('reads some counters, or all of them, in JSON too', async () => {
    const some = ['prm', '-i', '0', '-p', 'local_port=3', '-c', 'plr_rcv_codes,oper_recovery'];
    expect((await runOn(machine(0), some)).out).toBe(
      'plr_rcv_codes ==> 0x64aace03ff\noper_recovery ==> N/A (Not Supported)\n',
    );
    for (const all of [['-c'], ['-c', 'all'], ['--counters']]) {
      const { out } = await runOn(machine(0), ['prm', '-i', '0', '-p', 'local_port=3', ...all]);
      expect(out.match(/ ==> /g)).toHaveLength(14);
    }
    const { values } = JSON.parse((await runOn(machine(0), [...some, '--json'])).out);
    expect(values).toEqual([
      { gpu: 0, port: 3, counter: 'plr_rcv_codes', value: 0x64aace03ff },
      { gpu: 0, port: 3, counter: 'oper_recovery', value: null, reasons: { value: 'Not Supported' } },
    ]);
  });

  it.each([
    [
      ['prm', '-c', 'nothing', '-i', '0', '-p', 'local_port=1'],
      /^ERROR: invalid\/unsupported counter name "nothing"/,
    ],
    [['prm', '-c', 'plr_rcv_codes', '-p', 'local_port=1'], /^ERROR: GPU index is required/],
    [
      ['prm', '-i', '0', '-c'],
      /^ERROR: prm counter retrieval requires "local_port" parameter\nERROR handling/,
    ],
    [[...read.slice(0, -1), 'local_port=1,lane=1'], /requires "local_port"/],
    [[...read.slice(0, -1), 'local_port'], /MUST be of form/],
    [
      ['prm', '-i', '9', '-n', 'MGIR'],
      /^ERROR executing function nvmlDeviceGetHandleByIndex: Invalid Argument\n$/,
    ],
    [['prm', '-i', '0,1', '-c', 'all'], /^Option "0,1" is invalid for "-i"\.\n$/],
    [['prm', '-n', 'XXX', '-f'], /^Invalid\/Unsupported PRM register XXX specified\n$/],
    [['prm', '-n', 'PPCNT', '-f', '-p', 'grp=1'], /^ERROR: invalid combination of arguments/],
    [['prm', '-i', '0'], /^ERROR: one of "-n", "-c" or "-l"/],
    [['prm', '-n', 'PPCNT', '-i', '0', '-p', 'bogus=1'], /has no parameter "bogus"/],
    [['prm', '-n', 'PPCNT', '-i', '0', '-p', 'grp=64'], /"grp" has 6 bits/],
    [[...read.slice(0, -1), 'local_port=4294967299'], /"local_port" has 32 bits: 4294967299 is too much/],
  ])('refuses what it cannot read: %s', async (argv, message) => {
    const { out, status } = await runOn(machine(0), argv);
    expect(out).toMatch(message);
    expect(status).toBe(2);
  });

  it.each(['clr=1', 'lp_gl=1,clr=0x1'])('clears nothing: -p %s is refused', async (parameters) => {
    const { out, status } = await runOn(machine(0), ['prm', '-i', '0', '-n', 'PPCNT', '-p', parameters]);
    expect(out).toBe('Parameter "clr" is for writing, and nvsmi only reads. Use nvidia-smi for it.\n');
    expect(status).toBe(2);
  });

  it('lists 36 registers and 14 counters, each behind a tab, as on the H200', async () => {
    const { out } = await runOn(machine(0), ['prm', '-l']);
    expect(out.match(/^\t[A-Z_]+$/gm)).toHaveLength(36);
    expect(out.match(/^\t[a-z0-9_]+$/gm)).toHaveLength(14);
  });

  it('lists the parameters of counters and registers, as on the H200', async () => {
    const lines = async (...argv: readonly string[]) => (await runOn(machine(0), ['prm', ...argv])).out;
    expect(await lines('-c', 'nothing', '-f')).toBe(
      'Supported PRM parameters for PRM counters:\n\tlocal_port\n',
    );
    expect(await lines('-n', 'MGIR', '-f')).toBe('Supported PRM parameters for register MGIR:\n\t[NONE]\n');
    expect(await lines('-n', 'PPCNT', '-f')).toBe(
      `Supported PRM parameters for register PPCNT:\n${[
        'grp port_type lp_msb pnat local_port swid',
        'prio_tc grp_profile plane_ind counters_cap lp_gl clr',
      ]
        .join(' ')
        .split(' ')
        .map((name) => `\t${name}\n`)
        .join('')}`,
    );
  });

  it('reads a register with the parameters that choose what is read', async () => {
    const register = Array.from({ length: 256 }, () => 0);
    // pnat 1, local_port 1, grp 35; then a counter of 0x0102.
    register.splice(0, 4, 0, 1, 0x40, 35);
    register.splice(8, 4, 0, 0, 1, 2);
    const operation = [0x08, 0x04, 0, 0, 0x50, 0x08, 0x01, 0x01, 0, 0, 0, 0, 0, 0, 0, 0];
    const head = [0x18, 0x41, 0, 0];
    const little = (at: number, bytes: readonly number[]) =>
      bytes.slice(at, at + 4).reduceRight((all, byte) => all * 256 + byte, 0);
    const key = [
      'gpu0,dataSize=276',
      `word0=${little(0, operation)}`,
      `word1=${little(4, operation)}`,
      `word4=${little(0, head)}`,
      `word5=${little(0, register)}`,
    ].join();
    const b200 = machineWith(1, 'NVIDIA B200', {
      nvmlDeviceReadWritePRM_v1: {
        [key]: { dataSize: 276, status: 0, outData: [...operation, ...head, ...register] },
      },
    });
    const argv = ['prm', '-i', '0', '-n', 'PPCNT', '-p=local_port=1,pnat=1,grp=35'];
    const { status, out } = await runOn(b200, argv);
    expect(out.split('\n').slice(0, 4)).toEqual([
      'PPCNT:',
      '\tgrp = 35, port_type = 0, lp_msb = 0, pnat = 1, local_port = 1, swid = 0',
      '\tprio_tc = 0, grp_profile = 0, plane_ind = 0, counters_cap = 0, lp_gl = 0, clr = 0',
      '\t0x000: 00014023 00000000 00000102 00000000',
    ]);
    expect(status).toBe(0);
    const [record] = JSON.parse((await runOn(b200, [...argv, '--json'])).out).registers;
    expect(record).toMatchObject({ gpu: 0, name: 'PPCNT', grp: 35, pnat: 1, local_port: 1, clr: 0 });
    expect(record.words.split(' ')).toHaveLength(64);
  });

  it('says why a register cannot be read, and ends with the status, as on the H200', async () => {
    const argv = ['prm', '-i', '0', '-n', 'MGIR'];
    const b200 = machineWith(1, 'NVIDIA B200', {
      nvmlDeviceReadWritePRM_v1: {
        'gpu0,dataSize=180,word0=1032,word1=16851088,word4=10520': refused('NOT_SUPPORTED'),
      },
    });
    expect(await runOn(b200, argv)).toMatchObject({
      status: 3,
      out: 'ERROR executing function nvmlDeviceReadWritePRM_v1: Not Supported\n',
    });
  });
});

describe('what few machines have', () => {
  it('shows the host name of a GPU', async () => {
    const machine = machineWith(1, 'NVIDIA GB200', {
      nvmlDeviceGetHostname_v1: { gpu0: { value: 'tray-7-gpu-0' } },
    });
    const { out, status } = await runOn(machine, ['--get-hostname', '-i', '0']);
    expect(out).toBe('Hostname of GPU 00000000:01:00.0: tray-7-gpu-0\nAll done.\n');
    expect(status).toBe(0);
  });

  it('tells which GPUs a synchronous boost group holds back', async () => {
    const machine = machineWith(2, 'Tesla P100', {
      nvmlDeviceGetCurrentClocksEventReasons: { gpu0: 0, gpu1: 0x10 },
    });
    const { out } = await runOn(machine, ['clocks', '--sync-boost-list']);
    expect(out).toMatch(/^NVML does not list .* GPUs 1\.\n$/);
  });

  it('says in the help of clocks that --json belongs to the list', async () => {
    const { out } = await runOn(machineWith(1, 'Tesla P100', {}), ['clocks', '-h']);
    expect(out).toMatch(/--json\s+With --sync-boost-list: /);
  });

  it('says that a GPU is being drained, or why that is not known', async () => {
    const key = (bus: string, number: number): string =>
      `domain=0,bus=${number},device=0,busId=00000000:${bus}:00.0`;
    const machine = machineWith(1, 'NVIDIA A100', {
      nvmlDeviceQueryDrainState: { [key('0A', 10)]: 1, [key('0B', 11)]: refused('GPU_NOT_FOUND') },
    });
    const drained = await runOn(machine, ['drain', '-q', '-p', '0000:0a:00.0']);
    expect(drained.out).toBe('The current drain state of GPU 00000000:0A:00.0 is: draining.\n');
    const unknown = await runOn(machine, ['drain', '-q', '-p', '0b:00.0']);
    expect(unknown.out).toBe('The drain state of GPU 00000000:0B:00.0 is not known: No GPUs were found\n');
    expect(unknown.status).toBe(28);
    expect((await runOn(machine, ['drain', '-q', '-p', 'ten'])).status).toBe(2);
  });

  it('ends with a status that a shell can hold, with JSON as without', async () => {
    const key = 'domain=0,bus=10,device=0,busId=00000000:0A:00.0';
    const machine = machineWith(1, 'NVIDIA A100', {
      nvmlDeviceQueryDrainState: { [key]: refused('UNKNOWN') },
    });
    for (const more of [[], ['--json']]) {
      expect((await runOn(machine, ['drain', '-q', '-p', '0a:00.0', ...more])).status).toBe(255);
    }
  });
});
