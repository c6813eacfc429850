/** Table: the report of a GPU, in the order of nvidia-smi 580.159.04. Longer than a file of logic. */

import type { Span } from '../base/release.js';
import * as nvml from '../nvml/generated/constants.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { EccSpan } from '../query/gpu/ecc.js';
import { gluedPercent } from '../query/gpu/power.js';
import {
  address,
  calendarTime,
  count,
  mebibytes,
  mebibytesOfProcess,
  megahertz,
  milliseconds,
  percent,
  processId,
  supported,
  text,
  wattsOfSamples,
} from '../query/kind.js';
import * as activity from '../query/report/activity.js';
import * as board from '../query/report/board.js';
import { askedRow, notInNvml, ofItem, row, rowAs } from '../query/report/field.js';
import * as health from '../query/report/health.js';
import * as link from '../query/report/link.js';
import type { Tree } from './document.js';
import type { Group } from './groups.js';
import { systemHead } from './head.js';
import * as lists from './lists.js';
import {
  type Condition,
  type List,
  leaf,
  type Node,
  type ReportField,
  section,
  textLeaf,
  xmlLeaf,
  xmlSection,
} from './node.js';

const NA = [nvml.NVML_ERROR_NOT_READY];

const atLeast = (generation: number): Condition => ({
  of: board.architecture,
  holds: (reading) => reading instanceof Missing || Number(reading) >= generation,
});
const before = (generation: number): Condition => ({
  of: board.architecture,
  holds: (reading) => !(reading instanceof Missing) && Number(reading) < generation,
});
const is = (generation: number): Condition => ({
  of: board.architecture,
  holds: (reading) => !(reading instanceof Missing) && Number(reading) === generation,
});

const migDevice: readonly Node[] = [
  leaf('Index', 'index', ofItem(count, 'index')),
  leaf('GPU Instance ID', 'gpu_instance_id', ofItem(count, 'gpuInstance')),
  leaf('Compute Instance ID', 'compute_instance_id', ofItem(count, 'computeInstance')),
  section('Device Attributes', 'device_attributes', [
    section('Shared', 'shared', [
      leaf('Multiprocessor count', 'multiprocessor_count', ofItem(count, 'multiprocessors')),
      leaf('Copy Engine count', 'copy_engine_count', ofItem(count, 'copyEngines')),
      leaf('Encoder count', 'encoder_count', ofItem(count, 'encoders')),
      leaf('Decoder count', 'decoder_count', ofItem(count, 'decoders')),
      leaf('OFA count', 'ofa_count', ofItem(count, 'ofas')),
      leaf('JPG count', 'jpg_count', ofItem(count, 'jpegs')),
    ]),
  ]),
  section('ECC Errors', 'ecc_error_count', [
    section('Volatile', 'volatile_count', [
      leaf('SRAM Uncorrectable', 'sram_uncorrectable', ofItem(count, 'sramUncorrectable')),
    ]),
  ]),
  section(
    'Shared FB Memory Usage',
    'fb_memory_usage',
    [
      leaf('Total', 'total', ofItem(mebibytes, 'memoryTotal')),
      leaf('Reserved', 'reserved', ofItem(mebibytes, 'memoryReserved'), { since: 525 }),
      leaf('Used', 'used', ofItem(mebibytes, 'memoryUsed')),
      leaf('Free', 'free', ofItem(mebibytes, 'memoryFree')),
    ],
    { past: [{ until: 590, label: 'FB Memory Usage' }] },
  ),
  section(
    'Shared BAR1 Memory',
    'bar1_memory_usage',
    [
      leaf('Total', 'total', ofItem(mebibytes, 'bar1Total')),
      leaf('Used', 'used', ofItem(mebibytes, 'bar1Used')),
      leaf('Free', 'free', ofItem(mebibytes, 'bar1Free')),
    ],
    { past: [{ until: 590, label: 'BAR1 Memory' }] },
  ),
];

const migDevices: List = {
  type: 'list',
  tag: 'mig_devices',
  enclosed: true,
  flat: true,
  label: '',
  find: lists.migDevices,
  item: { label: 'MIG Device', tag: 'mig_device', parts: migDevice },
  none: { xml: 'None' },
};

/** How a driver refuses what later ones have: with `--as` the line is there all the same. */
const UNKNOWN = [
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
  nvml.NVML_ERROR_NOT_FOUND,
] as const;

const bridgeChips: List = {
  type: 'list',
  tag: 'pci_bridge_chip',
  label: '',
  find: lists.bridgeChips,
  // 550.163.01 on the fake.
  onlyFirst: true,
  item: {
    label: 'Bridge Chip',
    tag: 'pci_bridge_chip',
    parts: [
      leaf('Type', 'bridge_chip_type', ofItem(link.bridgeTypes, 'type')),
      leaf('Firmware', 'bridge_chip_fw', ofItem(link.bridgeFirmware, 'firmware'), { inXml: link.bareHex(8) }),
    ],
  },
};

const platformInfo: Node = section(
  'Platform Info',
  'platformInfo',
  [
    leaf('Chassis Serial Number', 'chassis_serial_number', board.chassisSerialNumber),
    leaf('Slot Number', 'slot_number', board.slotNumber),
    leaf('Tray Index', 'tray_index', board.trayIndex),
    leaf('Host ID', 'host_id', board.hostId),
    leaf('Peer Type', 'peer_type', board.peerType),
    leaf('Module Id', 'module_id', board.moduleId),
    leaf('GPU Fabric GUID', 'gpu_fabric_guid', board.gpuFabricGuid),
  ],
  { since: 580 },
);

const gspFirmwareVersion = (span: Span): Node =>
  leaf('GSP Firmware Version', 'gsp_firmware_version', board.gspFirmwareVersion, {
    groups: ['GSP_FIRMWARE_VERSION'],
    ...span,
  });

