/** The XML document of pynvml_utils' XmlDeviceQuery, made from a result. fast-xml-parser writes the elements. */
import { XMLBuilder } from 'fast-xml-parser';
import type { DeviceResult } from '../generated/device.js';
import type {
  AccountedProcess,
  ClocksThrottle,
  DeviceProcess,
  RetiredPages,
  SupportedClock,
} from './lists.js';

/** A text, elements by their tags, or several of one tag. */
export type XmlElement = string | readonly XmlElement[] | { readonly [tag: string]: XmlElement };

const INDENT = '  ';

const builder = new XMLBuilder({ format: true, indentBy: INDENT, processEntities: false });

/** Quotation marks are not escaped, as in Python's texts. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** What has another tag or other elements in XML than in the object, by its key. Texts and null are the same in both. */
const OTHERWISE: Readonly<Record<string, (value: never) => object | string>> = {
  clocks_throttle: ({ Error: why, ...reasons }: ClocksThrottle) => why ?? reasons,
  processes: (all: readonly DeviceProcess[]) => ({
    process_info: all.map(({ pid, process_name, used_memory: used }) => ({
      pid,
      process_name,
      used_memory: `${used} MiB`,
    })),
  }),
  accounted_processes: (all: readonly AccountedProcess[]) => ({ accounted_process_info: all }),
  supported_clocks: (all: readonly SupportedClock[]) => ({
    supported_mem_clock: all.map(({ current, unit, supported_graphics_clock }) => ({
      value: current,
      supported_graphics_clock,
      unit,
    })),
  }),
  retired_page_addresses: (all: RetiredPages['retired_page_addresses']) => ({
    retired_page_address: Object.values(all),
  }),
};
const TAGS: Readonly<Record<string, string>> = { clocks_throttle: 'clocks_throttle_reasons' };

/** A number with its unit. Memory is a float in Python: 143771.0 MiB. */
function numberText(value: number, unit: unknown): string {
  if (unit === undefined) return String(value);
  if (unit === 'W') return `${value.toFixed(2)} W`;
  return `${value}${unit === 'MiB' && Number.isInteger(value) ? '.0' : ''} ${unit}`;
}

/** The element of a value. What has nothing in it has its end tag on a line of its own. */
function element(value: unknown, unit: unknown, depth: number): XmlElement {
  if (typeof value === 'number') return numberText(value, unit);
  if (typeof value === 'string') return value.replace(/[&<>]/g, (letter) => ENTITIES[letter] ?? letter);
  if (Array.isArray(value)) return value.map((one) => element(one, unit, depth));
  const inside = elements(new Map(Object.entries(value ?? {})), depth + 1);
  return inside.length === 0 ? `\n${INDENT.repeat(depth)}` : Object.fromEntries(inside);
}

/** What is in a group, without the units, which follow their numbers. The power state is the first. */
function elements(group: ReadonlyMap<string, unknown>, depth: number): (readonly [string, XmlElement])[] {
  const keys = [...group.keys()].filter((key) => key !== 'unit' && !key.endsWith('_unit'));
  return keys
    .sort((a, b) => Number(b === 'power_state') - Number(a === 'power_state'))
    .map((key): readonly [string, XmlElement] => {
      const value = group.get(key);
      const isList = typeof value === 'object' && value !== null;
      const shown = isList ? (OTHERWISE[key]?.(value as never) ?? value) : value;
      return [TAGS[key] ?? key, element(shown, group.get(`${key}_unit`) ?? group.get('unit'), depth)];
    })
    .filter(([, inside]) => !Array.isArray(inside) || inside.length > 0);
}

export const deviceXml = (result: DeviceResult): string =>
  `<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v4.dtd">\n${builder.build({ nvidia_smi: element(result, undefined, 0) })}`;
