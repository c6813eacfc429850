/** What repeats on a GPU: how each list of the report is found. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { BoundProbe, Reading } from '../query/bound-probe.js';
import { bar1Memory } from '../query/gpu/memory.js';
import { gpuProcesses } from '../query/gpu-processes.js';
import { computeInstanceId, gpuInstanceId, migAttributes } from '../query/mig.js';
import { migDevicesOf } from '../query/mig-devices.js';
import type { Subject } from '../query/plan.js';
import { bar1InMebibytes } from '../query/report/activity.js';
import { probeOf } from '../query/report/field.js';
import { bridges } from '../query/report/link.js';
import type { AskProbe } from '../query/table.js';
import { accountedPids, stats } from '../query/tables/accounted-apps.js';
import { pagesOf } from '../query/tables/retired-pages.js';
import { graphicsClocks, memoryClocks } from '../query/tables/supported-clocks.js';
import type { Entry, Found } from './found.js';

/** The items of a list answer, or the reason why there is none. */
function itemsOf(asked: BoundProbe, entry: (value: Reading) => Entry): Found {
  const items = asked.items();
  return items instanceof Missing ? items : items.map((item) => entry(item.read('')));
}

const migMemory = probeOf('memory.used');
const migErrors = probeOf('ecc.errors.uncorrected.volatile.sram');

export function migDevices(gpu: Subject, ask: AskProbe): Found {
  const migs = migDevicesOf(gpu, ask);
  if (migs === undefined || migs instanceof Missing) return migs ?? [];
  return migs.map((mig) => {
    const attributes = ask(migAttributes, mig);
    const memory = ask(migMemory, mig);
    const bar1 = bar1InMebibytes(ask(bar1Memory, mig));
    return {
      index: mig.index,
      gpuInstance: ask(gpuInstanceId, mig).read('value'),
      computeInstance: ask(computeInstanceId, mig).read('value'),
      multiprocessors: attributes.read('multiprocessorCount'),
      copyEngines: attributes.read('sharedCopyEngineCount'),
      encoders: attributes.read('sharedEncoderCount'),
      decoders: attributes.read('sharedDecoderCount'),
      ofas: attributes.read('sharedOfaCount'),
      jpegs: attributes.read('sharedJpegCount'),
      sramUncorrectable: ask(migErrors, mig).read('value'),
      memoryTotal: memory.read('total'),
      memoryReserved: memory.read('reserved'),
      memoryUsed: memory.read('used'),
      memoryFree: memory.read('free'),
      bar1Total: bar1.total,
      bar1Used: bar1.used,
      bar1Free: bar1.free,
    };
  });
}

/** Processes on the GPU, or on its MIG devices. */
export const processes = (gpu: Subject, ask: AskProbe): Found => gpuProcesses(gpu, ask);

export function accountedProcesses(gpu: Subject, ask: AskProbe): Found {
  return itemsOf(ask(accountedPids, gpu), (pid) => {
    const known = ask(stats(Number(pid)), gpu);
    return {
      pid,
      gpuUtilization: known.read('gpuUtilization'),
      memoryUtilization: known.read('memoryUtilization'),
      maxMemoryUsage: known.read('maxMemoryUsage'),
      time: known.read('time'),
      isRunning: known.read('isRunning'),
    };
  });
}

export function supportedClocks(gpu: Subject, ask: AskProbe): Found {
  return itemsOf(ask(memoryClocks, gpu), (memory) => ({
    memory,
    graphics: itemsOf(ask(graphicsClocks(Number(memory)), gpu), (graphics) => ({ graphics })),
  }));
}

/** A GPU without bridges shows one without values (H100, H200, 580.159.04). */
export function bridgeChips(gpu: Subject, ask: AskProbe): Found {
  const chips = ask(bridges, gpu).elements('bridgeCount', 'bridgeChipInfo');
  const missing = chips instanceof Missing ? chips : NOT_SUPPORTED;
  if (chips instanceof Missing || chips.length === 0) return [{ type: missing, firmware: missing }];
  return chips.map((chip) => ({ type: chip.read('type'), firmware: chip.read('fwVersion') }));
}

/** Pages that were retired for a cause (NVML_PAGE_RETIREMENT_CAUSE_*). */
export const retiredPages =
  (cause: number) =>
  (gpu: Subject, ask: AskProbe): Found =>
    pagesOf(cause, gpu, ask);
