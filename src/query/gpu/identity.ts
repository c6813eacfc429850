/** Who a GPU is: name, serial, UUID, its place among the others, the host it is said to be in. */
import { call, SUBJECT, struct, text as textOut } from '../../nvml/call.js';
import {
  NVML_DEVICE_NAME_V2_BUFFER_SIZE,
  NVML_DEVICE_SERIAL_BUFFER_SIZE,
  NVML_DEVICE_UUID_V2_BUFFER_SIZE,
  NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE,
} from '../../nvml/generated/constants.js';
import { nvmlHostname_v1_t } from '../../nvml/generated/layouts.js';
import { count, text, timestamp } from '../kind.js';
import { fixed, sample } from '../probe.js';
import { from, own, type Row } from '../row.js';

const driverVersion = fixed(
  'driver version',
  call('nvmlSystemGetDriverVersion', textOut(NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE)),
);
const name = fixed('name', call('nvmlDeviceGetName', SUBJECT, textOut(NVML_DEVICE_NAME_V2_BUFFER_SIZE)));
const serial = fixed('serial', call('nvmlDeviceGetSerial', SUBJECT, textOut(NVML_DEVICE_SERIAL_BUFFER_SIZE)));
const uuid = fixed('uuid', call('nvmlDeviceGetUUID', SUBJECT, textOut(NVML_DEVICE_UUID_V2_BUFFER_SIZE)));
const hostName = sample('hostname', call('nvmlDeviceGetHostname_v1', SUBJECT, struct(nvmlHostname_v1_t)));

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
];

export const identity: readonly Row[] = [
  {
    id: 3,
    names: ['count'],
    help: 'How many NVIDIA GPUs the system has.',
    kind: count,
    source: own('count'),
  },
  {
    id: 4,
    names: ['name', 'gpu_name'],
    help: 'Product name of the GPU, as the vendor gave it.',
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
    help: 'Globally unique identifier of the GPU. It stays with the GPU, unlike its index.',
    kind: text,
    source: uuidOfGpu,
  },
];

export const position: readonly Row[] = [
  {
    id: 17,
    names: ['index'],
    help: 'Number of the GPU, from 0. It may change with a reboot or a new driver; UUIDs and bus ids are steadier.',
    kind: count,
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
