/** doctor on made-up machines: each check with each verdict that it can have. */
import { describe, expect, it } from 'vitest';
import { doctorChecks } from '../../src/doctor/checks.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { runOn } from '../commands/run-on.js';
import { KERNEL, LIBRARY, node, SECURE_BOOT, SOUND, type Tree, withTree } from './tree.js';

type Answers = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** Two H200s with some other answers. */
function h200s(answers: Answers): Snapshot {
  const { calls, ...rest } = h200x2();
  const changed = Object.entries(answers).map(([fn, some]) => [fn, { ...(calls as Answers)[fn], ...some }]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } } as Snapshot;
}

interface Machine {
  readonly tree?: Tree;
  readonly answers?: Answers;
  readonly recording?: string;
}

const run = ({ tree = {}, answers, recording = 'h200-x2' }: Machine, argv: readonly string[]) =>
  withTree({ ...SOUND, ...tree }, (root) =>
    runOn(answers === undefined ? recording : h200s(answers), ['doctor', '--root', root, ...argv]),
  );

const PERSISTENCE_OFF: Answers = { nvmlDeviceGetPersistenceMode: { gpu0: 0 } };
const MODES = { nvmlDeviceGetFieldValues: { 'gpu1,2': { type: 1, value: 0 } } };
const DOCKER: Tree = { '/.dockerenv': '' };
const MOUNTS = '30 1 8:1 / /usr/lib/libnvidia-ml.so.1 ro - ext4 x\n31 1 8:1 / /dev/nvidiactl ro - tmpfs x\n';
const WSL: Tree = { '/proc/sys/kernel/osrelease': '5.15.167.4-microsoft-standard-WSL2\n' };
const INIT_FAILS: Answers = {
  nvmlInit_v2: { '': refused('DRIVER_NOT_LOADED') },
  nvmlInitWithFlags: { 0: refused('DRIVER_NOT_LOADED') },
};
const VERSION_535 = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue\n';
const kmsg = (text: string): Tree => ({ '/dev/kmsg': `4,2,5000000,-;${text}\n` });
const GPU0 = '/sys/bus/pci/devices/0000:00:06.0';

