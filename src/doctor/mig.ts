/** Whether the instances of MIG can be used: each has a node of /dev/nvidia-caps, which CUDA has to open. */

import { type Evidence, fail, ok, unknown, warn } from '../base/verdict.js';
import { containerOf } from '../system/containment.js';
import { type DeviceNode, isThere, type System, Unread } from '../system/system.js';
import { type DoctorCheck, unread, userOf } from './patient.js';

const FOLDER = '/dev/nvidia-caps';
const CAPABILITIES = '/proc/driver/nvidia/capabilities';

interface InstanceNode {
  /** The file that names the node: .../gpu0/mig/gi1/ci0/access. */
  readonly access: string;
  readonly node: string;
}

const namesIn = (system: System, folder: string, pattern: RegExp): readonly string[] => {
  const names = system.list(folder);
  return names instanceof Unread
    ? []
    : names.filter((name) => pattern.test(name)).map((name) => `${folder}/${name}`);
};

/** GPU instances and compute instances, where the driver lists them. */
function instancesOf(system: System): readonly InstanceNode[] {
  return namesIn(system, CAPABILITIES, /^gpu\d+$/).flatMap((gpu) =>
    namesIn(system, `${gpu}/mig`, /^gi\d+$/).flatMap((instance) =>
      [instance, ...namesIn(system, instance, /^ci\d+$/)].flatMap((folder): InstanceNode[] => {
        const text = system.read(`${folder}/access`);
        const minor = text instanceof Unread ? undefined : /^DeviceFileMinor:\s*(\d+)/m.exec(text)?.[1];
        return minor === undefined
          ? []
          : [{ access: `${folder}/access`, node: `${FOLDER}/nvidia-cap${minor}` }];
      }),
    ),
  );
}

/** Whether a user may read a node, which is all that it takes. */
function mayRead({ mode, uid, gid }: DeviceNode, user: ReturnType<typeof userOf>): boolean {
  if (user === undefined || user.uid === 0) return true;
  const bits = user.uid === uid ? mode >> 6 : user.groups.includes(gid) ? mode >> 3 : mode;
  return (bits & 0o4) !== 0;
}

const migNodes: DoctorCheck = {
  id: 'mig-nodes',
  asksNvml: true,
  looksAt:
    'If MIG is enabled: the nodes in `/dev/nvidia-caps`, which its instances need, one for each instance in `/proc/driver/nvidia/capabilities`, and who may read them.',
  judge({ system, nvml }) {
    const migs = nvml.isOpen
      ? nvml.gpus.filter(({ fields }) => fields['mig.mode.current'] === 'Enabled')
      : [];
    if (migs.length === 0) return [];
    const names = system.list(FOLDER);
    if (names instanceof Unread && names.why !== 'absent')
      return unread('Which nodes for MIG there are', names);
    const nodes = names instanceof Unread ? [] : names.filter((name) => /^nvidia-cap\d+$/.test(name));
    const evidence: Evidence[] = [
      { name: FOLDER, value: nodes.length },
      { name: CAPABILITIES, value: isThere(system, CAPABILITIES) ?? null },
    ];
    if (nodes.length === 0)
      return fail(
        'MIG is enabled, but /dev/nvidia-caps has no nodes.',
        'Create them: nvidia-modprobe -f /proc/driver/nvidia/capabilities/mig/config; in a container, mount the MIG devices.',
        evidence,
      );
    const all = `MIG is enabled, and /dev/nvidia-caps has ${nodes.length} nodes.`;
    // A container is given the nodes of its own instances alone.
    if (containerOf(system) !== undefined) return ok(all, evidence);
    const instances = instancesOf(system).map((one) => ({ ...one, found: system.node(one.node) }));
    const missing = instances.filter(({ found }) => found instanceof Unread && found.why === 'absent');
    for (const { node, access } of missing)
      evidence.push({ name: node, value: null, reason: `is for ${access}` });
    if (missing.length > 0)
      return warn(
        `${missing.length} of ${instances.length} instances of MIG have no node in ${FOLDER}.`,
        `Create them: ${missing.map(({ access }) => `nvidia-modprobe -f ${access}`).join('; ')}.`,
        evidence,
      );
    const hidden = instances.find(({ found }) => found instanceof Unread);
    if (hidden !== undefined)
      return unknown(`Whether ${hidden.node} exists is not known.`, 'Run it as root.', evidence);
    const user = userOf(system);
    const refused = instances.filter(({ found }) => !(found instanceof Unread) && !mayRead(found, user));
    return refused.length === 0
      ? ok(all, evidence)
      : warn(
          `This user may not use ${refused.map(({ node }) => node).join(', ')}.`,
          'Let the group of the users read the nodes, or set NVreg_DeviceFileMode for the nvidia module.',
          evidence,
        );
  },
};

export const migChecks: readonly DoctorCheck[] = [migNodes];
