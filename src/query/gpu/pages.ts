/** Memory that is no longer used because it went bad: retired pages, and remapped rows on newer GPUs. */

import {
  NVML_FI_DEV_RETIRED_DBE,
  NVML_FI_DEV_RETIRED_PENDING,
  NVML_FI_DEV_RETIRED_SBE,
} from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetRemappedRows_v2,
  nvmlDeviceGetRowRemapperHistogram,
} from '../../nvml/generated/entries.js';
import { COUNTER, from, type Row } from '../field.js';
import { count, yesNo } from '../kind.js';
import { field, sample } from '../probe.js';

export const retiredPages: readonly Row[] = [
  {
    id: 120,
    names: ['retired_pages.single_bit_ecc.count', 'retired_pages.sbe'],
    help: 'Pages retired because of repeated single bit errors.',
    kind: count,
    metric: COUNTER,
    source: from(field(NVML_FI_DEV_RETIRED_SBE)),
  },
  {
    id: 121,
    names: ['retired_pages.double_bit.count', 'retired_pages.dbe'],
    help: 'Pages retired because of a double bit error.',
    kind: count,
    metric: COUNTER,
    source: from(field(NVML_FI_DEV_RETIRED_DBE)),
  },
  {
    id: 122,
    names: ['retired_pages.pending'],
    help: 'Whether a page retirement is pending until the next reboot.',
    kind: yesNo,
    source: from(field(NVML_FI_DEV_RETIRED_PENDING)),
  },
];

/** The older call knows no inactive rows; its outputs have the names of the newer struct. */
const remapped = sample(nvmlDeviceGetRemappedRows_v2);
const histogram = sample(nvmlDeviceGetRowRemapperHistogram);

/** Rows of --query-gpu and of --query-remapped-rows. */
export const remappedRows: readonly Row[] = [
  {
    id: 1051,
    names: ['remapped_rows.correctable', 'remapped_rows.sbe'],
    help: 'Memory rows remapped because of correctable errors.',
    kind: count,
    metric: COUNTER,
    source: from(remapped, 'corrActiveRemaps'),
  },
  {
    id: 1052,
    names: ['remapped_rows.correctable_inactive'],
    gap: [590, 595],
    help: 'Inactive row remappings for correctable errors.',
    kind: count,
    metric: COUNTER,
    source: from(remapped, 'corrInactiveRemaps'),
  },
  {
    id: 1053,
    names: ['remapped_rows.uncorrectable', 'remapped_rows.dbe'],
    help: 'Memory rows remapped because of uncorrectable errors.',
    kind: count,
    metric: COUNTER,
    source: from(remapped, 'uncActiveRemaps'),
  },
  {
    id: 1054,
    names: ['remapped_rows.uncorrectable_inactive'],
    gap: [590, 595],
    help: 'Inactive row remappings for uncorrectable errors.',
    kind: count,
    metric: COUNTER,
    source: from(remapped, 'uncInactiveRemaps'),
  },
  {
    id: 1055,
    names: ['remapped_rows.pending'],
    help: 'Whether a row remapping is pending until the next reset.',
    kind: yesNo,
    source: from(remapped, 'bPending'),
  },
  {
    id: 1056,
    names: ['remapped_rows.failure'],
    help: 'Whether a row remapping has failed, e.g. because no spare row was left.',
    kind: yesNo,
    source: from(remapped, 'bFailureOccurred'),
  },
  {
    id: 1057,
    names: ['remapped_rows.histogram.max'],
    help: 'Memory banks with all their spare rows.',
    kind: count,
    metric: { name: 'remapped_rows.banks.max' },
    source: from(histogram, 'max'),
  },
  {
    id: 1058,
    names: ['remapped_rows.histogram.high'],
    help: 'Memory banks with most of their spare rows.',
    kind: count,
    metric: { name: 'remapped_rows.banks.high' },
    source: from(histogram, 'high'),
  },
  {
    id: 1059,
    names: ['remapped_rows.histogram.partial'],
    help: 'Memory banks with some of their spare rows.',
    kind: count,
    metric: { name: 'remapped_rows.banks.partial' },
    source: from(histogram, 'partial'),
  },
  {
    id: 1060,
    names: ['remapped_rows.histogram.low'],
    help: 'Memory banks with few of their spare rows.',
    kind: count,
    metric: { name: 'remapped_rows.banks.low' },
    source: from(histogram, 'low'),
  },
  {
    id: 1061,
    names: ['remapped_rows.histogram.none'],
    help: 'Memory banks without a spare row.',
    kind: count,
    metric: { name: 'remapped_rows.banks.none' },
    source: from(histogram, 'none'),
  },
];
