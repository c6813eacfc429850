/** Table: where a reading is in a report, and how NVML gives it. */
import type { Json } from '../../src/snapshot/answer.js';
import { type ChangedCalls, set } from '../commands/made-machine.js';

const setField = (calls: ChangedCalls, gpu: string, id: string, type: number, value: number): void =>
  set(calls, 'nvmlDeviceGetFieldValues', `${gpu},${id}`, { type, value });

export const MEBIBYTE = 1024 * 1024;
const whole = (text: string): number => Number(/-?\d+/.exec(text)?.[0]);
const milli = (text: string): number => Math.round(Number.parseFloat(text) * 1000);

type Give = (calls: ChangedCalls, gpu: string, value: string) => void;

const clock =
  (type: number): Give =>
  (calls, gpu, value) =>
    set(calls, 'nvmlDeviceGetClockInfo', `${gpu},${type}`, whole(value));

const powerField =
  (id: string): Give =>
  (calls, gpu, value) =>
    setField(calls, gpu, id, 1, milli(value));

const eventBit =
  (bit: number): Give =>
  (calls, gpu, value) => {
    const fn = 'nvmlDeviceGetCurrentClocksEventReasons';
    const mask = Number(calls[fn]?.[gpu] ?? 0);
    set(calls, fn, gpu, value === 'Active' ? mask | bit : mask & ~bit);
  };

/** Total, reserved and free are rounded up: a value just below is as good as any. */
const framebuffer =
  (name: 'total' | 'reserved' | 'used' | 'free'): Give =>
  (calls, gpu, value) =>
    set(calls, 'nvmlDeviceGetMemoryInfo_v2', gpu, { [name]: Math.max(0, whole(value) * MEBIBYTE - 4096) });

const pciInfo =
  (give: (value: string) => Record<string, Json>): Give =>
  (calls, gpu, value) => {
    set(calls, 'nvmlDeviceGetPciInfo_v3', gpu, give(value));
    set(calls, 'nvmlDeviceGetPciInfoExt', gpu, give(value));
  };

const answer =
  (fn: string, as: (value: string) => Json): Give =>
  (calls, gpu, value) =>
    set(calls, fn, gpu, as(value));

