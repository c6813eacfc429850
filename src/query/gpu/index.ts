/** All fields of --query-gpu, in the order in which nvidia-smi 580.159.04 lists them. */
import { spanned } from '../field.js';
import type { Table } from '../relation.js';
import { clockEventCounters, clockEvents } from './clock-events.js';
import { clocks, performance } from './clocks.js';
import { eccErrors, eccMode, eccSram } from './ecc.js';
import { engines } from './engines.js';
import { fabric } from './fabric.js';
import { hostname, identity, occasion, position } from './identity.js';
import { inforom, runTime } from './inforom.js';
import { dramEncryption, memory, protectedMemory } from './memory.js';
import { compute, modes, operation, resetStatus } from './modes.js';
import { remappedRows, retiredPages } from './pages.js';
import { pci, pcieLink } from './pci.js';
import { platform } from './platform.js';
import { basePower, edpp, modulePower, power } from './power.js';
import { powerSmoothing } from './power-smoothing.js';
import { fan, temperature } from './temperature.js';
import { encoder, utilization } from './utilization.js';
import { vgpuDevice, vgpuDriver } from './vgpu.js';

export const gpuTable: Table = {
  option: 'query-gpu',
  name: 'gpus',
  record: 'a GPU',
  fields: [
    ...occasion,
    ...vgpuDriver,
    ...identity,
    ...pci,
    ...vgpuDevice,
    ...pcieLink,
    ...position,
    ...modes,
    ...inforom,
    ...resetStatus,
    ...operation,
    ...fan,
    ...performance,
    ...clockEvents,
    ...clockEventCounters,
    ...memory,
    ...compute,
    ...utilization,
    ...encoder,
    ...spanned({ since: 580 }, dramEncryption),
    ...eccMode,
    ...eccErrors,
    ...spanned({ since: 580 }, eccSram),
    ...retiredPages,
    ...spanned({ since: 580 }, remappedRows),
    ...temperature,
    ...power,
    ...spanned({ since: 580 }, modulePower),
    ...basePower,
    ...powerSmoothing,
    ...edpp,
    ...clocks,
    ...engines,
    ...protectedMemory,
    ...fabric,
    ...spanned({ since: 580 }, platform),
    ...spanned({ since: 580 }, hostname),
    ...runTime,
  ],
};
