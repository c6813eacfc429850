/** Table: checks of doctor in containers, WSL, virtual machine hosts and on other distributions, each with its verdict. */
import { type Case, DOCKER, kmsg, MOUNTS, PERSISTENCE_OFF, WSL } from './made-machines.js';
import { KERNEL, LIBRARY, node, type Tree } from './tree.js';

const NOT_LOADED: Tree = {
  '/proc/driver/nvidia/version': undefined,
  '/sys/module/nvidia/version': undefined,
};
const modules = (text: string | undefined): Tree => ({ [`/lib/modules/${KERNEL}/modules.dep`]: text });
const environ = (...variables: readonly string[]): Tree => ({
  '/proc/self/environ': variables.map((one) => `${one}\0`).join(''),
});
const rules = (text: string): Tree => ({ '/sys/fs/cgroup/devices/devices.list': text });
const FOLDER = '/usr/lib/x86_64-linux-gnu';
const NO_LIBRARY: Tree = { [LIBRARY]: undefined, [`${FOLDER}/libnvidia-ml.so.1`]: undefined };
const NO_LIST: Tree = { '/var/lib/dpkg/info/libnvidia-compute-580:amd64.list': undefined };
const MIG = '/proc/driver/nvidia/capabilities/gpu0/mig';
const minor = (number: number): string => `DeviceFileMinor: ${number}\nDeviceFileMode: 292\n`;
const XORG: Tree = { '/proc/900/comm': 'Xorg\n' };
const minors: Tree = {
  '/proc/driver/nvidia/gpus/0000:00:06.0/information': 'Model: NVIDIA H200\nDevice Minor: \t 0\n',
  '/proc/driver/nvidia/gpus/0000:00:07.0/information': 'Model: NVIDIA H200\nDevice Minor: \t 1\n',
};
const D3: Tree = {
  '/proc/driver/nvidia/gpus/0000:00:06.0/power':
    'Runtime D3 status:          Enabled (fine-grained)\nVideo Memory:               Active\n',
};
/** One of the two GPUs of the recording is not counted. */
const ONE_COUNTED = { nvmlDeviceGetCount_v2: { '': 1 } };

