import { NVML_FI_DEV_MEMORY_TEMP, NVML_TEMPERATURE_GPU } from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetFanSpeed,
  nvmlDeviceGetMarginTemperature,
  nvmlDeviceGetTemperatureV,
} from '../../nvml/generated/entries.js';
import { from, type Row } from '../field.js';
import { celsius, celsiusMargin, percentOfFan } from '../kind.js';
import { field, sample } from '../probe.js';

const gpuTemperature = sample(nvmlDeviceGetTemperatureV, { sensorType: NVML_TEMPERATURE_GPU });
const margin = sample(nvmlDeviceGetMarginTemperature);

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
    since: 525,
    help: 'Thermal margin in degrees C before the GPU slows down.',
    kind: celsiusMargin,
    source: from(margin, 'marginTemperature'),
  },
  {
    id: 131,
    names: ['temperature.memory'],
    help: 'Temperature of the memory in degrees C, on GPUs with HBM.',
    kind: celsius,
    source: from(field(NVML_FI_DEV_MEMORY_TEMP)),
    bare: true,
  },
];

const fanSpeed = sample(nvmlDeviceGetFanSpeed);

export const fan: readonly Row[] = [
  {
    id: 32,
    names: ['fan.speed'],
    help: 'Intended fan speed, in percent of the maximum. A blocked fan does not show here.',
    kind: percentOfFan,
    source: from(fanSpeed, 'value'),
  },
];
