/** Checks of the device nodes, and of what keeps a process from them: rights, cgroups, containers, WSL. */

import { type Evidence, fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { type DeviceNode, isThere, type System, Unread } from '../system/system.js';
import {
  containerOf,
  type DoctorCheck,
  isWsl,
  linesOf,
  pciDevices,
  seen,
  unread,
  userOf,
} from './patient.js';

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const nodeEvidence = (path: string, node: DeviceNode | Unread): Evidence =>
  node instanceof Unread
    ? seen(path, node)
    : { name: path, value: `c ${node.major}:${node.minor} ${octal(node.mode)} ${node.uid}:${node.gid}` };

/** Whether a user may read and write a node, by its mode. */
function mayUse({ mode, uid, gid }: DeviceNode, user: ReturnType<typeof userOf>): boolean | undefined {
  if (user === undefined) return (mode & 0o6) === 0o6 ? true : undefined;
  if (user.uid === 0) return true;
  const bits = user.uid === uid ? mode >> 6 : user.groups.includes(gid) ? mode >> 3 : mode;
  return (bits & 0o6) === 0o6;
}

/** How many GPUs the driver has: their minor numbers count from zero. */
function driverGpus(system: System): number | Unread {
  const folders = system.list('/proc/driver/nvidia/gpus');
  if (!(folders instanceof Unread)) return folders.length;
  const gpus = pciDevices(system, '0x03');
  return gpus instanceof Unread ? gpus : gpus.filter(({ driver }) => driver === 'nvidia').length;
}

const CONTROL = '/dev/nvidiactl';
const UVM = '/dev/nvidia-uvm';

const deviceNodes: DoctorCheck = {
  id: 'device-nodes',
  looksAt:
    'Whether the nodes `/dev/nvidiactl`, `/dev/nvidia-uvm`, `/dev/nvidia0` and so on exist, and who may use them.',
  judge({ system }) {
    if (isWsl(system)) return [];
    const count = driverGpus(system);
    if (count instanceof Unread && count.why !== 'absent')
      return unread('How many device nodes there have to be', count);
    const wanted = count instanceof Unread ? 0 : count;
    const all = system.list('/dev');
    const nodes =
      all instanceof Unread
        ? []
        : all.filter((name) => /^nvidia\d+$/.test(name)).map((name) => `/dev/${name}`);
    const looked = [CONTROL, UVM, ...nodes].map((path) => ({ path, node: system.node(path) }));
    const evidence = looked.map(({ path, node }) => nodeEvidence(path, node));
    const hidden = looked.find(({ node }) => node instanceof Unread && node.why !== 'absent');
    if (hidden !== undefined) return unread('Which device nodes exist', hidden.node as Unread);
    const missing = looked.filter(({ node }) => node instanceof Unread).map(({ path }) => path);
    if (missing.includes(CONTROL)) {
      const action =
        containerOf(system) === undefined
          ? 'Load the module, then create the nodes: nvidia-modprobe -c 0 -u, or run nvidia-smi once as root.'
          : 'Start the container with its GPUs: --gpus all, or --device nvidia.com/gpu=all (CDI).';
      return fail(`${CONTROL} does not exist.`, action, evidence);
    }
    const user = userOf(system);
    const refused = looked.filter(({ node }) => !(node instanceof Unread) && mayUse(node, user) === false);
    if (refused.length > 0) {
      return fail(
        `This user may not use ${refused.map(({ path }) => path).join(', ')}.`,
        'Add the user to the group of the nodes, or set NVreg_DeviceFileMode=0666 for the nvidia module.',
        evidence,
      );
    }
    const none = looked
      .filter(({ node }) => !(node instanceof Unread) && !node.isDevice)
      .map(({ path }) => path);
    if (none.length > 0)
      return fail(
        `${none.join(', ')} is no device node.`,
        'Remove the file and create the node: nvidia-modprobe -c 0 -u.',
        evidence,
      );
    if (nodes.length < wanted && containerOf(system) === undefined) {
      return warn(
        `There are nodes for ${nodes.length} of ${wanted} GPUs.`,
        'Create them: nvidia-modprobe -c MINOR for each GPU.',
        evidence,
      );
    }
    if (missing.includes(UVM))
      return warn(
        `${UVM} does not exist: CUDA programs cannot start.`,
        'Load it: nvidia-modprobe -u -c 0, or modprobe nvidia-uvm.',
        evidence,
      );
    return ok(
      `${CONTROL}, ${UVM} and the nodes of ${nodes.length} GPU${nodes.length === 1 ? '' : 's'} can be used.`,
      evidence,
    );
  },
};

const RELOAD =
  'After a systemctl daemon-reload, containers lose their devices: restart the container, and use the cgroupfs driver, CDI, or --device for each node so that it lasts.';

/** The rules of version 1 of cgroups; those of version 2 are a program that cannot be read. */
const RULES = '/sys/fs/cgroup/devices/devices.list';

/** The major number of the NVIDIA nodes. */
const MAJOR = 195;

const deviceAccess: DoctorCheck = {
  id: 'device-access',
  looksAt:
    'Whether `/dev/nvidiactl` can be opened: device rules of a cgroup may forbid it regardless of its permissions. Also these rules, if they can be read.',
  judge({ system }): Judged | readonly Judged[] {
    if (isWsl(system)) return [];
    const error = system.openError(CONTROL);
    if (error instanceof Unread) {
      return error.why === 'absent'
        ? unknown(`${CONTROL} does not exist, so it was not opened.`, 'See device-nodes.', [
            seen(CONTROL, error),
          ])
        : unread(`Whether ${CONTROL} can be opened`, error);
    }
    const rules = system.read(RULES);
    const evidence: Evidence[] = [{ name: CONTROL, value: error ?? 'opened' }];
    if (!(rules instanceof Unread)) {
      const about = linesOf(rules).filter((line) => line.startsWith('a ') || line.startsWith(`c ${MAJOR}:`));
      evidence.push({
        name: RULES,
        value: about.join('; ') || null,
        reason: about.length === 0 ? `no rule for major ${MAJOR}` : undefined,
      });
      if (about.length === 0)
        return fail(
          `The cgroup has no rule that allows devices with major number ${MAJOR}.`,
          RELOAD,
          evidence,
        );
    }
    if (error === undefined) return ok(`${CONTROL} can be opened.`, evidence);
    if (error === 'EPERM')
      return fail(
        `Opening ${CONTROL} is not permitted (EPERM): device rules of a cgroup forbid it.`,
        RELOAD,
        evidence,
      );
    if (error === 'EACCES')
      return fail(
        `This user may not open ${CONTROL} (EACCES).`,
        'See device-nodes for its owner and mode.',
        evidence,
      );
    return fail(
      `Opening ${CONTROL} fails (${error}).`,
      'Look for messages of the kernel module in dmesg.',
      evidence,
    );
  },
};

const PROGRAM = '/usr/bin/nvidia-modprobe';

const modprobe: DoctorCheck = {
  id: 'nvidia-modprobe',
  looksAt:
    'Whether `nvidia-modprobe` is installed with its setuid bit, so that unprivileged users can have nodes created.',
  judge({ system }) {
    if (isWsl(system) || containerOf(system) !== undefined) return [];
    const node = system.node(PROGRAM);
    if (node instanceof Unread && node.why !== 'absent')
      return unread('Whether nvidia-modprobe is installed', node);
    const isMade = isThere(system, CONTROL) === true;
    if (node instanceof Unread) {
      return isMade
        ? ok('nvidia-modprobe is not installed, but the nodes exist.', [seen(PROGRAM, node)])
        : warn(
            'nvidia-modprobe is not installed: the nodes are made when root uses the GPU first.',
            'Install nvidia-modprobe.',
            [seen(PROGRAM, node)],
          );
    }
    const evidence = [{ name: PROGRAM, value: octal(node.mode) }];
    return (node.mode & 0o4000) !== 0
      ? ok('nvidia-modprobe can create nodes for every user.', evidence)
      : warn('nvidia-modprobe has no setuid bit: it only works for root.', `chmod u+s ${PROGRAM}`, evidence);
  },
};

const CAPABILITIES = '/proc/driver/nvidia/capabilities';

const migNodes: DoctorCheck = {
  id: 'mig-nodes',
  looksAt: 'If MIG is enabled: the nodes in `/dev/nvidia-caps`, which its instances need.',
  judge({ system, nvml }) {
    const migs = nvml.isOpen
      ? nvml.gpus.filter(({ fields }) => fields['mig.mode.current'] === 'Enabled')
      : [];
    if (migs.length === 0) return [];
    const names = system.list('/dev/nvidia-caps');
    if (names instanceof Unread && names.why !== 'absent')
      return unread('Which nodes for MIG there are', names);
    const nodes = names instanceof Unread ? [] : names.filter((name) => /^nvidia-cap\d+$/.test(name));
    const evidence = [
      { name: '/dev/nvidia-caps', value: nodes.length },
      { name: CAPABILITIES, value: isThere(system, CAPABILITIES) ?? null },
    ];
    return nodes.length === 0
      ? fail(
          'MIG is enabled, but /dev/nvidia-caps has no nodes.',
          'Create them: nvidia-modprobe -f /proc/driver/nvidia/capabilities/mig/config; in a container, mount the MIG devices.',
          evidence,
        )
      : ok(`MIG is enabled, and /dev/nvidia-caps has ${nodes.length} nodes.`, evidence);
  },
};

/** What the NVIDIA container toolkit mounts into a container. */
const MOUNTED: readonly RegExp[] = [/libnvidia-ml\.so/, /\/dev\/nvidia(?:ctl|\d+)/];

const container: DoctorCheck = {
  id: 'container',
  looksAt:
    'In a container: whether the NVIDIA container toolkit mounted the libraries and nodes of the driver: `/proc/self/mountinfo`.',
  judge({ system }) {
    const runtime = containerOf(system);
    if (runtime === undefined) return [];
    const mounts = system.read('/proc/self/mountinfo');
    if (mounts instanceof Unread) return unread('What is mounted into the container', mounts);
    const found = MOUNTED.map(
      (pattern) =>
        linesOf(mounts)
          .find((line) => pattern.test(line))
          ?.split(' ')[4],
    );
    const evidence = [
      { name: 'container', value: runtime },
      ...MOUNTED.map((pattern, i) => ({
        name: `/proc/self/mountinfo ${pattern.source.replaceAll('\\', '')}`,
        value: found[i] ?? null,
      })),
    ];
    const isReady = isThere(system, CONTROL) === true;
    if (found.every((mount) => mount !== undefined) || (found[0] !== undefined && isReady)) {
      return ok(`The driver is mounted into this container (${runtime}).`, evidence);
    }
    if (isReady)
      return warn(
        `This container (${runtime}) has the nodes, but its own NVML library, which must match the host's driver.`,
        'Let the NVIDIA container toolkit mount the libraries.',
        evidence,
      );
    return fail(
      `The driver is not mounted into this container (${runtime}).`,
      'Install the NVIDIA container toolkit on the host and start with --gpus all or --device nvidia.com/gpu=all; in Kubernetes, request nvidia.com/gpu.',
      evidence,
    );
  },
};

const DXG = '/dev/dxg';
const WSL_LIBRARY = '/usr/lib/wsl/lib/libnvidia-ml.so.1';

const wsl: DoctorCheck = {
  id: 'wsl',
  looksAt: `In WSL: the node \`${DXG}\` and the library that Windows brings, \`${WSL_LIBRARY}\`.`,
  judge({ system }) {
    if (!isWsl(system)) return [];
    const missing = [DXG, WSL_LIBRARY].filter((path) => isThere(system, path) === false);
    const evidence = [DXG, WSL_LIBRARY].map((path) => ({ name: path, value: isThere(system, path) ?? null }));
    return missing.length === 0
      ? ok('WSL has the GPU of Windows and its libraries.', evidence)
      : fail(
          `WSL lacks ${missing.join(' and ')}.`,
          'Install the driver in Windows, use WSL 2, and run wsl --update and wsl --shutdown.',
          evidence,
        );
  },
};

export const deviceChecks: readonly DoctorCheck[] = [
  deviceNodes,
  deviceAccess,
  modprobe,
  migNodes,
  container,
  wsl,
];
