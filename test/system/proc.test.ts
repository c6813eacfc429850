import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootTime } from '../../src/system/boot.js';
import { cgroupPaths } from '../../src/system/cgroup.js';
import { deviceHolders } from '../../src/system/device-holders.js';
import { slurmOf } from '../../src/system/environ.js';
import { filesUnder, machineFiles, recordedFiles } from '../../src/system/files.js';
import { hostLoad } from '../../src/system/host-load.js';
import { HostIdentities, hostProcess } from '../../src/system/host-process.js';
import { hidesOthers, isInnerNamespace } from '../../src/system/namespace.js';
import { placementOf } from '../../src/system/placement.js';
import { procStat } from '../../src/system/proc-stat.js';
import { usersOf } from '../../src/system/users.js';
import { BOOT, madeFiles } from './made-proc.js';

const ID = '4bf3d5c8a1e79206'.repeat(4);
const OTHER = '9c0e7712ab34f5d6'.repeat(4);
const POD = '5f1e4a37-0c2d-4b8e-9f60-71a2b3c4d5e6';
const SLICE = POD.replaceAll('-', '_');

describe('/proc/PID/stat', () => {
  it('is read from after the last parenthesis, as a name may hold any', () => {
    const files = madeFiles({
      processes: { 7: { name: 'a) R 1 (b', state: 'D', parent: 3, cpuTicks: 250 } },
    });
    expect(procStat(files, 7)).toEqual({
      name: 'a) R 1 (b',
      state: 'D',
      parent: 3,
      cpuTicks: 250,
      threads: 7,
      start: '100',
    });
  });

  it('is none for a process that is not there, or a file that is no such thing', () => {
    expect(procStat(madeFiles({ processes: {} }), 7)).toBeUndefined();
    expect(procStat(recordedFiles({ '/proc/7/stat': 'nonsense' }), 7)).toBeUndefined();
  });

  it('says of this very process what it is', () => {
    expect(procStat(machineFiles, process.pid)).toMatchObject({ parent: process.ppid });
  });
});

