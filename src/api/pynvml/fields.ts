/**
 * Table: what deviceQuery answers: where in the result, which field of the GPU it is, and how pynvml_utils spells it. Where
 * nothing is said the number of the field asks for it, and it is spelled as nvidia-smi spells it.
 */
import { Missing } from '../../nvml/status.js';
import { derive } from '../../query/derive.js';
import type { Field } from '../../query/field.js';
import { fieldNamed } from '../../query/relations.js';
import { listed } from './listed.js';
import type { ResultRow } from './row.js';
import {
  asField,
  flag,
  hexDigits,
  lanes,
  mebibytes,
  number,
  plainNumber,
  type Spell,
  spelled,
  watts,
  words,
} from './spelling.js';

type Details = Partial<Pick<ResultRow, 'asked' | 'extra' | 'always' | 'unit' | 'unitBeside'>>;

function leaf(path: string, of: string | Field, spell: Spell = asField, more: Details = {}): ResultRow {
  const field = typeof of === 'string' ? fieldNamed(of) : of;
  const spelling = spell(field.kind);
  return {
    path: path.split('.'),
    fields: [field],
    asked: [field.names[0]],
    unit: spelling.unit,
    of: (records) => spelled(records instanceof Missing ? records : (records[0]?.[0] ?? ''), spelling),
    ...more,
  };
}

/** The difference of two fields, in place of another. */
const difference = (name: string, from: string, taken: string): Field => ({
  ...fieldNamed(name),
  source: {
    derived: [fieldNamed(from), fieldNamed(taken)],
    of: (...readings) => derive(readings, (all = 0, less = 0) => all - less),
  },
});

const PLACES = ['device_memory', 'register_file', 'l1_cache', 'l2_cache', 'texture_memory', 'total'] as const;

/** Any number of corrected errors asks for all errors of the counter, one of uncorrected errors for all uncorrected ones. */
function eccErrors(counter: string): readonly ResultRow[] {
  const of = (kind: string): readonly string[] => PLACES.map((at) => `ecc.errors.${kind}.${counter}.${at}`);
  const both = of('corrected');
  const errors = (key: string, kind: string, asked: readonly string[]): readonly ResultRow[] =>
    of(kind).map((name, i) => {
      const place = PLACES[i] as (typeof PLACES)[number];
      const spelling = place === 'total' ? undefined : plainNumber;
      return leaf(`ecc_errors.${counter}.${key}.${place}`, name, spelling, { asked });
    });
  return [
    ...errors('single_bit', 'corrected', both),
    ...errors('double_bit', 'uncorrected', [...both, ...of('uncorrected')]),
  ];
}

const wddmOrTcc = flag('WDDM', 'TCC');
const computeModes = words('Default', 'Exclusive Thread', 'Prohibited', 'Exclusive_Process');
const operationMode = (which: string): Details => ({ asked: ['inforom.pwr', `gom.${which}`] });
const fullOnly: Details = { asked: [] };
const besideFullOnly: Details = { asked: [], unitBeside: true };
const extra: Details = { extra: true };
const bar1: Details = { asked: ['bar1.total'] };
const gpuTemperature: Details = { asked: ['temperature.gpu'] };
/** What the driver reserves counts as used. */
const usedMemory = difference('memory.used', 'memory.total', 'memory.free');
/** In bytes, of which nvidia-smi makes MiB before it subtracts. */
const freeBar1 = difference('bar1.free', 'bar1.total', 'bar1.used');

/** YYYY-MM-DD in local time, as the day of nvidia-smi's timestamp. */
const localDate: Spell = ({ spell }) => ({
  of: (milliseconds) => spell(milliseconds).slice(0, 10).replaceAll('/', '-'),
});

/** About the system, before the GPUs. */
export const headRows: readonly ResultRow[] = [
  leaf('timestamp', 'timestamp', localDate),
  leaf('driver_version', 'driver_version'),
  leaf('count', 'count', plainNumber),
];

