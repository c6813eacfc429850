import { describe, expect, it } from 'vitest';
import { h200x2, migVgpuHost, vgpuHost, withLostGpu } from './machines.js';
import { golden, lines, runOn } from './run-on.js';

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
    expect(JSON.parse((await runOn('h100-x1', ['vgpu', '-q', '--json'])).out)).toEqual({ vgpus: [] });
  });
});

describe('vgpu on a vGPU host', () => {
  it('draws the summary', async () => {
    const { status, out } = await runOn(vgpuHost(), ['vgpu']);
    expect(status).toBe(0);
    expect(out).toBe(
      `${'Mon Nov 23 01:41:50 2026'.padEnd(31)}\n${lines(`
        +-----------------------------------------------------------------------------+
        | NVIDIA-SMI 580.105.08             Driver Version: 580.105.08                |
        |---------------------------------+------------------------------+------------|
        | GPU  Name                       | Bus-Id                       | GPU-Util   |
        |      vGPU ID     Name           | VM ID     VM Name            | vGPU-Util  |
        |=================================+==============================+============|
        |   0  NVIDIA RTX PRO 6000 Bl...  | 00000000:01:00.0             |  12%       |
        |      3251637554  NVIDIA RTX ... | 083b...  N/A                 |     N/A    |
        |      3251637566  NVIDIA RTX ... | f0ad...  N/A                 |     12%    |
        +---------------------------------+------------------------------+------------+
        |   1  NVIDIA RTX PRO 6000 Bl...  | 00000000:02:00.0             |   0%       |
        +---------------------------------+------------------------------+------------+
      `)}`,
    );
  });

  it('tells everything about each vGPU, in the layout of driver 580', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-q']);
    expect(out).toContain(
      [
        '    vGPU ID                               : 3251637566',
        '        VM UUID                           : f0adb76f-7612-4c68-84b4-375a4e6c5476',
        '        VM Name                           : N/A',
        '        vGPU Name                         : NVIDIA RTX Pro 6000 Blackwell DC-3Q',
        '        vGPU Type                         : 1519',
        '        vGPU UUID                         : 094593d6-85a0-11f1-802e-72c7d51d3e72',
        '        Guest Driver Version              : 580.105.08',
        '        License Status                    : Unlicensed (Unrestricted)',
      ].join('\n'),
    );
    expect(out).toContain(
      ['        Placement ID                      : 3', '        Accounting Mode                   : '].join(
        '\n',
      ),
    );
    expect(out).toContain(
      [
        '        PCI',
        '            Bus Id                        : 00000000:00:05.0',
        '        FB Memory Usage',
        '            Total                         : 3072 MiB',
        '            Used                          : 128 MiB',
        '            Free                          : 2944 MiB',
        '        Utilization',
        '            GPU                           : 12 %',
        '            Memory                        : 7 %',
        '            Encoder                       : 0 %',
        '            Decoder                       : 0 %',
        '        Encoder Stats',
        '            Active Sessions               : 2',
        '            Average FPS                   : 30',
        '            Average Latency               : 1500',
        '        FBC Stats',
        '            Active Sessions               : 1',
        '            Average FPS                   : 25',
        '            Average Latency               : 39964',
        '',
        'GPU 00000000:02:00.0',
        '    Active vGPUs                          : 0',
        '',
      ].join('\n'),
    );
  });

  it('says of a vGPU without license and guest that it has none', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-q', '-i', '0']);
    expect(out).toContain('License Status                    : N/A (Expiry: N/A)\n');
    expect(out).toContain('Guest Driver Version              : N/A\n');
  });

  it('spells when a license ends', async () => {
    const machine = vgpuHost();
    const licensed = {
      isLicensed: 1,
      licenseExpiry: { year: 2026, month: 9, day: 14, hour: 18, min: 51, sec: 0, status: 2 },
      currentState: 5,
    };
    const calls = {
      ...machine.calls,
      nvmlVgpuInstanceGetLicenseInfo_v2: { 3251637554: licensed, 3251637566: licensed },
    };
    const { out } = await runOn({ ...machine, calls }, ['vgpu', '-q', '-i', '0']);
    expect(out).toContain(': Licensed (Expiry: 2026-9-14 18:51:0 GMT)\n');
  });

  it('lists the types that are supported, and those there is room for', async () => {
    expect((await runOn(vgpuHost(), ['vgpu', '-s'])).out).toBe(
      lines(`
        GPU 00000000:01:00.0
            NVIDIA RTX Pro 6000 Blackwell DC-3Q
            NVIDIA RTX Pro 6000 Blackwell DC-6Q

        GPU 00000000:02:00.0
            NVIDIA RTX Pro 6000 Blackwell DC-3Q
      `),
    );
    expect((await runOn(vgpuHost(), ['vgpu', '-c'])).out).toBe(
      lines(`
        GPU 00000000:01:00.0
            NVIDIA RTX Pro 6000 Blackwell DC-3Q

        GPU 00000000:02:00.0
      `),
    );
  });

  it('tells everything about a type with -v', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-c', '-v', '-i', '0']);
    expect(out).toBe(
      lines(`
        GPU 00000000:01:00.0
            vGPU Type ID                          : 0x5ef
                Name                              : NVIDIA RTX Pro 6000 Blackwell DC-3Q
                Class                             : Quadro
                GPU Instance Profile ID           : N/A
                Max Instances                     : 32
                Max Instances Per VM              : 16
                Device ID                         : 0x2bb510de
                Sub System ID                     : 0x20f210de
                FB Memory                         : 3072 MiB
                Display Heads                     : 4
                Maximum X Resolution              : 7680
                Maximum Y Resolution              : 4320
                Frame Rate Limit                  : 60 FPS
                GRID License                      : NVIDIA-RTX-Virtual-Workstation,5.0
      `),
    );
  });

  it('monitors utilization below the head of driver 580, until it is stopped', async () => {
    const { status, out } = await runOn(vgpuHost(), ['vgpu', '-u'], 2);
    expect(status).toBe(0);
    const tick = [
      '    0 3251637554     -     -     -     -     -     -',
      '    0 3251637566    12     7     0     0     -     -',
      '    1          -     -     -     -     -     -     -',
    ];
    expect(out).toBe(
      [
        '# GPU       vGPU    sm   mem   enc   dec   jpg   ofa',
        '# Idx         Id     %     %     %     %     %     %',
        ...tick,
        ...tick,
        '',
      ].join('\n'),
    );
  });

  it('monitors nothing on a GPU with MIG on, as driver 580 does', async () => {
    const machine = vgpuHost();
    const calls = { ...machine.calls, nvmlDeviceGetMigMode: { gpu1: [1, 1] } };
    const { out } = await runOn({ ...machine, calls }, ['vgpu', '-u', '-i', '1']);
    expect(out.split('\n')[2]).toBe('    1        N/A   N/A   N/A   N/A   N/A   N/A   N/A');
  });

  it('monitors processes, encoder sessions and capture sessions', async () => {
    const fields = (text: string): readonly string[] =>
      text
        .split('\n')
        .slice(2)
        .map((line) => line.trim().split(/ +/).join(' '));
    expect(fields((await runOn(vgpuHost(), ['vgpu', '-p'])).out)).toEqual([
      '0 3251637566 1528 dwm.exe 3 2 0 0',
      '1 - - - - - - -',
      '',
    ]);
    expect(fields((await runOn(vgpuHost(), ['vgpu', '-es'])).out)).toEqual([
      '0 3251637554 - - - - - - -',
      '0 3251637566 2 2308 H.264 1920 1080 424 1977',
      '1 - - - - - - - -',
      '',
    ]);
    expect(fields((await runOn(vgpuHost(), ['vgpu', '-fs', '-i', '1'])).out)).toEqual([
      `1${' -'.repeat(14)}`,
      '',
    ]);
  });

  it('shows the scheduler', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-ss', '-i', '0', '--json']);
    expect(JSON.parse(out).schedulers).toEqual([
      {
        gpu: 0,
        policy: 'Equal Share',
        adaptive_round_robin: 'Enabled',
        timeslice_ns: 2000000,
        average_factor: 33,
      },
    ]);
  });

  it('shows the turns that vGPUs took, as often as asked', async () => {
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
    expect(JSON.parse((await runOn(vgpuHost(), ['vgpu', '-sl', '--json'])).out).scheduler_logs[1]).toEqual({
      gpu: 0,
      engine: 'Graphics',
      policy: 'Equal Share',
      adaptive_round_robin: 'Disabled',
      timeslice_ns: 3000000,
      average_factor: null,
      runlist: 2,
      preempted_at_ns: 9500,
      run_total_ns: 700,
      run_ns: 500,
      target_timeslice_ns: 3000000,
      preemption_total_ns: 20,
      reasons: { average_factor: 'Not Supported' },
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

  it('tells whether vGPUs can move, and whether their sizes may differ', async () => {
    expect((await runOn(vgpuHost(), ['vgpu', '-m'])).out).toMatch(
      /^GPU .*\n {4}Migration +: Supported\n\nGPU .*\n {4}Migration +: N\/A\n$/,
    );
    expect((await runOn(vgpuHost(), ['vgpu', '-ghm'])).out).toMatch(
      /^GPU .*\n {4}vGPU Heterogeneous Mode +: Enabled\n\nGPU .*\n {4}vGPU Heterogeneous Mode +: Disabled\n$/,
    );
  });

  it('gives JSON with numbers and reasons', async () => {
    const { out } = await runOn(vgpuHost(), ['vgpu', '-q', '--json']);
    const { vgpus } = JSON.parse(out);
    expect(vgpus).toHaveLength(2);
    expect(vgpus[1]).toMatchObject({
      gpu: 0,
      vgpu: 3251637566,
      framebuffer_free_mib: 2944,
      utilization_gpu: 12,
      vm_name: null,
      reasons: { vm_name: 'Not Supported' },
    });
    expect(JSON.parse((await runOn(vgpuHost(), ['vgpu', '--json'])).out).vgpus[0]).toEqual({
      gpu: 0,
      vgpu: 3251637554,
      name: 'NVIDIA RTX Pro 6000 Blackwell DC-3Q',
      vm_id: '083bc63f-0a3c-4647-9bb4-27f905b7d7bb',
      utilization_gpu: null,
      reasons: { utilization_gpu: 'Not Supported' },
    });
  });

  it('takes one view at a time, and changes nothing', async () => {
    expect((await runOn(vgpuHost(), ['vgpu', '-q', '-s'])).status).toBe(2);
    for (const options of [['-caa'], ['-shm', '1'], ['-smts', '1']]) {
      const { status, out } = await runOn(vgpuHost(), ['vgpu', ...options]);
      expect(out).toContain('nvsmi only reads');
      expect(status).toBe(2);
    }
  });

  it('shows the other GPUs where one is lost, and ends with 15', async () => {
    const { status, out } = await runOn(withLostGpu(vgpuHost()), ['vgpu', '-s']);
    expect(status).toBe(15);
    expect(
      out.endsWith(
        'Unable to determine the device handle for GPU1: GPU is lost.  Reboot the system to recover this GPU\n',
      ),
    ).toBe(true);
  });
});

describe('vgpu on GPU instances', () => {
  const run = (...options: readonly string[]) => runOn(migVgpuHost(), ['vgpu', '-i', '0', ...options], 3);

  it('keeps to the vGPUs of an instance, and to the types that it has room for', async () => {
    const { vgpus } = JSON.parse((await run('-q', '-gi', '2', '--json')).out);
    expect(vgpus.map(({ vgpu }: { readonly vgpu: number }) => vgpu)).toEqual([3251637566]);
    expect((await run('-q', '-gi', '3')).out).toMatch(/Active vGPUs +: 0\n$/);
    expect((await run('-c', '-gi', '2,3')).out).toBe(
      'GPU 00000000:01:00.0\n    NVIDIA RTX Pro 6000 Blackwell DC-6Q\n',
    );
  });

  it('tells how turns are taken there, and of an instance that there is not why nothing is known', async () => {
    expect(JSON.parse((await run('-ss', '-gi', '2,5', '--json')).out).schedulers).toMatchObject([
      { gpu: 0, gpu_instance_id: 2, policy: 'Fixed Share', timeslice_ns: 4000000 },
      { gpu: 0, gpu_instance_id: 5, policy: null, timeslice_ns: null },
    ]);
    expect((await run('-ghm', '-gi', '2')).out).toBe(
      lines(`
        GPU 00000000:01:00.0
            GPU Instance ID                       : 2
            vGPU Heterogeneous Mode               : Enabled
      `),
    );
    expect(
      JSON.parse((await run('-sl', '-gi', '2', '--json')).out.split('\n{')[0] ?? '').scheduler_logs,
    ).toMatchObject([{ gpu_instance_id: 2, policy: 'Fixed Share', runlist: 7, preempted_at_ns: 4 }]);
  });

  it('wants the GPU of the instances, as nvidia-smi 580 does', async () => {
    const { status, out } = await runOn(migVgpuHost(), ['vgpu', '-q', '-gi', '2']);
    expect(out).toBe('Name the GPU of the GPU instances: -i GPU -gi ID.\n');
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

describe('the --query-* switches of vgpu', () => {
  const fields =
    'gpu_bus_id,engine_id,sched_policy,arr_mode,avg_factor,time_slice,sw_rl_id,time_stamp,cum_run_time';

  it('list the turns on each GPU, or that there are none, as on the H200', async () => {
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

  it('list the turns on GPU instances', async () => {
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
      expect(JSON.parse(wanted.out).length).toBeGreaterThan(0);
      expect(await runOn(migVgpuHost(), [...argv, '--json'])).toEqual(wanted);
      expect(await runOn(migVgpuHost(), [...argv, '--json', '--format=json'])).toEqual(wanted);
    },
  );

  it('print accounted processes with --json, and refuse it beside another format', async () => {
    const argv = ['vgpu', '--query-accounted-apps=pid', '--json'];
    expect(JSON.parse((await runOn(h200x2(), argv)).out)).toEqual([]);
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
    expect(await runOn(h200x2(), ['vgpu', ...options])).toEqual({ status: 2, out, err: '' });
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
