/** Table: everything deviceQuery can answer about a GPU, in the order, under the keys and in the units of pynvml_utils. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetAccountingBufferSize,
  nvmlDeviceGetAccountingMode,
  nvmlDeviceGetApplicationsClock,
  nvmlDeviceGetAutoBoostedClocksEnabled,
  nvmlDeviceGetBAR1MemoryInfo,
  nvmlDeviceGetBoardId,
  nvmlDeviceGetBrand,
  nvmlDeviceGetBridgeChipInfo,
  nvmlDeviceGetClockInfo,
  nvmlDeviceGetComputeMode,
  nvmlDeviceGetCurrPcieLinkGeneration,
  nvmlDeviceGetCurrPcieLinkWidth,
  nvmlDeviceGetDecoderUtilization,
  nvmlDeviceGetDefaultApplicationsClock,
  nvmlDeviceGetDisplayActive,
  nvmlDeviceGetDisplayMode,
  nvmlDeviceGetDriverModel_v2,
  nvmlDeviceGetEccMode,
  nvmlDeviceGetEncoderStats,
  nvmlDeviceGetEncoderUtilization,
  nvmlDeviceGetEnforcedPowerLimit,
  nvmlDeviceGetFanSpeed,
  nvmlDeviceGetGpuOperationMode,
  nvmlDeviceGetInforomImageVersion,
  nvmlDeviceGetInforomVersion,
  nvmlDeviceGetMaxClockInfo,
  nvmlDeviceGetMaxPcieLinkGeneration,
  nvmlDeviceGetMaxPcieLinkWidth,
  nvmlDeviceGetMemoryInfo,
  nvmlDeviceGetMinorNumber,
  nvmlDeviceGetMultiGpuBoard,
  nvmlDeviceGetName,
  nvmlDeviceGetPcieReplayCounter,
  nvmlDeviceGetPciInfo_v3,
  nvmlDeviceGetPerformanceState,
  nvmlDeviceGetPersistenceMode,
  nvmlDeviceGetPowerManagementDefaultLimit,
  nvmlDeviceGetPowerManagementLimit,
  nvmlDeviceGetPowerManagementLimitConstraints,
  nvmlDeviceGetPowerManagementMode,
  nvmlDeviceGetPowerState,
  nvmlDeviceGetPowerUsage,
  nvmlDeviceGetRetiredPagesPendingStatus,
  nvmlDeviceGetSerial,
  nvmlDeviceGetTemperature,
  nvmlDeviceGetTemperatureThreshold,
  nvmlDeviceGetUtilizationRates,
  nvmlDeviceGetUUID,
  nvmlDeviceGetVbiosVersion,
} from '../nvml/generated/entries.js';
import { NOT_SUPPORTED } from '../nvml/status.js';
import { derived } from '../query/derive.js';
import { pcieThroughput } from '../query/pcie-throughput.js';
import { field, fixed, type Probe, sample } from '../query/probe.js';
import type { Pick, Reading, Value, View } from '../query/reading.js';
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

const pci = fixed(nvmlDeviceGetPciInfo_v3);
const driverModel = sample(nvmlDeviceGetDriverModel_v2);
const inforom = (object: number): Probe => fixed(nvmlDeviceGetInforomVersion, { object });
const operationMode = sample(nvmlDeviceGetGpuOperationMode);
const bridge = fixed(nvmlDeviceGetBridgeChipInfo);
const memory = sample(nvmlDeviceGetMemoryInfo);
const bar1 = sample(nvmlDeviceGetBAR1MemoryInfo);
const utilization = sample(nvmlDeviceGetUtilizationRates);
const eccMode = sample(nvmlDeviceGetEccMode);
const limits = fixed(nvmlDeviceGetPowerManagementLimitConstraints);
const autoBoost = sample(nvmlDeviceGetAutoBoostedClocksEnabled);
const encoderStats = sample(nvmlDeviceGetEncoderStats);
const memoryTemperature = field(nvml.NVML_FI_DEV_MEMORY_TEMP);
const power = {
  state: sample(nvmlDeviceGetPowerState),
  draw: sample(nvmlDeviceGetPowerUsage),
  limit: sample(nvmlDeviceGetPowerManagementLimit),
  standard: sample(nvmlDeviceGetPowerManagementDefaultLimit),
  enforced: sample(nvmlDeviceGetEnforcedPowerLimit),
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
  leaf('product_name', [NVSMI.NAME], fixed(nvmlDeviceGetName), asText, { pick: '' }),
  leaf('product_brand', [NVSMI.NAME], fixed(nvmlDeviceGetBrand), (value) => productBrand.kind.spell(value)),
  leaf('display_mode', [NVSMI.DISPLAY_MODE], sample(nvmlDeviceGetDisplayMode), enabled),
  leaf('display_active', [NVSMI.DISPLAY_ACTIVE], sample(nvmlDeviceGetDisplayActive), enabled),
  leaf('persistence_mode', [NVSMI.PERSISTENCE_MODE], sample(nvmlDeviceGetPersistenceMode), enabled),
  leaf('accounting_mode', [NVSMI.ACCT_MODE], sample(nvmlDeviceGetAccountingMode), enabled),
  leaf(
    'accounting_mode_buffer_size',
    [NVSMI.ACCT_BUFFER_SIZE],
    fixed(nvmlDeviceGetAccountingBufferSize),
    asText,
  ),
  group('driver_model', [
    leaf('current_dm', [NVSMI.DRIVER_MODEL_CUR], driverModel, flag('WDDM', 'TCC'), { pick: 'current' }),
    leaf('pending_dm', [NVSMI.DRIVER_MODEL_PENDING], driverModel, flag('WDDM', 'TCC'), { pick: 'pending' }),
  ]),
  leaf('serial', [NVSMI.SERIALNUMBER], fixed(nvmlDeviceGetSerial), asText, { pick: '' }),
  leaf('uuid', [NVSMI.UUID], fixed(nvmlDeviceGetUUID), asText, { pick: '' }),
  leaf('minor_number', [NVSMI.INDEX], fixed(nvmlDeviceGetMinorNumber), asText),
  leaf('vbios_version', [NVSMI.VBIOS_VER], fixed(nvmlDeviceGetVbiosVersion), asText, { pick: '' }),
  leaf('multigpu_board', [NVSMI.VBIOS_VER], fixed(nvmlDeviceGetMultiGpuBoard), flag('No', 'Yes')),
  leaf('board_id', [NVSMI.BOARD_ID], fixed(nvmlDeviceGetBoardId), (value) => `0x${value.toString(16)}`),
  group('inforom_version', [
    leaf('img_version', [NVSMI.INFOROM_IMG], fixed(nvmlDeviceGetInforomImageVersion), asText, {
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
        leaf('max_link_gen', [NVSMI.PCI_LINK_GEN_MAX], fixed(nvmlDeviceGetMaxPcieLinkGeneration), asText),
        leaf(
          'current_link_gen',
          [NVSMI.PCI_LINK_GEN_CUR],
          sample(nvmlDeviceGetCurrPcieLinkGeneration),
          asText,
        ),
      ]),
      group('link_widths', [
        leaf(
          'max_link_width',
          [NVSMI.PCI_LINK_WIDTH_MAX],
          fixed(nvmlDeviceGetMaxPcieLinkWidth),
          (width) => `${width}x`,
        ),
        leaf(
          'current_link_width',
          [NVSMI.PCI_LINK_WIDTH_CUR],
          sample(nvmlDeviceGetCurrPcieLinkWidth),
          (width) => `${width}x`,
        ),
      ]),
    ]),
    group('pci_bridge_chip', [
      leaf('bridge_chip_type', [], bridge, flag('PLX', 'BR04'), { pick: (view) => chip(view, 'type') }),
      leaf('bridge_chip_fw', [], bridge, asText, { pick: (view) => chip(view, 'fwVersion') }),
    ]),
    leaf('replay_counter', [], sample(nvmlDeviceGetPcieReplayCounter), asText),
    leaf('tx_util', [], pcieThroughput(nvml.NVML_PCIE_UTIL_TX_BYTES), asNumber, { xml: withUnit('KB/s') }),
    { type: 'word', key: 'tx_util_unit', ids: [], word: 'KB/s' },
    leaf('rx_util', [], pcieThroughput(nvml.NVML_PCIE_UTIL_RX_BYTES), asNumber, { xml: withUnit('KB/s') }),
    { type: 'word', key: 'rx_util_unit', ids: [], word: 'KB/s' },
  ]),
  leaf('fan_speed', [NVSMI.FAN_SPEED], sample(nvmlDeviceGetFanSpeed), asNumber, { xml: percent }),
  { type: 'word', key: 'fan_speed_unit', ids: [NVSMI.FAN_SPEED], word: '%' },
  leaf('performance_state', [NVSMI.PSTATE], sample(nvmlDeviceGetPerformanceState), pstate),
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
    sample(nvmlDeviceGetComputeMode),
    (mode) => ['Default', 'Exclusive Thread', 'Prohibited', 'Exclusive_Process'][Number(mode)] ?? 'Unknown',
  ),
  group(
    'utilization',
    [
      leaf('gpu_util', [NVSMI.UTILIZATION_GPU], utilization, asNumber, { pick: 'gpu', xml: percent }),
      leaf('memory_util', [NVSMI.UTILIZATION_MEM], utilization, asNumber, { pick: 'memory', xml: percent }),
      leaf('encoder_util', [NVSMI.UTILIZATION_ENCODER], sample(nvmlDeviceGetEncoderUtilization), asNumber, {
        pick: 'utilization',
        xml: percent,
      }),
      leaf('decoder_util', [NVSMI.UTILIZATION_DECODER], sample(nvmlDeviceGetDecoderUtilization), asNumber, {
        pick: 'utilization',
        xml: percent,
      }),
    ],
    { unit: '%' },
  ),
  group('encoder_stats', [
    leaf('session_count', [NVSMI.ENCODER_STATS_SESSIONCOUNT], encoderStats, asNumber, {
      pick: 'sessionCount',
      extra: true,
    }),
    leaf('average_fps', [NVSMI.ENCODER_STATS_AVG_EPS], encoderStats, asNumber, {
      pick: 'averageFps',
      extra: true,
    }),
    leaf('average_latency', [NVSMI.ENCODER_STATS_AVG_LATENCY], encoderStats, asNumber, {
      pick: 'averageLatency',
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
      sample(nvmlDeviceGetRetiredPagesPendingStatus),
      flag('No', 'Yes'),
    ),
  ]),
  group(
    'temperature',
    [
      leaf(
        'gpu_temp',
        [NVSMI.TEMPERATURE_GPU],
        sample(nvmlDeviceGetTemperature, { sensorType: nvml.NVML_TEMPERATURE_GPU }),
        asNumber,
        { xml: celsius },
      ),
      leaf(
        'gpu_temp_max_threshold',
        [NVSMI.TEMPERATURE_GPU],
        sample(nvmlDeviceGetTemperatureThreshold, {
          thresholdType: nvml.NVML_TEMPERATURE_THRESHOLD_SHUTDOWN,
        }),
        asNumber,
        { xml: celsius },
      ),
      leaf(
        'gpu_temp_slow_threshold',
        [NVSMI.TEMPERATURE_GPU],
        sample(nvmlDeviceGetTemperatureThreshold, {
          thresholdType: nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN,
        }),
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
        sample(nvmlDeviceGetPowerManagementMode),
        flag('N/A', 'Supported'),
      ),
      leaf('power_draw', [NVSMI.POWER_DRAW], power.draw, watts, { xml: inWatts }),
      leaf('power_limit', [NVSMI.POWER_LIMIT], power.limit, watts, { xml: inWatts }),
      leaf('default_power_limit', [NVSMI.POWER_LIMIT_DEFAULT], power.standard, watts, { xml: inWatts }),
      leaf('enforced_power_limit', [NVSMI.POWER_LIMIT_ENFORCED], power.enforced, watts, { xml: inWatts }),
      leaf('min_power_limit', [NVSMI.POWER_LIMIT_MIN], limits, watts, { pick: 'minLimit', xml: inWatts }),
      leaf('max_power_limit', [NVSMI.POWER_LIMIT_MAX], limits, watts, { pick: 'maxLimit', xml: inWatts }),
    ],
    { always: [leaf('power_state', [], power.state, pstate)], unit: 'W' },
  ),
  group(
    'clocks',
    [
      leaf(
        'graphics_clock',
        [NVSMI.CLOCKS_GRAPHICS_CUR],
        sample(nvmlDeviceGetClockInfo, { type: nvml.NVML_CLOCK_GRAPHICS }),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'sm_clock',
        [NVSMI.CLOCKS_GRAPHICS_CUR, NVSMI.CLOCKS_SM_CUR],
        sample(nvmlDeviceGetClockInfo, { type: nvml.NVML_CLOCK_SM }),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_MEMORY_CUR],
        sample(nvmlDeviceGetClockInfo, { type: nvml.NVML_CLOCK_MEM }),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'video_clock',
        [NVSMI.CLOCKS_VIDEO_CUR],
        sample(nvmlDeviceGetClockInfo, { type: nvml.NVML_CLOCK_VIDEO }),
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
        sample(nvmlDeviceGetApplicationsClock, { clockType: nvml.NVML_CLOCK_GRAPHICS }),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_APPL_MEMORY],
        sample(nvmlDeviceGetApplicationsClock, { clockType: nvml.NVML_CLOCK_MEM }),
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
        sample(nvmlDeviceGetDefaultApplicationsClock, { clockType: nvml.NVML_CLOCK_GRAPHICS }),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_APPL_MEMORY_DEFAULT],
        sample(nvmlDeviceGetDefaultApplicationsClock, { clockType: nvml.NVML_CLOCK_MEM }),
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
        sample(nvmlDeviceGetMaxClockInfo, { type: nvml.NVML_CLOCK_GRAPHICS }),
        asNumber,
        { xml: mhz },
      ),
      leaf(
        'sm_clock',
        [NVSMI.CLOCKS_SM_MAX],
        sample(nvmlDeviceGetMaxClockInfo, { type: nvml.NVML_CLOCK_SM }),
        asNumber,
        {
          xml: mhz,
        },
      ),
      leaf(
        'mem_clock',
        [NVSMI.CLOCKS_MEMORY_MAX],
        sample(nvmlDeviceGetMaxClockInfo, { type: nvml.NVML_CLOCK_MEM }),
        asNumber,
        { xml: mhz },
      ),
    ],
    { unit: 'MHz' },
  ),
  group('clock_policy', [
    leaf('auto_boost', [NVSMI.CLOCKS_POLICY], autoBoost, flag('Off', 'On'), { pick: 'isEnabled' }),
    leaf('auto_boost_default', [NVSMI.CLOCKS_POLICY], autoBoost, flag('Off', 'On'), {
      pick: 'defaultIsEnabled',
    }),
  ]),
  supportedClocks,
  processes,
  accountedProcesses,
];

function gomWord(mode: Value): string {
  return ['All On', 'Compute', 'Low Double Precision'][Number(mode)] ?? 'Unknown';
}
