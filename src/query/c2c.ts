/** Table: the links between CPU and GPU chip (Grace), and what can be asked about each. */
import { MOST_C2C_LINKS } from '../nvml/counts.js';
import * as nvml from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import { Missing, type Status } from '../nvml/status.js';
import { want } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { count, type Kind, words } from './kind.js';
import { gigabytesPerSecond, type Link, type LinkField } from './nvlink.js';
import { field } from './probe.js';
import { readValues } from './read.js';

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

/** How NVML says that a GPU has no such links, or the driver does not know of them. */
const NO_LINKS: readonly Status[] = [
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_NOT_FOUND,
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
];

/** The C2C links of a GPU; none where it has no such link. */
export function c2cLinksOf(session: Session, gpu: Subject): readonly Link[] | Missing {
  const [links] = readValues(session, gpu, [want(field(nvml.NVML_FI_DEV_C2C_LINK_COUNT, 0, 'static'))]);
  if (links === undefined) return [];
  if (links instanceof Missing) return NO_LINKS.includes(links.status) ? [] : links;
  if (Number(links) > MOST_C2C_LINKS) return Missing.of(nvml.NVML_ERROR_UNKNOWN);
  const states = readValues(
    session,
    gpu,
    Array.from({ length: Number(links) }, (_, link) =>
      want(field(nvml.NVML_FI_DEV_C2C_LINK_GET_STATUS, link)),
    ),
  );
  return states.map((active, index) => ({ index, active }));
}