const identity: readonly Node[] = [
  leaf('Product Name', 'product_name', row('name')),
  leaf('Product Brand', 'product_brand', board.productBrand),
  leaf('Product Architecture', 'product_architecture', board.architecture, { since: 525 }),
  leaf('Display Mode', 'display_mode', row('display_mode')),
  leaf('Display Attached', 'display_attached', row('display_attached'), { since: 580 }),
  leaf('Display Active', 'display_active', row('display_active')),
  leaf('Persistence Mode', 'persistence_mode', row('persistence_mode')),
  leaf('Addressing Mode', 'addressing_mode', row('addressing_mode'), { since: 535 }),
  section('MIG Mode', 'mig_mode', [
    leaf('Current', 'current_mig', row('mig.mode.current')),
    leaf('Pending', 'pending_mig', row('mig.mode.pending')),
  ]),
  migDevices,
  leaf('Accounting Mode', 'accounting_mode', row('accounting.mode'), { groups: ['ACCOUNTING'] }),
  leaf('Accounting Mode Buffer Size', 'accounting_mode_buffer_size', row('accounting.buffer_size'), {
    groups: ['ACCOUNTING'],
  }),
  section('Driver Model', 'driver_model', [
    leaf('Current', 'current_dm', row('driver_model.current')),
    leaf('Pending', 'pending_dm', row('driver_model.pending')),
  ]),
  leaf('Serial Number', 'serial', row('serial')),
  leaf('GPU UUID', 'uuid', row('uuid')),
  leaf('GPU PDI', 'pdi', board.pdi, {
    newer: [nvml.NVML_ERROR_FUNCTION_NOT_FOUND],
    since: 580,
  }),
  leaf('Minor Number', 'minor_number', board.minorNumber),
  leaf('VBIOS Version', 'vbios_version', row('vbios_version')),
  leaf('MultiGPU Board', 'multigpu_board', board.multiGpuBoard),
  leaf('Board ID', 'board_id', board.boardId),
  // Before 525 the number of the board has the name of the GPU's.
  leaf('GPU Part Number', 'gpu_part_number', board.boardPartNumber, { until: 525 }),
  leaf('Board Part Number', 'board_part_number', board.boardPartNumber, { since: 525 }),
  leaf('GPU Part Number', 'gpu_part_number', board.gpuPartNumber, { since: 525 }),
  leaf('FRU Part Number', 'gpu_fru_part_number', notInNvml, { since: 535 }),
  leaf('Module ID', 'gpu_module_id', board.moduleId, { until: 580 }),
  platformInfo,
  section('Inforom Version', 'inforom_version', [
    leaf('Image Version', 'img_version', row('inforom.img')),
    leaf('OEM Object', 'oem_object', row('inforom.oem')),
    leaf('ECC Object', 'ecc_object', row('inforom.ecc')),
    leaf('Power Management Object', 'pwr_object', row('inforom.pwr')),
  ]),
  section(
    'Inforom BBX Object Flush',
    'inforom_bbx_flush',
    [
      leaf('Latest Timestamp', 'latest_timestamp', board.bbxTimestamp, { absent: NA }),
      leaf('Latest Duration', 'latest_duration', board.bbxDuration, { absent: NA }),
    ],
    { since: 535 },
  ),
  section(
    'Inforom Time Data',
    'inforom_time_data',
    // The library of Windows does not have the function (610.62).
    [leaf('Time Run', 'time_run', row('bbx.time_run'), { absent: UNKNOWN })],
    { since: 610 },
  ),
  section('GPU Operation Mode', 'gpu_operation_mode', [
    leaf('Current', 'current_gom', row('gom.current')),
    leaf('Pending', 'pending_gom', row('gom.pending')),
  ]),
  leaf('GPU C2C Mode', 'c2c_mode', row('c2c.mode'), { since: 550 }),
  gspFirmwareVersion({ until: 550 }),
  section('GPU Virtualization Mode', 'gpu_virtualization_mode', [
    leaf('Virtualization Mode', 'virtualization_mode', board.virtualizationMode),
    leaf('Host VGPU Mode', 'host_vgpu_mode', board.hostVgpuMode),
    leaf('vGPU Heterogeneous Mode', 'vgpu_heterogeneous_mode', board.vgpuHeterogeneousMode, { since: 550 }),
  ]),
  section(
    'vGPU Software Licensed Product',
    'vgpu_software_licensed_product',
    [
      leaf('Product Name', 'licensed_product_name', board.licensedProduct),
      leaf('License Status', 'license_status', board.license),
    ],
    {
      when: {
        of: board.virtualizationMode,
        holds: (mode) =>
          !(mode instanceof Missing) && Number(mode) === nvml.NVML_GPU_VIRTUALIZATION_MODE_VGPU,
      },
    },
  ),
  section(
    'GPU Reset Status',
    'gpu_reset_status',
    [
      leaf('Reset Required', 'reset_required', row('reset_status.reset_required')),
      leaf(
        'Drain and Reset Recommended',
        'drain_and_reset_recommended',
        row('reset_status.drain_and_reset_recommended'),
      ),
    ],
    { groups: ['RESET_STATUS'], since: 535, until: 580 },
  ),
  leaf('GPU Recovery Action', 'gpu_recovery_action', row('gpu_recovery_action'), { since: 580 }),
  gspFirmwareVersion({ since: 550 }),
  section('IBMNPU', 'ibmnpu', [leaf('Relaxed Ordering Mode', 'relaxed_ordering_mode', notInNvml)]),
];

const atomics = (label: string, tag: string, of: ReportField, span: Span): Node =>
  leaf(`Atomic Caps ${label}`, `atomic_caps_${tag}`, of, { zeroIsAbsent: true, ...span });

