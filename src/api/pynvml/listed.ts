/** Table: what deviceQuery makes of records: processes, supported clocks, retired pages; and the clock event reasons in one group. */
import * as nvml from '../../nvml/generated/constants.js';
import { Missing } from '../../nvml/status.js';
import { address } from '../../query/kind.js';
import type { Reading, Value } from '../../query/reading.js';
import type { Relation } from '../../query/relation.js';
import { accountedRelation, fieldNamed } from '../../query/relations.js';
import { computeApps, processesOn } from '../../query/tables/compute-apps.js';
import { DOUBLE_BIT, recordsOf, retiredPages, SINGLE_BIT } from '../../query/tables/retired-pages.js';
import { supportedClocks } from '../../query/tables/supported-clocks.js';
import type {
  AccountedProcess,
  ClocksThrottle,
  DeviceProcess,
  RetiredPages,
  SupportedClock,
} from './lists.js';
import type { ResultRow } from './row.js';
import { absence, MEBIBYTE } from './spelling.js';

type Readings = readonly (Reading | undefined)[];

/** What is made of the records of a relation: a text where they are missing, null where there are none. */
const list = <Made>(
  path: string,
  relation: Relation,
  names: readonly string[],
  declared: string,
  make: (records: readonly Readings[]) => Made | string | null,
): ResultRow => ({
  path: path.split('.'),
  asked: [relation.name],
  relation,
  fields: names.map((name) => fieldNamed(name, relation)),
  declared: `${declared} | string | null`,
  of: (records) => (records instanceof Missing ? absence(records) : make(records)),
});

const orNull = <T>(all: readonly T[]): readonly T[] | null => (all.length === 0 ? null : all);
const mebibytes = (bytes: Value): number => Math.floor(Number(bytes) / MEBIBYTE);

/** With its unit, or why it is missing. */
const text = (reading: Reading = '', unit = '', spell: (value: Value) => Value = String): string =>
  reading instanceof Missing ? absence(reading) : `${spell(reading)}${unit}`;

/** What has no name, or no statistics, ended between two questions. */
const isThere = ([, reading]: Readings): boolean =>
  !(reading instanceof Missing) || reading.status !== nvml.NVML_ERROR_NOT_FOUND;

/** Why a list is missing; null where the GPU has nothing of the kind (pynvml_utils). */
const absentList = (why: Missing): string | null =>
  why.status === nvml.NVML_ERROR_NOT_SUPPORTED ? null : absence(why);

const processes = list(
  'processes',
  { ...computeApps, find: processesOn },
  ['pid', 'process_name', 'used_gpu_memory'],
  'readonly DeviceProcess[]',
  (records): readonly DeviceProcess[] | null =>
    orNull(
      records.filter(isThere).map(([pid, name, used = 0]) => ({
        pid: Number(pid),
        process_name: text(name),
        used_memory: used instanceof Missing ? 0 : mebibytes(used),
        unit: 'MiB',
      })),
    ),
);

const accountedProcesses = list(
  'accounted_processes',
  accountedRelation,
  ['pid', 'gpu_utilization', 'mem_utilization', 'max_memory_usage', 'time', 'is_running'],
  'readonly AccountedProcess[]',
  (records): readonly AccountedProcess[] | null =>
    orNull(
      records.filter(isThere).map(([pid, gpu, memory, most, time, running]) => ({
        pid: String(pid),
        gpu_util: text(gpu, ' %'),
        memory_util: text(memory, ' %'),
        max_memory_usage: text(most, ' MiB', mebibytes),
        time: text(time, ' ms'),
        is_running: text(running),
      })),
    ),
);

