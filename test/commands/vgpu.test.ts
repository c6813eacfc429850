import { describe, expect, it } from 'vitest';
import { HINTS } from '../cli/hints.js';
import { h200x2 } from './machines.js';
import { golden, lines, runOn } from './run-on.js';
import { migVgpuHost } from './vgpu-machine.js';

describe('vgpu on a machine that is no vGPU host', () => {
  it.each([
    ['', 'vgpu'],
    ['-q', 'vgpu-q'],
    ['-s', 'vgpu-s'],
    ['-c', 'vgpu-c'],
  ])('answers "vgpu %s" as nvidia-smi on the H100 and the H200', async (option, name) => {
    const argv = ['vgpu', option].filter((word) => word !== '');
    expect(await runOn('h100-x1', argv)).toEqual({ status: 0, out: golden('h100-x1', name), err: '' });
    expect((await runOn(h200x2(), argv)).out).toBe(golden('h200-x2', name));
  });

  it('refuses a GPU that there is not with 6, and what it does not know with 2', async () => {
    expect(await runOn(h200x2(), ['vgpu', '-i', '9'])).toMatchObject({
      status: 6,
      out: 'No devices were found\n',
    });
    expect(await runOn(h200x2(), ['vgpu', 'extra'])).toMatchObject({
      status: 2,
      out: 'Option "extra" is not recognized.\n',
    });
  });

  it('has an empty list in JSON', async () => {
    expect(JSON.parse((await runOn('h100-x1', ['vgpu', '-q', '--json'])).out)).toMatchObject({ vgpus: [] });
  });
});

describe('vgpu on GPU instances', () => {
  const run = (...options: readonly string[]) => runOn(migVgpuHost(), ['vgpu', '-i', '0', ...options], 3);

  it('keeps to the vGPUs of an instance, and to the types that it has room for', async () => {
    const { vgpus } = JSON.parse((await run('-q', '-gi', '2', '--json')).out);
    expect(vgpus.map((one: { readonly vgpu_instance: number }) => one.vgpu_instance)).toEqual([3251637566]);
    expect((await run('-q', '-gi', '3')).out).toMatch(/Active vGPUs +: 0\n$/);
    expect((await run('-c', '-gi', '2,3')).out).toBe(
      'GPU 00000000:01:00.0\n    NVIDIA RTX Pro 6000 Blackwell DC-6Q\n',
    );
  });

  it('shows the scheduler state there, and for a missing instance why nothing is known', async () => {
    expect(JSON.parse((await run('-ss', '-gi', '2,5', '--json')).out).vgpu_schedulers).toMatchObject([
      { gpu: 0, gpu_instance_id: 2, scheduler_policy: 'Fixed Share', time_slice: 4000000 },
      { gpu: 0, gpu_instance_id: 5, scheduler_policy: null, time_slice: null },
    ]);
    expect((await run('-ghm', '-gi', '2')).out).toBe(
      lines(`
        GPU 00000000:01:00.0
            GPU Instance ID                       : 2
            vGPU Heterogeneous Mode               : Enabled
      `),
    );
    expect(
      JSON.parse((await run('-sl', '-gi', '2', '--json')).out.split('\n{')[0] ?? '').vgpu_scheduler_turns,
    ).toMatchObject([
      { gpu_instance_id: 2, scheduler_policy: 'Fixed Share', sw_runlist_id: 7, time_stamp: 4 },
    ]);
  });

  it('wants the GPU of the instances, as nvidia-smi 580 does', async () => {
    const { status, out } = await runOn(migVgpuHost(), ['vgpu', '-q', '-gi', '2']);
    expect(out).toBe('-gi needs the GPU of the instances: -i GPU -gi ID.\n');
    expect(status).toBe(2);
  });

  it('monitors performance metrics from the second tick on, below the names of the guide', async () => {
    const { status, out } = await run('--gpm-metrics', '1,10');
    expect(status).toBe(0);
    const measured = '    0 3251637566       0       2       0        99        41';
    expect(out).toBe(
      [
        '# GPU       vGPU  mig_id   gi_id   ci_id     gract      dram',
        '# Idx         Id     Idx     Idx     Idx         %         %',
        '    0 3251637554       -       -       -         -         -',
        '    0 3251637566       0       2       0         -         -',
        '    0 3251637554       -       -       -         -         -',
        measured,
        '    0 3251637554       -       -       -         -         -',
        measured,
        '',
      ].join('\n'),
    );
  });
});

describe('what vgpu refuses', () => {
  it.each([
    [['--gpm-metrics'], 'Invalid argument. Provide metric value.\n'],
    [['--gpm-metrics', '999'], 'Invalid metric value 999.\n'],
    [['--gpm-metrics', 'x'], 'Found offending character: x\n'],
    [['-sl', '-ei', '0'], 'Option "-ei" is not recognized.\n'],
    [['-lms', '100', '-u'], 'Option "-lms" is not recognized.\n'],
    [
      ['-l', '99'],
      'Provided [-l(sec) | --loop(sec)=] value is incorrect. Loop frequency must be between 1 and 10.\n\n',
    ],
    ...['0x5', '1e0'].map((period): [string[], string] => [
      ['-l', period],
      'Provided [-l(sec) | --loop(sec)=] value is incorrect. Loop frequency must be between 1 and 10.\n\n',
    ]),
    [
      ['--query-vgpu-scheduler-logs=weight', '--format=csv'],
      'Field "weight" is not a valid field to query.\n\n',
    ],
    [['--query-vgpu-scheduler-logs=timestamp', '--format=bogus'], 'Format modifier is not recognized.\n'],
  ])('is in the words of the H200: %j', async (options, out) => {
    expect(await runOn(h200x2(), ['vgpu', ...options])).toEqual({
      status: 2,
      out,
      err: expect.stringMatching(HINTS),
    });
  });

  it.each([['-ss'], ['-sc'], ['-sl'], ['-m'], ['-ghm'], ['-p'], ['--pmon'], ['--gpm-metrics=1,2']])(
    'is nothing of %s without a vGPU host, as on the H200',
    async (option) => {
      expect(await runOn(h200x2(), ['vgpu', option])).toEqual({
        status: 0,
        out: 'No supported devices in vGPU mode\n',
        err: '',
      });
    },
  );
});