const pci: Node = section('PCI', 'pci', [
  leaf('Bus', 'pci_bus', row('pci.bus'), { inXml: link.bareHex(2) }),
  leaf('Device', 'pci_device', row('pci.device'), { inXml: link.bareHex(2) }),
  leaf('Domain', 'pci_domain', row('pci.domain'), { inXml: link.bareHex(4) }),
  // The nvidia-smi of Windows has neither (591, 610).
  ...[
    leaf('Base Classcode', 'pci_base_class', row('pci.baseClass'), { inXml: link.bareHex(1), since: 550 }),
    leaf('Sub Classcode', 'pci_sub_class', row('pci.subClass'), { inXml: link.bareHex(1), since: 550 }),
  ].map((node) => ({ ...node, on: 'linux' as const })),
  leaf('Device Id', 'pci_device_id', row('pci.device_id'), { inXml: link.bareHex(8) }),
  leaf('Bus Id', 'pci_bus_id', row('pci.bus_id')),
  leaf('Sub System Id', 'pci_sub_system_id', row('pci.sub_device_id'), { inXml: link.bareHex(8) }),
  section('GPU Link Info', 'pci_gpu_link_info', [
    section('PCIe Generation', 'pcie_gen', [
      leaf('Max', 'max_link_gen', row('pcie.link.gen.max')),
      leaf('Current', 'current_link_gen', row('pcie.link.gen.current')),
      leaf('Device Current', 'device_current_link_gen', row('pcie.link.gen.gpucurrent'), { since: 525 }),
      leaf('Device Max', 'max_device_link_gen', row('pcie.link.gen.gpumax'), { since: 525 }),
      leaf('Host Max', 'max_host_link_gen', row('pcie.link.gen.hostmax'), { since: 525 }),
    ]),
    section('Link Width', 'link_widths', [
      leaf('Max', 'max_link_width', link.widthMax),
      leaf('Current', 'current_link_width', link.width),
    ]),
  ]),
  bridgeChips,
  leaf('Replays Since Reset', 'replay_counter', link.replays),
  leaf('Replay Number Rollovers', 'replay_rollover_counter', link.replayRollovers),
  leaf('Tx Throughput', 'tx_util', link.txThroughput),
  leaf('Rx Throughput', 'rx_util', link.rxThroughput),
  atomics('Inbound', 'inbound', link.atomicsInbound, { since: 525, until: 580 }),
  atomics('Outbound', 'outbound', link.atomicsOutbound, { since: 525 }),
  atomics('Inbound', 'inbound', link.atomicsInbound, { since: 580 }),
]);

/** The names before 535. */
const throttle = (name: string) => [{ until: 535, tag: `clocks_throttle_reason_${name}` }] as const;

const reason = (label: string, name: string, options: Parameters<typeof leaf>[3] = {}): Node =>
  leaf(label, `clocks_event_reason_${name}`, row(`clocks_event_reasons.${name}`), {
    past: throttle(name),
    ...options,
  });

const performance: readonly Node[] = [
  leaf('Performance State', 'performance_state', row('pstate')),
  section(
    'Clocks Event Reasons',
    'clocks_event_reasons',
    [
      reason('Idle', 'gpu_idle'),
      reason('Applications Clocks Setting', 'applications_clocks_setting'),
      reason('SW Power Cap', 'sw_power_cap'),
      reason('HW Slowdown', 'hw_slowdown'),
      reason('HW Thermal Slowdown', 'hw_thermal_slowdown', { deeper: true }),
      reason('HW Power Brake Slowdown', 'hw_power_brake_slowdown', { deeper: true }),
      reason('Sync Boost', 'sync_boost'),
      reason('SW Thermal Slowdown', 'sw_thermal_slowdown'),
      leaf(
        'Display Clock Setting',
        'clocks_event_reason_display_clocks_setting',
        activity.displayClockSetting,
        { past: throttle('display_clocks_setting') },
      ),
    ],
    // A vGPU shows one line with N/A (RTX A6000-24Q, 535.183.06).
    {
      gate: row('clocks_event_reasons.active'),
      past: [{ until: 535, label: 'Clocks Throttle Reasons', tag: 'clocks_throttle_reasons' }],
    },
  ),
  section(
    'Clocks Event Reasons Counters',
    'clocks_event_reasons_counters',
    [
      counter('SW Power Capping', 'sw_power_cap', 'sw_power_cap'),
      counter('Sync Boost', 'sync_boost', 'sync_boost'),
      counter('SW Thermal Slowdown', 'sw_therm_slowdown', 'sw_thermal_slowdown'),
      counter('HW Thermal Slowdown', 'hw_therm_slowdown', 'hw_thermal_slowdown'),
      counter('HW Power Braking', 'hw_power_brake', 'hw_power_brake_slowdown'),
    ],
    { since: 580 },
  ),
  leaf('Sparse Operation Mode', 'sparse_operation_mode', board.sparseOperationMode, { since: 535 }),
];

function counter(label: string, tag: string, name: string): Node {
  return leaf(label, `clocks_event_reasons_counters_${tag}`, row(`clocks_event_reasons_counters.${name}`));
}

const memory: readonly Node[] = [
  section('FB Memory Usage', 'fb_memory_usage', [
    leaf('Total', 'total', row('memory.total')),
    leaf('Reserved', 'reserved', row('memory.reserved'), { since: 525 }),
    leaf('Used', 'used', row('memory.used')),
    leaf('Free', 'free', row('memory.free')),
  ]),
  section('BAR1 Memory Usage', 'bar1_memory_usage', [
    leaf('Total', 'total', activity.bar1Total),
    leaf('Used', 'used', activity.bar1Used),
    leaf('Free', 'free', activity.bar1Free),
  ]),
  section(
    'Conf Compute Protected Memory Usage',
    'cc_protected_memory_usage',
    [
      leaf('Total', 'total', row('protected_memory.total')),
      leaf('Used', 'used', row('protected_memory.used')),
      leaf('Free', 'free', row('protected_memory.free')),
    ],
    { since: 535 },
  ),
];

/** Only -d has the samples, and XML does not. */
function samples(label: string, tag: string, type: number, kind: typeof percent, since = 0): Node {
  const of = activity.samplesOf(type, kind);
  return section(
    label,
    tag,
    [
      leaf('Duration', 'duration', of.duration),
      leaf('Number of Samples', 'count', of.count),
      leaf('Max', 'max', of.max),
      leaf('Min', 'min', of.min),
      leaf('Avg', 'average', of.average),
    ],
    { onlyByGroup: true, notInXml: true, since },
  );
}

