/** Traffic on a GPU's PCIe link. */

import { nvmlDeviceGetPcieThroughput } from '../../nvml/generated/entries.js';
import { type Probe, sample, undisturbed } from '../probe.js';

/**
 * KB/s of one direction (NVML_PCIE_UTIL_*). NVML watches the link for 21 ms (H100), and every other call to the
 * GPU is traffic on it: 30 MB/s were seen instead of 1 MB/s while a report was read (H100), and 1.1 MB/s instead of 0.6
 * while the other direction was watched (H200, 580.159.04).
 */
export const pcieThroughput = (counter: number): Probe =>
  undisturbed(sample(nvmlDeviceGetPcieThroughput, { counter }));
