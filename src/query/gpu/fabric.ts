import * as nvml from '../../nvml/generated/constants.js';
import { nvmlDeviceGetGpuFabricInfoV } from '../../nvml/generated/entries.js';
import { isNotSupported, NOT_APPLICABLE, statusWords } from '../../nvml/status.js';
import { derive, derived } from '../derive.js';
import { from, type Row, type Source } from '../field.js';
import { count, text, words } from '../kind.js';
import { sample } from '../probe.js';
import type { AnswerView, Pick, Reading } from '../reading.js';

const fabricInfo = sample(nvmlDeviceGetGpuFabricInfoV);

/** A value that means nothing until the GPU has registered: N/A while it is in progress (580.159.04). */
const onceCompleted = (pick: Exclude<Pick, string>): Source =>
  from(fabricInfo, (view) =>
    view.read('state') === nvml.NVML_GPU_FABRIC_STATE_COMPLETED ? pick(view) : NOT_APPLICABLE,
  );

function clusterUuid(view: AnswerView): Reading {
  const length = nvml.NVML_GPU_FABRIC_UUID_LEN;
  const bytes = Array.from({ length }, (_, i) => view.read(`clusterUuid.${i}`));
  return derive(bytes, (...all) =>
    Buffer.from(all)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  );
}

/** The word for zero is "not supported" in all of these. */
const unlessZero = (value: number) => (value === 0 ? NOT_APPLICABLE : value);

/** Something of the health, which the first forms of the struct do not have. */
const health = (path: string, make: (value: number) => Reading): Source =>
  onceCompleted((view) => {
    const reading = derive([view.read(path)], make);
    return isNotSupported(reading) ? NOT_APPLICABLE : reading;
  });

/** Some bits of the health mask. NVML's WIDTH constants are masks. */
const healthBits = (shift: number, mask: number): Source =>
  health('healthMask', (bits) => unlessZero((bits >>> shift) & mask));

const states = words({
  [nvml.NVML_GPU_FABRIC_STATE_NOT_STARTED]: 'Not Started',
  [nvml.NVML_GPU_FABRIC_STATE_IN_PROGRESS]: 'In Progress',
  [nvml.NVML_GPU_FABRIC_STATE_COMPLETED]: 'Completed',
});
const summaries = words({
  [nvml.NVML_GPU_FABRIC_HEALTH_SUMMARY_HEALTHY]: 'Healthy',
  [nvml.NVML_GPU_FABRIC_HEALTH_SUMMARY_UNHEALTHY]: 'Unhealthy',
  [nvml.NVML_GPU_FABRIC_HEALTH_SUMMARY_LIMITED_CAPACITY]: 'Limited Capacity',
});
const bandwidths = words({
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_DEGRADED_BW_TRUE]: 'Degraded',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_DEGRADED_BW_FALSE]: 'Full',
});
/** The same two numbers in all questions of the mask that can be answered so. */
const trueFalse = words({
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_ROUTE_RECOVERY_TRUE]: 'True',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_ROUTE_RECOVERY_FALSE]: 'False',
});
const misconfigurations = words({
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_NONE]: 'None',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_INCORRECT_SYSGUID]: 'Incorrect SysGuid',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_INCORRECT_CHASSIS_SN]: 'Incorrect Chassis SN',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_NO_PARTITION]: 'No Partition',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_INSUFFICIENT_NVLINKS]: 'Insufficient NVLinks',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_INCOMPATIBLE_GPU_FW]: 'Incompatible GPU Firmware',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_INVALID_LOCATION]: 'Invalid Location',
  [nvml.NVML_GPU_FABRIC_HEALTH_MASK_INCORRECT_CONFIGURATION_GPU_STATE_INVALID]: 'GPU State Invalid',
});

export const fabric: readonly Row[] = [
  {
    id: 1094,
    names: ['fabric.state'],
    since: 525,
    help: 'State of the fabric registration of the GPU: Not Started, In Progress, Completed.',
    kind: states,
    source: from(fabricInfo, derived(['state'], unlessZero)),
  },
  {
    id: 1095,
    names: ['fabric.status'],
    since: 525,
    help: 'Status of the completed fabric registration: Success or an error.',
    kind: text,
    source: onceCompleted((view) => derive([view.read('status')], statusWords)),
  },
  {
    id: 1096,
    names: ['fabric.cliqueId'],
    since: 580,
    help: 'Id of the clique: the GPUs of a cluster that can communicate with each other.',
    kind: count,
    source: onceCompleted((view) => view.read('cliqueId')),
  },
  {
    id: 1097,
    names: ['fabric.clusterUuid'],
    since: 580,
    help: 'UUID of the cluster of the GPU. All zeros on a single machine.',
    kind: text,
    source: onceCompleted(clusterUuid),
  },
  {
    id: 1098,
    names: ['fabric.health.summary'],
    since: 580,
    help: 'Health of the fabric as a whole: Healthy, Unhealthy, Limited Capacity.',
    kind: summaries,
    source: health('healthSummary', unlessZero),
  },
  {
    id: 1099,
    names: ['fabric.health.bandwidth'],
    since: 580,
    help: 'Whether the fabric has its Full bandwidth or a Degraded one.',
    kind: bandwidths,
    source: healthBits(
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_SHIFT_DEGRADED_BW,
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_WIDTH_DEGRADED_BW,
    ),
  },
  {
    id: 1100,
    names: ['fabric.health.route_recovery_in_progress'],
    since: 580,
    help: 'Whether routes of the fabric are being repaired.',
    kind: trueFalse,
    source: healthBits(
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_SHIFT_ROUTE_RECOVERY,
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_WIDTH_ROUTE_RECOVERY,
    ),
  },
  {
    id: 1101,
    names: ['fabric.health.route_unhealthy'],
    since: 580,
    help: 'Whether a route of the fabric is broken.',
    kind: trueFalse,
    source: healthBits(
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_SHIFT_ROUTE_UNHEALTHY,
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_WIDTH_ROUTE_UNHEALTHY,
    ),
  },
  {
    id: 1102,
    names: ['fabric.health.access_timeout_recovery'],
    since: 580,
    help: 'Whether the fabric is recovering from access timeouts.',
    kind: trueFalse,
    source: healthBits(
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_SHIFT_ACCESS_TIMEOUT_RECOVERY,
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_WIDTH_ACCESS_TIMEOUT_RECOVERY,
    ),
  },
  {
    id: 1103,
    names: ['fabric.health.incorrect_configuration'],
    since: 580,
    help: 'Fault in the configuration of the fabric, or None.',
    kind: misconfigurations,
    source: healthBits(
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_SHIFT_INCORRECT_CONFIGURATION,
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_WIDTH_INCORRECT_CONFIGURATION,
    ),
  },
  {
    id: 1104,
    names: ['fabric.health.partition_assigned'],
    since: 580,
    gap: [590, 595],
    help: 'Whether the GPU was assigned to a partition of the fabric.',
    kind: trueFalse,
    source: healthBits(
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_SHIFT_PARTITION_ASSIGNED,
      nvml.NVML_GPU_FABRIC_HEALTH_MASK_WIDTH_PARTITION_ASSIGNED,
    ),
  },
];
