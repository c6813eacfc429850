/** ECC mode and error counts of a GPU. A table: longer than a file of logic. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetMemoryErrorCounter,
  nvmlDeviceGetSramEccErrorStatus,
  nvmlDeviceGetTotalEccErrors,
} from '../../nvml/generated/entries.js';
import type { nvmlEccSramErrorStatus_v1_t } from '../../nvml/generated/layouts.js';
import { COUNTER, from, type Row, type Source } from '../field.js';
import { count, enableState, yesNo } from '../kind.js';
import { field, type Probe, sample } from '../probe.js';

export const eccMode: readonly Row[] = [
  {
    id: 70,
    names: ['ecc.mode.current'],
    help: 'Whether memory errors are detected and corrected.',
    kind: enableState,
    source: from(field(nvml.NVML_FI_DEV_ECC_CURRENT)),
  },
  {
    id: 71,
    names: ['ecc.mode.pending'],
    help: 'ECC mode after the next reboot or reset.',
    kind: enableState,
    source: from(field(nvml.NVML_FI_DEV_ECC_PENDING)),
  },
];

type EccSeverity = 'corrected' | 'uncorrected';
export type EccSpan = 'volatile' | 'aggregate';

const SEVERITY: Readonly<Record<EccSeverity, number>> = {
  corrected: nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED,
  uncorrected: nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
};
const SPAN: Readonly<Record<EccSpan, number>> = {
  volatile: nvml.NVML_VOLATILE_ECC,
  aggregate: nvml.NVML_AGGREGATE_ECC,
};
const SINCE: Readonly<Record<EccSpan, string>> = {
  volatile: 'since the driver was loaded',
  aggregate: 'over the life of the GPU',
};

/** Where errors are counted: NVML's location and how the help calls it. dram is device_memory's newer name. */
const PLACE = {
  device_memory: [nvml.NVML_MEMORY_LOCATION_DEVICE_MEMORY, 'device memory'],
  dram: [nvml.NVML_MEMORY_LOCATION_DRAM, 'DRAM'],
  register_file: [nvml.NVML_MEMORY_LOCATION_REGISTER_FILE, 'the register file'],
  l1_cache: [nvml.NVML_MEMORY_LOCATION_L1_CACHE, 'the L1 cache'],
  l2_cache: [nvml.NVML_MEMORY_LOCATION_L2_CACHE, 'the L2 cache'],
  texture_memory: [nvml.NVML_MEMORY_LOCATION_TEXTURE_MEMORY, 'texture memory'],
  cbu: [nvml.NVML_MEMORY_LOCATION_CBU, 'the control block unit'],
  sram: [nvml.NVML_MEMORY_LOCATION_SRAM, 'SRAM'],
} as const;

const errorsAt = (severity: EccSeverity, span: EccSpan, location: number): Probe =>
  sample(nvmlDeviceGetMemoryErrorCounter, {
    errorType: SEVERITY[severity],
    counterType: SPAN[span],
    locationType: location,
  });

const errorsInAll = (severity: EccSeverity, span: EccSpan): Probe =>
  sample(nvmlDeviceGetTotalEccErrors, { errorType: SEVERITY[severity], counterType: SPAN[span] });

const errors = (
  id: number,
  severity: EccSeverity,
  span: EccSpan,
  place: keyof typeof PLACE | 'total',
): Row => ({
  id,
  names: [`ecc.errors.${severity}.${span}.${place}`],
  ...(place === 'total'
    ? {
        help: `All ${severity} memory errors of the GPU ${SINCE[span]}.`,
        source: from(errorsInAll(severity, span), 'value'),
      }
    : {
        help: `${severity === 'corrected' ? 'Corrected' : 'Uncorrected'} memory errors in ${PLACE[place][1]}, ${SINCE[span]}.`,
        source: from(errorsAt(severity, span, PLACE[place][0]), 'value'),
      }),
  kind: count,
  metric: COUNTER,
});

