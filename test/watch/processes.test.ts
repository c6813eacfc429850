import { describe, expect, it } from 'vitest';
import { openSession } from '../../src/nvml/session.js';
import { Missing } from '../../src/nvml/status.js';
import { Asker } from '../../src/query/ask/asker.js';
import { parseSnapshot } from '../../src/snapshot/snapshot.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { overLife, SinceLastSample } from '../../src/watch/cpu-share.js';
import { hiddenFrom } from '../../src/watch/hidden.js';
import { processCells, processColumn, sortedBy, spelledSeconds } from '../../src/watch/process-columns.js';
import { HostProcesses, type ProcessEntry, processEntries } from '../../src/watch/process-entry.js';
import { filtered, refuseUnknownUser } from '../../src/watch/process-filter.js';
import { processSource } from '../../src/watch/process-samples.js';
import { summed } from '../../src/watch/process-sums.js';
import { isNotable, unaccounted, unlistedHolders } from '../../src/watch/unaccounted.js';
import { machineWith } from '../commands/monitor-machine.js';
import { BOOT, type MadeWorld, madeFiles } from '../system/made-proc.js';

const NOW = BOOT * 1000 + 3_600_000;
const GIB = 1024;
const ID = 'c0ffee00'.repeat(8);

/** Two H100s: ada's training is on both, grace's server in a container on the second. */
const MACHINE = machineWith([
  {
    fbMiB: 41 * GIB,
    processes: [{ pid: 500, name: 'python', fbMiB: 40 * GIB, use: { smUtil: 90, memUtil: 30 } }],
  },
  {
    fbMiB: 61 * GIB,
    processes: [
      { pid: 500, name: 'python', fbMiB: 20 * GIB, use: { smUtil: 10, memUtil: 5 } },
      { pid: 600, name: 'server', fbMiB: 40 * GIB },
    ],
  },
]);

const WORLD: MadeWorld = {
  processes: {
    500: {
      command: ['python', 'train.py'],
      cpuTicks: 36_000,
      start: 0,
      residentKib: 1024 * 1024,
      cgroup: '0::/slurm/uid_1001/job_77/step_1\n',
      open: ['/dev/nvidia0', '/dev/nvidia1'],
    },
    600: {
      uid: 1002,
      command: ['server'],
      start: 180_000,
      residentKib: 512 * 1024,
      cgroup: `0::/docker/${ID}\n`,
      namespacePids: [600, 1],
      open: ['/dev/nvidia1'],
    },
    700: { uid: 0, command: ['/usr/bin/nvidia-persistenced'], open: ['/dev/nvidia0'] },
  },
};

function listed() {
  const session = openSession(snapshotDriver(parseSnapshot(JSON.stringify(MACHINE), 'made'), 'made'));
  return new Asker(session).run(processSource(session.gpus).sample());
}

function joined(world: MadeWorld = WORLD) {
  const lists = listed();
  const hosts = new HostProcesses(madeFiles(world), 4242);
  return { lists, hosts, entries: processEntries(lists, hosts, overLife(NOW)) };
}

describe('a process on a GPU', () => {
  it('has what NVML and the host know, under the names of JSON', () => {
    const [first] = joined().entries;
    const cells = first === undefined ? {} : processCells(first, NOW);
    const values = Object.fromEntries(Object.entries(cells).map(([name, { reading }]) => [name, reading]));
    expect(values).toMatchObject({
      gpu: 0,
      pid: 500,
      user: 'ada',
      type: 'C',
      'utilization.gpu': 90,
      'utilization.memory': 30,
      command: 'python train.py',
      cpu: 10,
      run_time: 3600,
      slurm_job_id: '77',
      slurm_step_id: '1',
      container_id: '',
      process_name: 'python',
    });
    expect(Number(values.used_gpu_memory)).toBe(40 * 1024 ** 3);
  });

  it('that is not in /proc keeps what NVML says of it', () => {
    const { entries, lists, hosts } = joined({ processes: {} });
    expect(entries.map(({ pid }) => pid)).toEqual([500, 500, 600]);
    const [first] = entries;
    expect(first && processColumn('command').read(first, NOW)).toBe('python');
    expect(first && processColumn('user').read(first, NOW)).toBeInstanceOf(Missing);
    expect(hiddenFrom(lists, entries, hosts, 0)).toEqual([]);
  });
});

