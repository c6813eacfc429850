/**
 * The functions of NVML as promises, each under its own name: the call runs on a worker thread, while the program
 * continues. Worth it for calls that wait (PCIe throughput: 21 ms, inforom checksum: 69 ms on an H100),
 * and for setters; most others answer in microseconds. Open the library with `nvsmi/nvml`.
 */
export * from './nvml/generated/api-promises.js';
