/**
 * Writes src/api/generated/nvsmi-ids.ts: the constants and names that pynvml_utils 13.0.1 has for its numbers. The numbers
 * are those of our fields and relations.
 */
import { fieldNamed, numberOf, relations } from '../src/query/relations.js';

/** Names of a filter that mean one number. `of` is the field or relation, where it has none of these names. */
interface Known {
  readonly names: readonly string[];
  readonly of?: string;
}

const names = (...all: readonly string[]): Known => ({ names: all });
const nameless = (of: string): Known => ({ names: [], of });
const relation = (name: string, of: string): Known => ({ names: [name], of });

const ECC_PLACES = {
  DEV_MEM: 'device_memory',
  REGFILE: 'register_file',
  L1CACHE: 'l1_cache',
  L2CACHE: 'l2_cache',
  TEXTURE: 'texture_memory',
  TOTAL: 'total',
};

const eccErrors = (kind: string, counter: string): readonly (readonly [string, Known])[] =>
  Object.entries(ECC_PLACES).map(([constant, place]) => [
    `ECC_ERROR_${kind}_${counter}_${constant}`.toUpperCase(),
    names(`ecc.errors.${kind}.${counter}.${place}`),
  ]);

const reason = (name: string): Known => names(`clocks_throttle_reasons.${name}`);

/** By their constants without NVSMI_, in the order in which pynvml_utils lists the names. */
const KNOWN: Readonly<Record<string, Known>> = {
  TIMESTAMP: names('timestamp'),
  DRIVER_VERSION: names('driver_version'),
  COUNT: names('count'),
  NAME: names('name', 'gpu_name'),
  SERIALNUMBER: names('serial', 'gpu_serial'),
  UUID: names('uuid', 'gpu_uuid'),
  PCI_BUS_ID: names('pci.bus_id', 'gpu_bus_id'),
  PCI_DOMAIN: names('pci.domain'),
  PCI_BUS: names('pci.bus'),
  PCI_DEVICE: names('pci.device'),
  PCI_DEVICE_ID: names('pci.device_id'),
  PCI_SUBDEVICE_ID: names('pci.sub_device_id'),
  PCI_LINK_GEN_CUR: names('pcie.link.gen.current'),
  PCI_LINK_GEN_MAX: names('pcie.link.gen.max'),
  PCI_LINK_WIDTH_CUR: names('pcie.link.width.current'),
  PCI_LINK_WIDTH_MAX: names('pcie.link.width.max'),
  INDEX: names('index'),
  DISPLAY_MODE: names('display_mode'),
  DISPLAY_ACTIVE: names('display_active'),
  PERSISTENCE_MODE: names('persistence_mode'),
  ACCT_MODE: names('accounting.mode'),
  ACCT_BUFFER_SIZE: names('accounting.buffer_size'),
  DRIVER_MODEL_CUR: names('driver_model.current'),
  DRIVER_MODEL_PENDING: names('driver_model.pending'),
  VBIOS_VER: names('vbios_version'),
  BOARD_ID: nameless('board_id'),
  INFOROM_IMG: names('inforom.img', 'inforom.image'),
  INFOROM_OEM: names('inforom.oem'),
  INFOROM_ECC: names('inforom.ecc'),
  INFOROM_PWR: names('inforom.pwr', 'inforom.power'),
  GOM_CUR: names('gom.current', 'gpu_operation_mode.current'),
  GOM_PENDING: names('gom.pending', 'gpu_operation_mode.pending'),
  FAN_SPEED: names('fan.speed'),
  PSTATE: names('pstate'),
  CLOCK_THROTTLE_REASONS_SUPPORTED: reason('supported'),
  CLOCK_THROTTLE_REASONS_ACTIVE: reason('active'),
  CLOCK_THROTTLE_REASONS_IDLE: reason('gpu_idle'),
  CLOCK_THROTTLE_REASONS_APP_SETTING: reason('applications_clocks_setting'),
  CLOCK_THROTTLE_REASONS_SW_PWR_CAP: reason('sw_power_cap'),
  CLOCK_THROTTLE_REASONS_HW_SLOWDOWN: reason('hw_slowdown'),
  CLOCK_THROTTLE_REASONS_HW_THERMAL_SLOWDOWN: reason('hw_thermal_slowdown'),
  CLOCK_THROTTLE_REASONS_HW_PWR_BRAKE_SLOWDOWN: reason('hw_power_brake_slowdown'),
  CLOCK_THROTTLE_REASONS_SW_THERMAL_SLOWDOWN: reason('sw_thermal_slowdown'),
  CLOCK_THROTTLE_REASONS_SYNC_BOOST: reason('sync_boost'),
  MEMORY_TOTAL: names('memory.total'),
  MEMORY_USED: names('memory.used'),
  MEMORY_FREE: names('memory.free'),
  MEMORY_BAR1: nameless('bar1.total'),
  COMPUTE_MODE: names('compute_mode'),
  UTILIZATION_GPU: names('utilization.gpu'),
  UTILIZATION_MEM: names('utilization.memory'),
  UTILIZATION_ENCODER: nameless('utilization.encoder'),
  UTILIZATION_DECODER: nameless('utilization.decoder'),
  ENCODER_STATS_SESSIONCOUNT: names('encoder.stats.sessionCount'),
  ENCODER_STATS_AVG_EPS: names('encoder.stats.averageFps'),
  ENCODER_STATS_AVG_LATENCY: names('encoder.stats.averageLatency'),
  ECC_MODE_CUR: names('ecc.mode.current'),
  ECC_MODE_PENDING: names('ecc.mode.pending'),
  ...Object.fromEntries([
    ...eccErrors('corrected', 'volatile'),
    ...eccErrors('corrected', 'aggregate'),
    ...eccErrors('uncorrected', 'volatile'),
    ...eccErrors('uncorrected', 'aggregate'),
  ]),
  RETIREDPAGES_SINGLE_BIT_ECC_COUNT: names('retired_pages.single_bit_ecc.count', 'retired_pages.sbe'),
  RETIREDPAGES_DOUBLE_BIT_ECC_COUNT: names('retired_pages.double_bit.count', 'retired_pages.dbe'),
  RETIREDPAGES_PENDING: names('retired_pages.pending'),
  TEMPERATURE_GPU: names('temperature.gpu'),
  TEMPERATURE_MEMORY: names('temperature.memory'),
  POWER_MGMT: names('power.management'),
  POWER_DRAW: names('power.draw'),
  POWER_LIMIT: names('power.limit'),
  POWER_LIMIT_ENFORCED: names('enforced.power.limit'),
  POWER_LIMIT_DEFAULT: names('power.default_limit'),
  POWER_LIMIT_MIN: names('power.min_limit'),
  POWER_LIMIT_MAX: names('power.max_limit'),
  CLOCKS_GRAPHICS_CUR: names('clocks.current.graphics', 'clocks.gr'),
  CLOCKS_SM_CUR: names('clocks.current.sm', 'clocks.sm'),
  CLOCKS_MEMORY_CUR: names('clocks.current.memory', 'clocks.mem'),
  CLOCKS_VIDEO_CUR: names('clocks.current.video', 'clocks.video'),
  CLOCKS_APPL_GRAPHICS: names('clocks.applications.graphics', 'clocks.applications.gr'),
  CLOCKS_APPL_MEMORY: names('clocks.applications.memory', 'clocks.applications.mem'),
  CLOCKS_APPL_GRAPHICS_DEFAULT: names(
    'clocks.default_applications.graphics',
    'clocks.default_applications.gr',
  ),
  CLOCKS_APPL_MEMORY_DEFAULT: names('clocks.default_applications.memory', 'clocks.default_applications.mem'),
  CLOCKS_GRAPHICS_MAX: names('clocks.max.graphics', 'clocks.max.gr'),
  CLOCKS_SM_MAX: names('clocks.max.sm'),
  CLOCKS_MEMORY_MAX: names('clocks.max.memory', 'clocks.max.mem'),
  CLOCKS_SUPPORTED: relation('supported-clocks', 'supported_clocks'),
  COMPUTE_APPS: relation('compute-apps', 'compute_apps'),
  ACCOUNTED_APPS: relation('accounted-apps', 'accounted_apps'),
  CLOCKS_POLICY: { names: ['clocks'], of: 'clocks.auto_boost' },
};