describe('sorting', () => {
  const pids = (name: string, isReversed?: boolean): readonly string[] =>
    sortedBy(joined().entries, processColumn(name), NOW, isReversed).map(
      ({ place, pid }) => `${place.gpu.index}/${pid}`,
    );

  it('puts the largest numbers first, and keeps equal ones in their order', () => {
    expect(pids('used_gpu_memory')).toEqual(['0/500', '1/600', '1/500']);
    expect(pids('used_gpu_memory', true)).toEqual(['1/500', '0/500', '1/600']);
  });

  it('puts names and numbers of things upwards, and what is absent last either way', () => {
    expect(pids('user')).toEqual(['0/500', '1/500', '1/600']);
    expect(pids('gpu', true)).toEqual(['1/500', '1/600', '0/500']);
    expect(pids('container_id')).toEqual(['1/600', '0/500', '1/500']);
    expect(pids('container_id', true)).toEqual(['1/600', '0/500', '1/500']);
  });
});

describe('filters', () => {
  it.each([
    [{ user: 'grace' }, [600]],
    [{ user: '1001' }, [500, 500]],
    [{ user: 'ada,grace', job: '77' }, [500, 500]],
    [{ job: '77.1' }, [500, 500]],
    [{ job: '77.2' }, []],
    [{ pod: 'abc' }, []],
  ])('%j choose %j', (filter, pids) => {
    expect(filtered(joined().entries, filter).map(({ pid }) => pid)).toEqual(pids);
  });

  it('refuse a user that no one is, with the nearest name', () => {
    expect(() => refuseUnknownUser({ user: 'grce' }, ['ada', 'grace'])).toThrow(
      expect.objectContaining({ message: 'There is no user "grce".', hint: 'Did you mean grace?' }),
    );
    expect(() => filtered([], { pod: ' ,' })).toThrow('Option --pod needs a UID.');
    expect(() => refuseUnknownUser({ user: '4711' }, ['ada'])).not.toThrow();
  });
});

describe('sums', () => {
  it('add the memory of all GPUs, and count CPU and memory of the host once for a process', () => {
    expect(summed(joined().entries, 'user', NOW)).toMatchObject([
      { key: 'ada', gpus: [0, 1], processes: 1, sm: 100, usedMemory: 60 * 1024 ** 3, cpu: 10 },
      { key: 'grace', gpus: [1], processes: 1, usedMemory: 40 * 1024 ** 3 },
    ]);
    expect(summed(joined().entries, 'container', NOW).map(({ key }) => key)).toEqual(['', ID]);
  });
});

describe('the share of a CPU', () => {
  it('is that since the sample before, and over its life for a new process', () => {
    const { hosts } = joined();
    const host = hosts.of(500);
    if (host === undefined) throw new Error('500 is there');
    const shares = new SinceLastSample();
    expect(shares.begin(NOW)(host)).toBe(10);
    expect(shares.begin(NOW + 2000)({ ...host, cpuTicks: host.cpuTicks + 100 })).toBe(50);
    expect(shares.begin(NOW + 3000)({ ...host, start: '99999', cpuTicks: 0 })).toBe(0);
  });
});

describe('memory without a process', () => {
  it('is what is in use beyond the processes of the list', () => {
    const { lists, hosts } = joined();
    expect(lists.map((place) => Number(unaccounted(place)) / 1024 ** 3)).toEqual([1, 1]);
    expect(lists.every((place) => isNotable(unaccounted(place)))).toBe(true);
    const [first] = lists;
    const named = first && unlistedHolders(first, hosts.holders().holders, new Set([500]));
    expect(named?.map(({ pid }) => pid)).toEqual([700]);
  });

  it('is not that of the process which calls NVML for this one', () => {
    const own = {
      ...WORLD,
      processes: {
        ...WORLD.processes,
        710: { uid: 0, parent: 4242, command: ['nvsmi'], open: ['/dev/nvidia0'] },
      },
    };
    const { lists, hosts } = joined(own);
    const [first] = lists;
    expect(
      first && unlistedHolders(first, hosts.holders().holders, new Set([500])).map(({ pid }) => pid),
    ).toEqual([700]);
  });
});

