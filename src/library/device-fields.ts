/** Table: everything deviceQuery can answer about a GPU, in the order, under the keys and in the units of pynvml_utils. */
import { call, SUBJECT, struct, text, u32 } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import * as layouts from '../nvml/generated/layouts.js';
import { NOT_SUPPORTED } from '../nvml/status.js';
import type { Pick, Reading, Value, View } from '../query/bound-probe.js';
import { derived } from '../query/derive.js';
import { pcieThroughput } from '../query/pcie-throughput.js';
import { fixed, type Probe, sample } from '../query/probe.js';
import { productBrand } from '../query/report/board.js';
import { supportedClocks, throttle } from './device-clocks.js';
import {
  asNumber,
  asText,
  enabled,
  flag,
  float,
  group,
  hex,
  leaf,
  mebibytes,
  mhz,
  pstate,
  watts,
  withUnit,
} from './device-leaf.js';
import { eccCounter, retiredPages } from './device-memory-errors.js';
import { accountedProcesses, processes } from './device-processes.js';
import type { DevicePart } from './device-tree.js';
import { NVSMI } from './ids.js';

const textOf = (fn: Parameters<typeof call>[0], length: number): Probe =>
  fixed(fn, call(fn, SUBJECT, text(length)));
const fixedU32 = (fn: Parameters<typeof call>[0]): Probe => fixed(fn, call(fn, SUBJECT, u32()));
const sampleU32 = (fn: Parameters<typeof call>[0]): Probe => sample(fn, call(fn, SUBJECT, u32()));
const of = (fn: Parameters<typeof call>[0], input: number): Probe =>
  sample(`${fn} ${input}`, call(fn, SUBJECT, input, u32()));

const pci = fixed(
  'library pci',
  call('nvmlDeviceGetPciInfo_v3', SUBJECT, struct(layouts.nvmlPciInfo_t)),
  call('nvmlDeviceGetPciInfo_v2', SUBJECT, struct(layouts.nvmlPciInfo_t)),
  call('nvmlDeviceGetPciInfo', SUBJECT, struct(layouts.nvmlPciInfo_t)),
);
const driverModel = sample(
  'library driver model',
  call('nvmlDeviceGetDriverModel_v2', SUBJECT, u32('current'), u32('pending')),
  call('nvmlDeviceGetDriverModel', SUBJECT, u32('current'), u32('pending')),
);
const inforom = (object: number): Probe =>
  fixed(`library inforom ${object}`, call('nvmlDeviceGetInforomVersion', SUBJECT, object, text(16)));
const operationMode = sample(
  'library operation mode',
  call('nvmlDeviceGetGpuOperationMode', SUBJECT, u32('current'), u32('pending')),
);
const bridge = fixed(
  'library bridge',
  call('nvmlDeviceGetBridgeChipInfo', SUBJECT, struct(layouts.nvmlBridgeChipHierarchy_t)),
);
const memory = sample(
  'library memory',
  call('nvmlDeviceGetMemoryInfo', SUBJECT, struct(layouts.nvmlMemory_t)),
);
const bar1 = sample(
  'library bar1',
  call('nvmlDeviceGetBAR1MemoryInfo', SUBJECT, struct(layouts.nvmlBAR1Memory_t)),
);
const utilization = sample(
  'library utilization',
  call('nvmlDeviceGetUtilizationRates', SUBJECT, struct(layouts.nvmlUtilization_t)),
);
const engine = (fn: Parameters<typeof call>[0]): Probe => sample(fn, call(fn, SUBJECT, u32(), u32('period')));
const eccMode = sample(
  'library ecc mode',
  call('nvmlDeviceGetEccMode', SUBJECT, u32('current'), u32('pending')),
);
const limits = fixed(
  'library power limits',
  call('nvmlDeviceGetPowerManagementLimitConstraints', SUBJECT, u32('min'), u32('max')),
);
const autoBoost = sample(
  'library auto boost',
  call('nvmlDeviceGetAutoBoostedClocksEnabled', SUBJECT, u32('current'), u32('default')),
);
const encoderStats = sample(
  'library encoder stats',
  call('nvmlDeviceGetEncoderStats', SUBJECT, u32('sessions'), u32('fps'), u32('latency')),
);
const memoryTemperature: Probe = {
  ...sample('library memory temperature'),
  field: [nvml.NVML_FI_DEV_MEMORY_TEMP, 0],
};
const power = {
  state: sampleU32('nvmlDeviceGetPowerState'),
  draw: sampleU32('nvmlDeviceGetPowerUsage'),
  limit: sampleU32('nvmlDeviceGetPowerManagementLimit'),
  standard: sampleU32('nvmlDeviceGetPowerManagementDefaultLimit'),
  enforced: sampleU32('nvmlDeviceGetEnforcedPowerLimit'),
};