export const gpuRows: readonly ResultRow[] = [
  leaf('id', 'pci.bus_id'),
  leaf('product_name', 'name'),
  leaf('product_brand', 'product_brand', undefined, { asked: ['name'] }),
  leaf('display_mode', 'display_attached', flag('Disabled', 'Enabled'), { asked: ['display_mode'] }),
  leaf('display_active', 'display_active'),
  leaf('persistence_mode', 'persistence_mode'),
  leaf('accounting_mode', 'accounting.mode'),
  leaf('accounting_mode_buffer_size', 'accounting.buffer_size'),
  leaf('driver_model.current_dm', 'driver_model.current', wddmOrTcc),
  leaf('driver_model.pending_dm', 'driver_model.pending', wddmOrTcc),
  leaf('serial', 'serial'),
  leaf('uuid', 'uuid'),
  leaf('minor_number', 'minor_number', undefined, { asked: ['index'] }),
  leaf('vbios_version', 'vbios_version'),
  leaf('multigpu_board', 'multigpu_board', undefined, { asked: ['vbios_version'] }),
  leaf('board_id', 'board_id'),
  leaf('inforom_version.img_version', 'inforom.img'),
  leaf('inforom_version.oem_object', 'inforom.oem'),
  leaf('inforom_version.ecc_object', 'inforom.ecc'),
  leaf('inforom_version.pwr_object', 'inforom.pwr'),
  leaf('gpu_operation_mode.current_gom', 'gom.current', undefined, operationMode('current')),
  leaf('gpu_operation_mode.pending_gom', 'gom.pending', undefined, operationMode('pending')),
  leaf('pci.pci_bus', 'pci.bus', hexDigits),
  leaf('pci.pci_device', 'pci.device', hexDigits),
  leaf('pci.pci_domain', 'pci.domain', hexDigits),
  leaf('pci.pci_device_id', 'pci.device_id', hexDigits),
  leaf('pci.pci_bus_id', 'pci.bus_id'),
  leaf('pci.pci_sub_system_id', 'pci.sub_device_id', hexDigits),
  leaf('pci.pci_gpu_link_info.pcie_gen.max_link_gen', 'pcie.link.gen.max'),
  leaf('pci.pci_gpu_link_info.pcie_gen.current_link_gen', 'pcie.link.gen.current'),
  leaf('pci.pci_gpu_link_info.link_widths.max_link_width', 'pcie.link.width.max', lanes),
  leaf('pci.pci_gpu_link_info.link_widths.current_link_width', 'pcie.link.width.current', lanes),
  leaf('pci.pci_bridge_chip.bridge_chip_type', 'pci.bridge_chip.type', flag('PLX', 'BR04'), fullOnly),
  leaf('pci.pci_bridge_chip.bridge_chip_fw', 'pci.bridge_chip.firmware', undefined, fullOnly),
  leaf('pci.replay_counter', 'pcie.replay_counter', undefined, fullOnly),
  leaf('pci.tx_util', 'pcie.throughput.tx', number, besideFullOnly),
  leaf('pci.rx_util', 'pcie.throughput.rx', number, besideFullOnly),
  leaf('fan_speed', 'fan.speed', number, { unitBeside: true }),
  leaf('performance_state', 'pstate'),
  listed.clocksThrottle,
  leaf('fb_memory_usage.total', 'memory.total', mebibytes),
  leaf('fb_memory_usage.used', usedMemory, mebibytes),
  leaf('fb_memory_usage.free', 'memory.free', mebibytes),
  leaf('bar1_memory_usage.total', 'bar1.total', mebibytes),
  leaf('bar1_memory_usage.used', 'bar1.used', mebibytes, bar1),
  leaf('bar1_memory_usage.free', freeBar1, mebibytes, bar1),
  leaf('compute_mode', 'compute_mode', computeModes),
  leaf('utilization.gpu_util', 'utilization.gpu', number),
  leaf('utilization.memory_util', 'utilization.memory', number),
  leaf('utilization.encoder_util', 'utilization.encoder', number),
  leaf('utilization.decoder_util', 'utilization.decoder', number),
  leaf('encoder_stats.session_count', 'encoder.stats.sessionCount', plainNumber, extra),
  leaf('encoder_stats.average_fps', 'encoder.stats.averageFps', plainNumber, extra),
  leaf('encoder_stats.average_latency', 'encoder.stats.averageLatency', plainNumber, extra),
  leaf('ecc_mode.current_ecc', 'ecc.mode.current'),
  leaf('ecc_mode.pending_ecc', 'ecc.mode.pending'),
  ...eccErrors('volatile'),
  ...eccErrors('aggregate'),
  listed.singleBitPages,
  listed.doubleBitPages,
  leaf('retired_pages.pending_retirement', 'retired_pages.pending'),
  leaf('temperature.gpu_temp', 'temperature.gpu', number),
  leaf('temperature.gpu_temp_max_threshold', 'temperature.gpu.shutdown', number, gpuTemperature),
  leaf('temperature.gpu_temp_slow_threshold', 'temperature.gpu.slowdown', number, gpuTemperature),
  leaf('temperature.memory_temp', 'temperature.memory', number, extra),
  leaf('power_readings.power_management', 'power.management', flag('N/A', 'Supported'), {
    unit: 'W',
  }),
  leaf('power_readings.power_draw', 'power.draw', watts),
  leaf('power_readings.power_limit', 'power.limit', watts),
  leaf('power_readings.default_power_limit', 'power.default_limit', watts),
  leaf('power_readings.enforced_power_limit', 'enforced.power.limit', watts),
  leaf('power_readings.min_power_limit', 'power.min_limit', watts),
  leaf('power_readings.max_power_limit', 'power.max_limit', watts),
  leaf('power_readings.power_state', 'pstate', undefined, { ...fullOnly, always: true }),
  leaf('clocks.graphics_clock', 'clocks.current.graphics', number),
  leaf('clocks.sm_clock', 'clocks.current.sm', number, {
    asked: ['clocks.current.graphics', 'clocks.current.sm'],
  }),
  leaf('clocks.mem_clock', 'clocks.current.memory', number),
  leaf('clocks.video_clock', 'clocks.current.video', number, extra),
  leaf('applications_clocks.graphics_clock', 'clocks.applications.graphics', number),
  leaf('applications_clocks.mem_clock', 'clocks.applications.memory', number),
  leaf('default_applications_clocks.graphics_clock', 'clocks.default_applications.graphics', number),
  leaf('default_applications_clocks.mem_clock', 'clocks.default_applications.memory', number),
  leaf('max_clocks.graphics_clock', 'clocks.max.graphics', number),
  leaf('max_clocks.sm_clock', 'clocks.max.sm', number),
  leaf('max_clocks.mem_clock', 'clocks.max.memory', number),
  leaf('clock_policy.auto_boost', 'clocks.auto_boost'),
  leaf('clock_policy.auto_boost_default', 'clocks.auto_boost_default', undefined, {
    asked: ['clocks.auto_boost'],
  }),
  listed.supportedClocks,
  listed.processes,
  listed.accountedProcesses,
];
