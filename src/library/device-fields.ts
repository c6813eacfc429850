/** Table: everything deviceQuery can answer about a GPU, in the order, under the keys and in the units of pynvml_utils. */

import { call, list, SUBJECT, struct, text, u32, u64 } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import * as layouts from '../nvml/generated/layouts.js';
import { filledOf, LIST_HEAD } from '../nvml/memory.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { BoundProbe, Pick, Reading, Value } from '../query/bound-probe.js';
import { pcieThroughput } from '../query/pcie-throughput.js';
import { fixed, type Probe, sample } from '../query/probe.js';
import { computeProcesses, processName } from '../query/processes.js';
import { productBrand } from '../query/report/board.js';
import type {
  AccountedProcess,
  ClocksThrottle,
  DeviceProcess,
  RetiredPages,
  SupportedClock,
} from './device-lists.js';
import {
  absence,
  type DevicePart,
  type GroupPart,
  type LeafPart,
  type ListPart,
  spellReading,
  type XmlElement,
} from './device-tree.js';
import { NVSMI } from './ids.js';

const MEBIBYTE = 1024 * 1024;

/** A number as Python writes a float: 700.0. */
const float = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

const withUnit =
  (unit: string, spell: (value: number) => string = String) =>
  (value: string | number): string =>
    typeof value === 'number' ? `${spell(value)} ${unit}` : value;

const asText = (value: Value): string => String(value);
const asNumber = (value: Value): number => Number(value);
const mebibytes = (value: Value): number => Number(value) / MEBIBYTE;
const watts = (value: Value): number => Number(value) / 1000;
const flag =
  (no: string, yes: string) =>
  (value: Value): string =>
    Number(value) === 0 ? no : yes;
const enabled = flag('Disabled', 'Enabled');
const hex =
  (digits: number) =>
  (value: Value): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
const pstate = (value: Value): string => `P${value}`;

interface LeafOptions {
  readonly pick?: Pick;
  readonly xml?: (value: string | number) => string;
  readonly extra?: true;
}

const leaf = (
  key: string,
  ids: readonly number[],
  probe: Probe,
  spell: LeafPart['spell'],
  { pick = 'value', ...options }: LeafOptions = {},
): LeafPart => ({ type: 'leaf', key, ids, probe, spell, pick, ...options });

const group = (key: string, parts: readonly DevicePart[], options: Partial<GroupPart> = {}): GroupPart => ({
  type: 'group',
  key,
  parts,
  ...options,
});

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

const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/* ---- clock throttle reasons: all five with any of the ids ---- */

const supportedReasons = sample(
  'nvmlDeviceGetSupportedClocksThrottleReasons',
  call('nvmlDeviceGetSupportedClocksThrottleReasons', SUBJECT, u64()),
);
const activeReasons = sample(
  'nvmlDeviceGetCurrentClocksThrottleReasons',
  call('nvmlDeviceGetCurrentClocksThrottleReasons', SUBJECT, u64()),
);

/** The highest bit stood for a reason that the driver could not name. The header has it no more. */
const UNKNOWN_REASON = 0x8000000000000000n;

const REASONS: readonly (readonly [name: string, mask: bigint])[] = [
  ['gpu_idle', BigInt(nvml.nvmlClocksEventReasonGpuIdle)],
  ['applications_clocks_setting', BigInt(nvml.nvmlClocksEventReasonApplicationsClocksSetting)],
  ['sw_power_cap', BigInt(nvml.nvmlClocksEventReasonSwPowerCap)],
  ['hw_slowdown', BigInt(nvml.nvmlClocksThrottleReasonHwSlowdown)],
  ['unknown', UNKNOWN_REASON],
];

const bits = (reading: Reading): bigint => BigInt(reading as number | bigint);

const throttle: ListPart<ClocksThrottle> = {
  type: 'list',
  key: 'clocks_throttle',
  declared: 'ClocksThrottle',
  ids: range(NVSMI.CLOCK_THROTTLE_REASONS_SUPPORTED, NVSMI.CLOCK_THROTTLE_REASONS_SYNC_BOOST),
  read: (subject, ask) => {
    const supported = ask(supportedReasons, subject).read('value');
    const active = ask(activeReasons, subject).read('value');
    const missing = [supported, active].find((reading) => reading instanceof Missing);
    if (missing instanceof Missing) return { Error: absence(missing.status) };
    return Object.fromEntries(
      REASONS.map(([name, mask]) => {
        const word = (bits(active) & mask) === 0n ? 'Not Active' : 'Active';
        return [`clocks_throttle_reason_${name}`, (bits(supported) & mask) === 0n ? 'N/A' : word];
      }),
    );
  },
  xml: (reasons) => [
    [
      'clocks_throttle_reasons',
      reasons.Error ?? Object.entries(reasons).map(([tag, word]): XmlElement => [tag, String(word)]),
    ],
  ],
};

