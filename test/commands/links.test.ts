import { describe, expect, it } from 'vitest';
import { thereIn, wantedOf } from '../../src/commands/runner/collect.js';
import { SYSTEM } from '../../src/query/ask/subject.js';
import { type Field, nameOf } from '../../src/query/field.js';
import { nvlinks } from '../../src/query/links/nvlink.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
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
    const { out } = await runOn(machine, ['nvlink', '-s', '--as', '590.48.01']);
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

  it('continues with the GPUs that are left when one is lost', async () => {
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

describe('what few machines have', () => {
  it('shows the host name of a GPU', async () => {
    const machine = machineWith(1, 'NVIDIA GB200', {
      nvmlDeviceGetHostname_v1: { gpu0: { value: 'tray-7-gpu-0' } },
    });
    const { out, status } = await runOn(machine, ['--get-hostname', '-i', '0']);
    expect(out).toBe('Hostname of GPU 00000000:01:00.0: tray-7-gpu-0\nAll done.\n');
    expect(status).toBe(0);
  });

  it('shows which GPUs a sync boost group holds back', async () => {
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
    expect(unknown.out).toBe('Failed to query the GPU drain state.\n');
    expect(unknown.status).toBe(255);
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

describe('a field of a relation that came with a later driver', () => {
  const names = (release: number, isJson: boolean): readonly string[] => {
    const [link, active, speed] = nvlinks.fields;
    const fields = [link, active, { ...speed, since: 590 }] as Field[];
    const view = { long: 'status', help: '', relation: { ...nvlinks, fields } };
    const [wanted] = wantedOf([view], [], () => '', thereIn(release, isJson)).ofGpus;
    const shown = wanted?.fields(SYSTEM, []).next().value;
    return Array.isArray(shown) ? shown.map(nameOf) : [];
  };

  it.each([true, false])('is shown with that driver, and not with older ones (JSON: %s)', (isJson) => {
    expect(names(580, isJson)).toEqual(['link', 'active']);
    expect(names(590, isJson)).toEqual(['link', 'active', 'speed']);
  });
});
