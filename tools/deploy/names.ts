/** Names of metrics by their fields: a rule or a dashboard cannot ask for one that there is not. */
import { families } from '../../src/exporter/dialects/nvsmi.js';
import { healthFamilies } from '../../src/exporter/health-points.js';

export function metric(field: string): string {
  const family = families.get(field);
  if (family === undefined) throw new Error(`no metric of ${field}`);
  return family.name;
}

/** Those that are of no field. */
export const EXPORTER_UP = 'nvsmi_exporter_up';
export const COLLECTION_AGE = 'nvsmi_exporter_collection_age_seconds';
export const GPU_INFO = 'nvsmi_gpu_info';
export const PROCESS_INFO = 'nvsmi_process_info';
export const HEALTH_CHECK = healthFamilies.check.name;
export const HEALTH_STATUS = healthFamilies.worst.name;
