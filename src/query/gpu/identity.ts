/** Who a GPU is: name, serial, UUID, its place among the others, the host it is said to be in. */

import {
  nvmlDeviceGetHostname_v1,
  nvmlDeviceGetName,
  nvmlDeviceGetSerial,
  nvmlDeviceGetUUID,
  nvmlSystemGetDriverVersion,
} from '../../nvml/generated/entries.js';
import { from, own, type Row } from '../field.js';
import { count, text, timestamp } from '../kind.js';
import { fixed, sample } from '../probe.js';

const driverVersion = fixed(nvmlSystemGetDriverVersion);
const name = fixed(nvmlDeviceGetName);
const serial = fixed(nvmlDeviceGetSerial);
const uuid = fixed(nvmlDeviceGetUUID);
const hostName = sample(nvmlDeviceGetHostname_v1);

/** Read by the columns of the other tables too. */
export const nameOfGpu = from(name);
export const serialOfGpu = from(serial);
export const uuidOfGpu = from(uuid);

export const occasion: readonly Row[] = [
  {
    id: 1,
    names: ['timestamp'],
    help: 'When the values were read, in local time.',
    jsonHelp: 'When the values were read: ISO 8601, in UTC.',
    kind: timestamp,
    source: own('timestamp'),
  },
  {
    id: 2,
    names: ['driver_version'],
    help: 'Version of the installed NVIDIA driver.',
    kind: text,
    source: from(driverVersion),
  },
  {
    id: 1140,
    names: ['kmd_version'],
    since: 595,
    help: 'Version of the kernel module of the driver.',
    kind: text,
    source: from(driverVersion),
  },
];

export const identity: readonly Row[] = [
  {
    id: 3,
    names: ['count'],
    help: 'Number of NVIDIA GPUs in the system.',
    kind: count,
    metric: null,
    source: own('count'),
  },
  {
    id: 4,
    names: ['name', 'gpu_name'],
    help: 'Product name of the GPU.',
    kind: text,
    source: nameOfGpu,
  },
  {
    id: 5,
    names: ['serial', 'gpu_serial'],
    help: 'Serial number printed on the board.',
    kind: text,
    source: serialOfGpu,
  },
  {
    id: 6,
    names: ['uuid', 'gpu_uuid'],
    help: 'Globally unique identifier of the GPU. Unlike the index it never changes.',
    kind: text,
    source: uuidOfGpu,
  },
];

export const position: readonly Row[] = [
  {
    id: 17,
    names: ['index'],
    help: 'Index of the GPU, from 0. It may change with a reboot or a new driver; UUIDs do not.',
    kind: count,
    metric: null,
    source: own('index'),
  },
];

export const hostname: readonly Row[] = [
  {
    id: 1112,
    names: ['hostname'],
    help: 'Host name that was assigned to the GPU by its administrator.',
    kind: text,
    source: from(hostName, 'value'),
  },
];