const utilization: readonly Node[] = [
  section('Utilization', 'utilization', [
    leaf('GPU', 'gpu_util', row('utilization.gpu'), { past: [{ until: 580, label: 'Gpu' }] }),
    leaf('Memory', 'memory_util', row('utilization.memory')),
    leaf('Encoder', 'encoder_util', row('utilization.encoder')),
    leaf('Decoder', 'decoder_util', row('utilization.decoder')),
    leaf('JPEG', 'jpeg_util', row('utilization.jpeg'), { since: 535 }),
    leaf('OFA', 'ofa_util', row('utilization.ofa'), { since: 535 }),
  ]),
  samples('GPU Utilization Samples', 'gpu_util_samples', nvml.NVML_GPU_UTILIZATION_SAMPLES, percent),
  samples('Memory Utilization Samples', 'memory_util_samples', nvml.NVML_MEMORY_UTILIZATION_SAMPLES, percent),
  samples('ENC Utilization Samples', 'encoder_util_samples', nvml.NVML_ENC_UTILIZATION_SAMPLES, percent),
  samples('DEC Utilization Samples', 'decoder_util_samples', nvml.NVML_DEC_UTILIZATION_SAMPLES, percent),
  samples('JPG Utilization Samples', 'jpeg_util_samples', nvml.NVML_JPG_UTILIZATION_SAMPLES, percent, 550),
  samples('OFA Utilization Samples', 'ofa_util_samples', nvml.NVML_OFA_UTILIZATION_SAMPLES, percent, 550),
];

const encoderStats: Node = section('Encoder Stats', 'encoder_stats', [
  leaf('Active Sessions', 'session_count', row('encoder.stats.sessionCount')),
  leaf('Average FPS', 'average_fps', row('encoder.stats.averageFps')),
  leaf('Average Latency', 'average_latency', row('encoder.stats.averageLatency')),
]);

const fbcStats: Node = section('FBC Stats', 'fbc_stats', [
  leaf('Active Sessions', 'session_count', activity.fbcSessions),
  leaf('Average FPS', 'average_fps', activity.fbcAverageFps),
  leaf('Average Latency', 'average_latency', activity.fbcAverageLatency),
]);

const SPANS: readonly (readonly [label: string, span: EccSpan])[] = [
  ['Volatile', 'volatile'],
  ['Aggregate', 'aggregate'],
];

/** Nothing is counted while ECC is off (550.163.01 on the fake). */
const whileOn = ({ kind, source }: ReportField): ReportField => ({
  kind,
  source: {
    derived: [row('ecc.mode.current'), { source }],
    of: (mode, errors = mode) =>
      errors instanceof Missing || Number(mode) === nvml.NVML_FEATURE_ENABLED ? errors : NOT_SUPPORTED,
  },
});

/** Ampere and later: SRAM errors by the code that found them. */
const eccErrors: Node = section(
  'ECC Errors',
  'ecc_errors',
  [
    ...SPANS.map(([label, span]) =>
      section(label, span, [
        leaf('SRAM Correctable', 'sram_correctable', whileOn(health.sramCorrected(span))),
        leaf(
          'SRAM Uncorrectable Parity',
          'sram_uncorrectable_parity',
          whileOn(row(`ecc.errors.uncorrected.${span}.sram.parity`)),
        ),
        leaf(
          'SRAM Uncorrectable SEC-DED',
          'sram_uncorrectable_secded',
          whileOn(row(`ecc.errors.uncorrected.${span}.sram.secded`)),
        ),
        leaf('DRAM Correctable', 'dram_correctable', whileOn(row(`ecc.errors.corrected.${span}.dram`))),
        leaf('DRAM Uncorrectable', 'dram_uncorrectable', whileOn(row(`ecc.errors.uncorrected.${span}.dram`))),
        ...(span === 'volatile'
          ? []
          : [
              leaf(
                'SRAM Threshold Exceeded',
                'sram_threshold_exceeded',
                whileOn(row('ecc.errors.uncorrected.aggregate.sram.thresholdExceeded')),
              ),
            ]),
      ]),
    ),
    section('Aggregate Uncorrectable SRAM Sources', 'aggregate_uncorrectable_sram_sources', [
      leaf('SRAM L2', 'sram_l2', whileOn(row('ecc.errors.uncorrected.aggregate.sram.l2'))),
      leaf('SRAM SM', 'sram_sm', whileOn(row('ecc.errors.uncorrected.aggregate.sram.sm'))),
      leaf(
        'SRAM Microcontroller',
        'sram_microcontroller',
        whileOn(row('ecc.errors.uncorrected.aggregate.sram.mcu')),
      ),
      leaf('SRAM PCIE', 'sram_pcie', whileOn(row('ecc.errors.uncorrected.aggregate.sram.pcie'))),
      leaf('SRAM Other', 'sram_other', whileOn(row('ecc.errors.uncorrected.aggregate.sram.other'))),
    ]),
    leaf('Channel Repair Pending', 'channel_repair_pending', health.channelRepairPending, {
      since: 580,
      newer: [nvml.NVML_ERROR_FUNCTION_NOT_FOUND],
    }),
    leaf('TPC Repair Pending', 'tpc_repair_pending', health.tpcRepairPending, {
      since: 580,
      newer: [nvml.NVML_ERROR_FUNCTION_NOT_FOUND],
    }),
    // A B200 with driver 580.105.08 does not have the line.
    leaf('Unrepairable Memory', 'unrepairable_memory', health.unrepairableMemory, {
      since: 580,
      newer: [nvml.NVML_ERROR_FUNCTION_NOT_FOUND],
    }),
  ],
  { when: atLeast(nvml.NVML_DEVICE_ARCH_AMPERE), since: 535 },
);

