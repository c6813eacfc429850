/**
 * Values that nvidia-smi shows and NVML has no function for: nvidia-smi reads them through tables that the library exports
 * to NVIDIA's own programs only (nvmlInternalGetExportTable). None of the answers recorded on an H100 (580.159.04, every
 * reading function of NVML 13.3) holds the base clock, the boost slider or the timeslice that nvidia-smi showed there.
 */
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import type { Subject } from './ask/subject.js';
import { type Cell, type Cells, cell } from './cell.js';
import { count, type Kind, megahertz, text, words } from './kind.js';

const notInNvml = (kind: Kind, gpu: Subject): Cell =>
  cell(kind, Missing.of(gpu.status === 0 ? NVML_ERROR_FUNCTION_NOT_FOUND : gpu.status));

/** The values that nvidia-smi's help lists for the timeslice. */
export const timeslices: Kind = words({ 0: 'Default', 1: 'Short', 2: 'Medium', 3: 'Long' });

export type PolicyCells = Cells<'gpu' | 'name' | 'value'>;

export const computePolicies = (gpu: Subject): readonly PolicyCells[] => [
  { gpu: cell(count, gpu.index), name: cell(text, 'Timeslice'), value: notInNvml(timeslices, gpu) },
];

export type SliderCells = Cells<'gpu' | 'slider' | 'max' | 'current'>;

export const boostSliders = (gpu: Subject): readonly SliderCells[] => [
  {
    gpu: cell(count, gpu.index),
    slider: cell(text, 'vboost'),
    max: notInNvml(count, gpu),
    current: notInNvml(count, gpu),
  },
];

export type BaseClockCells = Cells<'gpu' | 'graphics_mhz'>;

export const baseClocks = (gpu: Subject): BaseClockCells => ({
  gpu: cell(count, gpu.index),
  graphics_mhz: notInNvml(megahertz, gpu),
});
