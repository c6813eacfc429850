/** What NVML says of the MIG devices of the A100 that MIG divides. */
import * as nvml from '../../src/nvml/generated/constants.js';
import { type Instance, NAME } from './a100-mig-layout.js';
import { type Gpu, MIB, migUuid, NONE, runs, Subject } from './machine.js';

/** A MIG device is a compute instance with the memory and the engines of its GPU instance. */
export function describeMigDevice(
  gpu: Gpu,
  index: number,
  instance: Instance,
  ci: Instance['compute'][number],
): void {
  const { machine } = gpu;
  const mig = new Subject(machine, `${gpu.name}/mig${index}`);
  const { profile, memoryMib, bar1Mib } = instance;
  const [, ce, dec, jpeg, ofa] = profile.engines;
  const share = ci.slices === profile.slices ? '' : `${ci.slices}c.`;
  const { total, used } = { total: memoryMib.total * MIB, used: memoryMib.used * MIB };
  refuseAll(gpu, mig);
  mig.answer({
    nvmlDeviceGetName: `${NAME} ${profile.name.replace('MIG ', `MIG ${share}`)}`,
    nvmlDeviceGetUUID: migUuid(index),
    nvmlDeviceIsMigDeviceHandle: 1,
    nvmlDeviceGetDeviceHandleFromMigDeviceHandle: gpu.name,
    nvmlDeviceGetGpuInstanceId: instance.id,
    nvmlDeviceGetComputeInstanceId: ci.id,
    nvmlDeviceGetIndex: index,
    nvmlDeviceGetBrand: nvml.NVML_BRAND_NVIDIA,
    nvmlDeviceGetArchitecture: nvml.NVML_DEVICE_ARCH_AMPERE,
    nvmlDeviceGetCudaComputeCapability: [8, 0],
    nvmlDeviceGetAttributes_v2: {
      multiprocessorCount: ci.slices * 14,
      sharedCopyEngineCount: ce,
      sharedDecoderCount: dec,
      sharedEncoderCount: 0,
      sharedJpegCount: jpeg,
      sharedOfaCount: ofa,
      gpuInstanceSliceCount: profile.slices,
      computeInstanceSliceCount: ci.slices,
      memorySizeMB: memoryMib.total,
    },
    nvmlDeviceGetMemoryInfo: { total, free: total - used, used },
    nvmlDeviceGetMemoryInfo_v2: { version: nvml.nvmlMemory_v2, total, reserved: 0, free: total - used, used },
    nvmlDeviceGetBAR1MemoryInfo: { bar1Total: bar1Mib * MIB, bar1Free: bar1Mib * MIB, bar1Used: 0 },
  });
  mig.answerEach({
    nvmlDeviceGetTotalEccErrors: { '0,0': NONE, '0,1': NONE, '1,0': 0, '1,1': NONE },
    nvmlDeviceGetMemoryErrorCounter: {
      [`${nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED},${nvml.NVML_VOLATILE_ECC},${nvml.NVML_MEMORY_LOCATION_SRAM}`]: 0,
    },
  });
  const at = { gi: instance.id, ci: ci.id };
  runs(
    mig,
    'Compute',
    ci.processes.map((process) => ({ ...process, ...at })),
  );
  runs(mig, 'Graphics', []);
  runs(mig, 'MPSCompute', []);
  gpu.answerEach({ nvmlDeviceGetMigDeviceHandleByIndex: { [index]: mig.name } });
  machine.set('nvmlDeviceGetHandleByUUID', migUuid(index), mig.name);
  machine.set('nvmlDeviceGetHandleByUUIDV', `type=1,value.str=${migUuid(index)}`, mig.name);
}

/** A table of a GPU that is longer (clocks, links, profiles) is not asked of its MIG devices. */
const SHORT = 12;

/** A MIG device is asked what a GPU is asked, and has no answer to most of it. */
function refuseAll(gpu: Gpu, mig: Subject): void {
  const { machine } = gpu;
  for (const fn of machine.functions) {
    const keys = machine.keysOf(fn).filter((key) => /^gpu0(,|$)/.test(key) && !key.includes('gpu0,gpu0'));
    if (fn === 'nvmlDeviceGetFieldValues' || keys.length > SHORT) continue;
    for (const key of keys) machine.set(fn, key.replace('gpu0', mig.name), NONE);
  }
  mig.answer({ nvmlDeviceGetFieldValues: NONE });
}
