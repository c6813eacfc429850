/** How busy the engines of a GPU were lately, and what its encoder does. */

import {
  nvmlDeviceGetDecoderUtilization,
  nvmlDeviceGetEncoderStats,
  nvmlDeviceGetEncoderUtilization,
  nvmlDeviceGetJpgUtilization,
  nvmlDeviceGetOfaUtilization,
  nvmlDeviceGetUtilizationRates,
} from '../../nvml/generated/entries.js';
import { from, type Row } from '../field.js';
import { count, percent } from '../kind.js';
import { sample } from '../probe.js';

/** Of nvmlDeviceGetUtilizationRates, as nvml.h says. */
const OF_RATES = '1/6 s to 1 s, by GPU';
/** NVML answers with it: 100000 us (H100 and H200, 580.159.04). */
const OF_ENGINES = '0.1 s on an H100 and an H200';

const rates = sample(nvmlDeviceGetUtilizationRates);
export const utilization: readonly Row[] = [
  {
    id: 60,
    names: ['utilization.gpu'],
    help: 'Share of the last sampling period in which at least one kernel ran.',
    period: OF_RATES,
    kind: percent,
    source: from(rates, 'gpu'),
  },
  {
    id: 61,
    names: ['utilization.memory'],
    help: 'Share of the last sampling period in which the memory of the GPU was read or written.',
    period: OF_RATES,
    kind: percent,
    source: from(rates, 'memory'),
  },
  {
    id: 62,
    names: ['utilization.encoder'],
    since: 535,
    help: 'Share of the last sampling period in which the video encoders were busy.',
    period: OF_ENGINES,
    kind: percent,
    source: from(sample(nvmlDeviceGetEncoderUtilization), 'utilization'),
  },
  {
    id: 63,
    names: ['utilization.decoder'],
    since: 535,
    help: 'Share of the last sampling period in which the video decoders were busy.',
    period: OF_ENGINES,
    kind: percent,
    source: from(sample(nvmlDeviceGetDecoderUtilization), 'utilization'),
  },
  {
    id: 1025,
    names: ['utilization.jpeg'],
    since: 535,
    help: 'Share of the last sampling period in which the JPEG decoders were busy.',
    period: OF_ENGINES,
    kind: percent,
    source: from(sample(nvmlDeviceGetJpgUtilization), 'utilization'),
  },
  {
    id: 1026,
    names: ['utilization.ofa'],
    since: 535,
    help: 'Share of the last sampling period in which the optical flow accelerator (OFA) was busy.',
    period: OF_ENGINES,
    kind: percent,
    source: from(sample(nvmlDeviceGetOfaUtilization), 'utilization'),
  },
];

const encoderStats = sample(nvmlDeviceGetEncoderStats);

export const encoder: readonly Row[] = [
  {
    id: 260,
    names: ['encoder.stats.sessionCount'],
    help: 'Number of encoder sessions on the GPU.',
    kind: count,
    metric: { name: 'encoder.stats.sessions' },
    source: from(encoderStats, 'sessionCount'),
  },
  {
    id: 261,
    names: ['encoder.stats.averageFps'],
    help: 'Frames per second, averaged over all encoder sessions.',
    kind: count,
    source: from(encoderStats, 'averageFps'),
  },
  {
    id: 262,
    names: ['encoder.stats.averageLatency'],
    help: 'Encode latency in microseconds, averaged over all encoder sessions.',
    kind: count,
    metric: { base: { unit: 'seconds', per: 1e6 } },
    source: from(encoderStats, 'averageLatency'),
  },
];