export const PLACE_CASES: readonly Case[] = [
  ['module-built', 'ok', /installed for kernel/, { tree: modules('updates/dkms/nvidia-current.ko.xz:\n') }],
  ['module-built', 'ok', /installed for kernel/, { tree: modules('extra/nvidia-470xx.ko.zst: a.ko\n') }],
  ['module-built', 'warn', /lost at/, { tree: modules('kernel/drivers/nvidia-uvm.ko:\nnvidia-drm.ko:\n') }],
  [
    'module-built',
    'ok',
    /installed for kernel/,
    {
      tree: {
        ...modules(undefined),
        [`/run/booted-system/kernel-modules/lib/modules/${KERNEL}/modules.dep`]: 'misc/nvidia.ko.xz:\n',
      },
    },
  ],
  [
    'module-built',
    'fail',
    /It is there for 6\.8\.0-30-generic/,
    {
      tree: {
        ...NOT_LOADED,
        ...modules(''),
        '/lib/modules/6.8.0-30-generic/modules.dep': 'updates/dkms/nvidia.ko:\n',
      },
    },
  ],
  [
    'kernel-messages',
    'warn',
    /works with the open kernel modules alone/,
    {
      tree: kmsg(
        String.raw`NVRM: The NVIDIA GPU 0000:00:06.0 (PCI ID: 10de:2b85)\x0aNVRM: installed in this system requires use of the NVIDIA open kernel modules.`,
      ),
    },
  ],
  [
    'kernel-messages',
    'warn',
    /built for another kernel/,
    { tree: kmsg("nvidia: version magic 'a' should be 'b'") },
  ],
  [
    'kernel-messages',
    'ok',
    /no such message/,
    { tree: kmsg('nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 12020, Correctable, Link 02') },
  ],
  [
    'libraries',
    'ok',
    /has version 580\.159\.04/,
    {
      tree: {
        ...NO_LIBRARY,
        [`${FOLDER}/nvidia/current/libnvidia-ml.so.580.159.04`]: '',
        [`${FOLDER}/libnvidia-ml.so.1`]: { link: 'nvidia/current/libnvidia-ml.so.580.159.04' },
      },
    },
  ],
  [
    'libraries',
    'warn',
    /\(570\.10, ask rpm -qf \/usr\/lib\/libnvidia-ml\.so\.570\.10\)/,
    { tree: { '/usr/lib/libnvidia-ml.so.570.10': '', '/var/lib/rpm/rpmdb.sqlite': '' } },
  ],
  [
    'libraries',
    'warn',
    /570\.10, of NVIDIA's \.run installer/,
    {
      tree: {
        ...NO_LIST,
        '/usr/lib/libnvidia-ml.so.570.10': '',
        '/var/lib/nvidia/log': '570.10\nNVIDIA driver\n1: /usr/lib/libnvidia-ml.so.570.10\n123\n',
      },
    },
  ],
  [
    'libraries',
    'fail',
    /stub of CUDA/,
    {
      tree: {
        ...environ('LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs:/opt/x'),
        '/usr/local/cuda/lib64/stubs/libnvidia-ml.so': '',
      },
    },
  ],
  [
    'libraries',
    'unknown',
    /has its version/,
    { tree: { ...NO_LIBRARY, [`${FOLDER}/libnvidia-ml.so.1`]: 'no link' } },
  ],
  ['libraries', 'warn', /installed in WSL/, { tree: { ...WSL, '/usr/lib/wsl/lib/libnvidia-ml.so.1': '' } }],
  [
    'device-nodes',
    'fail',
    /has the major number 510, and the driver has 508/,
    { tree: { '/proc/devices': 'Character devices:\n195 nvidia\n508 nvidia-uvm\n' } },
  ],
  [
    'device-nodes',
    'ok',
    /can be used/,
    { tree: { '/proc/devices': 'Character devices:\n195 nvidia\n510 nvidia-uvm\n' } },
  ],
  ['device-access', 'ok', /can be opened/, { tree: rules('c 1:3 rwm\nc *:* rwm\n') }],
  ['device-access', 'ok', /can be opened/, { tree: rules('a *:* rwm\n') }],
  [
    'device-access',
    'fail',
    /no rule that allows \/dev\/nvidia-uvm, \/dev\/nvidia0, \/dev\/nvidia1, \/dev\/nvidiactl\./,
    { tree: rules('c *:* m\nc 1:3 rwm\n') },
  ],
  [
    'device-access',
    'fail',
    /no rule that allows \/dev\/nvidia1\./,
    { tree: rules('c 195:0 rw\nc 195:255 rw\nc 510:* rwm\n') },
  ],
  [
    'device-access',
    'fail',
    /no rule that allows \/dev\/nvidia1\./,
    {
      tree: {
        ...rules('a *:* rwm\n'),
        '/proc/self/cgroup': '5:devices:/slurm/job_1\n1:name=systemd:/\n',
        '/sys/fs/cgroup/devices/slurm/job_1/devices.list': 'c 195:0 rwm\nc 195:255 rwm\nc 510:0 rwm\n',
      },
    },
  ],
  [
    'device-access',
    'fail',
    /Opening \/dev\/nvidia-uvm is not permitted \(EPERM\)/,
    { tree: { '/dev/nvidia-uvm': node('c 510:0 EPERM'), '/sys/fs/cgroup/cgroup.controllers': 'cpu\n' } },
  ],
  [
    'container',
    'fail',
    /not mounted into this container \(Kubernetes\)/,
    { tree: { ...environ('KUBERNETES_SERVICE_HOST=10.0.0.1'), '/dev/nvidiactl': undefined } },
  ],
  [
    'container',
    'ok',
    /\(Apptainer\)/,
    { tree: { '/.singularity.d/env/a.sh': '', '/proc/self/mountinfo': MOUNTS } },
  ],
  [
    'container',
    'fail',
    /\(containerd\)/,
    {
      tree: {
        '/dev/nvidiactl': undefined,
        '/proc/self/mountinfo':
          '900 800 0:300 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs\n',
      },
    },
  ],
  [
    'container',
    'fail',
    /has no utility/,
    { tree: { ...DOCKER, ...environ('NVIDIA_VISIBLE_DEVICES=all', 'NVIDIA_DRIVER_CAPABILITIES=compute') } },
  ],
  [
    'gpus-on-bus',
    'ok',
    /1 of the 2 on the PCI bus/,
    {
      answers: ONE_COUNTED,
      tree: { ...DOCKER, '/proc/driver/nvidia/gpus/0000:00:07.0/information': undefined },
    },
  ],
  [
    'gpus-on-bus',
    'ok',
    /1 of the 2 on the PCI bus/,
    { answers: ONE_COUNTED, tree: { ...DOCKER, ...minors, '/dev/nvidia1': undefined } },
  ],
  ['gpus-on-bus', 'fail', /NVML does not count it/, { answers: ONE_COUNTED, tree: { ...DOCKER, ...minors } }],
  [
    'gpus-on-bus',
    'ok',
    /1 of the 2 on the PCI bus/,
    {
      answers: ONE_COUNTED,
      tree: { '/sys/bus/pci/devices/0000:00:07.0/driver': { link: '../../drivers/vfio-pci' } },
    },
  ],
  [
    'mig-nodes',
    'warn',
    /1 of 2 instances of MIG have no node/,
    {
      recording: 'a100-mig',
      tree: {
        [`${MIG}/gi1/access`]: minor(12),
        [`${MIG}/gi1/ci0/access`]: minor(13),
        '/dev/nvidia-caps/nvidia-cap12': node('c 236:12', 0o444),
      },
    },
  ],
  [
    'mig-nodes',
    'warn',
    /may not use \/dev\/nvidia-caps\/nvidia-cap12/,
    {
      recording: 'a100-mig',
      tree: { [`${MIG}/gi1/access`]: minor(12), '/dev/nvidia-caps/nvidia-cap12': node('c 236:12', 0o400) },
    },
  ],
  [
    'mig-nodes',
    'ok',
    /has 1 nodes/,
    {
      recording: 'a100-mig',
      tree: { [`${MIG}/gi1/access`]: minor(12), '/dev/nvidia-caps/nvidia-cap12': node('c 236:12', 0o444) },
    },
  ],
  [
    'display-server',
    'warn',
    /^Xorg has it open/,
    { tree: { ...XORG, ...minors, '/proc/900/fd/7': { link: '../../../dev/nvidia0' } } },
  ],
  [
    'display-server',
    'ok',
    /No display/,
    { tree: { ...XORG, '/proc/900/fd/7': { link: '../../../dev/kmsg' } } },
  ],
  ['display-server', 'unknown', /Xorg runs, and whether it has a GPU open cannot be seen/, { tree: XORG }],
  ['persistence', 'ok', /GPU 0 is switched off while it is idle/, { answers: PERSISTENCE_OFF, tree: D3 }],
  [
    'persistence',
    'ok',
    /GPU 0 is held by a display/,
    { answers: { ...PERSISTENCE_OFF, nvmlDeviceGetDisplayActive: { gpu0: 1 } } },
  ],
  ['power-state', 'ok', /polling keeps it awake/, { tree: D3 }],
];
