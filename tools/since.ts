/** Table: with which drivers functions came, as the symbols of their libraries show. */

/** The library of 590.48.01 does not have them, that of 610.57.04 does. A later release of an older driver may have some: 580.159.04 counts remapped rows with version 2. */
const SINCE_610: readonly string[] = [
  'nvmlDeviceGetAccountingStats_v2',
  'nvmlDeviceGetBBXTimeData_v1',
  'nvmlDeviceGetRemappedRows_v2',
  'nvmlDeviceGetVgpuSchedulerLog_v2',
  'nvmlDeviceGetVgpuSchedulerState_v2',
  'nvmlDeviceSetVgpuSchedulerState_v2',
  'nvmlDeviceVgpuForceGspUnload',
  'nvmlGpuInstanceGetVgpuSchedulerLog_v2',
  'nvmlGpuInstanceGetVgpuSchedulerState_v2',
  'nvmlGpuInstanceSetVgpuSchedulerState_v2',
  'nvmlSystemGetCPER_v1',
];

/** What the comment of a function says about it. */
export const sinceText = (name: string): string | undefined =>
  SINCE_610.includes(name) ? 'Driver 610.57.04 has it, 590.48.01 does not.' : undefined;