/** Turing (T4, RTX 2080 SUPER; 591 and 595); before 535 newer ones, too. */
const eccTotals = (when: Condition, span: Span = {}): Node =>
  section(
    'ECC Errors',
    'ecc_errors',
    SPANS.map(([label, span]) =>
      section(label, span, [
        leaf('SRAM Correctable', 'sram_correctable', whileOn(row(`ecc.errors.corrected.${span}.sram`))),
        leaf('SRAM Uncorrectable', 'sram_uncorrectable', whileOn(row(`ecc.errors.uncorrected.${span}.sram`))),
        leaf('DRAM Correctable', 'dram_correctable', whileOn(row(`ecc.errors.corrected.${span}.dram`))),
        leaf('DRAM Uncorrectable', 'dram_uncorrectable', whileOn(row(`ecc.errors.uncorrected.${span}.dram`))),
      ]),
    ),
    { when, ...span },
  );

const SEVERITIES = [
  ['Single Bit', 'single_bit', 'corrected', nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED],
  ['Double Bit', 'double_bit', 'uncorrected', nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED],
] as const;

/** Volta and older (Tesla V100, Quadro P2000; 470 to 535). Text pads the two headings (V100). */
const oldEccErrors: Node = section(
  'ECC Errors',
  'ecc_errors',
  SPANS.map(([label, span]) =>
    section(
      label,
      span,
      SEVERITIES.map(([heading, tag, severity, type]) =>
        section(heading.padEnd(22), tag, [
          leaf('Device Memory', 'device_memory', row(`ecc.errors.${severity}.${span}.device_memory`)),
          leaf('Register File', 'register_file', row(`ecc.errors.${severity}.${span}.register_file`)),
          leaf('L1 Cache', 'l1_cache', row(`ecc.errors.${severity}.${span}.l1_cache`)),
          leaf('L2 Cache', 'l2_cache', row(`ecc.errors.${severity}.${span}.l2_cache`)),
          leaf('Texture Memory', 'texture_memory', row(`ecc.errors.${severity}.${span}.texture_memory`)),
          leaf(
            'Texture Shared',
            'texture_shm',
            health.textureSharedErrors(
              type,
              span === 'volatile' ? nvml.NVML_VOLATILE_ECC : nvml.NVML_AGGREGATE_ECC,
            ),
          ),
          leaf('CBU', 'cbu', row(`ecc.errors.${severity}.${span}.cbu`)),
          leaf('Total', 'total', row(`ecc.errors.${severity}.${span}.total`)),
        ]),
      ),
    ),
  ),
  { when: before(nvml.NVML_DEVICE_ARCH_TURING) },
);

const retirement = (tag: string, counted: string, cause: number): Node =>
  xmlSection(tag, [
    xmlLeaf('retired_count', row(counted)),
    {
      type: 'list',
      tag: 'retired_pagelist',
      enclosed: true,
      find: lists.retiredPages(cause),
      // A T4 with retired pages, 470.256.02 to 580.159.04.
      item: {
        tag: 'retired_page',
        parts: [
          xmlLeaf('retired_page_address', ofItem(address, 'address')),
          xmlLeaf('retired_page_timestamp', ofItem(calendarTime, 'time')),
        ],
      },
    },
  ]);

const retiredPages: Node = section('Retired Pages', 'retired_pages', [
  textLeaf('Single Bit ECC', row('retired_pages.single_bit_ecc.count')),
  textLeaf('Double Bit ECC', row('retired_pages.double_bit.count')),
  retirement(
    'multiple_single_bit_retirement',
    'retired_pages.single_bit_ecc.count',
    nvml.NVML_PAGE_RETIREMENT_CAUSE_MULTIPLE_SINGLE_BIT_ECC_ERRORS,
  ),
  retirement(
    'double_bit_retirement',
    'retired_pages.double_bit.count',
    nvml.NVML_PAGE_RETIREMENT_CAUSE_DOUBLE_BIT_ECC_ERROR,
  ),
  leaf('Pending Page Blacklist', 'pending_blacklist', row('retired_pages.pending')),
  xmlLeaf('pending_retirement', row('retired_pages.pending')),
]);

const remappedRows: Node = section(
  'Remapped Rows',
  'remapped_rows',
  [
    leaf('Correctable Error', 'remapped_row_corr', row('remapped_rows.correctable')),
    leaf(
      'Inactive Correctable Error',
      'remapped_row_corr_inactive',
      row('remapped_rows.correctable_inactive'),
      { since: 580, gap: [590, 595] },
    ),
    leaf('Uncorrectable Error', 'remapped_row_unc', row('remapped_rows.uncorrectable')),
    leaf(
      'Inactive Uncorrectable Error',
      'remapped_row_unc_inactive',
      row('remapped_rows.uncorrectable_inactive'),
      { since: 580, gap: [590, 595] },
    ),
    leaf('Pending', 'remapped_row_pending', row('remapped_rows.pending')),
    leaf('Remapping Failure Occurred', 'remapped_row_failure', row('remapped_rows.failure')),
    section(
      'Bank Remap Availability Histogram',
      'row_remapper_histogram',
      [
        leaf('Max', 'row_remapper_histogram_max', health.bankHistogram('max')),
        leaf('High', 'row_remapper_histogram_high', health.bankHistogram('high')),
        leaf('Partial', 'row_remapper_histogram_partial', health.bankHistogram('partial')),
        leaf('Low', 'row_remapper_histogram_low', health.bankHistogram('low')),
        leaf('None', 'row_remapper_histogram_none', health.bankHistogram('none')),
      ],
      // 550.163.01 on the fake.
      { gate: health.bankHistogram('max') },
    ),
  ],
  // One line with N/A on GPUs that remap no rows, and on those that MIG divides (H100, 590.48.01).
  { gate: row('remapped_rows.correctable') },
);

const hasTLimit: Condition = {
  of: askedRow('temperature.gpu.tlimit'),
  holds: (reading) => !(reading instanceof Missing),
};
const hasNoTLimit: Condition = { of: hasTLimit.of, holds: (reading) => !hasTLimit.holds(reading) };

/** A threshold below which a GPU counts down (Ada and later), or the temperature itself on older GPUs. */
const threshold = (
  label: string,
  tag: string,
  margin: ReportField,
  temperature: ReportField,
): readonly Node[] => [
  leaf(`${label} T.Limit Temp`, `${tag}_tlimit_threshold`, margin, { when: hasTLimit, since: 525 }),
  leaf(`${label} Temp`, `${tag}_threshold`, temperature, { when: hasNoTLimit, since: 525 }),
  leaf(`${label} Temp`, `${tag}_threshold`, temperature, { until: 525 }),
];

