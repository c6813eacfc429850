/** What the line of an Xid adds to its number: NVLink 5 says how grave an error is, Xid 154 which action is due. */
import type { GpuEvent } from './gpu-event.js';
import { type Xid, xidOf } from './xids.js';

const RECOVERY_ACTION_CHANGED = 154;
const [FIRST_OF_NVLINK_5, LAST_OF_NVLINK_5] = [144, 150];

type Refined = Pick<Xid, 'meaning' | 'severity' | 'action'>;

const due = (meaning: string, severity: Xid['severity'], action: string): Refined => ({
  meaning,
  severity,
  action,
});

/** By the names that the driver gives the actions (open kernel modules, 595.44.03). */
const RECOVERY: Readonly<Record<string, Refined>> = {
  None: due('The GPU needs no recovery any longer.', 'information', 'Nothing.'),
  'GPU Reset Required': due('The GPU has to be reset.', 'fatal', 'Drain the node and reset the GPU.'),
  'Node Reboot Required': due(
    'The node has to be rebooted for this GPU.',
    'fatal',
    'Drain the node and reboot it.',
  ),
  'Drain P2P': due(
    'Traffic between this GPU and others has to end.',
    'warning',
    'Drain the node: no peer-to-peer traffic may reach the GPU. Then reset it.',
  ),
  'Drain and Reset': due(
    'The GPU has to be drained and reset.',
    'fatal',
    'Let no new work start on the GPU, wait for the running work, then reset it.',
  ),
  'Recover IMEX Domain': due(
    'The IMEX domain of the GPU has to be recovered.',
    'fatal',
    'Restart nvidia-imex on the nodes of the domain.',
  ),
};

/** An Xid, as its number and its line say. `rest` is what follows the number. */
export function xidInLine(number: number, rest: string): Omit<GpuEvent, 'source' | 'busId'> {
  const xid = xidOf(number);
  return { kind: 'xid', xid: number, ...refined(xid, rest), detail: rest };
}

function refined({ number, meaning, severity, action }: Xid, rest: string): Refined {
  if (number === RECOVERY_ACTION_CHANGED) {
    const [, to = ''] = / to 0x[0-9a-f]+ \(([^)]+)\)/i.exec(rest) ?? [];
    return RECOVERY[to] ?? { meaning, severity, action };
  }
  if (number >= FIRST_OF_NVLINK_5 && number <= LAST_OF_NVLINK_5) {
    const [word] = /\bnon-?fatal\b|\bfatal\b/i.exec(rest) ?? [];
    if (word !== undefined) return { meaning, severity: /^non/i.test(word) ? 'warning' : 'fatal', action };
  }
  return { meaning, severity, action };
}
