/**
 * The functions of NVML as promises, each under its own name: the call runs on a worker thread, while the program
 * continues. Worthwhile for calls that wait (PCIe throughput: 21 ms, infoROM checksum: 69 ms on an H100),
 * and for setters; most others answer in microseconds.
 *
 * With `{ timeout, signal }` as the last argument another process makes the call, and an unresponsive driver blocks
 * neither other calls nor the exit of the program. Open NVML with `nvsmi/nvml`, or here: `await nvmlInit({ timeout: 2000 })`.
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
