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
import { count, yesNo } from '../kind.js';
import { field, sample } from '../probe.js';
import { from, type Row } from '../row.js';

export const retiredPages: readonly Row[] = [
  {
    id: 120,
    names: ['retired_pages.single_bit_ecc.count', 'retired_pages.sbe'],
    help: 'Pages that were retired because of repeated single bit errors.',
    kind: count,
    source: from(field(NVML_FI_DEV_RETIRED_SBE)),
  },
  {
    id: 121,
    names: ['retired_pages.double_bit.count', 'retired_pages.dbe'],
    help: 'Pages that were retired because of a double bit error.',
    kind: count,
    source: from(field(NVML_FI_DEV_RETIRED_DBE)),
  },
  {
    id: 122,
    names: ['retired_pages.pending'],
    help: 'Whether a page waits for the next reboot to be retired.',
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
    help: 'Memory rows that were replaced by spare ones because of correctable errors.',
    kind: count,
    source: from(remapped, 'corrActiveRemaps'),
  },
  {
    id: 1052,
    names: ['remapped_rows.correctable_inactive'],
    help: 'Replacements for correctable errors that are recorded but not in use.',
    kind: count,
    source: from(remapped, 'corrInactiveRemaps'),
  },
  {
    id: 1053,
    names: ['remapped_rows.uncorrectable', 'remapped_rows.dbe'],
    help: 'Memory rows that were replaced by spare ones because of uncorrectable errors.',
    kind: count,
    source: from(remapped, 'uncActiveRemaps'),
  },
  {
    id: 1054,
    names: ['remapped_rows.uncorrectable_inactive'],
    help: 'Replacements for uncorrectable errors that are recorded but not in use.',
    kind: count,
    source: from(remapped, 'uncInactiveRemaps'),
  },
  {
    id: 1055,
    names: ['remapped_rows.pending'],
    help: 'Whether a row waits for a reset of the GPU to be replaced.',
    kind: yesNo,
    source: from(remapped, 'bPending'),
  },
  {
    id: 1056,
    names: ['remapped_rows.failure'],
    help: 'Whether a row could not be replaced, e.g. because no spare row was left.',
    kind: yesNo,
    source: from(remapped, 'bFailureOccurred'),
  },
  {
    id: 1057,
    names: ['remapped_rows.histogram.max'],
    help: 'Memory banks that have all their spare rows.',
    kind: count,
    source: from(histogram, 'max'),
  },
  {
    id: 1058,
    names: ['remapped_rows.histogram.high'],
    help: 'Memory banks that have most of their spare rows.',
    kind: count,
    source: from(histogram, 'high'),
  },
  {
    id: 1059,
    names: ['remapped_rows.histogram.partial'],
    help: 'Memory banks that have some of their spare rows.',
    kind: count,
    source: from(histogram, 'partial'),
  },
  {
    id: 1060,
    names: ['remapped_rows.histogram.low'],
    help: 'Memory banks that have few of their spare rows.',
    kind: count,
    source: from(histogram, 'low'),
  },
  {
    id: 1061,
    names: ['remapped_rows.histogram.none'],
    help: 'Memory banks that have no spare row left.',
    kind: count,
    source: from(histogram, 'none'),
  },
];
