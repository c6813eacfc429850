/** What a file for `apply` says: the desired state of GPUs. Checked once, where it is read. */
import {
  called,
  constant,
  described,
  either,
  flag,
  listOf,
  name,
  objectOf,
  oneOf,
  optional,
  pairOf,
  positive,
  wholeNumber,
} from '../../base/checked-shape.js';
import type { ShapeValue } from '../../base/shape.js';

export const COMPUTE_MODES = ['DEFAULT', 'PROHIBITED', 'EXCLUSIVE_PROCESS'] as const;

const CLOCK = wholeNumber(1, 100_000);
const gpuName = [wholeNumber(0, 255), name()] as const;

/** Clocks in MHz, or their defaults. */
const clockRange = described(
  called(
    'two clocks, the lower one first, or "default"',
    either(constant('default', '"default"'), pairOf(CLOCK)),
    (range) => range === 'default' || range[0] <= range[1],
  ),
  'The lower and the higher clock in MHz, or default.',
);

const wantedInstance = objectOf({ profile: name(), start: optional(wholeNumber(0, 15)) });

/** A GPU instance; where it begins is left to the driver where that is left out. */
export type WantedInstance = ShapeValue<typeof wantedInstance>;

const layout = described(
  either(
    constant(false, 'false, a layout or a list of profiles'),
    name(),
    listOf(either(name(), wantedInstance)),
  ),
  'false: MIG off. empty: on, without instances. all-PROFILE: as many instances of the profile as fit. PROFILE: one. A list: these, each with one compute instance.',
);

/** `false` is MIG off; a name such as `all-1g.5gb`; or its GPU instances, each with one compute instance. */
export type MigLayout = ShapeValue<typeof layout>;

const desiredGpu = objectOf({
  gpu: described(
    either(...gpuName, listOf(either(...gpuName))),
    'Index, UUID, PCI bus id or serial number; several of them; or all.',
  ),
  persistence_mode: optional(flag),
  ecc: optional(described(flag, 'Takes effect after a reboot.')),
  compute_mode: optional(oneOf(COMPUTE_MODES)),
  accounting_mode: optional(flag),
  power_limit: optional(described(positive('a number of watts'), 'Watts.')),
  gpu_clocks: optional(clockRange),
  memory_clocks: optional(clockRange),
  applications_clocks: optional(
    either(
      constant('default', '"default" or memory and graphics'),
      objectOf({ memory: CLOCK, graphics: CLOCK }),
    ),
  ),
  target_temperature: optional(described(wholeNumber(0, 200), 'Degrees Celsius.')),
  mig: optional(layout),
});

export type DesiredGpu = ShapeValue<typeof desiredGpu>;

/** A file. */
export const desiredState = objectOf({ schema_version: constant(1, '1'), gpus: listOf(desiredGpu) });

export type Desired = ShapeValue<typeof desiredState>;