const temperature: Node = section('Temperature', 'temperature', [
  leaf('GPU Current Temp', 'gpu_temp', row('temperature.gpu')),
  leaf('GPU Current T.Limit Temp', 'gpu_temp_tlimit', row('temperature.gpu.tlimit'), {
    since: 525,
    past: [{ until: 610, label: 'GPU T.Limit Temp' }],
  }),
  ...threshold('GPU Shutdown', 'gpu_temp_max', health.shutdownTLimit, health.shutdownTemperature),
  ...threshold('GPU Slowdown', 'gpu_temp_slow', health.slowdownTLimit, health.slowdownTemperature),
  ...threshold('GPU Max Operating', 'gpu_temp_max_gpu', health.gpuMaxTLimit, health.gpuMaxTemperature),
  leaf('GPU Target Temperature Specification', 'gpu_target_temperature', health.targetTemperature, {
    past: [{ until: 610, label: 'GPU Target Temperature' }],
  }),
  leaf('Memory Current Temp', 'memory_temp', row('temperature.memory')),
  ...threshold(
    'Memory Max Operating',
    'gpu_temp_max_mem',
    health.memoryMaxTLimit,
    health.memoryMaxTemperature,
  ),
]);

const targetTemperatures: Node = section(
  'Supported GPU_TARGET_TEMP',
  'supported_gpu_target_temp',
  [
    leaf('Min', 'gpu_target_temp_min', health.targetTemperatureMin),
    leaf('Max', 'gpu_target_temp_max', health.targetTemperatureMax),
  ],
  { onlyByGroup: true },
);

const draws = (prefix: string, draw: ReportField): readonly Node[] => [
  leaf('Power Draw', 'power_draw', draw, { until: 550 }),
  leaf('Average Power Draw', 'average_power_draw', row(`${prefix}power.draw.average`), { since: 550 }),
  leaf('Instantaneous Power Draw', 'instant_power_draw', row(`${prefix}power.draw.instant`), { since: 550 }),
];

const limits = (prefix: string, current: string, requested: string): readonly Node[] => [
  leaf('Current Power Limit', 'current_power_limit', row(current)),
  leaf('Requested Power Limit', 'requested_power_limit', row(requested)),
  leaf('Default Power Limit', 'default_power_limit', row(`${prefix}power.default_limit`)),
];

const bounds = (prefix: string): readonly Node[] => [
  leaf('Min Power Limit', 'min_power_limit', row(`${prefix}power.min_limit`)),
  leaf('Max Power Limit', 'max_power_limit', row(`${prefix}power.max_limit`)),
];

/** Since 610 the limits are a group of their own, with the base power beside it (RTX 2080 SUPER, 610.57.04). */
const gpuLimits: readonly Node[] = [
  ...limits('', 'enforced.power.limit', 'power.limit').map((node) => ({ ...node, until: 610 })),
  section(
    'GPU Ceiling Power Limit',
    'gpu_ceiling_power_limit',
    limits('', 'enforced.power.limit', 'power.limit'),
    { since: 610 },
  ),
  section(
    'GPU Base Power',
    'gpu_base_power',
    [
      leaf('Current Base Power', 'current_base_power', row('gpu.base.current'), { absent: UNKNOWN }),
      leaf('Requested Base Power', 'requested_base_power', row('gpu.base.requested'), { absent: UNKNOWN }),
      leaf('Default Base Power', 'default_base_power', row('gpu.base.default'), { absent: UNKNOWN }),
    ],
    { since: 610 },
  ),
];

const power: readonly Node[] = [
  section(
    'Power Readings',
    'power_readings',
    [
      xmlLeaf('power_state', row('pstate')),
      leaf('Power Management', 'power_management', rowAs('power.management', supported)),
      leaf('Power Draw', 'power_draw', row('power.draw')),
      leaf('Power Limit', 'power_limit', row('power.limit')),
      leaf('Default Power Limit', 'default_power_limit', row('power.default_limit')),
      leaf('Enforced Power Limit', 'enforced_power_limit', row('enforced.power.limit')),
      leaf('Min Power Limit', 'min_power_limit', row('power.min_limit')),
      leaf('Max Power Limit', 'max_power_limit', row('power.max_limit')),
    ],
    { until: 535 },
  ),
  section(
    'GPU Power Readings',
    'gpu_power_readings',
    [xmlLeaf('power_state', row('pstate')), ...draws('', row('power.draw')), ...gpuLimits, ...bounds('')],
    { since: 535 },
  ),
  samples('Power Samples', 'power_samples', nvml.NVML_TOTAL_POWER_SAMPLES, wattsOfSamples),
  // The blank at the end is nvidia-smi's (H100, H200, 580.159.04; also 590 to 595).
  section(
    'GPU Memory Power Readings ',
    'gpu_memory_power_readings',
    [
      leaf('Average Power Draw', 'average_power_draw', activity.memoryPowerAverage),
      leaf('Instantaneous Power Draw', 'instant_power_draw', activity.memoryPowerInstant),
    ],
    { since: 550 },
  ),
  section(
    'Module Power Readings',
    'module_power_readings',
    [
      xmlLeaf('power_state', row('pstate')),
      ...draws('module.', row('module.power.draw.instant')),
      ...limits('module.', 'module.enforced.power.limit', 'module.power.limit'),
      ...bounds('module.'),
    ],
    { since: 535 },
  ),
];

const smoothing = (label: string, name: string): Node =>
  leaf(label, `power_smoothing_${name.replaceAll('.', '_')}`, row(`power_smoothing.${name}`));