/* ---- ECC errors: a counter's two kinds with any of its ids ---- */

const LOCATIONS: readonly (readonly [name: string, location: number])[] = [
  ['device_memory', nvml.NVML_MEMORY_LOCATION_DEVICE_MEMORY],
  ['register_file', nvml.NVML_MEMORY_LOCATION_REGISTER_FILE],
  ['l1_cache', nvml.NVML_MEMORY_LOCATION_L1_CACHE],
  ['l2_cache', nvml.NVML_MEMORY_LOCATION_L2_CACHE],
  ['texture_memory', nvml.NVML_MEMORY_LOCATION_TEXTURE_MEMORY],
];

/** `own` are the ids that ask for these errors alone; `both` ask for single and double bit errors together. */
function eccErrors(key: string, errorType: number, counter: number, ids: readonly number[]): GroupPart {
  const at = (location: number): Probe =>
    sample(
      `library ecc ${errorType} ${counter} ${location}`,
      call('nvmlDeviceGetMemoryErrorCounter', SUBJECT, errorType, counter, location, u64()),
    );
  const total = sample(
    `library ecc total ${errorType} ${counter}`,
    call('nvmlDeviceGetTotalEccErrors', SUBJECT, errorType, counter, u64()),
  );
  return group(key, [
    ...LOCATIONS.map(([name, location]) => leaf(name, ids, at(location), asNumber)),
    leaf('total', ids, total, asText),
  ]);
}

function eccCounter(key: string, counter: number, corrected: number, uncorrected: number): GroupPart {
  const both = range(corrected, corrected + 5);
  return group(key, [
    eccErrors('single_bit', nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED, counter, both),
    eccErrors('double_bit', nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, counter, [
      ...both,
      ...range(uncorrected, uncorrected + 5),
    ]),
  ]);
}

/* ---- retired pages ---- */

function retiredPages(key: string, cause: number, id: number): ListPart<RetiredPages | null> {
  const probe = sample(
    `library retired pages ${cause}`,
    call('nvmlDeviceGetRetiredPages', SUBJECT, cause, list('u64', 64)),
  );
  return {
    type: 'list',
    key,
    declared: 'RetiredPages | null',
    ids: [id],
    read: (subject, ask) => {
      const addresses = ask(probe, subject)
        .items()
        .map((page) => `0x${(page.read('') as Value).toString(16).padStart(16, '0')}`);
      if (addresses.length === 0) return null;
      const numbered = addresses.map((address, i) => [`retired_page_address_${i + 1}`, address]);
      return { retired_count: addresses.length, retired_page_addresses: Object.fromEntries(numbered) };
    },
    xml: (pages) => {
      if (pages === null) return [[key, []]];
      const addresses = Object.values(pages.retired_page_addresses).map(
        (address): XmlElement => ['retired_page_address', address],
      );
      return [
        [
          key,
          [
            ['retired_count', String(pages.retired_count)],
            ['retired_page_addresses', addresses],
          ],
        ],
      ];
    },
  };
}

/* ---- supported clocks ---- */

const memoryClocks = sample(
  'library memory clocks',
  call('nvmlDeviceGetSupportedMemoryClocks', SUBJECT, list('u32', 64)),
);
const graphicsClocks = (clock: number): Probe =>
  sample(
    `library graphics clocks ${clock}`,
    call('nvmlDeviceGetSupportedGraphicsClocks', SUBJECT, clock, list('u32', 256)),
  );

const NUMBERS = list('u32');

/** A list of 32-bit numbers: hundreds of clocks want no view each. */
function numbersOf(asked: BoundProbe): number[] {
  const memory = asked.memory();
  if (memory === undefined) return [];
  const length = filledOf(NUMBERS, memory);
  return Array.from({ length }, (_, i) => memory.readUInt32LE(LIST_HEAD + 4 * i));
}

