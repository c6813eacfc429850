import { describe, expect, it } from 'vitest';
import { open } from '../../src/index.js';
import { withLostGpu } from './machines.js';
import { lines, runOn } from './run-on.js';
import { vgpuHost } from './vgpu-machine.js';

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

  it('shows all details of each vGPU, in the layout of driver 580', async () => {
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

  it('shows all details of a type with -v', async () => {
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

  it('shows whether vGPUs can migrate, and whether their sizes may differ', async () => {
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
      vgpu_instance: 3251637566,
      'memory.free': 2944,
      'utilization.gpu': 12,
      vm_name: null,
      reasons: { vm_name: 'Not Supported' },
    });
    expect(JSON.parse((await runOn(vgpuHost(), ['vgpu', '--json'])).out).vgpus[0]).toEqual({
      gpu: 0,
      vgpu_instance: 3251637554,
      uuid: expect.any(String),
      type_name: 'NVIDIA RTX Pro 6000 Blackwell DC-3Q',
      vm_id: '083bc63f-0a3c-4647-9bb4-27f905b7d7bb',
      'utilization.gpu': null,
      reasons: { 'utilization.gpu': 'Not Supported' },
    });
  });

  it('is a host of relations in the library, with the same values', async () => {
    using nvsmi = open({ snapshot: vgpuHost() });
    const [first, second] = nvsmi
      .relation('vgpus', ['vgpu_instance', 'vm_id_type', 'memory.free', 'utilization.gpu'])
      .sample();
    expect(first).toMatchObject({ gpu: 0, vm_id_type: 'UUID', 'utilization.gpu': null });
    expect(second).toMatchObject({ vgpu_instance: 3251637566, 'memory.free': 2944, 'utilization.gpu': 12 });
    const types = nvsmi.relation('vgpu_supported_types', ['type_id', 'max_instances']).sample();
    expect(types.map(({ gpu, type_id }) => [gpu, type_id])).toEqual([
      [0, 1519],
      [0, 1520],
      [1, 1519],
    ]);
    expect(nvsmi.relation('vgpu_processes', ['pid', 'process_name']).sample()).toMatchObject([
      { pid: 1528, process_name: 'dwm.exe' },
    ]);
    expect(nvsmi.relation('vgpu_schedulers').sample()).toMatchObject([
      { scheduler_policy: 'Equal Share' },
      { gpu: 1 },
    ]);
    const { out } = await runOn(vgpuHost(), ['vgpu', '-sc', '--json']);
    expect(JSON.parse(out).vgpu_scheduler_capabilities).toEqual(
      nvsmi.relation('vgpu_scheduler_capabilities').sample(),
    );
  });

  it('asks for no more than a view shows', async () => {
    const { vgpu_supported_types: types } = JSON.parse(
      (await runOn(vgpuHost(), ['vgpu', '-s', '--json'])).out,
    );
    expect(types[0]).toMatchObject({ type_id: 1519, class: 'Quadro', license: expect.any(String) });
    const { vgpu_scheduler_turns: turns } = JSON.parse(
      (await runOn(vgpuHost(), ['vgpu', '-sl', '--json'])).out.split('\n{')[0] ?? '',
    );
    expect(turns.map(({ gpu }: { readonly gpu: number }) => gpu)).toEqual([0, 0]);
  });

  it('takes one view at a time, and changes no recording', async () => {
    expect((await runOn(vgpuHost(), ['vgpu', '-q', '-s'])).status).toBe(2);
    for (const options of [['-caa'], ['-shm', '1'], ['-smts', '1']]) {
      const { status, out } = await runOn(vgpuHost(), ['vgpu', ...options]);
      expect(out).toContain('A recorded machine cannot be changed');
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
