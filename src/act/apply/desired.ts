/** What a file for `apply` says: the state that GPUs shall be in. Checked once, where it is read. */
import {
  type Fault,
  type Form,
  form,
  listOf,
  objectOf,
  oneOf,
  optional,
  wholeNumber,
} from '../../base/form.js';

export interface WantedInstance {
  readonly profile: string;
  /** Where it begins; left to the driver where it is left out. */
  readonly start?: number;
}

/** `false` is MIG off; a name such as `all-1g.5gb`; or its GPU instances, each with one compute instance. */
export type MigLayout = false | string | readonly (string | WantedInstance)[];

/** Clocks in MHz, or their defaults. */
export type ClockRange = 'default' | readonly [low: number, high: number];

export interface DesiredGpu {
  /** Index, UUID, PCI bus id or serial number; several; or all. */
  readonly gpu: number | string | readonly (number | string)[];
  readonly persistence_mode?: boolean;
  readonly ecc?: boolean;
  readonly compute_mode?: string;
  readonly accounting_mode?: boolean;
  /** Watts. */
  readonly power_limit?: number;
  readonly gpu_clocks?: ClockRange;
  readonly memory_clocks?: ClockRange;
  readonly applications_clocks?: 'default' | { readonly memory: number; readonly graphics: number };
  /** Degrees Celsius. */
  readonly target_temperature?: number;
  readonly mig?: MigLayout;
}

export interface Desired {
  readonly schema_version: 1;
  readonly gpus: readonly DesiredGpu[];
}

export const COMPUTE_MODES = ['DEFAULT', 'PROHIBITED', 'EXCLUSIVE_PROCESS'] as const;

const CLOCK = wholeNumber(1, 100_000);
const truth = form('true or false', (json) => typeof json === 'boolean');

/** The first form that holds, or the fault of the last. */
const either =
  (...forms: readonly Form[]): Form =>
  (json) => {
    let fault: Fault | undefined;
    for (const each of forms) {
      fault = each(json);
      if (fault === undefined) return undefined;
    }
    return fault;
  };

const name = form('a name', (json) => typeof json === 'string' && json !== '');
const gpuName = either(wholeNumber(0, 255), name);
const pair = form(
  'two clocks, the lower one first, or "default"',
  (json) =>
    json === 'default' ||
    (Array.isArray(json) &&
      json.length === 2 &&
      json.every((each) => CLOCK(each) === undefined) &&
      json[0] <= json[1]),
);

/** Members that a file may have; another is a mistyped one. */
const only =
  (members: Readonly<Record<string, Form>>): Form =>
  (json) => {
    const fault = objectOf(members)(json);
    if (fault !== undefined) return fault;
    const unknown = Object.keys(json as object).find((key) => !Object.hasOwn(members, key));
    return unknown === undefined
      ? undefined
      : { path: [unknown], needed: `one of ${Object.keys(members).join(', ')}`, found: unknown };
  };

const instance = either(name, only({ profile: name, start: optional(wholeNumber(0, 15)) }));

const layout = either(
  form('false, a layout or a list of profiles', (json) => json === false),
  name,
  listOf(instance),
);

export const DESIRED_GPU: Readonly<Record<keyof DesiredGpu, Form>> = {
  gpu: either(gpuName, listOf(gpuName)),
  persistence_mode: optional(truth),
  ecc: optional(truth),
  compute_mode: optional(oneOf(...COMPUTE_MODES)),
  accounting_mode: optional(truth),
  power_limit: optional(
    form('a number of watts', (json) => typeof json === 'number' && Number.isFinite(json) && json > 0),
  ),
  gpu_clocks: optional(pair),
  memory_clocks: optional(pair),
  applications_clocks: optional(
    either(
      form('"default" or memory and graphics', (json) => json === 'default'),
      only({ memory: CLOCK, graphics: CLOCK }),
    ),
  ),
  target_temperature: optional(wholeNumber(0, 200)),
  mig: optional(layout),
};

/** The form of a file. */
export const DESIRED: Form = only({
  schema_version: form('1', (json) => json === 1),
  gpus: listOf(only(DESIRED_GPU)),
});