const supportedClocks: ListPart<readonly SupportedClock[] | null> = {
  type: 'list',
  key: 'supported_clocks',
  declared: 'readonly SupportedClock[] | null',
  ids: [NVSMI.CLOCKS_SUPPORTED],
  read: (subject, ask) => {
    const asked = ask(memoryClocks, subject);
    const clocks = numbersOf(asked).map((current): SupportedClock => {
      const graphics = ask(graphicsClocks(current), subject);
      const list = graphics.status === 0 ? numbersOf(graphics) : absence(graphics.status);
      return { current, unit: 'MHz', supported_graphics_clock: list };
    });
    return clocks.length === 0 ? null : clocks;
  },
  xml: (found) => [
    [
      'supported_clocks',
      (found ?? []).map(
        ({ current, supported_graphics_clock: clocks }): XmlElement => [
          'supported_mem_clock',
          [
            ['value', `${current} MHz`],
            ...(typeof clocks === 'string' ? [clocks] : clocks.map(mhz)).map(
              (clock): XmlElement => ['supported_graphics_clock', clock],
            ),
          ],
        ],
      ),
    ],
  ],
};

/* ---- processes ---- */

const processes: ListPart<readonly DeviceProcess[] | string | null> = {
  type: 'list',
  key: 'processes',
  declared: 'readonly DeviceProcess[] | string | null',
  ids: [NVSMI.COMPUTE_APPS],
  read: (subject, ask) => {
    const asked = ask(computeProcesses, subject);
    if (asked.status !== 0) return absence(asked.status);
    const found = asked.items().flatMap((item): DeviceProcess[] => {
      const pid = item.number('pid');
      const name = ask(processName(pid), subject);
      // It ended between the two questions.
      if (name.status === nvml.NVML_ERROR_NOT_FOUND) return [];
      const used = item.read('usedGpuMemory');
      return [
        {
          pid,
          process_name: String(spellReading(name.read(''), asText)),
          used_memory: used instanceof Missing ? 0 : Math.floor(Number(used) / MEBIBYTE),
          unit: 'MiB',
        },
      ];
    });
    return found.length === 0 ? null : found;
  },
  xml: (found) =>
    typeof found === 'string'
      ? found
      : [
          [
            'processes',
            (found ?? []).map(
              (one): XmlElement => [
                'process_info',
                [
                  ['pid', String(one.pid)],
                  ['process_name', String(one.process_name)],
                  ['used_memory', `${one.used_memory} MiB`],
                ],
              ],
            ),
          ],
        ],
};

const accountedPids = sample(
  'library accounted pids',
  call('nvmlDeviceGetAccountingPids', SUBJECT, list('u32', 128)),
);
const accounted = (pid: number): Probe =>
  sample(
    `library accounted ${pid}`,
    call('nvmlDeviceGetAccountingStats', SUBJECT, pid, struct(layouts.nvmlAccountingStats_t)),
  );

const accountedProcesses: ListPart<readonly AccountedProcess[] | string | null> = {
  type: 'list',
  key: 'accounted_processes',
  declared: 'readonly AccountedProcess[] | string | null',
  ids: [NVSMI.ACCOUNTED_APPS],
  read: (subject, ask) => {
    const asked = ask(accountedPids, subject);
    if (asked.status !== 0) return absence(asked.status);
    const found = asked.items().flatMap((item): AccountedProcess[] => {
      const pid = item.number('');
      const stats = ask(accounted(pid), subject);
      if (stats.status === nvml.NVML_ERROR_NOT_FOUND) return [];
      const spelled = (path: string, spell: (value: Value) => string): string =>
        String(spellReading(stats.read(path), spell));
      return [
        {
          pid: String(pid),
          gpu_util: spelled('gpuUtilization', (value) => `${value} %`),
          memory_util: spelled('memoryUtilization', (value) => `${value} %`),
          max_memory_usage: spelled('maxMemoryUsage', (value) => `${Math.floor(mebibytes(value))} MiB`),
          time: spelled('time', (value) => `${value} ms`),
          is_running: spelled('isRunning', String),
        },
      ];
    });
    return found.length === 0 ? null : found;
  },
  xml: (found) =>
    typeof found === 'string'
      ? found
      : [
          [
            'accounted_processes',
            (found ?? []).map(
              (one): XmlElement => [
                'accounted_process_info',
                Object.entries(one).map(([tag, text]): XmlElement => [tag, String(text)]),
              ],
            ),
          ],
        ],
};

const mhz = withUnit('MHz');
const mib = withUnit('MiB', float);
const percent = withUnit('%');
const celsius = withUnit('C');
const inWatts = withUnit('W', (value) => value.toFixed(2));
const chip = (view: { read(path: string): Reading; number(path: string): number }, path: string): Reading =>
  view.number('bridgeCount') === 0 ? NOT_SUPPORTED : view.read(`bridgeChipInfo.0.${path}`);

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
        pick: (view) => view.number('total') - view.number('used'),
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
        pick: (view) => view.number('bar1Total') - view.number('bar1Used'),
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
