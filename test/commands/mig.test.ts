import { describe, expect, it } from 'vitest';
import { h200x2, withLostGpu } from './machines.js';
import { machineWith, refused } from './made-machine.js';
import { a100WithMig } from './mig-machine.js';
import { golden, lines, runOn } from './run-on.js';

const LISTS = ['lgip', 'lgipp', 'lgi', 'lcip', 'lcipp', 'lci'] as const;

describe('mig without MIG mode', () => {
  it.each(LISTS)('prints for -%s on the recorded H100 what nvidia-smi printed there', async (list) => {
    expect(await runOn('h100-x1', ['mig', `-${list}`])).toEqual({
      status: 0,
      out: golden('h100-x1', `mig-${list}`),
      err: '',
    });
  });

  it.each(LISTS)('prints for -%s on two H200s what nvidia-smi printed there', async (list) => {
    const { status, out } = await runOn(h200x2(), ['mig', `-${list}`]);
    expect({ status, out }).toEqual({ status: 0, out: golden('h200-x2', `mig-${list}`) });
  });

  it('keeps to the GPUs of -i', async () => {
    const { out } = await runOn(h200x2(), ['mig', '-lgipp', '-i', '1']);
    expect(out).toBe(golden('h200-x2', 'mig-lgipp').split('\n').slice(7).join('\n'));
  });

  it('refuses a GPU that there is not, with status 6', async () => {
    const outcome = await runOn(h200x2(), ['mig', '-lgip', '-i', '9']);
    expect(outcome).toEqual({ status: 6, out: 'No devices were found\n', err: '' });
  });

  it('prints its help with status 0 when no list is asked for', async () => {
    const { status, out } = await runOn(h200x2(), ['mig', '-i', '9']);
    expect(status).toBe(0);
    expect(out).toMatch(/^\nUsage: nvsmi mig/);
    expect(out).toContain('--create-gpu-instance');
  });

  it.each([['-cgi', '9'], ['-dgi'], ['-cci'], ['-dci', '-gi', '1']])(
    'changes no recording: %s',
    async (...argv) => {
      const { status, out } = await runOn(a100WithMig(), ['mig', ...argv]);
      expect(status).toBe(2);
      expect(out).toBe('A recorded machine cannot be changed. Use --dry-run to see what would change.\n');
    },
  );

  it('says so where no GPU knows MIG', async () => {
    const none = machineWith(1, 'NVIDIA GeForce', {
      nvmlDeviceGetMigMode: { gpu0: refused('NOT_SUPPORTED') },
    });
    expect((await runOn(none, ['mig', '-lgip'])).out).toBe('No MIG-supported devices found.\n');
  });

  it('shows the other GPUs where one is lost, and ends with 15', async () => {
    const { status, out } = await runOn(withLostGpu(h200x2()), ['mig', '-lgipp']);
    expect(status).toBe(15);
    expect(out).toBe(
      `${golden('h200-x2', 'mig-lgipp').split('\n').slice(0, 7).join('\n')}\nUnable to determine the device handle for GPU1: GPU is lost.  Reboot the system to recover this GPU\n`,
    );
  });
});

describe('mig where there is nothing to list and a GPU is lost', () => {
  const LOST =
    'Unable to determine the device handle for GPU1: GPU is lost.  Reboot the system to recover this GPU\n';

  it('names it below the reason, and ends with 15', async () => {
    const { status, out } = await runOn(withLostGpu(h200x2()), ['mig', '-lgi']);
    expect({ status, out }).toEqual({ status: 15, out: `No MIG-enabled devices found.\n${LOST}` });
  });

  it('does so where it is the only chosen GPU, and not where it is not chosen', async () => {
    const machine = withLostGpu(h200x2());
    expect((await runOn(machine, ['mig', '-lgi', '-i', '1'])).status).toBe(15);
    expect(await runOn(machine, ['mig', '-lgi', '-i', '0'])).toMatchObject({
      status: 0,
      out: 'No MIG-enabled devices found.\n',
    });
  });
});

