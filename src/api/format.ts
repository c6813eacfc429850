/** A result of deviceQuery as indented text. */
import type { DeviceResult } from './generated/device.js';

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function lines(group: object, indent: string): string[] {
  return Object.entries(group).flatMap(([key, value]) => valueLines(key, value, indent));
}

function valueLines(key: string, value: unknown, indent: string): string[] {
  if (isGroup(value)) return [`${indent}${key}:`, ...lines(value, `${indent}  `)];
  if (Array.isArray(value) && isGroup(value[0])) {
    return value.flatMap((item, i) => [
      `${indent}${key}: [${i + 1} of ${value.length}]`,
      ...lines(item, `${indent}  `),
    ]);
  }
  const text = value === null ? 'None' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
  return [`${indent}${key}: ${text}`];
}

/** The text; a text (a help, an XML document) unchanged. */
export const format = (result: DeviceResult | string): string =>
  typeof result === 'string' ? result : `${lines(result, '  ').join('\n')}\n`;
