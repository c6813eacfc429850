/** A result of deviceQuery as indented text. */
import type { DeviceResult, DeviceValue } from './device-tree.js';

const isResult = (value: DeviceValue | undefined): value is DeviceResult =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function lines(result: DeviceResult, indent: string): string[] {
  return Object.entries(result).flatMap(([key, value]) => valueLines(key, value, indent));
}

function valueLines(key: string, value: DeviceValue, indent: string): string[] {
  if (isResult(value)) return [`${indent}${key}:`, ...lines(value, `${indent}  `)];
  if (Array.isArray(value) && isResult(value[0])) {
    return value.flatMap((item, i) => [
      `${indent}${key}: [${i + 1} of ${value.length}]`,
      ...lines(item as DeviceResult, `${indent}  `),
    ]);
  }
  const text = value === null ? 'None' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
  return [`${indent}${key}: ${text}`];
}

/** The text; a text (a help, an XML document) as it is. */
export const format = (result: DeviceResult | string): string =>
  typeof result === 'string' ? result : `${lines(result, '  ').join('\n')}\n`;
