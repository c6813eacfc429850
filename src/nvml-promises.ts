/**
 * The functions of NVML as promises, each under its own name: the call runs on a worker thread, while the program
 * continues. Worth it for calls that wait (PCIe throughput: 21 ms, inforom checksum: 69 ms on an H100),
 * and for setters; most others answer in microseconds.
 *
 * With `{ timeout, signal }` as the last argument another process makes the call, and a driver that does not answer holds up
 * neither other calls nor the end of the program. NVML is opened with `nvsmi/nvml`, or here: `await nvmlInit({ timeout: 2000 })`.
 */
export {
  nvmlInit,
  nvmlInit_v2,
  nvmlInitWithFlags,
  nvmlShutdown,
  type TimedOpenOptions,
} from './nvml/functions/lifetime-promises.js';
export type { CallOptions } from './nvml/functions/limits.js';
export * from './nvml/generated/api-promises.js';
