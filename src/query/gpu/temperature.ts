/** Temperatures of a GPU, and its fan. */
import { call, i32, SUBJECT, struct, u32 } from '../../nvml/call.js';
import {
  NVML_FI_DEV_MEMORY_TEMP,
  NVML_TEMPERATURE_GPU,
  nvmlMarginTemperature_v1,
  nvmlTemperature_v1,
} from '../../nvml/generated/constants.js';
import { nvmlMarginTemperature_v1_t, nvmlTemperature_v1_t } from '../../nvml/generated/layouts.js';
import { celsius, percent } from '../kind.js';
import { field, sample } from '../probe.js';
import { from, type Row } from '../row.js';

const gpuTemperature = sample(
  'GPU temperature',
  call(
    'nvmlDeviceGetTemperatureV',
    SUBJECT,
    struct(nvmlTemperature_v1_t, { version: nvmlTemperature_v1, sensorType: NVML_TEMPERATURE_GPU }),
  ),
  call('nvmlDeviceGetTemperature', SUBJECT, NVML_TEMPERATURE_GPU, i32('temperature')),
);
const margin = sample(
  'temperature margin',
  call(
    'nvmlDeviceGetMarginTemperature',
    SUBJECT,
    struct(nvmlMarginTemperature_v1_t, { version: nvmlMarginTemperature_v1 }),
  ),
);

export const temperature: readonly Row[] = [
  {
    id: 130,
    names: ['temperature.gpu'],
    help: 'Temperature of the GPU core in degrees C.',
    kind: celsius,
    source: from(gpuTemperature, 'temperature'),
  },
  {
    id: 1062,
    names: ['temperature.gpu.tlimit'],
    help: 'Degrees C that are left before the GPU slows down for heat.',
    kind: celsius,
    source: from(margin, 'marginTemperature'),
  },
  {
    id: 131,
    names: ['temperature.memory'],
    help: 'Temperature of the memory in degrees C, where it is HBM.',
    kind: celsius,
    source: from(field(NVML_FI_DEV_MEMORY_TEMP)),
    bare: true,
  },
];

const fanSpeed = sample('fan speed', call('nvmlDeviceGetFanSpeed', SUBJECT, u32()));

export const fan: readonly Row[] = [
  {
    id: 32,
    names: ['fan.speed'],
    help: 'Speed that the fan is told to run at, in percent of its highest. A blocked fan does not show here.',
    kind: percent,
    source: from(fanSpeed, 'value'),
  },
];