/** The graphics clocks of each memory clock. */
function clocksByMemory(records: readonly Readings[]): readonly SupportedClock[] | string | null {
  const byMemory = new Map<number, number[] | string>();
  for (const [memory, graphics] of records) {
    if (memory instanceof Missing) return absentList(memory);
    const known = byMemory.get(Number(memory));
    if (graphics instanceof Missing) byMemory.set(Number(memory), absence(graphics));
    else if (typeof known === 'object') known.push(Number(graphics));
    else byMemory.set(Number(memory), [Number(graphics)]);
  }
  return orNull(
    [...byMemory].map(([current, clocks]) => ({ current, unit: 'MHz', supported_graphics_clock: clocks })),
  );
}

const clocks: ResultRow = {
  ...list(
    'supported_clocks',
    supportedClocks,
    ['memory', 'graphics'],
    'readonly SupportedClock[]',
    clocksByMemory,
  ),
  isStatic: true,
};

function pagesByNumber(records: readonly Readings[]): RetiredPages | string | null {
  const pages: string[] = [];
  for (const [page = ''] of records) {
    if (page instanceof Missing) return absentList(page);
    pages.push(address.spell(page));
  }
  if (pages.length === 0) return null;
  const numbered = pages.map((page, i) => [`retired_page_address_${i + 1}`, page]);
  return { retired_count: pages.length, retired_page_addresses: Object.fromEntries(numbered) };
}

const pages = (key: string, cause: typeof SINGLE_BIT, asked: string): ResultRow => ({
  ...list(
    `retired_pages.${key}`,
    { ...retiredPages, find: (gpu) => recordsOf(cause, gpu) },
    ['retired_pages.address'],
    'RetiredPages',
    pagesByNumber,
  ),
  asked: [asked],
});

/** The highest bit was a reason that the driver could not name. The header no longer has it. */
const UNKNOWN_REASON = 0x8000000000000000n;

const REASONS: readonly (readonly [name: string, mask: bigint])[] = [
  ['gpu_idle', BigInt(nvml.nvmlClocksEventReasonGpuIdle)],
  ['applications_clocks_setting', BigInt(nvml.nvmlClocksEventReasonApplicationsClocksSetting)],
  ['sw_power_cap', BigInt(nvml.nvmlClocksEventReasonSwPowerCap)],
  ['hw_slowdown', BigInt(nvml.nvmlClocksThrottleReasonHwSlowdown)],
  ['unknown', UNKNOWN_REASON],
];

function reasons([supported = 0, active = 0]: Readings): ClocksThrottle {
  const missing = [supported, active].find((reading) => reading instanceof Missing);
  if (missing instanceof Missing) return { Error: absence(missing) };
  const [can, now] = [BigInt(supported as Value), BigInt(active as Value)];
  return Object.fromEntries(
    REASONS.map(([name, mask]) => {
      const word = (now & mask) === 0n ? 'Not Active' : 'Active';
      return [`clocks_throttle_reason_${name}`, (can & mask) === 0n ? 'N/A' : word];
    }),
  );
}

/** All five reasons, whichever of them is asked for. */
const clocksThrottle: ResultRow = {
  path: ['clocks_throttle'],
  asked: [
    'supported',
    'active',
    'gpu_idle',
    'applications_clocks_setting',
    'sw_power_cap',
    'hw_slowdown',
    'hw_thermal_slowdown',
    'hw_power_brake_slowdown',
    'sw_thermal_slowdown',
    'sync_boost',
  ].map((name) => `clocks_event_reasons.${name}`),
  declared: 'ClocksThrottle',
  fields: ['clocks_event_reasons.supported', 'clocks_event_reasons.active'].map((name) => fieldNamed(name)),
  of: (records) => reasons(records instanceof Missing ? [records] : (records[0] ?? [])),
};

export const listed = {
  clocksThrottle,
  singleBitPages: pages('multiple_single_bit_retirement', SINGLE_BIT, 'retired_pages.single_bit_ecc.count'),
  doubleBitPages: pages('double_bit_retirement', DOUBLE_BIT, 'retired_pages.double_bit.count'),
  supportedClocks: clocks,
  processes,
  accountedProcesses,
};
