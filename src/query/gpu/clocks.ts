/** Clocks of a GPU and the performance state that they belong to. */

import {
  NVML_CLOCK_GRAPHICS,
  NVML_CLOCK_MEM,
  NVML_CLOCK_SM,
  NVML_CLOCK_VIDEO,
} from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetApplicationsClock,
  nvmlDeviceGetClockInfo,
  nvmlDeviceGetDefaultApplicationsClock,
  nvmlDeviceGetMaxClockInfo,
  nvmlDeviceGetPerformanceState,
} from '../../nvml/generated/entries.js';
import { from, type Row } from '../field.js';
import { megahertz, pstate } from '../kind.js';
import { fixed, type Probe, sample } from '../probe.js';

const performanceState = sample(nvmlDeviceGetPerformanceState);

export const performance: readonly Row[] = [
  {
    id: 33,
    names: ['pstate'],
    help: 'Performance state, from P0 for the highest performance to P15 for the lowest.',
    kind: pstate,
    source: from(performanceState, 'value'),
  },
];

const now = (type: number): Probe => sample(nvmlDeviceGetClockInfo, { type });
const application = (type: number): Probe => sample(nvmlDeviceGetApplicationsClock, { clockType: type });
const applicationDefault = (type: number): Probe =>
  fixed(nvmlDeviceGetDefaultApplicationsClock, { clockType: type });
/** Takes 1.3 ms each on an H100 (580.159.04), and stays what it is: asked once per run. */
const max = (type: number): Probe => fixed(nvmlDeviceGetMaxClockInfo, { type });

export const clocks: readonly Row[] = [
  {
    id: 150,
    names: ['clocks.current.graphics', 'clocks.gr'],
    help: 'Current graphics clock.',
    kind: megahertz,
    source: from(now(NVML_CLOCK_GRAPHICS), 'value'),
  },
  {
    id: 151,
    names: ['clocks.current.sm', 'clocks.sm'],
    help: 'Current SM (streaming multiprocessor) clock.',
    kind: megahertz,
    source: from(now(NVML_CLOCK_SM), 'value'),
  },
  {
    id: 152,
    names: ['clocks.current.memory', 'clocks.mem'],
    help: 'Current memory clock.',
    kind: megahertz,
    source: from(now(NVML_CLOCK_MEM), 'value'),
  },
  {
    id: 153,
    names: ['clocks.current.video', 'clocks.video'],
    help: 'Current clock of the video encoders and decoders.',
    kind: megahertz,
    source: from(now(NVML_CLOCK_VIDEO), 'value'),
  },
  {
    id: 154,
    names: ['clocks.applications.graphics', 'clocks.applications.gr'],
    help: 'Applications graphics clock, as set by the user.',
    kind: megahertz,
    source: from(application(NVML_CLOCK_GRAPHICS), 'value'),
  },
  {
    id: 155,
    names: ['clocks.applications.memory', 'clocks.applications.mem'],
    help: 'Applications memory clock, as set by the user.',
    kind: megahertz,
    source: from(application(NVML_CLOCK_MEM), 'value'),
  },
  {
    id: 156,
    names: ['clocks.default_applications.graphics', 'clocks.default_applications.gr'],
    help: 'Default applications graphics clock.',
    kind: megahertz,
    source: from(applicationDefault(NVML_CLOCK_GRAPHICS), 'value'),
  },
  {
    id: 157,
    names: ['clocks.default_applications.memory', 'clocks.default_applications.mem'],
    help: 'Default applications memory clock.',
    kind: megahertz,
    source: from(applicationDefault(NVML_CLOCK_MEM), 'value'),
  },
  {
    id: 158,
    names: ['clocks.max.graphics', 'clocks.max.gr'],
    help: 'Maximum graphics clock.',
    kind: megahertz,
    source: from(max(NVML_CLOCK_GRAPHICS), 'value'),
  },
  {
    id: 159,
    names: ['clocks.max.sm'],
    help: 'Maximum SM clock.',
    kind: megahertz,
    source: from(max(NVML_CLOCK_SM), 'value'),
  },
  {
    id: 160,
    names: ['clocks.max.memory', 'clocks.max.mem'],
    help: 'Maximum memory clock.',
    kind: megahertz,
    source: from(max(NVML_CLOCK_MEM), 'value'),
  },
];
