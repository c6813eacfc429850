/** What deviceQuery tells of clocks: the throttle reasons, all five with any of their ids, and the supported clocks. */

import { list } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetCurrentClocksThrottleReasons,
  nvmlDeviceGetSupportedClocksThrottleReasons,
  nvmlDeviceGetSupportedGraphicsClocks,
  nvmlDeviceGetSupportedMemoryClocks,
} from '../nvml/generated/entries.js';
import { filledOf, LIST_HEAD } from '../nvml/memory.js';
import { Missing } from '../nvml/status.js';
import { type Probe, sample } from '../query/probe.js';
import type { Answer, Reading } from '../query/reading.js';
import { mhz, range } from './device-leaf.js';
import type { ClocksThrottle, SupportedClock } from './device-lists.js';
import { absence, type ListPart, type XmlElement } from './device-tree.js';
import { NVSMI } from './ids.js';

const supportedReasons = sample(nvmlDeviceGetSupportedClocksThrottleReasons);
const activeReasons = sample(nvmlDeviceGetCurrentClocksThrottleReasons);

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

export const throttle: ListPart<ClocksThrottle> = {
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

const memoryClocks = sample(nvmlDeviceGetSupportedMemoryClocks);
const graphicsClocks = (clock: number): Probe =>
  sample(nvmlDeviceGetSupportedGraphicsClocks, { memoryClockMHz: clock });

const NUMBERS = list('u32');

/** A list of 32-bit numbers: hundreds of clocks want no view each. Why there is none, as pynvml_utils spells it. */
function numbersOf(asked: Answer): number[] | string {
  const memory = asked.memory();
  if (memory === undefined) return absence(asked.refusal().status);
  const length = filledOf(NUMBERS, memory);
  return Array.from({ length }, (_, i) => memory.readUInt32LE(LIST_HEAD + 4 * i));
}

export const supportedClocks: ListPart<readonly SupportedClock[] | string | null> = {
  type: 'list',
  key: 'supported_clocks',
  declared: 'readonly SupportedClock[] | string | null',
  ids: [NVSMI.CLOCKS_SUPPORTED],
  read: (subject, ask) => {
    const asked = ask(memoryClocks, subject);
    const numbers = numbersOf(asked);
    if (typeof numbers === 'string') return asked.status === nvml.NVML_ERROR_NOT_SUPPORTED ? null : numbers;
    const clocks = numbers.map((current): SupportedClock => {
      const graphics = numbersOf(ask(graphicsClocks(current), subject));
      return { current, unit: 'MHz', supported_graphics_clock: graphics };
    });
    return clocks.length === 0 ? null : clocks;
  },
  xml: (found) => [
    [
      'supported_clocks',
      typeof found === 'string'
        ? found
        : (found ?? []).map(
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