const mib = withUnit('MiB', float);
const percent = withUnit('%');
const celsius = withUnit('C');
const inWatts = withUnit('W', (value) => value.toFixed(2));
const chip = (view: View, path: string): Reading =>
  view.read('bridgeCount') === 0 ? NOT_SUPPORTED : view.read(`bridgeChipInfo.0.${path}`);
/** What is left of a memory. */
const rest = (total: string, used: string): Pick => derived([total, used], (all, taken) => all - taken);

export const deviceParts: readonly DevicePart[] = [
  leaf('id', [NVSMI.PCI_BUS_ID], pci, asText, { pick: 'busId' }),
  leaf('product_name', [NVSMI.NAME], textOf('nvmlDeviceGetName', 96), asText, { pick: '' }),
  leaf('product_brand', [NVSMI.NAME], fixedU32('nvmlDeviceGetBrand'), (value) =>
    productBrand.kind.spell(value),
  ),
  leaf('display_mode', [NVSMI.DISPLAY_MODE], sampleU32('nvmlDeviceGetDisplayMode'), enabled),
  leaf('display_active', [NVSMI.DISPLAY_ACTIVE], sampleU32('nvmlDeviceGetDisplayActive'), enabled),
  leaf('persistence_mode', [NVSMI.PERSISTENCE_MODE], sampleU32('nvmlDeviceGetPersistenceMode'), enabled),
  leaf('accounting_mode', [NVSMI.ACCT_MODE], sampleU32('nvmlDeviceGetAccountingMode'), enabled),
  leaf(
    'accounting_mode_buffer_size',
    [NVSMI.ACCT_BUFFER_SIZE],
    fixedU32('nvmlDeviceGetAccountingBufferSize'),
    asText,
  ),
  group('driver_model', [
    leaf('current_dm', [NVSMI.DRIVER_MODEL_CUR], driverModel, flag('WDDM', 'TCC'), { pick: 'current' }),
    leaf('pending_dm', [NVSMI.DRIVER_MODEL_PENDING], driverModel, flag('WDDM', 'TCC'), { pick: 'pending' }),
  ]),
  leaf('serial', [NVSMI.SERIALNUMBER], textOf('nvmlDeviceGetSerial', 30), asText, { pick: '' }),
  leaf('uuid', [NVSMI.UUID], textOf('nvmlDeviceGetUUID', 96), asText, { pick: '' }),
  leaf('minor_number', [NVSMI.INDEX], fixedU32('nvmlDeviceGetMinorNumber'), asText),
  leaf('vbios_version', [NVSMI.VBIOS_VER], textOf('nvmlDeviceGetVbiosVersion', 32), asText, { pick: '' }),
  leaf('multigpu_board', [NVSMI.VBIOS_VER], fixedU32('nvmlDeviceGetMultiGpuBoard'), flag('No', 'Yes')),
  leaf('board_id', [NVSMI.BOARD_ID], fixedU32('nvmlDeviceGetBoardId'), (value) => `0x${value.toString(16)}`),
  group('inforom_version', [
    leaf('img_version', [NVSMI.INFOROM_IMG], textOf('nvmlDeviceGetInforomImageVersion', 16), asText, {
      pick: '',
    }),
    leaf('oem_object', [NVSMI.INFOROM_OEM], inforom(nvml.NVML_INFOROM_OEM), asText, { pick: '' }),
    leaf('ecc_object', [NVSMI.INFOROM_ECC], inforom(nvml.NVML_INFOROM_ECC), asText, { pick: '' }),
    leaf('pwr_object', [NVSMI.INFOROM_PWR], inforom(nvml.NVML_INFOROM_POWER), asText, { pick: '' }),
  ]),
  group('gpu_operation_mode', [
    leaf('current_gom', [NVSMI.INFOROM_PWR, NVSMI.GOM_CUR], operationMode, gomWord, { pick: 'current' }),
    leaf('pending_gom', [NVSMI.INFOROM_PWR, NVSMI.GOM_PENDING], operationMode, gomWord, { pick: 'pending' }),
  ]),
  group('pci', [
    leaf('pci_bus', [NVSMI.PCI_BUS], pci, hex(2), { pick: 'bus' }),
    leaf('pci_device', [NVSMI.PCI_DEVICE], pci, hex(2), { pick: 'device' }),
    leaf('pci_domain', [NVSMI.PCI_DOMAIN], pci, hex(4), { pick: 'domain' }),
    leaf('pci_device_id', [NVSMI.PCI_DEVICE_ID], pci, hex(8), { pick: 'pciDeviceId' }),
    leaf('pci_bus_id', [NVSMI.PCI_BUS_ID], pci, asText, { pick: 'busId' }),
    leaf('pci_sub_system_id', [NVSMI.PCI_SUBDEVICE_ID], pci, hex(8), { pick: 'pciSubSystemId' }),
    group('pci_gpu_link_info', [
      group('pcie_gen', [
        leaf(
          'max_link_gen',
          [NVSMI.PCI_LINK_GEN_MAX],
          fixedU32('nvmlDeviceGetMaxPcieLinkGeneration'),
          asText,
        ),
        leaf(
          'current_link_gen',
          [NVSMI.PCI_LINK_GEN_CUR],
          sampleU32('nvmlDeviceGetCurrPcieLinkGeneration'),
          asText,
        ),
      ]),
      group('link_widths', [
        leaf(
          'max_link_width',
          [NVSMI.PCI_LINK_WIDTH_MAX],
          fixedU32('nvmlDeviceGetMaxPcieLinkWidth'),
          (width) => `${width}x`,
        ),
        leaf(
          'current_link_width',
          [NVSMI.PCI_LINK_WIDTH_CUR],
          sampleU32('nvmlDeviceGetCurrPcieLinkWidth'),
          (width) => `${width}x`,
        ),
      ]),
    ]),
    group('pci_bridge_chip', [
      leaf('bridge_chip_type', [], bridge, flag('PLX', 'BR04'), { pick: (view) => chip(view, 'type') }),
      leaf('bridge_chip_fw', [], bridge, asText, { pick: (view) => chip(view, 'fwVersion') }),
    ]),
    leaf('replay_counter', [], sampleU32('nvmlDeviceGetPcieReplayCounter'), asText),
    leaf('tx_util', [], pcieThroughput(nvml.NVML_PCIE_UTIL_TX_BYTES), asNumber, { xml: withUnit('KB/s') }),
    { type: 'word', key: 'tx_util_unit', ids: [], word: 'KB/s' },
    leaf('rx_util', [], pcieThroughput(nvml.NVML_PCIE_UTIL_RX_BYTES), asNumber, { xml: withUnit('KB/s') }),
    { type: 'word', key: 'rx_util_unit', ids: [], word: 'KB/s' },
  ]),
  leaf('fan_speed', [NVSMI.FAN_SPEED], sampleU32('nvmlDeviceGetFanSpeed'), asNumber, { xml: percent }),
  { type: 'word', key: 'fan_speed_unit', ids: [NVSMI.FAN_SPEED], word: '%' },
  leaf('performance_state', [NVSMI.PSTATE], sampleU32('nvmlDeviceGetPerformanceState'), pstate),
  throttle,
  group(
    'fb_memory_usage',
    [
      leaf('total', [NVSMI.MEMORY_TOTAL], memory, mebibytes, { pick: 'total', xml: mib }),
      leaf('used', [NVSMI.MEMORY_USED], memory, mebibytes, { pick: 'used', xml: mib }),
      leaf('free', [NVSMI.MEMORY_FREE], memory, mebibytes, {
        pick: rest('total', 'used'),
        xml: mib,
      }),
    ],
    { unit: 'MiB' },
  ),
  group(
    'bar1_memory_usage',
    [
      leaf('total', [NVSMI.MEMORY_BAR1], bar1, mebibytes, { pick: 'bar1Total', xml: mib }),
      leaf('used', [NVSMI.MEMORY_BAR1], bar1, mebibytes, { pick: 'bar1Used', xml: mib }),
      leaf('free', [NVSMI.MEMORY_BAR1], bar1, mebibytes, {
        pick: rest('bar1Total', 'bar1Used'),
        xml: mib,
      }),
    ],
    { unit: 'MiB' },
  ),
  leaf(
    'compute_mode',
    [NVSMI.COMPUTE_MODE],
    sampleU32('nvmlDeviceGetComputeMode'),
    (mode) => ['Default', 'Exclusive Thread', 'Prohibited', 'Exclusive_Process'][Number(mode)] ?? 'Unknown',
  ),
  group(
    'utilization',
    [
      leaf('gpu_util', [NVSMI.UTILIZATION_GPU], utilization, asNumber, { pick: 'gpu', xml: percent }),
      leaf('memory_util', [NVSMI.UTILIZATION_MEM], utilization, asNumber, { pick: 'memory', xml: percent }),
      leaf('encoder_util', [NVSMI.UTILIZATION_ENCODER], engine('nvmlDeviceGetEncoderUtilization'), asNumber, {
        xml: percent,
      }),
      leaf('decoder_util', [NVSMI.UTILIZATION_DECODER], engine('nvmlDeviceGetDecoderUtilization'), asNumber, {
        xml: percent,
      }),
    ],
    { unit: '%' },
  ),
  group('encoder_stats', [
    leaf('session_count', [NVSMI.ENCODER_STATS_SESSIONCOUNT], encoderStats, asNumber, {
      pick: 'sessions',
      extra: true,
    }),
    leaf('average_fps', [NVSMI.ENCODER_STATS_AVG_EPS], encoderStats, asNumber, { pick: 'fps', extra: true }),
    leaf('average_latency', [NVSMI.ENCODER_STATS_AVG_LATENCY], encoderStats, asNumber, {
      pick: 'latency',
      extra: true,
    }),
  ]),
  group('ecc_mode', [
    leaf('current_ecc', [NVSMI.ECC_MODE_CUR], eccMode, enabled, { pick: 'current' }),
    leaf('pending_ecc', [NVSMI.ECC_MODE_PENDING], eccMode, enabled, { pick: 'pending' }),
  ]),
  group('ecc_errors', [
    eccCounter(
      'volatile',
      nvml.NVML_VOLATILE_ECC,
      NVSMI.ECC_ERROR_CORRECTED_VOLATILE_DEV_MEM,
      NVSMI.ECC_ERROR_UNCORRECTED_VOLATILE_DEV_MEM,
    ),
    eccCounter(
      'aggregate',
      nvml.NVML_AGGREGATE_ECC,
      NVSMI.ECC_ERROR_CORRECTED_AGGREGATE_DEV_MEM,
      NVSMI.ECC_ERROR_UNCORRECTED_AGGREGATE_DEV_MEM,
    ),
  ]),
  group('retired_pages', [
    retiredPages(
      'multiple_single_bit_retirement',
      nvml.NVML_PAGE_RETIREMENT_CAUSE_MULTIPLE_SINGLE_BIT_ECC_ERRORS,
      NVSMI.RETIREDPAGES_SINGLE_BIT_ECC_COUNT,
    ),
    retiredPages(
      'double_bit_retirement',
      nvml.NVML_PAGE_RETIREMENT_CAUSE_DOUBLE_BIT_ECC_ERROR,
      NVSMI.RETIREDPAGES_DOUBLE_BIT_ECC_COUNT,
    ),
    leaf(
      'pending_retirement',
      [NVSMI.RETIREDPAGES_PENDING],
      sampleU32('nvmlDeviceGetRetiredPagesPendingStatus'),
      flag('No', 'Yes'),
    ),
  ]),
  group(
    'temperature',
    [
      leaf(
        'gpu_temp',
        [NVSMI.TEMPERATURE_GPU],
        of('nvmlDeviceGetTemperature', nvml.NVML_TEMPERATURE_GPU),
        asNumber,
        { xml: celsius },
      ),
      leaf(
        'gpu_temp_max_threshold',
        [NVSMI.TEMPERATURE_GPU],
        of('nvmlDeviceGetTemperatureThreshold', nvml.NVML_TEMPERATURE_THRESHOLD_SHUTDOWN),
        asNumber,
        { xml: celsius },
      ),
      leaf(
        'gpu_temp_slow_threshold',
        [NVSMI.TEMPERATURE_GPU],
        of('nvmlDeviceGetTemperatureThreshold', nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN),
        asNumber,
        { xml: celsius },
      ),
      leaf('memory_temp', [NVSMI.TEMPERATURE_MEMORY], memoryTemperature, asNumber, {
        xml: celsius,
        extra: true,
      }),
    ],
    { unit: 'C' },
  ),
  group(
    'power_readings',
    [
      leaf(
        'power_management',
        [NVSMI.POWER_MGMT],
        sampleU32('nvmlDeviceGetPowerManagementMode'),
        flag('N/A', 'Supported'),
      ),
      leaf('power_draw', [NVSMI.POWER_DRAW], power.draw, watts, { xml: inWatts }),
      leaf('power_limit', [NVSMI.POWER_LIMIT], power.limit, watts, { xml: inWatts }),
      leaf('default_power_limit', [NVSMI.POWER_LIMIT_DEFAULT], power.standard, watts, { xml: inWatts }),
      leaf('enforced_power_limit', [NVSMI.POWER_LIMIT_ENFORCED], power.enforced, watts, { xml: inWatts }),
      leaf('min_power_limit', [NVSMI.POWER_LIMIT_MIN], limits, watts, { pick: 'min', xml: inWatts }),
      leaf('max_power_limit', [NVSMI.POWER_LIMIT_MAX], limits, watts, { pick: 'max', xml: inWatts }),
    ],
    { always: [leaf('power_state', [], power.state, pstate)], unit: 'W' },
  ),
  group(
    'clocks',
    [
      leaf(
        'graphics_clock',
        [NVSMI.CLOCKS_GRAPHICS_CUR],
        of('nvmlDeviceGetClockInfo', nvml.NVML_CLOCK_GRAPHICS),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'sm_clock',
        [NVSMI.CLOCKS_GRAPHICS_CUR, NVSMI.CLOCKS_SM_CUR],
        of('nvmlDeviceGetClockInfo', nvml.NVML_CLOCK_SM),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_MEMORY_CUR],
        of('nvmlDeviceGetClockInfo', nvml.NVML_CLOCK_MEM),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'video_clock',
        [NVSMI.CLOCKS_VIDEO_CUR],
        of('nvmlDeviceGetClockInfo', nvml.NVML_CLOCK_VIDEO),
        asNumber,
        { xml: mhz, extra: true },
      ),
    ],
    { unit: 'MHz' },
  ),
  group(
    'applications_clocks',
    [
      leaf(
        'graphics_clock',
        [NVSMI.CLOCKS_APPL_GRAPHICS],
        of('nvmlDeviceGetApplicationsClock', nvml.NVML_CLOCK_GRAPHICS),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_APPL_MEMORY],
        of('nvmlDeviceGetApplicationsClock', nvml.NVML_CLOCK_MEM),
        asNumber,
        { xml: mhz },
      ),
    ],
    { unit: 'MHz' },
  ),
  group(
    'default_applications_clocks',
    [
      leaf(
        'graphics_clock',
        [NVSMI.CLOCKS_APPL_GRAPHICS_DEFAULT],
        of('nvmlDeviceGetDefaultApplicationsClock', nvml.NVML_CLOCK_GRAPHICS),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_APPL_MEMORY_DEFAULT],
        of('nvmlDeviceGetDefaultApplicationsClock', nvml.NVML_CLOCK_MEM),
        asNumber,
        { xml: mhz },
      ),
    ],
    { unit: 'MHz' },
  ),
  group(
    'max_clocks',
    [
      leaf(
        'graphics_clock',
        [NVSMI.CLOCKS_GRAPHICS_MAX],
        of('nvmlDeviceGetMaxClockInfo', nvml.NVML_CLOCK_GRAPHICS),
        asNumber,
        { xml: mhz },
      ),
      leaf('sm_clock', [NVSMI.CLOCKS_SM_MAX], of('nvmlDeviceGetMaxClockInfo', nvml.NVML_CLOCK_SM), asNumber, {
        xml: mhz,
      }),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_MEMORY_MAX],
        of('nvmlDeviceGetMaxClockInfo', nvml.NVML_CLOCK_MEM),
        asNumber,
        { xml: mhz },
      ),
    ],
    { unit: 'MHz' },
  ),
  group('clock_policy', [
    leaf('auto_boost', [NVSMI.CLOCKS_POLICY], autoBoost, flag('Off', 'On'), { pick: 'current' }),
    leaf('auto_boost_default', [NVSMI.CLOCKS_POLICY], autoBoost, flag('Off', 'On'), { pick: 'default' }),
  ]),
  supportedClocks,
  processes,
  accountedProcesses,
];

function gomWord(mode: Value): string {
  return ['All On', 'Compute', 'Low Double Precision'][Number(mode)] ?? 'Unknown';
}
