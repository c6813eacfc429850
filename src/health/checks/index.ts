/** All health checks, in the order in which they are shown. */
import type { HealthCheck } from '../check.js';
import { identityChecks } from './identity.js';
import { linkChecks } from './links.js';
import { loadChecks } from './load.js';
import { machineChecks } from './machine.js';
import { memoryChecks } from './memory.js';
import { processChecks } from './processes.js';

export const healthChecks: readonly HealthCheck[] = [
  ...machineChecks,
  ...identityChecks,
  ...memoryChecks,
  ...linkChecks,
  ...loadChecks,
  ...processChecks,
];

/** Readings that grow, of which the state file keeps the last. */
export const COUNTERS: readonly string[] = [
  'ecc.errors.corrected.volatile.total',
  'ecc.errors.uncorrected.volatile.total',
  'remapped_rows.uncorrectable',
  'remapped_rows.correctable',
  'retired_pages.single_bit_ecc.count',
  'retired_pages.double_bit.count',
  'pcie.replay_counter',
  'nvlink.errors.replay',
  'nvlink.errors.recovery',
  'nvlink.errors.crc',
  'nvlink.errors.rx',
  'clocks_event_reasons_counters.hw_thermal_slowdown',
  'clocks_event_reasons_counters.sw_thermal_slowdown',
  'clocks_event_reasons_counters.hw_power_brake_slowdown',
];
