/** What the driver and the GPU can do as a vGPU host. A GPU that cannot be one answers that it is not supported. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetVgpuCapabilities,
  nvmlGetVgpuDriverCapabilities,
} from '../../nvml/generated/entries.js';
import { from, type Row } from '../field.js';
import { enabled, type Kind, supported } from '../kind.js';
import { fixed, sample } from '../probe.js';

const heterogeneous = fixed(nvmlGetVgpuDriverCapabilities, {
  capability: nvml.NVML_VGPU_DRIVER_CAP_HETEROGENEOUS_MULTI_VGPU,
});

export const vgpuDriver: readonly Row[] = [
  {
    id: 1000,
    names: ['vgpu_driver_capability.heterogenous_multivGPU'],
    since: 525,
    help: 'Whether the driver can run vGPUs of different types on one GPU.',
    kind: supported,
    source: from(heterogeneous, 'value'),
  },
];

/** What may be switched during a run is asked at every sample. */
const capability = (
  id: number,
  name: string,
  which: number,
  help: string,
  since = 580,
  kind: Kind = supported,
  make: typeof fixed = fixed,
): Row => ({
  id,
  names: [`vgpu_device_capability.${name}`],
  since,
  help,
  kind,
  source: from(make(nvmlDeviceGetVgpuCapabilities, { capability: which }), 'value'),
});

export const vgpuDevice: readonly Row[] = [
  capability(
    1003,
    'fractional_multiVgpu',
    nvml.NVML_DEVICE_VGPU_CAP_FRACTIONAL_MULTI_VGPU,
    'Whether several fractional vGPUs can be assigned to one virtual machine.',
    525,
  ),
  capability(
    1004,
    'heterogeneous_timeSlice_profile',
    nvml.NVML_DEVICE_VGPU_CAP_HETEROGENEOUS_TIMESLICE_PROFILES,
    'Whether time-sliced vGPUs of different profile types can run on the GPU together.',
    525,
  ),
  capability(
    1005,
    'heterogeneous_timeSlice_sizes',
    nvml.NVML_DEVICE_VGPU_CAP_HETEROGENEOUS_TIMESLICE_SIZES,
    'Whether time-sliced vGPUs with different framebuffer sizes can run on the GPU together.',
    525,
  ),
  capability(
    1006,
    'homogeneous_placements',
    nvml.NVML_DEVICE_VGPU_CAP_HOMOGENEOUS_PLACEMENTS,
    'Whether vGPUs of one size can be given placement ids.',
  ),
  capability(
    1007,
    'mig_timeSlicing',
    nvml.NVML_DEVICE_VGPU_CAP_MIG_TIMESLICING_SUPPORTED,
    'Whether a GPU instance can be shared by time-sliced vGPUs.',
  ),
  capability(
    1008,
    'mig_timeSlicing_mode',
    nvml.NVML_DEVICE_VGPU_CAP_MIG_TIMESLICING_ENABLED,
    'Whether time-slicing of GPU instances is enabled.',
    580,
    enabled,
    sample,
  ),
];
