import { describe, expect, it } from 'vitest';
import { h200x2 } from './machines.js';
import { lines, runOn } from './run-on.js';
import { migVgpuHost, vgpuHost } from './vgpu-machine.js';

const uuid = 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000';

describe('vgpu on a vGPU host', () => {
  it('shows the scheduler', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-ss', '-i', '0', '--json']);
    expect(JSON.parse(out).vgpu_schedulers).toEqual([
      {
        gpu: 0,
        uuid,
        scheduler_policy: 'Equal Share',
        arr_mode: 'Enabled',
        time_slice: 2000000,
        avg_factor: 33,
      },
    ]);
  });

  it('shows the vGPU scheduler log, as often as asked', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-sl', '-i', '0'], 2);
    const tick = [
      'GPU 00000000:01:00.0',
      '    Engine ID                             : Graphics',
      '    Scheduler Policy                      : Equal Share',
      '    Adaptive Round Robin                  : Disabled',
      '    Timeslice                             : 3000000 ns',
      '    Average Factor                        : N/A',
      '    Software Runlist ID                   : 1',
      '        Timestamp                         : 9000 ns',
      '        Cumulative Run Time               : 5000 ns',
      '        Previous Timeslice Run Time       : 2000 ns',
      '        Target Timeslice                  : 3000000 ns',
      '        Cumulative Preemption Time        : 10 ns',
      '    Software Runlist ID                   : 2',
    ].join('\n');
    expect(out.split(tick)).toHaveLength(3);
    expect(
      JSON.parse((await runOn(vgpuHost(), ['vgpu', '-sl', '--json'])).out).vgpu_scheduler_turns[1],
    ).toEqual({
      gpu: 0,
      uuid,
      engine_id: 'Graphics',
      scheduler_policy: 'Equal Share',
      arr_mode: 'Disabled',
      time_slice: 3000000,
      avg_factor: null,
      sw_runlist_id: 2,
      time_stamp: 9500,
      cumulative_run_time: 700,
      previous_timeslice_runtime: 500,
      target_time_slice: 3000000,
      cumulative_preempt_time: 20,
      reasons: { avg_factor: 'Not Supported' },
    });
  });

  it('shows what the scheduler could do', async () => {
    expect((await runOn(vgpuHost(), ['vgpu', '-sc', '-i', '0'])).out).toBe(
      lines(`
        GPU 00000000:01:00.0
            Supported Policies                    : Best Effort, Equal Share, Fixed Share
            Maximum Timeslice                     : 30000000 ns
            Minimum Timeslice                     : 1000000 ns
            Adaptive Round Robin                  : Supported
            Maximum Frequency                     : 960 Hz
            Minimum Frequency                     : 63 Hz
            Maximum Average Factor                : 60
            Minimum Average Factor                : 1
      `),
    );
  });
});

describe('the --query-* switches of vgpu', () => {
  const fields =
    'gpu_bus_id,engine_id,sched_policy,arr_mode,avg_factor,time_slice,sw_rl_id,time_stamp,cum_run_time';

  it('list the scheduler log of each GPU, or that there are none, as on the H200', async () => {
    const switched = [`--query-vgpu-scheduler-logs=${fields}`, '--format=csv'];
    const csv = [
      'gpu_bus_id, engine_id, scheduler_policy, arr_mode, avg_factor, time_slice, sw_runlist_id, time_stamp, cumulative_run_time',
      '00000000:01:00.0, Graphics, Equal Share, Disabled, [N/A], 3000000, 1, 9000, 5000',
      '00000000:01:00.0, Graphics, Equal Share, Disabled, [N/A], 3000000, 2, 9500, 700',
      '00000000:02:00.0, [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A]',
      '',
    ].join('\n');
    expect((await runOn(vgpuHost(), ['vgpu', ...switched])).out).toBe(csv);
    expect((await runOn(vgpuHost(), switched)).out).toBe(csv);
  });

  it('list the scheduler log of GPU instances', async () => {
    const argv = [
      'vgpu',
      '--query-gpu-instance-vgpu-scheduler-logs=gi_id,sched_policy,sw_rl_id',
      '--format=csv,noheader',
    ];
    expect((await runOn(migVgpuHost(), argv)).out).toBe('2, Fixed Share, 7\n3, [N/A], [N/A]\n');
    expect((await runOn(migVgpuHost(), [...argv, '-i', '0', '-gi', '2'])).out).toBe('2, Fixed Share, 7\n');
    const { out } = await runOn(h200x2(), ['vgpu', '--help-gpu-instance-vgpu-query-scheduler-logs']);
    expect(out).toContain('"cumulative_preempt_time" or "cum_preempt_time"');
    expect((await runOn(h200x2(), ['--help-vgpu-query-scheduler-logs'])).out).not.toContain('gi_id');
  });

  it.each(['query-vgpu-scheduler-logs', 'query-gpu-instance-vgpu-scheduler-logs'])(
    'print JSON with --json: --%s',
    async (option) => {
      const argv = ['vgpu', `--${option}=sched_policy,sw_rl_id`];
      const wanted = await runOn(migVgpuHost(), [...argv, '--format=json']);
      expect(wanted.out.split('\n').length).toBeGreaterThan(5);
      const withoutPath = ({ out, ...rest }: typeof wanted) => ({
        ...rest,
        out: out.replace(/"source".*/g, ''),
      });
      expect(withoutPath(await runOn(migVgpuHost(), [...argv, '--json']))).toEqual(withoutPath(wanted));
      expect(withoutPath(await runOn(migVgpuHost(), [...argv, '--json', '--format=json']))).toEqual(
        withoutPath(wanted),
      );
    },
  );

  it('print accounted processes with --json, and refuse it beside another format', async () => {
    const argv = ['vgpu', '--query-accounted-apps=pid', '--json'];
    expect(JSON.parse((await runOn(h200x2(), argv)).out)).toMatchObject({ accounted_apps: [] });
    expect(await runOn(h200x2(), [...argv, '--format=csv'])).toMatchObject({
      status: 2,
      out: '',
      err: 'Format is either csv or json.\n',
    });
  });

  it('list accounted processes, of which the H200 has none', async () => {
    expect((await runOn(h200x2(), ['vgpu', '--query-accounted-apps=pid'])).out).toBe('pid\n');
  });
});
