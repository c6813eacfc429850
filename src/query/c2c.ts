/** Table: the links between CPU and GPU chip (Grace), and what can be asked about each. */
import * as nvml from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { count, type Kind, words } from './kind.js';
import { gigabytesPerSecond, type LinkField } from './nvlink.js';
import type { Subject } from './plan.js';
import { field } from './probe.js';
import { readValues, want } from './read.js';

const linkField = (id: number, key: string, label: string, kind: Kind): LinkField => ({
  key,
  label,
  kind,
  of: (link) => want(field(id, link)),
});

export const c2cSpeed = linkField(
  nvml.NVML_FI_DEV_C2C_LINK_GET_MAX_BW,
  'speed_gb_per_s',
  '',
  gigabytesPerSecond,
);

/** The last label is one that a public GB200 output shows; the others follow it. */
export const c2cErrors: readonly LinkField[] = [
  linkField(nvml.NVML_FI_DEV_C2C_LINK_ERROR_INTR, 'interrupt_errors', 'Error Interrupt Count', count),
  linkField(nvml.NVML_FI_DEV_C2C_LINK_ERROR_REPLAY, 'replay_errors', 'Error Replay Count', count),
  linkField(
    nvml.NVML_FI_DEV_C2C_LINK_ERROR_REPLAY_B2B,
    'back_to_back_replay_errors',
    'Error Back-to-Back Replay Count',
    count,
  ),
];

export const c2cPower = linkField(
  nvml.NVML_FI_DEV_C2C_LINK_POWER_STATE,
  'power_state',
  'Power State',
  words({
    [nvml.NVML_C2C_POWER_STATE_FULL_POWER]: 'Full Power',
    [nvml.NVML_C2C_POWER_STATE_LOW_POWER]: 'Low Power',
  }),
);

export interface C2cLink {
  readonly index: number;
  readonly active: boolean;
}

/** GH200 has ten. */
const MOST_LINKS = 64;

/** The C2C links of a GPU; none where it has no such link. */
export function c2cLinksOf(session: Session, gpu: Subject): readonly C2cLink[] {
  const [links] = readValues(session, gpu, [want(field(nvml.NVML_FI_DEV_C2C_LINK_COUNT, 0, 'static'))]);
  if (links === undefined || links instanceof Missing) return [];
  const states = readValues(
    session,
    gpu,
    Array.from({ length: Math.min(Number(links), MOST_LINKS) }, (_, link) =>
      want(field(nvml.NVML_FI_DEV_C2C_LINK_GET_STATUS, link)),
    ),
  );
  return states.map((state, index) => ({
    index,
    active: !(state instanceof Missing) && Number(state) !== 0,
  }));
}
