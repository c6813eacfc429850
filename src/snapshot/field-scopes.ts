/** Table: the field ids of nvmlDeviceGetFieldValues, and which of them are asked with a scope. */
import type { FieldId } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';

/** All field ids that the header knows, in order. */
const FIELD_IDS: readonly number[] = [
  ...new Set(
    Object.entries(nvml).flatMap(([name, value]) =>
      /^NVML_FI_(?!MAX$)/.test(name) && typeof value === 'number' ? [value] : [],
    ),
  ),
].sort((a, b) => a - b);

const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The scope is an NVLink. */
const LINK_FIELDS: ReadonlySet<number> = new Set([
  ...range(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX),
  nvml.NVML_FI_DEV_NVLINK_REMOTE_NVLINK_ID,
  ...range(nvml.NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY, nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD),
  ...range(
    nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MAX,
    nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_SUPPORTED,
  ),
  ...range(nvml.NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_0, nvml.NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_15),
  ...range(nvml.NVML_FI_DEV_NVLINK_COUNT_RAW_ERRORS_LANE0, nvml.NVML_FI_DEV_NVLINK_GET_DATA_RATE),
]);

/** The scope is NVML_POWER_SCOPE_*. */
const POWER_FIELDS: ReadonlySet<number> = new Set(
  range(nvml.NVML_FI_DEV_POWER_AVERAGE, nvml.NVML_FI_DEV_POWER_REQUESTED_LIMIT),
);

/** The scope is a C2C link. */
const C2C_FIELDS: ReadonlySet<number> = new Set([
  nvml.NVML_FI_DEV_C2C_LINK_GET_STATUS,
  nvml.NVML_FI_DEV_C2C_LINK_GET_MAX_BW,
  ...range(nvml.NVML_FI_DEV_C2C_LINK_ERROR_INTR, nvml.NVML_FI_DEV_C2C_LINK_POWER_STATE),
]);

/** The scope is a power smoothing profile. */
const PROFILE_FIELDS: ReadonlySet<number> = new Set([
  ...range(
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PERCENT_TMP_FLOOR,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_RAMP_DOWN_HYST_VAL,
  ),
  ...range(
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_SECONDARY_POWER_FLOOR,
    nvml.NVML_FI_PWR_SMOOTHING_PROFILE_PRIMARY_FLOOR_ACT_OFFSET,
  ),
]);

/** The scope is a lane of the PCIe link. */
const LANE_FIELDS: ReadonlySet<number> = new Set([nvml.NVML_FI_DEV_PCIE_COUNT_LANE_ERROR]);

const PCIE_LANES = range(0, 15);
const C2C_LINKS = range(0, 9);
const PROFILES = range(0, nvml.NVML_POWER_SMOOTHING_MAX_NUM_PROFILES - 1);
const POWER_SCOPES = range(nvml.NVML_POWER_SCOPE_GPU, nvml.NVML_POWER_SCOPE_COUNT - 1);

/** What the scope of a field is, in words, and which there are on a machine with these NVLinks. */
interface ScopeKind {
  readonly fields: ReadonlySet<number>;
  readonly words: string;
  scopes(links: readonly number[]): readonly number[];
}

const SCOPE_KINDS: readonly ScopeKind[] = [
  { fields: LINK_FIELDS, words: 'an NVLink', scopes: (links) => links },
  { fields: POWER_FIELDS, words: 'NVML_POWER_SCOPE_*', scopes: () => POWER_SCOPES },
  { fields: C2C_FIELDS, words: 'a C2C link', scopes: () => C2C_LINKS },
  { fields: LANE_FIELDS, words: 'a PCIe lane', scopes: () => PCIE_LANES },
  { fields: PROFILE_FIELDS, words: 'a power smoothing profile', scopes: () => PROFILES },
];

const scopeKindOf = (id: number): ScopeKind | undefined => SCOPE_KINDS.find(({ fields }) => fields.has(id));

/** What the scope of a field is, where it has one. */
export const scopeOf = (id: number): string | undefined => scopeKindOf(id)?.words;

/** Every field without a scope first, then with each scope it can have. */
export function surveyedFields(links: readonly number[]): readonly FieldId[] {
  const scoped = FIELD_IDS.flatMap((id) =>
    (scopeKindOf(id)?.scopes(links) ?? []).flatMap((scope): FieldId[] => (scope === 0 ? [] : [[id, scope]])),
  );
  return [...FIELD_IDS.map((id): FieldId => [id, 0]), ...scoped];
}