function numberNamed(constant: string, { names: [name], of = name ?? '' }: Known): number {
  const number = relations.find((each) => each.name === of)?.id ?? numberOf(fieldNamed(of));
  if (number === undefined) throw new Error(`${constant}: ${of} has no number`);
  return number;
}

const numbered = Object.entries(KNOWN).map(([constant, known]) => ({
  constant,
  number: numberNamed(constant, known),
  names: known.names,
}));

export const filterNames: readonly (readonly [name: string, number: number])[] = numbered.flatMap(
  ({ number, names: all }) => all.map((name) => [name, number] as const),
);

export function nvsmiIds(): string {
  const inOrder = [...numbered].sort((a, b) => a.number - b.number);
  return [
    '/** Field ids of deviceQuery, under the names of pynvml_utils without their NVSMI_ prefix. */',
    'export const NVSMI = {',
    '  ALL: -1,',
    ...inOrder.map(({ constant, number }) => `  ${constant}: ${number},`),
    '} as const;',
    '',
    'export type NvsmiId = (typeof NVSMI)[keyof typeof NVSMI];',
    '',
    'const QUERIES = [',
    ...filterNames.map(([name, number]) => `  ['${name}', ${number}],`),
    '] as const;',
    '',
    '/** A name that a filter of deviceQuery knows: `memory.free`, `power.draw`. */',
    'export type QueryName = (typeof QUERIES)[number][0];',
    '',
    '/** What a filter can name, and the id that it means. */',
    'export const QUERY_NAMES: ReadonlyMap<string, number> = new Map<string, number>(QUERIES);',
    '',
  ].join('\n');
}