/** No GPU whose driver lets one look at these was recorded: what is inside has labels and tags of our own. */
const powerSmoothing: Node = section(
  'Power Smoothing',
  'power_smoothing',
  [
    leaf('Enabled', 'power_smoothing_enabled', activity.powerSmoothingEnabled),
    leaf('Privilege Level', 'power_smoothing_privilege_level', activity.powerSmoothingPrivilege),
    smoothing('Delayed Power Smoothing Supported', 'delayed_power_smoothing_supported'),
    smoothing('Primary Power Floor', 'primary_power_floor'),
    smoothing('Secondary Power Floor', 'secondary_power_floor'),
    smoothing('Min Primary Floor Activation Offset', 'min_primary_floor_activation_offset'),
    smoothing('Min Primary Floor Activation Point', 'min_primary_floor_activation_point'),
    smoothing('Window Multiplier', 'window_multiplier'),
    section('Current Profile', 'power_smoothing_current_profile', [
      smoothing('Secondary Power Floor', 'curr_profile.secondary_power_floor'),
      smoothing('Primary Floor Activation Window', 'curr_profile.primary_floor_act_window_multiplier'),
      smoothing('Primary Floor Target Window', 'curr_profile.primary_floor_tar_window_multiplier'),
      smoothing('Primary Floor Activation Offset', 'curr_profile.primary_floor_act_offset'),
    ]),
    section('Admin Override', 'power_smoothing_admin_override', [
      smoothing('Secondary Power Floor', 'admin_override.secondary_power_floor'),
      smoothing('Primary Floor Activation Window', 'admin_override.primary_floor_act_window_multiplier'),
      smoothing('Primary Floor Target Window', 'admin_override.primary_floor_tar_window_multiplier'),
      smoothing('Primary Floor Activation Offset', 'admin_override.primary_floor_act_offset'),
    ]),
  ],
  // Older drivers than 575 do not know the gate's field.
  {
    gate: row('power_smoothing.primary_power_floor'),
    absent: [nvml.NVML_ERROR_INVALID_ARGUMENT],
    since: 580,
  },
);

const powerProfiles: Node = section(
  'Workload Power Profiles',
  'power_profiles',
  [
    leaf('Requested Profiles', 'power_profile_requested_profiles', activity.requestedProfiles),
    leaf('Enforced Profiles', 'power_profile_enforced_profiles', activity.enforcedProfiles),
  ],
  { since: 580 },
);

const clocks: readonly Node[] = [
  section('Clocks', 'clocks', [
    leaf('Graphics', 'graphics_clock', row('clocks.current.graphics')),
    leaf('SM', 'sm_clock', row('clocks.current.sm')),
    leaf('Memory', 'mem_clock', row('clocks.current.memory')),
    leaf('Video', 'video_clock', row('clocks.current.video')),
  ]),
  section('Applications Clocks', 'applications_clocks', [
    leaf('Graphics', 'graphics_clock', row('clocks.applications.graphics')),
    leaf('Memory', 'mem_clock', row('clocks.applications.memory')),
  ]),
  section('Default Applications Clocks', 'default_applications_clocks', [
    leaf('Graphics', 'graphics_clock', row('clocks.default_applications.graphics')),
    leaf('Memory', 'mem_clock', row('clocks.default_applications.memory')),
  ]),
  section('Deferred Clocks', 'deferred_clocks', [leaf('Memory', 'mem_clock', notInNvml)], { since: 525 }),
  section('Max Clocks', 'max_clocks', [
    leaf('Graphics', 'graphics_clock', row('clocks.max.graphics')),
    leaf('SM', 'sm_clock', row('clocks.max.sm')),
    leaf('Memory', 'mem_clock', row('clocks.max.memory')),
    leaf('Video', 'video_clock', activity.videoClockMax),
  ]),
  section('Max Customer Boost Clocks', 'max_customer_boost_clocks', [
    leaf('Graphics', 'graphics_clock', activity.customerBoostMax),
  ]),
  samples('SM Clock Samples', 'sm_clock_samples', nvml.NVML_PROCESSOR_CLK_SAMPLES, megahertz),
  samples('Memory Clock Samples', 'mem_clock_samples', nvml.NVML_MEMORY_CLK_SAMPLES, megahertz),
  section('Clock Policy', 'clock_policy', [
    leaf('Auto Boost', 'auto_boost', activity.autoBoostNow),
    leaf('Auto Boost Default', 'auto_boost_default', activity.autoBoostDefault),
  ]),
];

const fabric: Node = section(
  'Fabric',
  'fabric',
  [
    leaf('State', 'state', row('fabric.state')),
    leaf('Status', 'status', row('fabric.status')),
    leaf('CliqueId', 'cliqueId', row('fabric.cliqueId'), { since: 550 }),
    leaf('ClusterUUID', 'clusterUuid', row('fabric.clusterUuid'), { since: 550 }),
    section(
      'Health',
      'health',
      [
        leaf('Summary', 'summary', row('fabric.health.summary'), { since: 580 }),
        leaf('Bandwidth', 'bandwidth', row('fabric.health.bandwidth')),
        leaf(
          'Route Recovery in progress',
          'route_recovery_in_progress',
          row('fabric.health.route_recovery_in_progress'),
          { since: 580 },
        ),
        leaf('Route Unhealthy', 'route_unhealthy', row('fabric.health.route_unhealthy'), { since: 580 }),
        leaf(
          'Access Timeout Recovery',
          'access_timeout_recovery',
          row('fabric.health.access_timeout_recovery'),
          { since: 580 },
        ),
        leaf(
          'Incorrect Configuration',
          'incorrect_configuration',
          row('fabric.health.incorrect_configuration'),
          { since: 580 },
        ),
        leaf('Partition Assigned', 'partition_assigned', row('fabric.health.partition_assigned'), {
          since: 580,
          gap: [590, 595],
        }),
      ],
      { since: 550 },
    ),
  ],
  { since: 525 },
);

const supportedClocks: List = {
  type: 'list',
  label: 'Supported Clocks',
  tag: 'supported_clocks',
  enclosed: true,
  onlyByGroup: true,
  find: lists.supportedClocks,
  item: {
    tag: 'supported_mem_clock',
    parts: [
      leaf('Memory', 'value', ofItem(megahertz, 'memory')),
      {
        type: 'list',
        label: '',
        tag: 'supported_graphics_clock',
        deeper: true,
        find: { within: 'graphics' },
        item: { label: 'Graphics', tag: 'supported_graphics_clock', of: ofItem(megahertz, 'graphics') },
      },
    ],
  },
};

