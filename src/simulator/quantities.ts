/** Table: what NVML answers in several places. A field that is set in one of them is set in all, whichever a program asks. */
import { own } from '../base/form.js';
import {
  NVML_DEC_UTILIZATION_SAMPLES,
  NVML_ENC_UTILIZATION_SAMPLES,
  NVML_FI_DEV_ECC_CURRENT,
  NVML_FI_DEV_POWER_AVERAGE,
  NVML_FI_DEV_POWER_INSTANT,
  NVML_GPU_UTILIZATION_SAMPLES,
  NVML_MEMORY_CLK_SAMPLES,
  NVML_MEMORY_UTILIZATION_SAMPLES,
  NVML_PROCESSOR_CLK_SAMPLES,
  NVML_TOTAL_POWER_SAMPLES,
} from '../nvml/generated/constants.js';
import { isRefusal } from '../snapshot/answer-status.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { type AnswerPlace, type AnswerValue, SAMPLES, valueAt, withValue } from './place.js';

/** A place without its GPU: the function, what follows the GPU in the key, and the path. */
type Spot = readonly [fn: string, rest: string, ...path: readonly (string | number)[]];

const samples = (type: number): Spot => [
  'nvmlDeviceGetSamples',
  `,${type},0`,
  1,
  SAMPLES,
  'sampleValue',
  SAMPLES,
];
const clock = (type: number): readonly Spot[] => [
  ['nvmlDeviceGetClockInfo', `,${type}`],
  ['nvmlDeviceGetClock', `,${type},0`],
];
const busy = (domain: number): Spot => [
  'nvmlDeviceGetDynamicPstatesInfo',
  '',
  'utilization',
  domain,
  'percentage',
];

const QUANTITIES: readonly (readonly Spot[])[] = [
  [['nvmlDeviceGetUtilizationRates', '', 'gpu'], busy(0), samples(NVML_GPU_UTILIZATION_SAMPLES)],
  [['nvmlDeviceGetUtilizationRates', '', 'memory'], busy(1), samples(NVML_MEMORY_UTILIZATION_SAMPLES)],
  [['nvmlDeviceGetEncoderUtilization', '', 0], samples(NVML_ENC_UTILIZATION_SAMPLES)],
  [['nvmlDeviceGetDecoderUtilization', '', 0], samples(NVML_DEC_UTILIZATION_SAMPLES)],
  [
    ['nvmlDeviceGetPowerUsage', ''],
    ['nvmlDeviceGetFieldValues', `,${NVML_FI_DEV_POWER_AVERAGE}`, 'value'],
    ['nvmlDeviceGetFieldValues', `,${NVML_FI_DEV_POWER_INSTANT}`, 'value'],
    samples(NVML_TOTAL_POWER_SAMPLES),
  ],
  [
    ['nvmlDeviceGetTemperature', ',0'],
    ['nvmlDeviceGetTemperatureV', ',sensorType=0', 'temperature'],
    ['nvmlDeviceGetThermalSettings', ',0', 'sensor', 0, 'currentTemp'],
    ['nvmlDeviceGetThermalSettings', ',15', 'sensor', 0, 'currentTemp'],
  ],
  [
    ['nvmlDeviceGetEccMode', '', 0],
    ['nvmlDeviceGetFieldValues', `,${NVML_FI_DEV_ECC_CURRENT}`, 'value'],
  ],
  clock(0),
  [...clock(1), samples(NVML_PROCESSOR_CLK_SAMPLES)],
  [...clock(2), samples(NVML_MEMORY_CLK_SAMPLES)],
  clock(3),
  [
    ['nvmlDeviceGetFanSpeed', ''],
    ['nvmlDeviceGetFanSpeed_v2', ',0'],
  ],
];

const placeOf = (gpu: string, [fn, rest, ...path]: Spot): AnswerPlace => ({ fn, key: `${gpu}${rest}`, path });

const isSame = (one: AnswerPlace, other: AnswerPlace): boolean =>
  one.fn === other.fn && one.key === other.key && one.path.join() === other.path.join();

/** The recording with a value in a place of a GPU, and in all that answer the same. What was refused there stays refused. */
export function withQuantity(
  snapshot: Snapshot,
  gpu: string,
  place: AnswerPlace,
  value: AnswerValue,
): Snapshot {
  const same = QUANTITIES.map((spots) => spots.map((spot) => placeOf(gpu, spot))).find((places) =>
    places.some((one) => isSame(one, place)),
  );
  const others = (same ?? []).filter(({ fn, key }) => {
    const answer = own(own(snapshot.calls, fn) ?? {}, key);
    return answer !== undefined && !isRefusal(answer);
  });
  const set = [place, ...others].reduce((before, one) => withValue(before, one, value), snapshot);
  return place.fn.startsWith(MEMORY) ? withWholeMemory(set, gpu) : set;
}

const MEMORY = 'nvmlDeviceGetMemoryInfo';

/**
 * What is used, free and reserved is the total, and the older function counts what is reserved as used. What is free follows:
 * of it alone nothing else can be known.
 */
function withWholeMemory(snapshot: Snapshot, gpu: string): Snapshot {
  const at = (version: string, name: string): AnswerPlace => ({
    fn: `${MEMORY}${version}`,
    key: gpu,
    path: [name],
  });
  const [total, reserved, used] = ['total', 'reserved', 'used'].map((name) =>
    Number(valueAt(snapshot.calls, at('_v2', name))),
  ) as [number, number, number];
  if (Number.isNaN(total + reserved + used)) return snapshot;
  const free = Math.max(0, total - reserved - used);
  const rows: readonly (readonly [AnswerPlace, number])[] = [
    [at('_v2', 'free'), free],
    [at('', 'total'), total],
    [at('', 'free'), free],
    [at('', 'used'), used + reserved],
  ];
  return rows.reduce((before, [place, value]) => withValue(before, place, value), snapshot);
}
