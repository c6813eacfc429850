/** What repeats on a GPU: how each list of the report is found. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Asking, ask, askAll, together } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { bar1Memory } from '../query/gpu/memory.js';
import { migDevicesOf } from '../query/mig/devices.js';
import { computeInstanceId, gpuInstanceId, migAttributes } from '../query/mig/mig.js';
import { gpuProcesses } from '../query/process/gpu-processes.js';
import type { Answer, Reading } from '../query/reading.js';
import { bar1InMebibytes } from '../query/report/activity.js';
import { probeOf } from '../query/report/field.js';
import { bridges } from '../query/report/link.js';
import { accountedPids, statisticOf, stats } from '../query/tables/accounted-apps.js';
import { pagesOf } from '../query/tables/retired-pages.js';
import { graphicsClocks, memoryClocks } from '../query/tables/supported-clocks.js';
import type { FoundItem, FoundItems } from './found.js';

/** The items of a list answer, or the reason why there is none. */
function* itemsOf(asked: Answer, entry: (value: Reading) => Asking<FoundItem>): Asking<FoundItems> {
  const items = asked.items();
  return items instanceof Missing ? items : yield* together(items.map((item) => entry(item.read(''))));
}

const migMemory = probeOf('memory.used');
const migErrors = probeOf('ecc.errors.uncorrected.volatile.sram');

export function* migDevices(gpu: Subject): Asking<FoundItems> {
  const migs = yield* migDevicesOf(gpu);
  if (migs === undefined || migs instanceof Missing) return migs ?? [];
  return yield* together(migs.map(migDevice));
}

const MIG_PROBES = [migAttributes, migMemory, bar1Memory, gpuInstanceId, computeInstanceId, migErrors];

function* migDevice(mig: Subject): Asking<FoundItem> {
  const answers = yield* askAll(MIG_PROBES.map((probe) => ({ probe, subject: mig })));
  const [attributes, memory, bar1Info, gpuInstance, computeInstance, errors] = answers as SixAnswers;
  const bar1 = bar1InMebibytes(bar1Info);
  return {
    index: mig.index,
    gpuInstance: gpuInstance.read('value'),
    computeInstance: computeInstance.read('value'),
    multiprocessors: attributes.read('multiprocessorCount'),
    copyEngines: attributes.read('sharedCopyEngineCount'),
    encoders: attributes.read('sharedEncoderCount'),
    decoders: attributes.read('sharedDecoderCount'),
    ofas: attributes.read('sharedOfaCount'),
    jpegs: attributes.read('sharedJpegCount'),
    sramUncorrectable: errors.read('value'),
    memoryTotal: memory.read('total'),
    memoryReserved: memory.read('reserved'),
    memoryUsed: memory.read('used'),
    memoryFree: memory.read('free'),
    bar1Total: bar1.total,
    bar1Used: bar1.used,
    bar1Free: bar1.free,
  };
}

type SixAnswers = readonly [Answer, Answer, Answer, Answer, Answer, Answer];

/** Processes on the GPU, or on its MIG devices. */
export const processes = (gpu: Subject): Asking<FoundItems> => gpuProcesses(gpu);

export function* accountedProcesses(gpu: Subject): Asking<FoundItems> {
  return yield* itemsOf(yield* ask(accountedPids, gpu), function* (pid) {
    const known = yield* ask(stats(Number(pid)), gpu);
    return {
      pid,
      gpuUtilization: statisticOf(known, 'gpuUtilization'),
      memoryUtilization: statisticOf(known, 'memoryUtilization'),
      maxMemoryUsage: statisticOf(known, 'maxMemoryUsage'),
      time: statisticOf(known, 'time'),
      isRunning: known.read('isRunning'),
    };
  });
}

export function* supportedClocks(gpu: Subject): Asking<FoundItems> {
  return yield* itemsOf(yield* ask(memoryClocks, gpu), function* (memory) {
    const answer = yield* ask(graphicsClocks(Number(memory)), gpu);
    return { memory, graphics: valuesOf(answer, 'graphics') };
  });
}

/** The items of a list answer, each as an entry with one value. */
function valuesOf(asked: Answer, name: string): FoundItems {
  const items = asked.items();
  return items instanceof Missing ? items : items.map((item) => ({ [name]: item.read('') }));
}

/** A GPU without bridges shows one without values (H100, H200, 580.159.04). */
export function* bridgeChips(gpu: Subject): Asking<FoundItems> {
  const chips = (yield* ask(bridges, gpu)).elements('bridgeCount', 'bridgeChipInfo');
  const missing = chips instanceof Missing ? chips : NOT_SUPPORTED;
  if (chips instanceof Missing || chips.length === 0) return [{ type: missing, firmware: missing }];
  return chips.map((chip) => ({ type: chip.read('type'), firmware: chip.read('fwVersion') }));
}

/** Pages that were retired for a cause (NVML_PAGE_RETIREMENT_CAUSE_*). */
export const retiredPages =
  (cause: number) =>
  (gpu: Subject): Asking<FoundItems> =>
    pagesOf(cause, gpu);
