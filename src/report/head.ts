/** What every report begins with. */
import { row } from '../query/report/field.js';
import { cudaVersion, time } from '../query/report/system.js';
import { leaf, type Node } from './node.js';

export const systemHead: readonly Node[] = [
  leaf('Timestamp', 'timestamp', time),
  leaf('Driver Version', 'driver_version', row('driver_version')),
  leaf('CUDA Version', 'cuda_version', cudaVersion),
];
