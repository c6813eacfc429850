/** The symbols of the libraries of drivers 590.48.01 and 610.57.04, and the functions that are bound. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signatures } from '../../src/nvml/generated/functions.js';
import * as nvml from '../../src/nvml.js';
import { sinceText } from '../../tools/since.js';

const symbolsOf = (driver: string): readonly string[] =>
  readFileSync(new URL(`symbols/${driver}.txt`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');

/** No header declares them: an internal table, the old names of the excluded GPUs, and one of unknown parameters. */
const UNDECLARED = [
  'nvmlDeviceGetHandles',
  'nvmlGetBlacklistDeviceCount',
  'nvmlGetBlacklistDeviceInfoByIndex',
  'nvmlInternalGetExportTable',
];

describe('the library of a driver', () => {
  it.each(['590', '610'])('of %s has no function that is declared and not bound', (driver) => {
    const missing = symbolsOf(driver).filter((name) => !(name in signatures));
    expect(missing.filter((name) => !UNDECLARED.includes(name))).toEqual([]);
  });

  it('of 610 has every function that is bound, and the library of nvsmi offers them', () => {
    const symbols = new Set(symbolsOf('610'));
    const names = Object.keys(signatures);
    expect(names.filter((name) => !symbols.has(name))).toEqual([]);
    const offered = new Set(Object.keys(nvml).map((name) => name.replace(/_v\d+$/, '')));
    expect(names.filter((name) => !offered.has(name.replace(/_v\d+$/, '')))).toEqual([]);
  });

  it('of 590 lacks the functions whose comments name a later driver, and no others', () => {
    const symbols = new Set(symbolsOf('590'));
    const names = Object.keys(signatures);
    const driverOf = (name: string): number =>
      Number(/driver (\d+)$/.exec(sinceText(name, names) ?? 'driver 0')?.[1]);
    expect(names.filter((name) => !symbols.has(name))).toEqual(names.filter((name) => driverOf(name) > 590));
    expect(names.filter((name) => driverOf(name) > 0).length).toBeGreaterThan(150);
  });
});