const PROCESS_COLUMN = 42;

/** Where the driver does not report it, whatever the system is (550.163.01 on the fake, Windows with 591 and 610). In XML it is N/A. */
const memoryInReport = { ...mebibytesOfProcess, absent: 'Not available in WDDM driver model' };

const processes: List = {
  type: 'list',
  label: 'Processes',
  tag: 'processes',
  enclosed: true,
  column: PROCESS_COLUMN,
  none: { text: 'None' },
  find: lists.processes,
  item: {
    tag: 'process_info',
    parts: [
      leaf('GPU instance ID', 'gpu_instance_id', ofItem(count, 'gpuInstance')),
      leaf('Compute instance ID', 'compute_instance_id', ofItem(count, 'computeInstance')),
      leaf('Process ID', 'pid', ofItem(processId, 'pid')),
      leaf('Type', 'type', ofItem(text, 'type'), { deeper: true }),
      leaf('Name', 'process_name', ofItem(text, 'name'), { deeper: true }),
      leaf('Used GPU Memory', 'used_memory', ofItem(memoryInReport, 'usedMemory'), { deeper: true }),
    ],
  },
};

const accountedProcesses: List = {
  type: 'list',
  label: 'Accounted Processes',
  tag: 'accounted_processes',
  enclosed: true,
  onlyByGroup: true,
  none: { text: 'None' },
  find: lists.accountedProcesses,
  item: {
    tag: 'accounted_process_info',
    parts: [
      leaf('Process ID', 'pid', ofItem(processId, 'pid')),
      leaf('GPU Utilization', 'gpu_util', ofItem(percent, 'gpuUtilization'), { deeper: true }),
      leaf('Memory Utilization', 'memory_util', ofItem(percent, 'memoryUtilization'), { deeper: true }),
      leaf('Max memory usage', 'max_memory_usage', ofItem(mebibytes, 'maxMemoryUsage'), { deeper: true }),
      leaf('Time', 'time', ofItem(milliseconds, 'time'), { deeper: true }),
      leaf('Is Running', 'is_running', ofItem(count, 'isRunning'), { deeper: true }),
    ],
  },
};

/** The column of the others is the report's with 580.159.04 (on the fake), and narrow in the captures of 595 and 610. */
const accountedByRelease: readonly List[] = [
  { ...accountedProcesses, until: 595 },
  { ...accountedProcesses, column: PROCESS_COLUMN, since: 595 },
];

/** The nodes, shown by `-d` where one of the groups is asked for. */
const within = (groups: readonly Group[], nodes: readonly Node[]): readonly Node[] =>
  nodes.map((node) => ({ ...node, groups }));

const parts: readonly Node[] = [
  ...identity,
  pci,
  leaf('Fan Speed', 'fan_speed', row('fan.speed')),
  ...within(['PERFORMANCE'], performance),
  ...within(['MEMORY'], memory),
  leaf('Compute Mode', 'compute_mode', row('compute_mode'), { groups: ['COMPUTE'] }),
  ...within(['UTILIZATION'], utilization),
  ...within(['ENCODER_STATS'], [encoderStats]),
  ...within(['FBC_STATS'], [fbcStats]),
  section(
    'DRAM Encryption Mode',
    'dram_encryption_mode',
    [
      leaf('Current', 'current_dram_encryption', row('dramEncryption.mode.current')),
      leaf('Pending', 'pending_dram_encryption', row('dramEncryption.mode.pending')),
    ],
    { since: 580 },
  ),
  ...within(
    ['ECC'],
    [
      section(
        'ECC Mode',
        'ecc_mode',
        [
          leaf('Current', 'current_ecc', row('ecc.mode.current')),
          leaf('Pending', 'pending_ecc', row('ecc.mode.pending')),
        ],
        { past: [{ until: 535, label: 'Ecc Mode' }] },
      ),
      eccErrors,
      eccTotals(is(nvml.NVML_DEVICE_ARCH_TURING)),
      eccTotals(atLeast(nvml.NVML_DEVICE_ARCH_AMPERE), { until: 535 }),
      oldEccErrors,
    ],
  ),
  ...within(['PAGE_RETIREMENT'], [retiredPages]),
  ...within(['ROW_REMAPPER'], [remappedRows]),
  ...within(['TEMPERATURE'], [temperature]),
  ...within(['SUPPORTED_GPU_TARGET_TEMP'], [targetTemperatures]),
  ...within(['POWER'], power),
  ...within(['POWER_SMOOTHING'], [powerSmoothing]),
  ...within(['POWER_PROFILES'], [powerProfiles]),
  leaf('EDPp Multiplier', 'edpp_multiplier', rowAs('edpp_multiplier', gluedPercent), {
    absent: UNKNOWN,
    since: 590,
  }),
  ...within(['CLOCK'], clocks),
  section('Voltage', 'voltage', [leaf('Graphics', 'graphics_volt', notInNvml)], {
    groups: ['VOLTAGE'],
    until: 580,
  }),
  fabric,
  ...within(['SUPPORTED_CLOCKS'], [supportedClocks]),
  ...within(['PIDS'], [processes]),
  ...within(['ACCOUNTING'], accountedByRelease),
  section('Capabilities', 'capabilities', [leaf('EGM', 'egm', board.egm)], { since: 580 }),
];

export const gpuTree: Tree = {
  root: 'nvidia_smi_log',
  dtd: 'nvsmi_device_v13.dtd',
  past: [
    { until: 525, dtd: 'nvsmi_device_v11.dtd' },
    { until: 580, dtd: 'nvsmi_device_v12.dtd' },
  ],
  head: systemHead,
  counts: [leaf('Attached GPUs', 'attached_gpus', { kind: count, source: { own: 'count' } })],
  label: 'GPU',
  tag: 'gpu',
  id: row('pci.bus_id'),
  noId: 'Unable to determine the PCI bus id for the target device',
  parts,
};
