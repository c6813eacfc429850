/** What every report begins with. */
import { row } from '../query/report/field.js';
import { cudaVersion, deprecated, time } from '../query/report/system.js';
import { leaf, type Node } from './node.js';

export const systemHead: readonly Node[] = [
  leaf('Timestamp', 'timestamp', time),
  leaf('Driver Version', 'driver_version', row('driver_version'), { until: 610 }),
  leaf('CUDA Version', 'cuda_version', cudaVersion, { until: 610 }),
  leaf('Driver Version', 'driver_version', deprecated(row('driver_version'), 'KMD Version'), { since: 610 }),
  leaf('CUDA Version', 'cuda_version', deprecated(cudaVersion, 'CUDA UMD Version'), { since: 610 }),
  leaf('KMD Version', 'kmd_version', row('driver_version'), { since: 610 }),
  leaf('CUDA UMD Version', 'cuda_umd_version', cudaVersion, { since: 610 }),
];
