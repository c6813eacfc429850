/** What deviceQuery makes of records: processes, supported clocks, retired pages; and the clock event reasons in one group. */
import * as nvml from '../../nvml/generated/constants.js';
import { Missing } from '../../nvml/status.js';
import type { Field } from '../../query/field.js';
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
import { absence, MEBIBYTE } from './spelling.js';
import type { XmlElement } from './xml.js';

/** The readings of each record, or why there are none. */
export type ResultRecords = readonly (readonly Reading[])[] | Missing;

/** A value of the result that is made of records of a relation. */
export interface ResultList<List = unknown> {
  readonly path: readonly string[];
  /** The fields and relations by whose numbers it is asked for. */
  readonly asked: readonly string[];
  /** Its type: the generated types say so. */
  readonly declared: string;
  /** Left out where it is made of fields of the GPU. */
  readonly relation?: Pick<Relation, 'find'>;
  readonly fields: readonly Field[];
  /** Its records never change. */
  readonly isStatic?: true;
  /** Its name in XML, where that is another. */
  readonly tag?: string;
  of(records: ResultRecords): List;
  /** Never called for a text, which is the same in XML. */
  xml(list: Exclude<List, string | null>): XmlElement;
}

const fieldsOf = (relation: Relation, ...names: readonly string[]): readonly Field[] =>
  names.map((name) => fieldNamed(name, relation));

const mebibytes = (bytes: Reading): number => Math.floor(Number(bytes) / MEBIBYTE);
const orNull = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list);
const isGone = (reading: Reading | undefined): boolean =>
  reading instanceof Missing && reading.status === nvml.NVML_ERROR_NOT_FOUND;
/** With its unit, or why it is missing. */
const text = (
  reading: Reading | undefined,
  unit = '',
  spell: (value: Value | undefined) => string = String,
): string => {
  if (reading instanceof Missing) return absence(reading.status);
  return unit === '' ? spell(reading) : `${spell(reading)} ${unit}`;
};

const processes: ResultList<readonly DeviceProcess[] | string | null> = {
  path: ['processes'],
  asked: ['compute_apps'],
  declared: 'readonly DeviceProcess[] | string | null',
  relation: { find: processesOn },
  fields: fieldsOf(computeApps, 'pid', 'process_name', 'used_gpu_memory'),
  of: (records) => {
    if (records instanceof Missing) return absence(records.status);
    // Without a name it ended between two questions.
    const there = records.filter(([, name]) => !isGone(name));
    return orNull(
      there.map(([pid, name, used]) => ({
        pid: Number(pid),
        process_name: text(name),
        used_memory: used instanceof Missing || used === undefined ? 0 : mebibytes(used),
        unit: 'MiB',
      })),
    );
  },
  xml: (found) => ({
    process_info: found.map(({ pid, process_name, used_memory: used }) => ({
      pid: String(pid),
      process_name,
      used_memory: `${used} MiB`,
    })),
  }),
};

const accountedProcesses: ResultList<readonly AccountedProcess[] | string | null> = {
  path: ['accounted_processes'],
  asked: ['accounted_apps'],
  declared: 'readonly AccountedProcess[] | string | null',
  relation: accountedRelation,
  fields: fieldsOf(
    accountedRelation,
    'pid',
    'gpu_utilization',
    'mem_utilization',
    'max_memory_usage',
    'time',
    'is_running',
  ),
  of: (records) => {
    if (records instanceof Missing) return absence(records.status);
    const there = records.filter(([, utilization]) => !isGone(utilization));
    return orNull(
      there.map(([pid, gpu, memory, most, time, running]) => ({
        pid: String(pid),
        gpu_util: text(gpu, '%'),
        memory_util: text(memory, '%'),
        max_memory_usage: text(most, 'MiB', (bytes) => String(mebibytes(bytes ?? 0))),
        time: text(time, 'ms'),
        is_running: text(running),
      })),
    );
  },
  xml: (found) => ({ accounted_process_info: found.map((one) => ({ ...one })) }),
};

