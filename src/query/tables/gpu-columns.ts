/** The columns that identify the GPU of a record, the same in all tables but --query-gpu. */

import { own, type Row } from '../field.js';
import { nameOfGpu, serialOfGpu, uuidOfGpu } from '../gpu/identity.js';
import { busIdOfGpu } from '../gpu/pci.js';
import { text, timestamp } from '../kind.js';

export const gpuColumns: readonly Row[] = [
  {
    id: 2000,
    names: ['timestamp'],
    help: 'When the values were read, in local time.',
    kind: timestamp,
    source: own('timestamp'),
  },
  { id: 2001, names: ['gpu_name'], help: 'Product name of the GPU.', kind: text, source: nameOfGpu },
  {
    id: 2002,
    names: ['gpu_bus_id'],
    help: 'PCI address of the GPU, as domain:bus:device.function in hexadecimal.',
    kind: text,
    source: busIdOfGpu,
  },
  {
    id: 2003,
    names: ['gpu_serial'],
    help: 'Serial number printed on the board.',
    kind: text,
    source: serialOfGpu,
  },
  {
    id: 2004,
    names: ['gpu_uuid'],
    help: 'Globally unique identifier of the GPU.',
    kind: text,
    source: uuidOfGpu,
  },
];
