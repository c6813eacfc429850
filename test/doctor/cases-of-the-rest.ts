/** Table: the other checks of doctor, each with each verdict that it can have. */
import { refused } from '../commands/made-machine.js';
import {
  type Answers,
  type Case,
  DOCKER,
  GPU0,
  INIT_FAILS,
  MODES,
  MOUNTS,
  PERSISTENCE_OFF,
  WSL,
} from './made-machines.js';
import { node } from './tree.js';

/** A GPU that has a handle, and answers nothing that is asked of it. */
const LOST_LATER: Answers = Object.fromEntries(
  [
    'nvmlDeviceGetDisplayActive',
    'nvmlDeviceGetPersistenceMode',
    'nvmlDeviceGetGpuFabricInfoV',
    'nvmlDeviceGetMigMode',
  ].map((fn) => [fn, { gpu1: refused('GPU_IS_LOST') }]),
);

export const OTHER_CASES: readonly Case[] = [
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
    { tree: { '/sys/fs/cgroup/devices/devices.list': 'c 195:* rwm\nc 510:* rwm\n' } },
  ],
  ['device-access', 'unknown', /was not opened/, { tree: { '/dev/nvidiactl': undefined } }],
  ['nvidia-modprobe', 'ok', /every user/, {}],
  [
    'nvidia-modprobe',
    'warn',
    /no setuid bit/,
    { tree: { '/usr/bin/nvidia-modprobe': { text: '', mode: 0o755 } } },
  ],
  ['nvidia-modprobe', 'ok', /but the nodes exist/, { tree: { '/usr/bin/nvidia-modprobe': undefined } }],
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
  ['gpus-reachable', 'fail', /cannot be reached: GPU is lost/, { answers: LOST_LATER }],
  ['gpus-reachable', 'unknown', /does not work/, { answers: INIT_FAILS }],
  ['display-server', 'unknown', /display of GPU 1 could not be read/, { answers: LOST_LATER }],
  ['persistence', 'unknown', /persistence mode of GPU 1 could not be read/, { answers: LOST_LATER }],
  ['fabric-manager', 'unknown', /fabric of GPU 1 could not be read/, { answers: LOST_LATER }],
  [
    'mig-pending',
    'unknown',
    /could not be read/,
    { answers: { nvmlDeviceGetMigMode: { gpu0: refused('UNKNOWN') } } },
  ],
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