/** What driver 580.126.09 printed on an A100-SXM4-40GB that was cut like this (public listing). */
describe('mig on an A100 with MIG on', () => {
  it('draws the GPU instance profiles', async () => {
    const { out } = await runOn(a100WithMig(), ['mig', '-i', '0', '-lgip']);
    expect(out).toContain(
      lines(`
        |   0  MIG 1g.5gb+me       20     0/1        4.75       No     14     1     0   |
        |                                                               1     1     1   |
        +-------------------------------------------------------------------------------+
        |   0  MIG 1g.10gb         15     0/4        9.75       No     14     1     0   |
        |                                                               1     0     0   |
        +-------------------------------------------------------------------------------+
      `),
    );
    expect(
      out.endsWith(
        lines(`
        |   0  MIG 7g.40gb          0     0/1        39.38      No     98     5     0   |
        |                                                               7     1     1   |
        +-------------------------------------------------------------------------------+
      `),
      ),
    ).toBe(true);
  });

  it('draws the GPU instances in the order of their profiles', async () => {
    expect(await runOn(a100WithMig(), ['mig', '-lgi'])).toEqual({
      status: 0,
      err: '',
      out: lines(`
        +---------------------------------------------------------+
        | GPU instances:                                          |
        | GPU   Name               Profile  Instance   Placement  |
        |                            ID       ID       Start:Size |
        |=========================================================|
        |   0  MIG 1g.5gb            19        9          6:1     |
        +---------------------------------------------------------+
        |   0  MIG 2g.10gb           14        3          4:2     |
        +---------------------------------------------------------+
        |   0  MIG 4g.20gb            5        2          0:4     |
        +---------------------------------------------------------+
      `),
    });
  });

  it('draws the compute instance profiles of one GPU instance', async () => {
    const { out } = await runOn(a100WithMig(), ['mig', '-i', '0', '-gi', '2', '-lcip']);
    expect(out).toBe(
      lines(`
        +--------------------------------------------------------------------------------------+
        | Compute instance profiles:                                                           |
        | GPU     GPU       Name             Profile  Instances   Exclusive       Shared       |
        |       Instance                       ID     Free/Total     SM       DEC   ENC   OFA  |
        |         ID                                                          CE    JPEG       |
        |======================================================================================|
        |   0      2       MIG 1c.4g.20gb       0      0/4           14        2     0     0   |
        |                                                                      4     0         |
        +--------------------------------------------------------------------------------------+
        |   0      2       MIG 2c.4g.20gb       1      0/2           28        2     0     0   |
        |                                                                      4     0         |
        +--------------------------------------------------------------------------------------+
        |   0      2       MIG 4g.20gb          3*     0/1           56        2     0     0   |
        |                                                                      4     0         |
        +--------------------------------------------------------------------------------------+
      `),
    );
  });

  it('draws the compute instances by GPU instance, each by id', async () => {
    const { out } = await runOn(a100WithMig(), ['mig', '-lci']);
    expect(out).toBe(
      lines(`
        +--------------------------------------------------------------------+
        | Compute instances:                                                 |
        | GPU     GPU       Name             Profile   Instance   Placement  |
        |       Instance                       ID        ID       Start:Size |
        |         ID                                                         |
        |====================================================================|
        |   0      9       MIG 1g.5gb           0         0          0:1     |
        +--------------------------------------------------------------------+
        |   0      3       MIG 1c.2g.10gb       0         0          0:1     |
        +--------------------------------------------------------------------+
        |   0      3       MIG 1c.2g.10gb       0         1          1:1     |
        +--------------------------------------------------------------------+
        |   0      2       MIG 4g.20gb          3         0          0:4     |
        +--------------------------------------------------------------------+
      `),
    );
  });

  it('keeps to the instances of -gi and -ci', async () => {
    const { out } = await runOn(a100WithMig(), ['mig', '-lci', '-gi', '3,2', '-ci', '1', '--json']);
    expect(JSON.parse(out).compute_instances).toMatchObject([
      {
        gpu: 0,
        uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000',
        gpu_instance_id: 3,
        profile: 'MIG 1c.2g.10gb',
        profile_id: 0,
        compute_instance_id: 1,
        start: 1,
        size: 1,
      },
    ]);
  });

  it('lists where compute instances can lie', async () => {
    const { out } = await runOn(a100WithMig(), ['mig', '-lcipp', '-gi', '3']);
    expect(out).toBe(
      lines(`
        GPU  0 GI  3 Profile ID  0 Placements: {0,1}:1
        GPU  0 GI  3 Profile ID  1 Placement : {0}:2
      `),
    );
  });

  it('says that nothing was created, with status 6', async () => {
    const empty = a100WithMig({ empty: true });
    for (const list of ['-lgi', '-lcip', '-lci']) {
      const { status, out } = await runOn(empty, ['mig', list]);
      expect({ status, out }).toEqual({ status: 6, out: 'No GPU instances found: Not Found\n' });
    }
    expect((await runOn(a100WithMig(), ['mig', '-lci', '-ci', '7'])).out).toBe(
      'No compute instances found: Not Found\n',
    );
  });

  it('makes the names of profiles itself where the driver has none', async () => {
    const { out } = await runOn(a100WithMig({ unnamed: true }), ['mig', '-lgi']);
    expect(out).toContain('|   0  MIG 4g.20gb            5        2          0:4     |\n');
  });

  it('refuses ids that are no numbers', async () => {
    expect((await runOn(a100WithMig(), ['mig', '-lgi', '-gi', 'x'])).status).toBe(2);
  });

  it('passes on why the driver refuses to list instances', async () => {
    const machine = a100WithMig();
    const calls = {
      ...machine.calls,
      nvmlDeviceGetGpuInstances: { 'gpu0,19': refused('NO_PERMISSION') },
    };
    const { status, out } = await runOn({ ...machine, calls }, ['mig', '-lgi']);
    expect({ status, out }).toEqual({
      status: 4,
      out: 'Failed to display GPU instances: Insufficient Permissions\n',
    });
  });
});

describe('the recorded A100 with MIG', () => {
  it('has the profiles, placements and instances of public captures of an A100-SXM4-40GB', async () => {
    expect((await runOn('a100-mig', ['mig', '-lgipp'])).out).toBe(
      [
        'GPU  0 Profile ID 19 Placements: {0,1,2,3,4,5,6}:1',
        'GPU  0 Profile ID 20 Placements: {0,1,2,3,4,5,6}:1',
        'GPU  0 Profile ID 15 Placements: {0,2,4,6}:2',
        'GPU  0 Profile ID 14 Placements: {0,2,4}:2',
        'GPU  0 Profile ID  9 Placements: {0,4}:4',
        'GPU  0 Profile ID  5 Placement : {0}:4',
        'GPU  0 Profile ID  0 Placement : {0}:8',
        '',
      ].join('\n'),
    );
    const { out } = await runOn('a100-mig', ['mig', '-lgi']);
    const rows = [...out.matchAll(/MIG (\S+) +(\d+) +(\d+) +(\d:\d)/g)].map((row) => row.slice(1));
    expect(rows).toEqual([
      ['1g.5gb', '19', '7', '0:1'],
      ['1g.5gb', '19', '8', '1:1'],
      ['2g.10gb', '14', '4', '2:2'],
      ['3g.20gb', '9', '2', '4:4'],
    ]);
  });
});
