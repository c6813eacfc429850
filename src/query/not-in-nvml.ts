/**
 * Values that nvidia-smi shows and NVML has no function for: nvidia-smi reads them through tables that the library exports
 * to NVIDIA's own programs only (nvmlInternalGetExportTable). None of the answers recorded on an H100 (580.159.04, every
 * reading function of NVML 13.3) holds the base clock, the boost slider or the timeslice that nvidia-smi showed there.
 */
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { type Field, item, type RecordValues } from './field.js';
import { count, type Kind, megahertz, text, words } from './kind.js';
import type { Relation } from './relation.js';

/** The values that nvidia-smi's help lists for the timeslice. */
export const timeslices: Kind = words({ 0: 'Default', 1: 'Short', 2: 'Medium', 3: 'Long' });

const NO_FUNCTION = Missing.of(NVML_ERROR_FUNCTION_NOT_FOUND);

/** A relation with one record of each GPU, whose values are missing; `known` are those that say what the record is. */
const notInNvml = (
  name: string,
  record: string,
  fields: readonly Field[],
  known: RecordValues = {},
): Relation => ({
  name,
  record,
  fields,
  *find(gpu) {
    if (gpu.handle === undefined) return Missing.of(gpu.status);
    const missing = fields.flatMap(({ source }) => ('item' in source ? [[source.item, NO_FUNCTION]] : []));
    return [{ values: { ...Object.fromEntries(missing), ...known } }];
  },
});

const field = (name: string, kind: Kind, help: string): Field => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

export const computePolicies = notInNvml(
  'compute_policies',
  'a compute policy of a GPU',
  [field('policy', text, 'Name of the policy.'), field('value', timeslices, 'Value of the policy.')],
  { policy: 'Timeslice' },
);

export const boostSliders = notInNvml(
  'boost_sliders',
  'a boost slider of a GPU',
  [
    field('slider', text, 'Name of the slider.'),
    field('max', count, 'Maximum value.'),
    field('current', count, 'Current value.'),
  ],
  { slider: 'vboost' },
);

export const baseClocks = notInNvml('base_clocks', 'a GPU and its base clocks', [
  field('clocks.base.graphics', megahertz, 'Graphics clock that the GPU holds under any load.'),
]);

/** Estimates of the power that a GPU would draw: no GPU has them, as nvidia-smi says of an H100 and an H200 (580.159.04). */
export const powerHints: Relation = {
  name: 'power_hints',
  record: 'a GPU that can estimate its power',
  fields: [],
  // biome-ignore lint/correctness/useYield: asks nothing
  *find() {
    return [];
  },
};
