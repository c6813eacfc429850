/** What deviceQuery tells of memory errors: a counter's two kinds with any of its ids, and retired pages. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetMemoryErrorCounter,
  nvmlDeviceGetRetiredPages,
  nvmlDeviceGetTotalEccErrors,
} from '../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Probe, sample } from '../query/probe.js';
import type { Value } from '../query/reading.js';
import { asNumber, asText, group, leaf, range } from './device-leaf.js';
import type { RetiredPages } from './device-lists.js';
import { absence, type GroupPart, type ListPart, type XmlElement } from './device-tree.js';

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
    sample(nvmlDeviceGetMemoryErrorCounter, { errorType, counterType: counter, locationType: location });
  const total = sample(nvmlDeviceGetTotalEccErrors, { errorType, counterType: counter });
  return group(key, [
    ...LOCATIONS.map(([name, location]) => leaf(name, ids, at(location), asNumber)),
    leaf('total', ids, total, asText),
  ]);
}

export function eccCounter(key: string, counter: number, corrected: number, uncorrected: number): GroupPart {
  const both = range(corrected, corrected + 5);
  return group(key, [
    eccErrors('single_bit', nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED, counter, both),
    eccErrors('double_bit', nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, counter, [
      ...both,
      ...range(uncorrected, uncorrected + 5),
    ]),
  ]);
}

export function retiredPages(key: string, cause: number, id: number): ListPart<RetiredPages | string | null> {
  const probe = sample(nvmlDeviceGetRetiredPages, { cause });
  return {
    type: 'list',
    key,
    declared: 'RetiredPages | string | null',
    ids: [id],
    read: (subject, ask) => {
      const pages = ask(probe, subject).items();
      // A GPU that retires no pages has none (pynvml_utils).
      if (pages instanceof Missing) return pages === NOT_SUPPORTED ? null : absence(pages.status);
      const addresses = pages.map((page) => `0x${(page.raw('') as Value).toString(16).padStart(16, '0')}`);
      if (addresses.length === 0) return null;
      const numbered = addresses.map((address, i) => [`retired_page_address_${i + 1}`, address]);
      return { retired_count: addresses.length, retired_page_addresses: Object.fromEntries(numbered) };
    },
    xml: (pages) => {
      if (pages === null) return [[key, []]];
      if (typeof pages === 'string') return pages;
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
