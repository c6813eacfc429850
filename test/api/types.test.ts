import { describe, expectTypeOf, it } from 'vitest';
import type * as index from '../../src/index.js';
import * as nvml from '../../src/nvml.js';
import * as promises from '../../src/nvml-promises.js';

describe('the types of the library', () => {
  it('brand handles, so that a unit is no device and a number is neither', () => {
    expectTypeOf(nvml.nvmlDeviceGetHandleByIndex).returns.toEqualTypeOf<nvml.nvmlDevice_t>();
    expectTypeOf<nvml.nvmlUnit_t>().not.toExtend<nvml.nvmlDevice_t>();
    expectTypeOf<bigint>().not.toExtend<nvml.nvmlDevice_t>();
    expectTypeOf(nvml.nvmlDeviceGetName).parameters.toEqualTypeOf<[device: nvml.nvmlDevice_t]>();
  });

  it('return nothing, one value, or a tuple in the order of the parameters', () => {
    expectTypeOf(nvml.nvmlDeviceSetPersistenceMode).returns.toBeVoid();
    expectTypeOf(nvml.nvmlDeviceGetName).returns.toBeString();
    expectTypeOf(nvml.nvmlDeviceGetCudaComputeCapability).returns.toEqualTypeOf<
      [major: number, minor: number]
    >();
    expectTypeOf(nvml.nvmlDeviceGetSamples).returns.toEqualTypeOf<
      [sampleValType: nvml.nvmlValueType_t, samples: nvml.nvmlSample_t[]]
    >();
    expectTypeOf(nvml.nvmlVgpuInstanceGetVmID).returns.toEqualTypeOf<
      [vmId: string, vmIdType: nvml.nvmlVgpuVmIdType_t]
    >();
  });

  it('make structs plain objects, without the version that the library fills in', () => {
    expectTypeOf(nvml.nvmlDeviceGetMemoryInfo_v2).returns.toEqualTypeOf<nvml.nvmlMemory_v2_t>();
    expectTypeOf<keyof nvml.nvmlMemory_v2_t>().toEqualTypeOf<'total' | 'reserved' | 'free' | 'used'>();
    expectTypeOf<nvml.nvmlMemory_t['used']>().toEqualTypeOf<number | bigint>();
    expectTypeOf<nvml.nvmlPciInfo_t['busId']>().toBeString();
    expectTypeOf<nvml.nvmlGpuFabricInfo_t['clusterUuid']>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<nvml.nvmlEventData_t['device']>().toEqualTypeOf<nvml.nvmlDevice_t | null>();
    expectTypeOf<nvml.nvmlGpuDynamicPstatesInfo_t['utilization'][number]['percentage']>().toBeNumber();
  });

  it('say null where NVML may say that a value is not available', () => {
    expectTypeOf<nvml.nvmlProcessInfo_t['usedGpuMemory']>().toEqualTypeOf<number | bigint | null>();
    expectTypeOf<nvml.nvmlProcessInfo_t['pid']>().toBeNumber();
    expectTypeOf(nvml.nvmlDeviceGetNumaNodeId).returns.toEqualTypeOf<number | null>();
  });

  it('make counts with arrays arrays', () => {
    expectTypeOf(nvml.nvmlDeviceGetComputeRunningProcesses).returns.toEqualTypeOf<nvml.nvmlProcessInfo_t[]>();
    expectTypeOf(nvml.nvmlDeviceGetSupportedGraphicsClocks).parameters.toEqualTypeOf<
      [device: nvml.nvmlDevice_t, memoryClockMHz: number]
    >();
    expectTypeOf(nvml.nvmlDeviceGetRetiredPages_v2).returns.toEqualTypeOf<
      [addresses: (number | bigint)[], timestamps: (number | bigint)[]]
    >();
    expectTypeOf<nvml.nvmlProcessDetailList_v1_t['procArray']>().toEqualTypeOf<
      readonly nvml.nvmlProcessDetail_v1_t[]
    >();
  });

  it('take the required fields of a struct, and no others', () => {
    expectTypeOf(nvml.nvmlDeviceGetTemperatureV)
      .parameter(1)
      .toEqualTypeOf<Pick<nvml.nvmlTemperature_t, 'sensorType'>>();
    expectTypeOf(nvml.nvmlDeviceSetClockOffsets)
      .parameter(1)
      .toEqualTypeOf<nvml.InputStruct<nvml.nvmlClockOffset_t>>();
    expectTypeOf(nvml.nvmlDeviceSetTemperatureThreshold).parameter(2).toBeNumber();
  });

  it('know the constants by value, and let enums grow', () => {
    expectTypeOf<typeof nvml.NVML_ERROR_NOT_SUPPORTED>().toEqualTypeOf<3>();
    expectTypeOf<typeof nvml.NVML_CLOCK_MEM>().toExtend<nvml.nvmlClockType_t>();
    expectTypeOf<number>().toExtend<nvml.nvmlClockType_t>();
    expectTypeOf<nvml.NVMLError_NotSupported>().toExtend<nvml.NVMLError>();
  });

  it('are the same for promises', () => {
    expectTypeOf(promises.nvmlDeviceGetPcieThroughput).parameters.toEqualTypeOf<
      [...Parameters<typeof nvml.nvmlDeviceGetPcieThroughput>, options?: promises.CallOptions]
    >();
    expectTypeOf(promises.nvmlDeviceSetPersistenceMode).parameters.toEqualTypeOf<
      Parameters<typeof nvml.nvmlDeviceSetPersistenceMode>
    >();
    expectTypeOf(promises.nvmlDeviceGetPcieThroughput).returns.toEqualTypeOf<Promise<number>>();
  });

  it('give a query the names that were asked, and their values', () => {
    type BoundProbe = index.Sample<'memory.used' | 'name' | 'ecc.mode.current'>;
    expectTypeOf<Omit<BoundProbe, 'reasons'>>().toEqualTypeOf<{
      readonly 'memory.used': number | null;
      readonly name: string | null;
      readonly 'ecc.mode.current': boolean | null;
    }>();
    const why = (sample: BoundProbe) => sample.reasons?.['memory.used'];
    expectTypeOf(why).returns.toEqualTypeOf<string | undefined>();
    const ask = (nvsmi: index.Nvsmi) => nvsmi.query(['memory.used', 'utilization.gpu']);
    expectTypeOf(ask).returns.toEqualTypeOf<index.Query<'memory.used' | 'utilization.gpu'>>();
    expectTypeOf<'memory.usd'>().not.toExtend<index.FieldName>();
    expectTypeOf<index.NvidiaSmi['deviceQuery']>().toBeCallableWith('memory.total');
    expectTypeOf<index.NvidiaSmi['deviceQuery']>().toBeCallableWith([50, 51]);
  });

  it('let one walk through a report', () => {
    const walk = (report: index.Report) => report.gpu.map((gpu) => gpu.fb_memory_usage?.used);
    expectTypeOf(walk).returns.toEqualTypeOf<(number | null | undefined)[]>();
    expectTypeOf<index.Report['timestamp']>().toEqualTypeOf<string | null>();
    expectTypeOf<index.ReportGpu['mig_mode']>()
      .exclude<undefined>()
      .toHaveProperty('current_mig')
      .toEqualTypeOf<boolean | null>();
    type Process = NonNullable<index.ReportGpu['processes']>[number];
    expectTypeOf<Process['pid']>().toEqualTypeOf<number | null>();
    const key = (gpu: index.ReportGpu, name: string) => gpu.reasons?.[name];
    expectTypeOf(key).returns.toEqualTypeOf<string | undefined>();
  });
});
