import type { Probe } from '../query/probe.js';
import type { Pick, Value } from '../query/reading.js';
import type { DevicePart, GroupPart, LeafPart } from './device-tree.js';

export const MEBIBYTE = 1024 * 1024;

/** A number as Python writes a float: 700.0. */
export const float = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

export const withUnit =
  (unit: string, spell: (value: number) => string = String) =>
  (value: string | number): string =>
    typeof value === 'number' ? `${spell(value)} ${unit}` : value;

export const asText = (value: Value): string => String(value);
export const asNumber = (value: Value): number => Number(value);
export const mebibytes = (value: Value): number => Number(value) / MEBIBYTE;
export const watts = (value: Value): number => Number(value) / 1000;
export const flag =
  (no: string, yes: string) =>
  (value: Value): string =>
    Number(value) === 0 ? no : yes;
export const enabled = flag('Disabled', 'Enabled');
export const hex =
  (digits: number) =>
  (value: Value): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
export const pstate = (value: Value): string => `P${value}`;

interface LeafOptions {
  readonly pick?: Pick;
  readonly xml?: (value: string | number) => string;
  readonly extra?: true;
}

export const leaf = (
  key: string,
  ids: readonly number[],
  probe: Probe,
  spell: LeafPart['spell'],
  { pick = 'value', ...options }: LeafOptions = {},
): LeafPart => ({ type: 'leaf', key, ids, probe, spell, pick, ...options });

export const group = (
  key: string,
  parts: readonly DevicePart[],
  options: Partial<GroupPart> = {},
): GroupPart => ({
  type: 'group',
  key,
  parts,
  ...options,
});
export const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

export const mhz = withUnit('MHz');
