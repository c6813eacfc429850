/** Checks of the device nodes, and of what keeps a process from them: rights, cgroups. */

import { type Evidence, fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { containerOf, isWsl } from '../system/containment.js';
import { pciDevices } from '../system/pci-gpus.js';
import { type DeviceNode, isThere, type System, Unread } from '../system/system.js';
import { migChecks } from './mig.js';
import { type DoctorCheck, linesOf, seen, unread, userOf } from './patient.js';

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

const DEVICES = '/proc/devices';

/** The number of nvidia-uvm is assigned again at each load of the module: an older node leads nowhere. */
function staleUvm(system: System): { readonly node: number; readonly driver: number } | undefined {
  const node = system.node(UVM);
  const devices = system.read(DEVICES);
  const line = devices instanceof Unread ? null : /^\s*(\d+) nvidia-uvm$/m.exec(devices);
  if (node instanceof Unread || !node.isDevice || line === null) return undefined;
  const driver = Number(line[1]);
  return driver === node.major ? undefined : { node: node.major, driver };
}

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
    const stale = staleUvm(system);
    if (stale !== undefined)
      return fail(
        `${UVM} has the major number ${stale.node}, and the driver has ${stale.driver}: CUDA programs cannot start.`,
        `Remove the node and make it again: nvidia-modprobe -u -c 0. A container has to be restarted.`,
        [...evidence, { name: DEVICES, value: `${stale.driver} nvidia-uvm` }],
      );
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

const CGROUPS = '/sys/fs/cgroup';

/** The rules of version 1 of cgroups: those of this process's cgroup, or in a container those of its own root. */
function deviceRules(
  system: System,
): { readonly path: string; readonly lines: readonly string[] } | undefined {
  const groups = system.read('/proc/self/cgroup');
  const own = groups instanceof Unread ? undefined : /^\d+:[^:]*\bdevices\b[^:]*:(\/.*)$/m.exec(groups)?.[1];
  for (const folder of [own ?? '/', '/']) {
    const path = `${CGROUPS}/devices${folder === '/' ? '' : folder}/devices.list`;
    const text = system.read(path);
    if (!(text instanceof Unread)) return { path, lines: linesOf(text) };
  }
  return undefined;
}

/** Whether a rule lets a process read and write a node: `c 195:* rwm`. */
function allows(rule: string, { major, minor }: DeviceNode): boolean {
  const [, kind, ofMajor, ofMinor, access = ''] = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]+)$/.exec(rule) ?? [];
  const fits = (number: string | undefined, wanted: number): boolean =>
    number === '*' || Number(number) === wanted;
  return (
    (kind === 'a' || kind === 'c') &&
    fits(ofMajor, major) &&
    fits(ofMinor, minor) &&
    access.includes('r') &&
    access.includes('w')
  );
}

/** The nodes that the rules forbid. */
function forbidden(system: System, rules: readonly string[]): readonly string[] {
  const all = system.list('/dev');
  const names = all instanceof Unread ? [] : all.filter((name) => /^nvidia(?:\d+|ctl|-uvm)$/.test(name));
  return names
    .map((name) => `/dev/${name}`)
    .filter((path) => {
      const node = system.node(path);
      return !(node instanceof Unread) && node.isDevice && !rules.some((rule) => allows(rule, node));
    });
}

const V2 = `${CGROUPS}/cgroup.controllers`;

const deviceAccess: DoctorCheck = {
  id: 'device-access',
  looksAt: `Whether \`${CONTROL}\` and \`${UVM}\` can be opened: device rules of a cgroup may forbid it regardless of their permissions. Also these rules for all nodes, if they can be read (version 1; those of version 2 are a program in the kernel).`,
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
    const evidence: Evidence[] = [{ name: CONTROL, value: error ?? 'opened' }];
    const uvm = system.openError(UVM);
    if (!(uvm instanceof Unread)) evidence.push({ name: UVM, value: uvm ?? 'opened' });
    const rules = deviceRules(system);
    if (rules !== undefined) {
      const about = rules.lines.filter((line) => !/ m$/.test(line));
      evidence.push({ name: rules.path, value: about.join('; ') || 'no rule' });
      const refused = forbidden(system, rules.lines);
      if (refused.length > 0)
        return fail(`The cgroup has no rule that allows ${refused.join(', ')}.`, RELOAD, evidence);
    } else if (isThere(system, V2) === true) {
      evidence.push({
        name: V2,
        value: null,
        reason:
          'the rules of version 2 are a program that cannot be read: opening the nodes shows what they do',
      });
    }
    const wrong: readonly (readonly [path: string, error: string | undefined | Unread])[] = [
      [CONTROL, error],
      [UVM, uvm],
    ];
    for (const [path, code] of wrong) {
      if (typeof code === 'string') return notOpened(path, code, evidence);
    }
    return ok(`${CONTROL} can be opened.`, evidence);
  },
};

function notOpened(path: string, error: string, evidence: readonly Evidence[]): Judged {
  if (error === 'EPERM')
    return fail(
      `Opening ${path} is not permitted (EPERM): device rules of a cgroup forbid it.`,
      RELOAD,
      evidence,
    );
  if (error === 'EACCES')
    return fail(
      `This user may not open ${path} (EACCES).`,
      'See device-nodes for its owner and mode.',
      evidence,
    );
  return fail(
    `Opening ${path} fails (${error}).`,
    'Look for messages of the kernel module in dmesg.',
    evidence,
  );
}

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

export const deviceChecks: readonly DoctorCheck[] = [deviceNodes, deviceAccess, modprobe, ...migChecks];