const clocks: ResultList<readonly SupportedClock[] | string | null> = {
  path: ['supported_clocks'],
  asked: ['supported_clocks'],
  declared: 'readonly SupportedClock[] | string | null',
  relation: supportedClocks,
  fields: fieldsOf(supportedClocks, 'memory', 'graphics'),
  isStatic: true,
  of: (records) => {
    const byMemory = new Map<number, number[] | string>();
    for (const [memory, graphics] of records instanceof Missing ? [[records]] : records) {
      if (memory instanceof Missing) {
        return memory.status === nvml.NVML_ERROR_NOT_SUPPORTED ? null : absence(memory.status);
      }
      const known = byMemory.get(Number(memory));
      if (graphics instanceof Missing) byMemory.set(Number(memory), absence(graphics.status));
      else if (typeof known === 'object') known.push(Number(graphics));
      else byMemory.set(Number(memory), [Number(graphics)]);
    }
    return orNull(
      [...byMemory].map(([current, clocks]) => ({
        current,
        unit: 'MHz',
        supported_graphics_clock: clocks,
      })),
    );
  },
  xml: (found) => ({
    supported_mem_clock: found.map(({ current, supported_graphics_clock: graphics }) => ({
      value: `${current} MHz`,
      supported_graphics_clock:
        typeof graphics === 'string' ? graphics : graphics.map((clock) => `${clock} MHz`),
    })),
  }),
};

function pages(
  key: string,
  cause: typeof SINGLE_BIT,
  asked: string,
): ResultList<RetiredPages | string | null> {
  return {
    path: ['retired_pages', key],
    asked: [asked],
    declared: 'RetiredPages | string | null',
    relation: { find: (gpu) => recordsOf(cause, gpu) },
    fields: fieldsOf(retiredPages, 'retired_pages.address'),
    of: (records) => {
      const all = records instanceof Missing ? [[records]] : records;
      const addresses = all.flatMap(([address = 0]) => [address]);
      const why = addresses.find((address) => address instanceof Missing);
      // A GPU that retires no pages has none (pynvml_utils).
      if (why instanceof Missing && why.status !== nvml.NVML_ERROR_NOT_SUPPORTED) return absence(why.status);
      if (why instanceof Missing || addresses.length === 0) return null;
      const numbered = addresses.map((address, i) => [
        `retired_page_address_${i + 1}`,
        `0x${address.toString(16).padStart(16, '0')}`,
      ]);
      return { retired_count: addresses.length, retired_page_addresses: Object.fromEntries(numbered) };
    },
    xml: ({ retired_count, retired_page_addresses: addresses }) => ({
      retired_count: String(retired_count),
      retired_page_addresses: { retired_page_address: Object.values(addresses) },
    }),
  };
}

/** The highest bit was a reason that the driver could not name. The header no longer has it. */
const UNKNOWN_REASON = 0x8000000000000000n;

const REASONS: readonly (readonly [name: string, mask: bigint])[] = [
  ['gpu_idle', BigInt(nvml.nvmlClocksEventReasonGpuIdle)],
  ['applications_clocks_setting', BigInt(nvml.nvmlClocksEventReasonApplicationsClocksSetting)],
  ['sw_power_cap', BigInt(nvml.nvmlClocksEventReasonSwPowerCap)],
  ['hw_slowdown', BigInt(nvml.nvmlClocksThrottleReasonHwSlowdown)],
  ['unknown', UNKNOWN_REASON],
];

/** All five reasons, whichever of them is asked for. */
export const clocksThrottle: ResultList<ClocksThrottle> = {
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
  tag: 'clocks_throttle_reasons',
  of: (records) => {
    const [supported, active] = records instanceof Missing ? [records] : (records[0] ?? []);
    const missing = [supported, active].find((reading) => reading instanceof Missing);
    if (missing instanceof Missing) return { Error: absence(missing.status) };
    const [can, now] = [supported, active].map((mask) => BigInt(mask as number | bigint)) as [bigint, bigint];
    return Object.fromEntries(
      REASONS.map(([name, mask]) => {
        const word = (now & mask) === 0n ? 'Not Active' : 'Active';
        return [`clocks_throttle_reason_${name}`, (can & mask) === 0n ? 'N/A' : word];
      }),
    );
  },
  xml: ({ Error: why, ...reasons }) => (why === undefined ? { ...reasons } : why),
};

export const listed = {
  singleBitPages: pages('multiple_single_bit_retirement', SINGLE_BIT, 'retired_pages.single_bit_ecc.count'),
  doubleBitPages: pages('double_bit_retirement', DOUBLE_BIT, 'retired_pages.double_bit.count'),
  supportedClocks: clocks,
  processes,
  accountedProcesses,
};
