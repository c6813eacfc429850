/** Power that a GPU, and the module that it is a part of, draws and may draw. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetEnforcedPowerLimit,
  nvmlDeviceGetPowerManagementDefaultLimit,
  nvmlDeviceGetPowerManagementLimit,
  nvmlDeviceGetPowerManagementLimitConstraints,
  nvmlDeviceGetPowerManagementMode,
  nvmlDeviceGetPowerUsage,
} from '../../nvml/generated/entries.js';
import { from, type Row, spanned } from '../field.js';
import { enableState, type Kind, watts } from '../kind.js';
import { field, fixed, type Lifetime, sample } from '../probe.js';

const management = fixed(nvmlDeviceGetPowerManagementMode);
/** Averaged over a second from Ampere on, momentary on GA100 (nvml.h) and before, as power.draw is (H100 and RTX 2080 SUPER). */
const draw = sample(nvmlDeviceGetPowerUsage);
const limit = sample(nvmlDeviceGetPowerManagementLimit);
const enforced = sample(nvmlDeviceGetEnforcedPowerLimit);
const defaultLimit = fixed(nvmlDeviceGetPowerManagementDefaultLimit);
const constraints = fixed(nvmlDeviceGetPowerManagementLimitConstraints);

export const power: readonly Row[] = [
  {
    id: 140,
    names: ['power.management'],
    help: 'Whether power management is enabled.',
    kind: enableState,
    source: from(management, 'value'),
  },
  {
    id: 141,
    names: ['power.draw'],
    help: 'Power draw of the board: averaged over one second from Ampere on, instantaneous on the A100 and older GPUs.',
    kind: watts,
    source: from(draw, 'value'),
  },
  {
    id: 1063,
    names: ['power.draw.average', 'gpu.power.draw.average'],
    past: [{ until: 580, names: ['power.draw.average'] }],
    since: 525,
    help: 'Power draw of the board, averaged over one second.',
    kind: watts,
    source: from(field(nvml.NVML_FI_DEV_POWER_AVERAGE)),
  },
  {
    id: 1064,
    names: ['power.draw.instant', 'gpu.power.draw.instant'],
    past: [{ until: 580, names: ['power.draw.instant'] }],
    since: 525,
    help: 'Instantaneous power draw of the board.',
    kind: watts,
    source: from(field(nvml.NVML_FI_DEV_POWER_INSTANT)),
  },
  {
    id: 142,
    names: ['power.limit', 'gpu.power.requested_limit'],
    past: [{ until: 580, names: ['power.limit'] }],
    help: 'Requested power limit, e.g. with -pl.',
    kind: watts,
    source: from(limit, 'value'),
  },
  {
    id: 143,
    names: ['enforced.power.limit', 'gpu.power.current_limit'],
    past: [{ until: 580, names: ['enforced.power.limit'] }],
    help: 'Enforced power limit: the lowest of all limits of the GPU.',
    kind: watts,
    source: from(enforced, 'value'),
  },
  {
    id: 144,
    names: ['power.default_limit', 'gpu.power.default_limit'],
    past: [{ until: 580, names: ['power.default_limit'] }],
    help: 'Default power limit.',
    kind: watts,
    source: from(defaultLimit, 'value'),
  },
  {
    id: 145,
    names: ['power.min_limit', 'gpu.power.min_limit'],
    past: [{ until: 580, names: ['power.min_limit'] }],
    help: 'Minimum configurable power limit.',
    kind: watts,
    source: from(constraints, 'minLimit'),
  },
  {
    id: 146,
    names: ['power.max_limit', 'gpu.power.max_limit'],
    past: [{ until: 580, names: ['power.max_limit'] }],
    help: 'Maximum configurable power limit.',
    kind: watts,
    source: from(constraints, 'maxLimit'),
  },
];

/** A power field of the whole module (GPU with CPU and memory) instead of the GPU's. */
const ofModule = (id: number, lifetime: Lifetime = 'sample') =>
  from(field(id, nvml.NVML_POWER_SCOPE_MODULE, lifetime));

export const modulePower: readonly Row[] = [
  {
    id: 1065,
    names: ['module.power.draw.average'],
    help: 'Power draw of the module of GPU and CPU, averaged over one second.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_AVERAGE),
  },
  {
    id: 1066,
    names: ['module.power.draw.instant'],
    help: 'Instantaneous power draw of the module.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_INSTANT),
  },
  {
    id: 1067,
    names: ['module.power.limit', 'module.power.requested_limit'],
    help: 'Requested power limit of the module.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT),
  },
  {
    id: 1068,
    names: ['module.enforced.power.limit', 'module.power.current_limit'],
    help: 'Enforced power limit of the module.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_CURRENT_LIMIT),
  },
  {
    id: 1069,
    names: ['module.power.default_limit'],
    help: 'Default power limit of the module.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT, 'static'),
  },
  {
    id: 1070,
    names: ['module.power.min_limit'],
    help: 'Minimum configurable power limit of the module.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_MIN_LIMIT, 'static'),
  },
  {
    id: 1071,
    names: ['module.power.max_limit'],
    help: 'Maximum configurable power limit of the module.',
    kind: watts,
    source: ofModule(nvml.NVML_FI_DEV_POWER_MAX_LIMIT, 'static'),
  },
];

/** The base power of a GPU, a scope of its own since 610. */
const ofBase = (id: number, lifetime: Lifetime = 'sample') =>
  from(field(id, nvml.NVML_POWER_SCOPE_GPU_BASE, lifetime));

export const basePower: readonly Row[] = spanned({ since: 610 }, [
  {
    id: 1134,
    names: ['gpu.base.current'],
    help: 'Current base power.',
    kind: watts,
    source: ofBase(nvml.NVML_FI_DEV_POWER_CURRENT_LIMIT),
  },
  {
    id: 1135,
    names: ['gpu.base.requested'],
    help: 'Requested base power.',
    kind: watts,
    source: ofBase(nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT),
  },
  {
    id: 1136,
    names: ['gpu.base.default'],
    help: 'Default base power.',
    kind: watts,
    source: ofBase(nvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT, 'static'),
  },
  {
    id: 1137,
    names: ['gpu.base.min'],
    help: 'Minimum configurable base power.',
    kind: watts,
    source: ofBase(nvml.NVML_FI_DEV_POWER_MIN_LIMIT, 'static'),
  },
  {
    id: 1138,
    names: ['gpu.base.max'],
    help: 'Maximum configurable base power.',
    kind: watts,
    source: ofBase(nvml.NVML_FI_DEV_POWER_MAX_LIMIT, 'static'),
  },
]);

/** `100.00 %` in CSV (H100 and H200, 590.48.01). */
const hundredths: Kind = { csvUnit: '%', spell: (value) => Number(value).toFixed(2), json: Number };

/** `100.00%` in `-q`. */
export const gluedPercent: Kind = { ...hundredths, spell: (value) => `${hundredths.spell(value)}%` };

export const edpp: readonly Row[] = [
  {
    id: 1139,
    names: ['edpp_multiplier'],
    since: 590,
    help: 'Multiplier of the peak power (EDPp) that the GPU may briefly draw.',
    kind: hundredths,
    source: from(field(nvml.NVML_FI_DEV_EDPP_MULTIPLIER)),
  },
];