/** Where a reading is in text and in XML, and how NVML gives it. */
export const GIVEN: readonly (readonly [text: string, xml: string, give: Give])[] = [
  ['Product Name', 'product_name', answer('nvmlDeviceGetName', String)],
  ['Serial Number', 'serial', answer('nvmlDeviceGetSerial', String)],
  ['GPU UUID', 'uuid', answer('nvmlDeviceGetUUID', String)],
  ['GPU PDI', 'pdi', answer('nvmlDeviceGetPdi', (v) => ({ value: BigInt(v).toString() }))],
  ['Minor Number', 'minor_number', answer('nvmlDeviceGetMinorNumber', whole)],
  ['VBIOS Version', 'vbios_version', answer('nvmlDeviceGetVbiosVersion', String)],
  ['Board ID', 'board_id', answer('nvmlDeviceGetBoardId', Number)],
  ['Board Part Number', 'board_part_number', answer('nvmlDeviceGetBoardPartNumber', String)],
  ['Platform Info/Module Id', 'platformInfo.module_id', answer('nvmlDeviceGetModuleId', whole)],
  [
    'Inforom Version/Image Version',
    'inforom_version.img_version',
    answer('nvmlDeviceGetInforomImageVersion', String),
  ],
  ['PCI/Device', 'pci.pci_device', pciInfo((v) => ({ device: Number.parseInt(v.replace('0x', ''), 16) }))],
  [
    'PCI/Device Id',
    'pci.pci_device_id',
    pciInfo((v) => ({ pciDeviceId: Number.parseInt(v.replace('0x', ''), 16) })),
  ],
  [
    'PCI/Sub System Id',
    'pci.pci_sub_system_id',
    pciInfo((v) => ({ pciSubSystemId: Number.parseInt(v.replace('0x', ''), 16) })),
  ],
  ['PCI/Bus Id', 'pci.pci_bus_id', pciInfo((v) => ({ busId: v }))],
  [
    'PCI/Tx Throughput',
    'pci.tx_util',
    (calls, gpu, v) => set(calls, 'nvmlDeviceGetPcieThroughput', `${gpu},0`, whole(v)),
  ],
  [
    'PCI/Rx Throughput',
    'pci.rx_util',
    (calls, gpu, v) => set(calls, 'nvmlDeviceGetPcieThroughput', `${gpu},1`, whole(v)),
  ],
  ['Clocks Event Reasons/Idle', 'clocks_event_reasons.clocks_event_reason_gpu_idle', eventBit(1)],
  ['Clocks Event Reasons/SW Power Cap', 'clocks_event_reasons.clocks_event_reason_sw_power_cap', eventBit(4)],
  [
    'Clocks Event Reasons Counters/SW Power Capping',
    'clocks_event_reasons_counters.clocks_event_reasons_counters_sw_power_cap',
    (calls, gpu, v) => setField(calls, gpu, '74', 3, whole(v) * 1000 + 999),
  ],
  ['FB Memory Usage/Total', 'fb_memory_usage.total', framebuffer('total')],
  ['FB Memory Usage/Reserved', 'fb_memory_usage.reserved', framebuffer('reserved')],
  ['FB Memory Usage/Used', 'fb_memory_usage.used', framebuffer('used')],
  ['FB Memory Usage/Free', 'fb_memory_usage.free', framebuffer('free')],
  [
    'BAR1 Memory Usage/Total',
    'bar1_memory_usage.total',
    answer('nvmlDeviceGetBAR1MemoryInfo', (v) => ({ bar1Total: whole(v) * MEBIBYTE })),
  ],
  [
    'BAR1 Memory Usage/Used',
    'bar1_memory_usage.used',
    answer('nvmlDeviceGetBAR1MemoryInfo', (v) => ({ bar1Used: whole(v) * MEBIBYTE + 655360 })),
  ],
  [
    'Utilization/GPU',
    'utilization.gpu_util',
    answer('nvmlDeviceGetUtilizationRates', (v) => ({ gpu: whole(v) })),
  ],
  [
    'Utilization/Memory',
    'utilization.memory_util',
    answer('nvmlDeviceGetUtilizationRates', (v) => ({ memory: whole(v) })),
  ],
  [
    'ECC Errors/Aggregate/SRAM Uncorrectable SEC-DED',
    'ecc_errors.aggregate.sram_uncorrectable_secded',
    answer('nvmlDeviceGetSramEccErrorStatus', (v) => ({ aggregateUncSecDed: whole(v) })),
  ],
  [
    'ECC Errors/Aggregate Uncorrectable SRAM Sources/SRAM L2',
    'ecc_errors.aggregate_uncorrectable_sram_sources.sram_l2',
    answer('nvmlDeviceGetSramEccErrorStatus', (v) => ({ aggregateUncBucketL2: whole(v) })),
  ],
  [
    'Remapped Rows/Bank Remap Availability Histogram/Max',
    'remapped_rows.row_remapper_histogram.row_remapper_histogram_max',
    answer('nvmlDeviceGetRowRemapperHistogram', (v) => ({ max: whole(v) })),
  ],
  [
    'Temperature/GPU Current Temp',
    'temperature.gpu_temp',
    (calls, gpu, v) =>
      set(calls, 'nvmlDeviceGetTemperatureV', `${gpu},sensorType=0`, { temperature: whole(v) }),
  ],
  [
    'Temperature/GPU T.Limit Temp',
    'temperature.gpu_temp_tlimit',
    answer('nvmlDeviceGetMarginTemperature', (v) => ({ marginTemperature: whole(v) })),
  ],
  [
    'Temperature/Memory Current Temp',
    'temperature.memory_temp',
    (calls, gpu, v) => setField(calls, gpu, '82', 1, whole(v)),
  ],
  ['GPU Power Readings/Average Power Draw', 'gpu_power_readings.average_power_draw', powerField('185')],
  ['GPU Power Readings/Instantaneous Power Draw', 'gpu_power_readings.instant_power_draw', powerField('186')],
  [
    'GPU Memory Power Readings /Average Power Draw',
    'gpu_memory_power_readings.average_power_draw',
    powerField('185:2'),
  ],
  ['Clocks/Graphics', 'clocks.graphics_clock', clock(0)],
  ['Clocks/SM', 'clocks.sm_clock', clock(1)],
  ['Clocks/Memory', 'clocks.mem_clock', clock(2)],
  ['Clocks/Video', 'clocks.video_clock', clock(3)],
  [
    'Max Clocks/Memory',
    'max_clocks.mem_clock',
    (calls, gpu, v) => {
      set(calls, 'nvmlDeviceGetMaxClockInfo', `${gpu},2`, whole(v));
      set(calls, 'nvmlDeviceGetApplicationsClock', `${gpu},2`, whole(v));
      set(calls, 'nvmlDeviceGetDefaultApplicationsClock', `${gpu},2`, whole(v));
    },
  ],
  [
    'Fabric/State',
    'fabric.state',
    answer('nvmlDeviceGetGpuFabricInfoV', (v) => ({
      state: v === 'Completed' ? 3 : 0,
      status: 0,
      cliqueId: 0,
    })),
  ],
];
