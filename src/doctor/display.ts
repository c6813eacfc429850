/** Whether an X server or a Wayland compositor holds a GPU: by what NVML says, and by who has its node open. */

import { type Evidence, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { minorOf, pciAddress } from '../system/pci-gpus.js';
import { type System, Unread } from '../system/system.js';
import { type DoctorCheck, type NvmlGpu, unreadOf } from './patient.js';

/** As the kernel names them: after 15 characters a name is cut. */
const DISPLAY_SERVERS: readonly string[] = [
  'Xorg',
  'X',
  'Xwayland',
  'gnome-shell',
  'kwin_wayland',
  'kwin_x11',
  'cosmic-comp',
  'mutter',
  'sway',
  'weston',
  'Hyprland',
  'wayfire',
  'labwc',
  'gamescope',
  'gdm-x-session',
  'sddm',
  'lightdm',
];

interface Server {
  readonly name: string;
  readonly pid: string;
  /** Nodes of GPUs that it has open; undefined where that cannot be seen. */
  readonly nodes: readonly string[] | undefined;
}

function serversOf(system: System): readonly Server[] {
  const ids = system.list('/proc');
  if (ids instanceof Unread) return [];
  return ids.flatMap((pid): Server[] => {
    const comm = /^\d+$/.test(pid) ? system.read(`/proc/${pid}/comm`) : '';
    if (comm instanceof Unread || !DISPLAY_SERVERS.includes(comm.trim())) return [];
    return [{ name: comm.trim(), pid, nodes: nodesOf(system, `/proc/${pid}/fd`) }];
  });
}

function nodesOf(system: System, folder: string): readonly string[] | undefined {
  const open = system.list(folder);
  if (open instanceof Unread) return undefined;
  const targets = open.map((fd) => system.realpath(`${folder}/${fd}`));
  return [
    ...new Set(targets.filter((to): to is string => typeof to === 'string' && /^\/dev\/nvidia\d+$/.test(to))),
  ];
}

const namesOf = (servers: readonly Server[]): string =>
  [...new Set(servers.map(({ name }) => name))].join(', ');

const held = (how: string, evidence: readonly Evidence[]): Judged =>
  warn(
    `${how}: it takes memory, and keeps the GPU from being reset or changed to MIG.`,
    'Stop the display server (systemctl isolate multi-user.target) before a reset or a change of mode.',
    evidence,
  );

const nodeOf = (system: System, { busId }: NvmlGpu): string | undefined => {
  const minor = busId === undefined ? undefined : minorOf(system, pciAddress(busId));
  return minor === undefined ? undefined : `/dev/nvidia${minor}`;
};

const display: DoctorCheck = {
  id: 'display-server',
  asksNvml: true,
  looksAt:
    'Whether a display is active on a GPU, and which X server or Wayland compositor runs or has the node of a GPU open: `/proc/PID/fd`.',
  judge({ system, nvml }): Judged | readonly (Judged & { readonly gpu: number | string })[] {
    const servers = serversOf(system);
    const gpus = nvml.isOpen ? nvml.gpus : [];
    const shown = gpus.filter(({ fields }) => fields.display_active === 'Enabled');
    const found = shown.map((gpu) => ({
      gpu: gpu.index as number | string,
      ...held(`A display is active${servers.length === 0 ? '' : `, by ${namesOf(servers)}`}`, [
        { name: 'display_active', value: 'Enabled' },
        { name: '/proc/*/comm', value: namesOf(servers) || null },
      ]),
    }));
    const covered = new Set(shown.map((gpu) => nodeOf(system, gpu)));
    const nodes = [...new Set(servers.flatMap(({ nodes: open = [] }) => open))].filter(
      (node) => !covered.has(node),
    );
    const holding = nodes.map((node) => {
      const by = servers.filter(({ nodes: open = [] }) => open.includes(node));
      const gpu = gpus.find((one) => nodeOf(system, one) === node);
      return {
        gpu: gpu?.index ?? node,
        ...held(
          `${namesOf(by)} has it open`,
          by.map(({ pid, name }) => ({ name: `/proc/${pid}/fd`, value: `${name}: ${node}` })),
        ),
      };
    });
    if (found.length + holding.length > 0) return [...found, ...holding];
    if (!nvml.isOpen) return unknown('NVML does not work, so no GPU was checked.', 'See nvml.');
    const hidden = servers.filter(({ nodes: open }) => open === undefined);
    if (hidden.length > 0)
      return unknown(
        `${namesOf(hidden)} runs, and whether it has a GPU open cannot be seen.`,
        'Run it as root.',
        hidden.map(({ pid }) => ({ name: `/proc/${pid}/fd`, value: null, reason: 'cannot be read' })),
      );
    return (
      unreadOf(nvml, 'display_active', 'The state of the display') ?? ok('No display is active on a GPU.')
    );
  },
};

export const displayChecks: readonly DoctorCheck[] = [display];