export const eccErrors: readonly Row[] = [
  errors(80, 'corrected', 'volatile', 'device_memory'),
  errors(1029, 'corrected', 'volatile', 'dram'),
  errors(81, 'corrected', 'volatile', 'register_file'),
  errors(82, 'corrected', 'volatile', 'l1_cache'),
  errors(83, 'corrected', 'volatile', 'l2_cache'),
  errors(84, 'corrected', 'volatile', 'texture_memory'),
  errors(1030, 'corrected', 'volatile', 'cbu'),
  errors(1031, 'corrected', 'volatile', 'sram'),
  errors(85, 'corrected', 'volatile', 'total'),
  errors(90, 'corrected', 'aggregate', 'device_memory'),
  errors(1032, 'corrected', 'aggregate', 'dram'),
  errors(91, 'corrected', 'aggregate', 'register_file'),
  errors(92, 'corrected', 'aggregate', 'l1_cache'),
  errors(93, 'corrected', 'aggregate', 'l2_cache'),
  errors(94, 'corrected', 'aggregate', 'texture_memory'),
  errors(1033, 'corrected', 'aggregate', 'cbu'),
  errors(1034, 'corrected', 'aggregate', 'sram'),
  errors(95, 'corrected', 'aggregate', 'total'),
  errors(100, 'uncorrected', 'volatile', 'device_memory'),
  errors(1035, 'uncorrected', 'volatile', 'dram'),
  errors(101, 'uncorrected', 'volatile', 'register_file'),
  errors(102, 'uncorrected', 'volatile', 'l1_cache'),
  errors(103, 'uncorrected', 'volatile', 'l2_cache'),
  errors(104, 'uncorrected', 'volatile', 'texture_memory'),
  errors(1036, 'uncorrected', 'volatile', 'cbu'),
  errors(1037, 'uncorrected', 'volatile', 'sram'),
  errors(105, 'uncorrected', 'volatile', 'total'),
  errors(110, 'uncorrected', 'aggregate', 'device_memory'),
  errors(1038, 'uncorrected', 'aggregate', 'dram'),
  errors(111, 'uncorrected', 'aggregate', 'register_file'),
  errors(112, 'uncorrected', 'aggregate', 'l1_cache'),
  errors(113, 'uncorrected', 'aggregate', 'l2_cache'),
  errors(114, 'uncorrected', 'aggregate', 'texture_memory'),
  errors(1039, 'uncorrected', 'aggregate', 'cbu'),
  errors(1040, 'uncorrected', 'aggregate', 'sram'),
  errors(115, 'uncorrected', 'aggregate', 'total'),
];

const sramStatus = sample(nvmlDeviceGetSramEccErrorStatus);

const fromSram = (path: keyof typeof nvmlEccSramErrorStatus_v1_t.fields): Source => from(sramStatus, path);

export const eccSram: readonly Row[] = [
  {
    id: 1041,
    names: ['ecc.errors.uncorrected.volatile.sram.parity'],
    help: 'Uncorrected SRAM errors that a parity check found, since the driver was loaded.',
    kind: count,
    metric: COUNTER,
    source: fromSram('volatileUncParity'),
  },
  {
    id: 1042,
    names: ['ecc.errors.uncorrected.volatile.sram.secded'],
    help: 'Uncorrected SRAM errors that SEC-DED codes found, since the driver was loaded.',
    kind: count,
    metric: COUNTER,
    source: fromSram('volatileUncSecDed'),
  },
  {
    id: 1043,
    names: ['ecc.errors.uncorrected.aggregate.sram.parity'],
    help: 'Uncorrected SRAM errors that a parity check found, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncParity'),
  },
  {
    id: 1044,
    names: ['ecc.errors.uncorrected.aggregate.sram.secded'],
    help: 'Uncorrected SRAM errors that SEC-DED codes found, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncSecDed'),
  },
  {
    id: 1045,
    names: ['ecc.errors.uncorrected.aggregate.sram.thresholdExceeded'],
    help: 'Whether the uncorrected SRAM errors exceed the threshold for replacing the GPU.',
    kind: yesNo,
    source: fromSram('bThresholdExceeded'),
  },
  {
    id: 1046,
    names: ['ecc.errors.uncorrected.aggregate.sram.l2'],
    help: 'Uncorrected SRAM errors in the L2 cache, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncBucketL2'),
  },
  {
    id: 1047,
    names: ['ecc.errors.uncorrected.aggregate.sram.sm'],
    help: 'Uncorrected SRAM errors in the streaming multiprocessors, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncBucketSm'),
  },
  {
    id: 1048,
    names: ['ecc.errors.uncorrected.aggregate.sram.mcu'],
    help: 'Uncorrected SRAM errors in the microcontrollers, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncBucketMcu'),
  },
  {
    id: 1049,
    names: ['ecc.errors.uncorrected.aggregate.sram.pcie'],
    help: 'Uncorrected SRAM errors in the PCIe unit, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncBucketPcie'),
  },
  {
    id: 1050,
    names: ['ecc.errors.uncorrected.aggregate.sram.other'],
    help: 'Uncorrected SRAM errors in all other units, over the life of the GPU.',
    kind: count,
    metric: COUNTER,
    source: fromSram('aggregateUncBucketOther'),
  },
];
