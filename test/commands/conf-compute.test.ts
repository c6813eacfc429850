import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2, withLostGpu } from './machines.js';
import { refused } from './made-machine.js';
import { golden, runOn } from './run-on.js';

const ON_H100 = ['f', 'q', 'gc', 'd', 'e'] as const;
const ON_H200 = [...ON_H100, 'gg', 'gm', 'grs', 'gkr', 'mgm'] as const;

/** A machine that answers differently. */
const changed = (calls: Snapshot['calls']): Snapshot => {
  const machine = h200x2();
  return { ...machine, calls: { ...machine.calls, ...calls } };
};

describe('conf-compute', () => {
  it.each(ON_H100)('prints for -%s on the recorded H100 what nvidia-smi printed there', async (getter) => {
    expect(await runOn('h100-x1', ['conf-compute', `-${getter}`])).toEqual({
      status: 0,
      out: golden('h100-x1', `conf-${getter}`),
      err: '',
    });
  });

  it.each(ON_H200)('prints for -%s on two H200s what nvidia-smi printed there', async (getter) => {
    const { status, out } = await runOn(h200x2(), ['conf-compute', `-${getter}`]);
    expect({ status, out }).toEqual({ status: 0, out: golden('h200-x2', `conf-${getter}`) });
  });

  it('keeps -gm to the GPUs of -i', async () => {
    const { out } = await runOn(h200x2(), ['conf-compute', '-gm', '-i', '1']);
    expect(out).toBe(golden('h200-x2', 'conf-gm').split('\n').slice(3).join('\n'));
  });

  it('answers one question at a time, as 550 and 580 do, but for JSON', async () => {
    const { status, out } = await runOn('h200-x2', ['conf-compute', '-gc', '-gg']);
    expect([status, out]).toEqual([2, 'One, and only one, conf-compute command allowed at a time\n']);
    expect((await runOn('h200-x2', ['conf-compute', '-gc', '-gg', '--json'])).status).toBe(0);
    expect((await runOn('h200-x2', ['gpm', '-g', '-g'])).out).toBe(
      'One, and only one, gpm command allowed at a time\n',
    );
  });

  it('spells what a machine in confidential mode answers', async () => {
    const on = changed({
      nvmlSystemGetConfComputeCapabilities: { '': { cpuCaps: 2, gpusCaps: 1 } },
      nvmlSystemGetConfComputeSettings: {
        '': { version: 16777236, environment: 2, ccFeature: 1, devToolsMode: 1, multiGpuMode: 1 },
      },
      nvmlSystemGetConfComputeGpusReadyState: { '': 1 },
    });
    const asked = ['-gc', '-d', '-e', '-f', '-grs', '-mgm', '-q'];
    const outs = await Promise.all(asked.map(async (one) => (await runOn(on, ['conf-compute', one])).out));
    expect(outs.join('')).toBe(
      [
        'CPU CC capabilities: INTEL TDX',
        'DevTools Mode: ON',
        'CC Environment: PRODUCTION',
        'CC status: ON',
        '',
        'Confidential Compute GPUs Ready state: ready',
        '',
        'Multi-GPU Mode: Protected PCIe',
        '',
        '==============NVSMI CONF-COMPUTE LOG==============',
        '',
        '    CC State                   : ON',
        '    Multi-GPU Mode             : Protected PCIe',
        '    CPU CC Capabilities        : INTEL TDX',
        '    GPU CC Capabilities        : CC Capable',
        '    CC GPUs Ready State        : Ready',
        '',
        '',
      ].join('\n'),
    );
  });

  it('asks an older driver by the function that it has', async () => {
    const { nvmlSystemGetConfComputeSettings: _, ...calls } = h200x2().calls;
    const older = { ...h200x2(), calls };
    expect((await runOn(older, ['conf-compute', '-f'])).out).toBe('CC status: OFF\n');
    expect((await runOn(older, ['conf-compute', '-mgm'])).out).toBe('Multi-GPU Mode: N/A\n');
  });

  it('gives JSON with numbers, and reasons for what is absent', async () => {
    const none = changed({ nvmlDeviceGetConfComputeMemSizeInfo: { gpu0: refused('NOT_SUPPORTED') } });
    const { out } = await runOn(none, ['conf-compute', '-grs', '-gkr', '-gm', '-i', '0', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      conf_compute: { gpus_ready: false, key_rotation_attacker_advantage: 60 },
      gpus: [
        {
          gpu: 0,
          name: 'NVIDIA H200',
          uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000',
          'conf_compute.protected_memory': null,
          'conf_compute.unprotected_memory': null,
          reasons: {
            'conf_compute.protected_memory': 'Not Supported',
            'conf_compute.unprotected_memory': 'Not Supported',
          },
        },
      ],
    });
  });

  it.each([['-i', '9'], []])('prints its help with status 0 when nothing is asked for', async (...argv) => {
    const { status, out } = await runOn(h200x2(), ['conf-compute', ...argv]);
    expect(status).toBe(0);
    expect(out).toMatch(/^\nUsage: nvsmi conf-compute/);
  });

  it.each(['--bogus', 'extra'])('refuses %s with status 2', async (word) => {
    expect(await runOn(h200x2(), ['conf-compute', word])).toEqual({
      status: 2,
      out: `Option "${word}" is not recognized.\n`,
      err: "Run 'nvsmi help conf-compute' for help.\n",
    });
  });

  it.each([
    ['-srs', '1'],
    ['-sm', '1024'],
  ])('changes no recording: %s', async (...argv) => {
    const { status, out } = await runOn(h200x2(), ['conf-compute', ...argv]);
    expect(status).toBe(2);
    expect(out).toContain('A recorded machine cannot be changed');
  });

  it('shows the memory of the other GPUs where one is lost', async () => {
    const { status, out } = await runOn(withLostGpu(h200x2()), ['conf-compute', '-gm']);
    expect(status).toBe(15);
    expect(out).toBe(
      `${golden('h200-x2', 'conf-gm').split('\n').slice(0, 3).join('\n')}\nUnable to determine the device handle for GPU1: GPU is lost.  Reboot the system to recover this GPU\n`,
    );
  });
});
