/** A sample as JSON: what the view shows, under the names that the other commands use. */

import type { Part } from '../format/document.js';
import { NVML_ERROR_GPU_IS_LOST } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count, mebibytes, text, timestamp } from '../query/kind.js';
import { METRIC_KINDS, type Metric } from '../watch/gpu-metrics.js';
import { processCells } from '../watch/process-columns.js';
import type { GpuSample, WatchSample } from '../watch/sample.js';

const METRIC_NAMES = Object.keys(METRIC_KINDS) as readonly Metric[];

const orLost = (words: string): string | Missing =>
  words === '' ? Missing.of(NVML_ERROR_GPU_IS_LOST) : words;

const gpuCells = ({ index, name, uuid, values }: GpuSample): Cells => ({
  gpu: cell(count, index),
  uuid: cell(text, orLost(uuid)),
  name: cell(text, orLost(name)),
  ...Object.fromEntries(METRIC_NAMES.map((metric) => [metric, cell(METRIC_KINDS[metric], values[metric])])),
});

const migCells = ({ index, migs }: GpuSample): readonly Cells[] =>
  migs.map(({ name, gi, ci, usedMemory, totalMemory }) => ({
    gpu: cell(count, index),
    gpu_instance_id: cell(count, gi),
    compute_instance_id: cell(count, ci),
    profile: cell(text, name),
    'memory.used': cell(mebibytes, usedMemory),
    'memory.total': cell(mebibytes, totalMemory),
  }));

export const sampleParts = (sample: WatchSample): Readonly<Record<string, Part>> => ({
  system: { timestamp: cell(timestamp, sample.time), driver_version: cell(text, sample.driver) },
  gpus: sample.gpus.map(gpuCells),
  mig_devices: sample.gpus.flatMap(migCells),
  processes: sample.processes.map((entry) => processCells(entry, sample.time)),
});
