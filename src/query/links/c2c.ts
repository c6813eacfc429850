/** Table: the links between CPU and GPU chip (Grace), and what can be asked about each. */
import { MOST_C2C_LINKS } from '../../nvml/counts.js';
import * as nvml from '../../nvml/generated/constants.js';
import { Missing, type Status } from '../../nvml/status.js';
import { type Asking, ask, askAll } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import type { Field } from '../field.js';
import { count, type Kind, words } from '../kind.js';
import { field } from '../probe.js';
import type { Records, Relation } from '../relation.js';
import { gigabytesPerSecond, linkActive, linkField, linkNumber } from './link.js';

const c2cField = (id: number, name: string, label: string, kind: Kind, help: string): Field =>
  linkField(name, label, kind, (link) => ({ probe: field(id, link), pick: 'value' }), help);

export const c2cSpeed = c2cField(
  nvml.NVML_FI_DEV_C2C_LINK_GET_MAX_BW,
  'speed',
  '',
  gigabytesPerSecond,
  'Maximum bandwidth of the link.',
);

/** The last label is one that a public GB200 output shows; the others follow it. */
export const c2cErrors: readonly Field[] = [
  c2cField(
    nvml.NVML_FI_DEV_C2C_LINK_ERROR_INTR,
    'errors.interrupt',
    'Error Interrupt Count',
    count,
    'Error interrupts of the link.',
  ),
  c2cField(
    nvml.NVML_FI_DEV_C2C_LINK_ERROR_REPLAY,
    'errors.replay',
    'Error Replay Count',
    count,
    'Replays of the link.',
  ),
  c2cField(
    nvml.NVML_FI_DEV_C2C_LINK_ERROR_REPLAY_B2B,
    'errors.back_to_back_replay',
    'Error Back-to-Back Replay Count',
    count,
    'Back-to-back replays of the link.',
  ),
];

export const c2cPower = c2cField(
  nvml.NVML_FI_DEV_C2C_LINK_POWER_STATE,
  'power_state',
  'Power State',
  words({
    [nvml.NVML_C2C_POWER_STATE_FULL_POWER]: 'Full Power',
    [nvml.NVML_C2C_POWER_STATE_LOW_POWER]: 'Low Power',
  }),
  'Power state of the link.',
);

/** How NVML says that a GPU has no such links, or the driver does not know of them. */
const NO_LINKS: readonly Status[] = [
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_NOT_FOUND,
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
];

const linkCount = field(nvml.NVML_FI_DEV_C2C_LINK_COUNT, 0, 'static');

function* find(gpu: Subject): Asking<Records> {
  const counted = yield* ask(linkCount, gpu);
  const links = counted.read('value');
  if (links instanceof Missing) return NO_LINKS.includes(links.status) ? [] : counted.refusal();
  if (Number(links) > MOST_C2C_LINKS) return counted.refusal(nvml.NVML_ERROR_UNKNOWN);
  const states = yield* askAll(
    Array.from({ length: Number(links) }, (_, link) => ({
      probe: field(nvml.NVML_FI_DEV_C2C_LINK_GET_STATUS, link),
      subject: gpu,
    })),
  );
  return states.map((state, link) => ({ values: { link, active: state.read('value') } }));
}

export const c2cLinks: Relation = {
  name: 'c2c_links',
  record: 'a link between the CPU and a GPU',
  fields: [linkNumber, linkActive, c2cSpeed, ...c2cErrors, c2cPower],
  find,
};