describe('the cgroup of a process', () => {
  const nothing = { container: undefined, podUid: undefined, slurm: undefined, unit: undefined };

  it.each([
    ['docker, cgroup v1', `/docker/${ID}`, { container: { runtime: 'docker', id: ID } }],
    [
      'docker, systemd',
      `/system.slice/docker-${ID}.scope`,
      { container: { runtime: 'docker', id: ID }, unit: `docker-${ID}.scope` },
    ],
    [
      'rootless podman',
      `/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-${ID}.scope/container`,
      { container: { runtime: 'podman', id: ID }, unit: `libpod-${ID}.scope` },
    ],
    [
      'containerd in Kubernetes',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE}.slice/cri-containerd-${ID}.scope`,
      { container: { runtime: 'containerd', id: ID }, podUid: POD, unit: `cri-containerd-${ID}.scope` },
    ],
    [
      'containerd with its own paths',
      `/kubepods-pod${SLICE}.slice:cri-containerd:${ID}`,
      { container: { runtime: 'containerd', id: ID }, podUid: POD },
    ],
    [
      'a pod without a runtime in its path',
      `/kubepods/besteffort/pod${POD}/${ID}`,
      { container: { runtime: 'container', id: ID }, podUid: POD },
    ],
    [
      'a static pod',
      `/kubepods/burstable/pod${'0a'.repeat(16)}/${ID}`,
      { container: { runtime: 'container', id: ID }, podUid: '0a'.repeat(16) },
    ],
    [
      'CRI-O',
      `/kubepods.slice/kubepods-pod${SLICE}.slice/crio-${ID}.scope/container`,
      { container: { runtime: 'cri-o', id: ID }, podUid: POD, unit: `crio-${ID}.scope` },
    ],
    [
      'nerdctl',
      `/system.slice/nerdctl-${ID}.scope`,
      { container: { runtime: 'containerd', id: ID }, unit: `nerdctl-${ID}.scope` },
    ],
    ['LXC', '/lxc.payload.gpu-box/user.slice', { container: { runtime: 'lxc', id: 'gpu-box' } }],
    [
      'systemd-nspawn',
      '/machine.slice/systemd-nspawn@debian.service/payload',
      { container: { runtime: 'nspawn', id: 'debian' }, unit: 'systemd-nspawn@debian.service' },
    ],
    ['Slurm with cgroup v1', '/slurm/uid_1001/job_4711/step_0/task_3', { slurm: { job: '4711', step: '0' } }],
    [
      'Slurm with cgroup v2',
      '/system.slice/slurmstepd.scope/job_4711/step_batch/user/task_0',
      { slurm: { job: '4711', step: 'batch' }, unit: 'slurmstepd.scope' },
    ],
    [
      'a Slurm job of a node by name',
      '/slurm_node1/uid_1001/job_12',
      { slurm: { job: '12', step: undefined } },
    ],
    [
      'a service of a user',
      '/user.slice/user-1001.slice/user@1001.service/app.slice/jupyter.service',
      { unit: 'jupyter.service' },
    ],
    ['a login', '/user.slice/user-1001.slice/session-3.scope', { unit: 'session-3.scope' }],
    [
      'conmon, outside of its container',
      `/machine.slice/libpod-conmon-${ID}.scope`,
      { unit: `libpod-conmon-${ID}.scope` },
    ],
    ['a job that is not of Slurm', '/batch/job_9', {}],
    [
      'a container of a Quadlet unit',
      `/system.slice/llm.service/libpod-payload-${ID}`,
      { container: { runtime: 'podman', id: ID }, unit: 'llm.service' },
    ],
    [
      'the innermost of two containers',
      `/docker/${OTHER}/docker/${ID}`,
      { container: { runtime: 'docker', id: ID } },
    ],
    [
      'the innermost of two runtimes',
      `/machine.slice/libpod-${OTHER}.scope/kubelet.slice/cri-containerd-${ID}.scope`,
      { container: { runtime: 'containerd', id: ID }, unit: `cri-containerd-${ID}.scope` },
    ],
    ['what watches a container of LXC', '/lxc.monitor.web', {}],
    ['the service that starts those of LXC', '/system.slice/lxc.service', { unit: 'lxc.service' }],
    [
      'a container of libvirt',
      '/machine.slice/machine-lxc\\x2d12\\x2dweb\\x2d1.scope',
      { container: { runtime: 'lxc', id: 'web-1' }, unit: 'machine-lxc\\x2d12\\x2dweb\\x2d1.scope' },
    ],
    [
      'a virtual machine, which is none',
      '/machine.slice/machine-qemu\\x2d1\\x2dvm.scope',
      { unit: 'machine-qemu\\x2d1\\x2dvm.scope' },
    ],
  ])('names %s', (_, path, expected) => {
    expect(placementOf([path])).toEqual({ ...nothing, ...expected });
  });

  it('has the paths of all hierarchies, that of systemd first', () => {
    const cgroup = `12:devices:/docker/${ID}\n3:cpu,cpuacct:/\n1:name=systemd:/system.slice/ssh.service\n`;
    const files = madeFiles({ processes: { 7: { cgroup } } });
    expect(cgroupPaths(files, 7)).toEqual(['/system.slice/ssh.service', `/docker/${ID}`]);
    expect(placementOf(cgroupPaths(files, 7))).toMatchObject({ container: { id: ID }, unit: 'ssh.service' });
  });
});

describe('a process of the host', () => {
  const host = (files: ReturnType<typeof madeFiles>) => ({
    files,
    users: usersOf(files),
    bootTime: bootTime(files),
  });

  it('has user, command, start, memory and the number inside its container', () => {
    const files = madeFiles({
      processes: {
        42: { command: ['python', '-m', 'train'], residentKib: 2048, start: 250, namespacePids: [42, 7] },
      },
    });
    expect(hostProcess(host(files), 42)).toMatchObject({
      pid: 42,
      innerPid: 7,
      uid: 1001,
      user: 'ada',
      command: 'python -m train',
      startTime: BOOT * 1000 + 2500,
      residentBytes: 2 * 1024 * 1024,
    });
  });

  it('without arguments is called by its name in brackets, and without a name in passwd by the number', () => {
    const files = madeFiles({ processes: { 42: { name: 'gone', state: 'Z', uid: 4000 } } });
    expect(hostProcess(host(files), 42)).toMatchObject({ command: '[gone]', state: 'Z', user: '4000' });
  });

  it('gets its Slurm job from the environment where the cgroup has none', () => {
    const files = madeFiles({
      processes: { 42: { environ: ['A=1', 'SLURM_JOB_ID=88', 'SLURM_STEP_ID=2'] } },
    });
    expect(hostProcess(host(files), 42)?.slurm).toEqual({ job: '88', step: '2' });
    expect(slurmOf(['SLURM_JOBID=9'])).toEqual({ job: '9', step: undefined });
    expect(slurmOf(['SLURM_JOB_ID=9', 'SLURM_STEP_ID=4294967291'])).toEqual({ job: '9', step: 'batch' });
  });

  it('says that an environment may not be read', () => {
    const files = madeFiles({ processes: { 42: { isForeign: true } } });
    expect(hostProcess(host(files), 42)).toMatchObject({ isEnvironHidden: true, slurm: undefined });
  });

  it('in a loop has two of its files read each time, the others seldom, and at once for another of its number', () => {
    let now = 0;
    let start = 250;
    const known = new HostIdentities(() => now);
    const files = (command: string) => {
      const made = madeFiles({ processes: { 42: { command: [command], start } } });
      const read: string[] = [];
      const counted = {
        ...made,
        read: (path: string) => {
          read.push(path);
          return made.read(path);
        },
      };
      const found = hostProcess(host(counted), 42, known);
      return { command: found?.command, read: read.filter((path) => path.startsWith('/proc/42/')) };
    };
    expect(files('train').read).toHaveLength(5);
    now = 9_999;
    expect(files('renamed')).toEqual({ command: 'train', read: ['/proc/42/stat', '/proc/42/status'] });
    now = 10_000;
    expect(files('renamed').command).toBe('renamed');
    start = 251;
    expect(files('other').command).toBe('other');
  });

  it('is none where there is none, which a loop believes for three seconds', () => {
    const none = host(madeFiles({ processes: {} }));
    const there = host(madeFiles({ processes: { 42: {} } }));
    expect(hostProcess(none, 42)).toBeUndefined();
    let now = 0;
    const known = new HostIdentities(() => now);
    expect(hostProcess(none, 42, known)).toBeUndefined();
    now = 2999;
    expect(hostProcess(there, 42, known)).toBeUndefined();
    now = 3000;
    expect(hostProcess(there, 42, known)?.pid).toBe(42);
  });
});

describe('what the host is busy with', () => {
  const meminfo = 'MemTotal:        4096 kB\nMemFree:          100 kB\nMemAvailable:    1024 kB\n';

  it('is its load and the memory that programs cannot have', () => {
    const files = recordedFiles({ '/proc/loadavg': '3.14 2 1 4/100 7\n', '/proc/meminfo': meminfo });
    expect(hostLoad(files)).toEqual({ load: 3.14, usedMemory: 3072 * 1024, totalMemory: 4096 * 1024 });
  });

  it('is unknown where the kernel does not say', () => {
    expect(hostLoad(recordedFiles({ '/proc/meminfo': meminfo }))).toBeUndefined();
    expect(hostLoad(recordedFiles({ '/proc/loadavg': '1 2 3\n', '/proc/meminfo': '' }))).toBeUndefined();
  });
});

describe('the holders of device files', () => {
  it('are the processes that have one open, but for this one; the others that cannot be seen are counted', () => {
    const files = madeFiles({
      processes: {
        1: { isForeign: true },
        5: { open: ['/dev/null', '/dev/nvidia0', '/dev/nvidia0', '/dev/nvidiactl'] },
        6: { open: ['/dev/null'] },
        9: { open: ['/dev/nvidia1'] },
      },
    });
    expect(deviceHolders(files, 9)).toEqual({
      holders: [{ pid: 5, devices: ['/dev/nvidia0', '/dev/nvidiactl'] }],
      hidden: 1,
    });
  });

  it('are hidden where a folder may be listed and its links not read, as for root without CAP_SYS_PTRACE', () => {
    const made = madeFiles({ processes: { 5: { open: ['/dev/nvidia0'] }, 6: {} } });
    const isTheirs = (path: string): boolean => path.startsWith('/proc/5/fd/');
    const files = {
      ...made,
      link: (path: string) => (isTheirs(path) ? undefined : made.link(path)),
      isDenied: isTheirs,
    };
    expect(deviceHolders(files, 9)).toEqual({ holders: [], hidden: 1 });
  });
});

describe('the pid namespace', () => {
  it('is that of the host by its number, which is the same on every machine', () => {
    expect(isInnerNamespace(madeFiles({ processes: {} }))).toBe(false);
    expect(isInnerNamespace(madeFiles({ processes: {}, namespace: 'pid:[4026532291]' }))).toBe(true);
  });

  it.each([
    ['rw,relatime', false],
    ['rw,relatime,hidepid=2', true],
    ['rw,hidepid=invisible,gid=27', true],
    ['rw,hidepid=0', false],
  ])('hides others with the mount options %s: %s', (mount, isHiding) => {
    const mounts = `sysfs /sys sysfs rw 0 0\nproc /proc proc ${mount} 0 0\n`;
    expect(hidesOthers(madeFiles({ processes: {}, mounts }))).toBe(isHiding);
  });
});

describe('the files below another root', () => {
  it('are read, listed and followed there', () => {
    const root = mkdtempSync(join(tmpdir(), 'nvsmi-root-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, 'proc/12/fd'), { recursive: true });
    writeFileSync(join(root, 'proc/12/cmdline'), 'a\0b\0');
    symlinkSync('/dev/nvidia0', join(root, 'proc/12/fd/3'));
    const files = filesUnder(root);
    expect(files.read('/proc/12/cmdline')).toBe('a\0b\0');
    const long = 'ä'.repeat(20_000);
    writeFileSync(join(root, 'long'), long);
    expect(files.read('/long')).toBe(long);
    expect([files.read('/proc/12'), files.read('/none')]).toEqual([undefined, undefined]);
    expect(files.list('/proc/12')).toEqual(['cmdline', 'fd']);
    expect(files.link('/proc/12/fd/3')).toBe('/dev/nvidia0');
    expect(deviceHolders(files, 0).holders).toEqual([{ pid: 12, devices: ['/dev/nvidia0'] }]);
    expect(files.isDenied('/proc/13/fd')).toBe(false);
    chmodSync(join(root, 'proc/12/cmdline'), 0);
    // root may read everything.
    expect(files.isDenied('/proc/12/cmdline')).toBe(process.getuid?.() !== 0);
  });
});