const CASES: readonly (readonly [check: string, verdict: string, why: RegExp, machine: Machine])[] = [
  ['kernel-module', 'ok', /open kernel module 580\.159\.04 is loaded/, {}],
  [
    'kernel-module',
    'ok',
    /proprietary kernel module 535\.54\.03/,
    { tree: { '/proc/driver/nvidia/version': VERSION_535 } },
  ],
  [
    'kernel-module',
    'fail',
    /not loaded/,
    { tree: { '/proc/driver/nvidia/version': undefined, '/sys/module/nvidia/version': undefined } },
  ],
  ['kernel-module', 'warn', /says no version/, { tree: { '/proc/driver/nvidia/version': undefined } }],
  ['module-built', 'ok', new RegExp(KERNEL), {}],
  [
    'module-built',
    'warn',
    /lost at the next boot/,
    { tree: { [`/lib/modules/${KERNEL}/modules.dep`]: 'kernel/fs/ext4.ko:\n' } },
  ],
  [
    'module-built',
    'fail',
    /No nvidia kernel module is installed/,
    {
      tree: {
        [`/lib/modules/${KERNEL}/modules.dep`]: '',
        '/proc/driver/nvidia/version': undefined,
        '/sys/module/nvidia/version': undefined,
      },
    },
  ],
  [
    'module-built',
    'unknown',
    /release of the running kernel/,
    { tree: { '/proc/sys/kernel/osrelease': undefined } },
  ],
  ['nouveau', 'ok', /not loaded/, {}],
  ['nouveau', 'warn', /beside/, { tree: { '/proc/modules': 'nouveau 1 0 - Live\n' } }],
  [
    'nouveau',
    'fail',
    /Nouveau is loaded, and/,
    {
      tree: {
        '/proc/modules': 'nouveau 1 0\n',
        '/proc/driver/nvidia/version': undefined,
        '/sys/module/nvidia/version': undefined,
      },
    },
  ],
  ['nouveau', 'unknown', /not known/, { tree: { '/proc/modules': undefined } }],
  ['secure-boot', 'ok', /Secure Boot is off/, {}],
  ['secure-boot', 'ok', /There is no Secure Boot/, { tree: { [SECURE_BOOT]: undefined } }],
  ['secure-boot', 'ok', /signed/, { tree: { [SECURE_BOOT]: '\u0006\0\0\0\u0001' } }],
  [
    'secure-boot',
    'fail',
    /unsigned module is refused/,
    {
      tree: {
        [SECURE_BOOT]: '\u0006\0\0\0\u0001',
        '/proc/driver/nvidia/version': undefined,
        '/sys/module/nvidia/version': undefined,
      },
    },
  ],
  ['bound-driver', 'ok', /bound to nvidia/, {}],
  ['bound-driver', 'fail', /No kernel driver/, { tree: { [`${GPU0}/driver`]: undefined } }],
  [
    'bound-driver',
    'fail',
    /bound to nouveau/,
    { tree: { [`${GPU0}/driver`]: { link: '../../drivers/nouveau' } } },
  ],
  ['bound-driver', 'warn', /vfio-pci/, { tree: { [`${GPU0}/driver`]: { link: '../../drivers/vfio-pci' } } }],
  ['kernel-messages', 'ok', /no such message/, {}],
  [
    'kernel-messages',
    'warn',
    /could not initialize/,
    { tree: kmsg('NVRM: GPU 0000:00:06.0: RmInitAdapter failed! (0x26:0x56:1474)') },
  ],
  [
    'kernel-messages',
    'warn',
    /another version/,
    { tree: kmsg('NVRM: API mismatch: the client has the version 570.1') },
  ],
  [
    'kernel-messages',
    'ok',
    /no such message/,
    { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 31, pid=1, name=a') },
  ],
  ['kernel-messages', 'unknown', /ENOENT/, { tree: { '/dev/kmsg': undefined } }],
  ['libraries', 'ok', /of version 580\.159\.04/, {}],
  [
    'libraries',
    'warn',
    /libnvidia-ml\.so\.570\.10 \(570\.10\)/,
    { tree: { '/usr/lib/libnvidia-ml.so.570.10': '' } },
  ],
  [
    'libraries',
    'fail',
    /580\.159\.04, of libnvidia-compute-580/,
    { tree: { '/proc/driver/nvidia/version': VERSION_535 } },
  ],
  [
    'libraries',
    'fail',
    /No NVML library/,
    {
      tree: {
        [LIBRARY]: undefined,
        '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1': undefined,
        '/usr/lib/x86_64-linux-gnu/libc.so.6': '',
      },
    },
  ],
  [
    'libraries',
    'unknown',
    /cannot be|no library can be/,
    { tree: { '/proc/driver/nvidia/version': undefined } },
  ],
  ['nvml', 'ok', /counts 2 GPUs/, {}],
  ['nvml', 'warn', /works with a kernel module/, { tree: { '/proc/driver/nvidia/version': VERSION_535 } }],
  ['nvml', 'fail', /version mismatch/, { recording: 'mismatch' }],
  ['process-lists', 'ok', /known layout/, {}],
  [
    'process-lists',
    'warn',
    /later releases withdrew/,
    { answers: { nvmlSystemGetDriverVersion: { '': '535.54.03' } } },
  ],
  ['process-lists', 'ok', /known layout/, { answers: { nvmlSystemGetDriverVersion: { '': '535.98' } } }],
  [
    'process-lists',
    'unknown',
    /not known/,
    { answers: INIT_FAILS, tree: { '/proc/driver/nvidia/version': undefined } },
  ],
  ['device-nodes', 'ok', /can be used/, {}],
  ['device-nodes', 'fail', /\/dev\/nvidiactl does not exist/, { tree: { '/dev/nvidiactl': undefined } }],
  [
    'device-nodes',
    'fail',
    /may not use \/dev\/nvidia0/,
    { tree: { '/dev/nvidia0': node('c 195:0', 0o600) } },
  ],
  ['device-nodes', 'fail', /no device node/, { tree: { '/dev/nvidia0': node('not a node') } }],
  ['device-nodes', 'warn', /1 of 2/, { tree: { '/dev/nvidia1': undefined } }],
  ['device-nodes', 'warn', /CUDA programs cannot start/, { tree: { '/dev/nvidia-uvm': undefined } }],
  ['device-access', 'ok', /can be opened/, {}],
  ['device-access', 'fail', /EPERM.*cgroup/, { tree: { '/dev/nvidiactl': node('c 195:255 EPERM') } }],
  ['device-access', 'fail', /EACCES/, { tree: { '/dev/nvidiactl': node('c 195:255 EACCES') } }],
  ['device-access', 'fail', /EIO/, { tree: { '/dev/nvidiactl': node('c 195:255 EIO') } }],
  [
    'device-access',
    'fail',
    /no rule/,
    { tree: { '/sys/fs/cgroup/devices/devices.list': 'c 1:3 rwm\nc 136:* rwm\n' } },
  ],
  [
    'device-access',
    'ok',
    /can be opened/,
    { tree: { '/sys/fs/cgroup/devices/devices.list': 'c 195:* rwm\n' } },
  ],
  ['device-access', 'unknown', /was not opened/, { tree: { '/dev/nvidiactl': undefined } }],
  ['nvidia-modprobe', 'ok', /every user/, {}],
  [
    'nvidia-modprobe',
    'warn',
    /no setuid bit/,
    { tree: { '/usr/bin/nvidia-modprobe': { text: '', mode: 0o755 } } },
  ],
  ['nvidia-modprobe', 'ok', /without it/, { tree: { '/usr/bin/nvidia-modprobe': undefined } }],
  [
    'nvidia-modprobe',
    'warn',
    /not installed/,
    { tree: { '/usr/bin/nvidia-modprobe': undefined, '/dev/nvidiactl': undefined } },
  ],
  ['mig-nodes', 'fail', /has no node/, { recording: 'a100-mig' }],
  [
    'mig-nodes',
    'ok',
    /has 2 nodes/,
    {
      recording: 'a100-mig',
      tree: { '/dev/nvidia-caps/nvidia-cap1': '', '/dev/nvidia-caps/nvidia-cap2': '' },
    },
  ],
  ['container', 'fail', /not mounted/, { tree: { ...DOCKER, '/dev/nvidiactl': undefined } }],
  ['container', 'warn', /its own NVML library/, { tree: DOCKER }],
  [
    'container',
    'ok',
    /mounted into this container \(Docker\)/,
    { tree: { ...DOCKER, '/proc/self/mountinfo': MOUNTS } },
  ],
  ['container', 'unknown', /is not known/, { tree: { ...DOCKER, '/proc/self/mountinfo': undefined } }],
  ['wsl', 'fail', /lacks \/dev\/dxg/, { tree: WSL }],
  [
    'wsl',
    'ok',
    /GPU of Windows/,
    { tree: { ...WSL, '/dev/dxg': '', '/usr/lib/wsl/lib/libnvidia-ml.so.1': '' } },
  ],
  ['gpus-on-bus', 'ok', /all GPUs of the PCI bus: 2/, {}],
  [
    'gpus-on-bus',
    'fail',
    /NVML does not count it/,
    {
      tree: {
        '/sys/bus/pci/devices/0000:00:08.0/vendor': '0x10de\n',
        '/sys/bus/pci/devices/0000:00:08.0/class': '0x030000\n',
      },
    },
  ],
  ['gpus-on-bus', 'unknown', /does not work/, { answers: INIT_FAILS }],
  ['gpus-reachable', 'ok', /Every GPU answers/, {}],
  [
    'gpus-reachable',
    'fail',
    /GPU is lost/,
    { answers: { nvmlDeviceGetHandleByIndex_v2: { 1: refused('GPU_IS_LOST') } } },
  ],
  ['gpus-reachable', 'unknown', /does not work/, { answers: INIT_FAILS }],
  ['power-state', 'ok', /not suspended/, {}],
  [
    'power-state',
    'warn',
    /polling it wakes it/,
    { tree: { [`${GPU0}/power/runtime_status`]: 'suspended\n' } },
  ],
  ['inforom', 'ok', /valid/, {}],
  [
    'inforom',
    'fail',
    /corrupt/,
    { answers: { nvmlDeviceValidateInforom: { gpu0: refused('CORRUPTED_INFOROM') } } },
  ],
  [
    'inforom',
    'unknown',
    /Unknown Error/,
    { answers: { nvmlDeviceValidateInforom: { gpu0: refused('UNKNOWN') } } },
  ],
  ['ecc-pending', 'ok', /No change/, {}],
  ['ecc-pending', 'warn', /ECC is Enabled, and Disabled/, { answers: MODES }],
  ['mig-pending', 'ok', /No change/, {}],
  [
    'mig-pending',
    'warn',
    /MIG is Disabled, and Enabled/,
    { answers: { nvmlDeviceGetMigMode: { gpu0: [0, 1] } } },
  ],
  ['display-server', 'ok', /No display/, {}],
  [
    'display-server',
    'warn',
    /by Xorg/,
    { answers: { nvmlDeviceGetDisplayActive: { gpu0: 1 } }, tree: { '/proc/900/comm': 'Xorg\n' } },
  ],
  ['display-server', 'unknown', /does not work/, { answers: INIT_FAILS }],
  ['persistence', 'ok', /is on/, {}],
  ['persistence', 'warn', /off on GPU 0/, { answers: PERSISTENCE_OFF }],
  ['persistence', 'unknown', /not known/, { answers: INIT_FAILS }],
  ['fabric-manager', 'ok', /complete/, {}],
  [
    'fabric-manager',
    'fail',
    /does not run/,
    {
      answers: INIT_FAILS,
      tree: {
        '/sys/bus/pci/devices/0000:05:00.0/vendor': '0x10de\n',
        '/sys/bus/pci/devices/0000:05:00.0/class': '0x068000\n',
      },
    },
  ],
  [
    'fabric-manager',
    'warn',
    /GPU 0 In Progress/,
    {
      answers: {
        nvmlDeviceGetGpuFabricInfoV: {
          gpu0: {
            version: 50331688,
            clusterUuid: [],
            status: 0,
            cliqueId: 0,
            state: 2,
            healthMask: 0,
            healthSummary: 0,
          },
        },
      },
    },
  ],
  ['profiling', 'ok', /Every user/, {}],
  [
    'profiling',
    'warn',
    /fail for this user/,
    { tree: { '/proc/driver/nvidia/params': 'RmProfilingAdminOnly: 1\n' } },
  ],
  [
    'profiling',
    'ok',
    /this user is root/,
    {
      tree: {
        '/proc/driver/nvidia/params': 'RmProfilingAdminOnly: 1\n',
        '/proc/self/status': 'Uid:\t0\t0\t0\t0\n',
      },
    },
  ],
  ['profiling', 'unknown', /not known/, { tree: { '/proc/driver/nvidia/params': undefined } }],
];

/** The status of the worst verdict. */
const STATUS: Readonly<Record<string, number>> = { ok: 0, unknown: 1, warn: 1, fail: 2 };

describe('doctor', () => {
  it.each(CASES)('%s is %s: %s', async (check, verdict, why, machine) => {
    const { status, out, err } = await run(machine, ['--checks', check, '--json']);
    const document = JSON.parse(out);
    const found = document.checks.filter((one: { verdict: string }) => one.verdict === verdict);
    expect(found.map((one: { why: string }) => one.why).join('\n'), `${out}${err}`).toMatch(why);
    expect(document.verdict).toBe(verdict);
    expect(status).toBe(STATUS[verdict]);
    if (verdict !== 'ok') expect(found[0].action.length).toBeGreaterThan(5);
  });

  it('has a test of each check', () => {
    expect(doctorChecks.map(({ id }) => id).filter((id) => !CASES.some(([check]) => check === id))).toEqual(
      [],
    );
  });

  it('says that all is well where it is', async () => {
    const { status, out } = await run({}, []);
    expect(out).toMatch(/\n19 ok\n$|\n2\d ok\n$/);
    expect(out).not.toMatch(/do:|unknown/);
    expect(status).toBe(0);
  });

  it('says nothing of containers, WSL and MIG where there are none', async () => {
    const { out } = await run({}, ['--json']);
    const checks = JSON.parse(out).checks.map(({ check }: { check: string }) => check);
    for (const absent of ['container', 'wsl', 'mig-nodes']) expect(checks).not.toContain(absent);
  });

  it('names what to do and the evidence in text', async () => {
    const { out, status } = await run({ tree: { '/dev/nvidiactl': node('c 195:255 EPERM') } }, [
      '--checks',
      'device-access',
    ]);
    expect(out).toContain('device-access  Opening /dev/nvidiactl is not permitted (EPERM)');
    expect(out).toContain('do: After a systemctl daemon-reload');
    expect(out).toContain('/dev/nvidiactl = EPERM');
    expect(status).toBe(2);
  });

  it('refuses a check that it does not know, with the nearest name', async () => {
    const { status, out, err } = await runOn('h200-x2', ['doctor', '--checks', 'nuveau']);
    expect(out).toBe('"nuveau" is no check of --checks\n');
    expect(err).toContain('Did you mean nouveau?');
    expect(status).toBe(2);
  });

  it('lists its checks', async () => {
    const { out } = await runOn('h200-x2', ['doctor', '--list']);
    expect(out.trimEnd().split('\n')).toHaveLength(doctorChecks.length);
  });

  it('finds a recording of other versions broken, and one without files unknown, not well', async () => {
    expect((await runOn('mismatch', ['doctor'])).status).toBe(2);
    expect((await runOn('h200-x2', ['doctor'])).status).toBe(1);
  });
});