describe('in a container', () => {
  const namespace = 'pid:[4026532291]';

  it('a number of the host is matched where one process holds the device and one is left over', () => {
    const world = { namespace, processes: { 12: { command: ['python', 'in.py'], open: ['/dev/nvidia0'] } } };
    const { entries, lists, hosts } = joined(world);
    const [first, second] = entries;
    expect(first && processColumn('command').read(first, NOW)).toBe('python in.py');
    expect(first && processColumn('inner_pid').read(first, NOW)).toBe(12);
    expect(second && processColumn('user').read(second, NOW)).toBeInstanceOf(Missing);
    expect(hiddenFrom(lists, entries, hosts, 0)).toEqual([
      {
        what: '2 processes are outside this container: NVML has their numbers on the host.',
        remedy: 'Run nvsmi on the host, or in a container with its pid namespace (--pid=host).',
      },
    ]);
  });

  it('a loop looks through all open files again after some seconds, or where the lists have changed', () => {
    const lists = listed();
    let now = 0;
    let looks = 0;
    const made = madeFiles({
      namespace,
      processes: { 12: { command: ['python', 'in.py'], open: ['/dev/nvidia0'] } },
    });
    const counted = {
      ...made,
      list: (path: string) => {
        if (path === '/proc') looks++;
        return made.list(path);
      },
    };
    const hosts = new HostProcesses(counted, 4242, () => now);
    const first = () => processEntries(lists, hosts, overLife(NOW))[0];
    expect(first() && processColumn('command').read(first() as ProcessEntry, NOW)).toBe('python in.py');
    now = 4999;
    first();
    expect(looks).toBe(1);
    now = 5000;
    first();
    expect(looks).toBe(2);
    hosts.matching(lists.slice(1));
    expect(looks).toBe(3);
  });

  it('a process of the same number that has no device open is not taken for it', () => {
    const { entries } = joined({ namespace, processes: { 500: { command: ['sleep', '60'] } } });
    expect(entries.map(({ host }) => host instanceof Missing)).toEqual([true, true, true]);
  });
});

describe('what rights hide', () => {
  it('is said once for each kind, with what to do', () => {
    const mounts = 'proc /proc proc rw,hidepid=2 0 0\n';
    const { entries, lists, hosts } = joined({ mounts, processes: { 500: { isForeign: true } } });
    expect(hiddenFrom(lists, entries, hosts, 3).map(({ what }) => what)).toEqual([
      '1 process is hidden: /proc is mounted with hidepid.',
      'The environment of 1 process cannot be read: it may name a Slurm job.',
      'The open files of 3 processes cannot be read: one of them may use the GPU.',
    ]);
  });

  it.each([
    ['a user', 1001, '0000000000000000', 'Run nvsmi as root to see them.'],
    [
      'root of a container',
      0,
      '00000000a80425fb',
      'Run nvsmi with CAP_SYS_PTRACE to see them: in a container, with --cap-add=SYS_PTRACE.',
    ],
    ['root with all rights', 0, '000001ffffffffff', undefined],
  ])('is shown by what %s lacks', (_, uid, capabilities, remedy) => {
    const own = `Uid:\t1001\t${uid}\t${uid}\t${uid}\nCapEff:\t${capabilities}\n`;
    const { entries, lists, hosts } = joined({ own, processes: { 500: { isForeign: true } } });
    expect(hiddenFrom(lists, entries, hosts, 3).map((each) => each.remedy)).toEqual([remedy, remedy]);
  });
});

describe('a run time', () => {
  it.each([
    [5, '0:05'],
    [307, '5:07'],
    [11_700, '3:15:00'],
    [187_800, '2d 04:10'],
  ])('of %d seconds is %s', (seconds, text) => {
    expect(spelledSeconds(seconds)).toBe(text);
  });
});
