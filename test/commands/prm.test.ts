import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { machineWith, refused } from './made-machine.js';
import { runOn } from './run-on.js';

const uuid = 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000';

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
    const { counter_values: values } = JSON.parse((await runOn(machine(0), [...some, '--json'])).out);
    expect(values).toMatchObject([
      { gpu: 0, uuid, port: 3, counter: 'plr_rcv_codes', value: 0x64aace03ff },
      { gpu: 0, uuid, port: 3, counter: 'oper_recovery', value: null, reasons: { value: 'Not Supported' } },
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
    expect(out).toBe(
      'Parameter "clr" is for writing, and nvsmi only reads registers. Use nvidia-smi for it.\n',
    );
    expect(status).toBe(2);
  });

  it('lists 36 registers and 14 counters, each after a tab, as on the H200', async () => {
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
    const { register_values: values, register_words: words } = JSON.parse(
      (await runOn(b200, [...argv, '--json'])).out,
    );
    const one = (parameter: string, value: number) =>
      expect.objectContaining({ gpu: 0, uuid, register: 'PPCNT', parameter, value });
    expect(values).toContainEqual(one('grp', 35));
    expect(values).toContainEqual(one('clr', 0));
    expect(words).toMatchObject([{ gpu: 0, register: 'PPCNT' }]);
    expect(words[0].words.split(' ')).toHaveLength(64);
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
