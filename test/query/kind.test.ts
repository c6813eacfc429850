import { describe, expect, it } from 'vitest';
import { csvUnitOf } from '../../src/format/csv.js';
import {
  active,
  address,
  calendarTime,
  celsius,
  enabled,
  hex,
  mebibytes,
  nanoseconds,
  number,
  pstate,
  supported,
  timestamp,
  watts,
  words,
  yesNo,
} from '../../src/query/kind.js';
import { pdi } from '../../src/query/report/board.js';

const MEBIBYTE = 1024 * 1024;

describe('a kind', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [MEBIBYTE, '1'],
    [MEBIBYTE + 1, '2'],
    // H200, 580.159.04: 615.0625 MiB are reserved of 143771 and 143155.9375 are free.
    [615.0625 * MEBIBYTE, '616'],
    [143155.9375 * MEBIBYTE, '143156'],
    [143771 * MEBIBYTE, '143771'],
    [2n ** 60n, '1099511627776'],
  ])('spells %s bytes as %s MiB, rounded up', (bytes, text) => {
    expect(mebibytes.spell(bytes)).toBe(text);
    expect(mebibytes.json(bytes)).toBe(Number(text));
  });

  it.each([
    [0, '0.00', 0],
    [700000, '700.00', 700],
    [69663, '69.66', 69.66],
    [69667, '69.67', 69.67],
    [76285, '76.29', 76.29],
  ])('spells %s mW in watts with two decimals', (milliwatts, text, json) => {
    expect(watts.spell(milliwatts)).toBe(text);
    expect(watts.json(milliwatts)).toBe(json);
  });

  it.each([
    [0, '0'],
    [999, '0'],
    [1000, '1'],
    [9968435123, '9968435'],
    [18446744073709550000n, '18446744073709550'],
  ])('spells %s ns as whole microseconds', (value, text) => {
    expect(nanoseconds.spell(value)).toBe(text);
    expect(csvUnitOf(nanoseconds)).toBe('us');
  });

  it('gives JSON numbers while they are exact, and digits beyond', () => {
    expect(number().json(2 ** 53 - 1)).toBe(9007199254740991);
    expect(number().json(2n ** 60n)).toBe('1152921504606846976');
    expect(nanoseconds.json(18446744073709550000n)).toBe('18446744073709550');
    expect(nanoseconds.json(2000)).toBe(2);
  });

  it.each([
    [hex(1), 3, '0x3'],
    [hex(2), 0, '0x00'],
    [hex(2), 12, '0x0C'],
    [hex(4), 8, '0x0008'],
    [hex(8), 0x16c110de, '0x16C110DE'],
    [hex(16), 511, '0x00000000000001FF'],
    [hex(2), 0x1234, '0x1234'],
    [address, 0x5b1, '0x00000000000005b1'],
    [address, 2n ** 60n, '0x1000000000000000'],
  ])('spells hexadecimal with its least digits (%#)', (kind, value, text) => {
    expect(kind.spell(value)).toBe(text);
    expect(kind.json(value)).toBe(text);
  });

  it('has the unit of degrees in the report but not in CSV', () => {
    expect(celsius.unit).toBe('C');
    expect(csvUnitOf(celsius)).toBe('');
  });

  it('spells flags as words and gives booleans to JSON', () => {
    expect([enabled, yesNo, active, supported].map((kind) => [kind.spell(0), kind.spell(1)])).toEqual([
      ['Disabled', 'Enabled'],
      ['No', 'Yes'],
      ['Not Active', 'Active'],
      ['Not Supported', 'Supported'],
    ]);
    expect(active.json(4)).toBe(true);
    expect(active.json(0)).toBe(false);
  });

  it('spells numbers that mean words, and those that it does not know', () => {
    const kind = words({ 0: 'None', 2: 'Two' });
    expect([0, 1, 2].map((value) => kind.spell(value))).toEqual(['None', 'Unknown', 'Two']);
    expect(pstate.spell(0)).toBe('P0');
    expect(pstate.spell(15)).toBe('P15');
    expect(pstate.spell(32)).toBe('Unknown');
  });

  it('spells moments in local time, and in ISO 8601 for JSON', () => {
    const moment = new Date(2026, 10, 3, 0, 7, 9, 6);
    expect(timestamp.spell(moment.getTime())).toBe('2026/11/03 00:07:09.006');
    expect(timestamp.json(moment.getTime())).toBe(moment.toISOString());
    const seconds = Math.floor(moment.getTime() / 1000);
    expect(calendarTime.spell(seconds)).toBe('Tue Nov  3 00:07:09 2026');
    expect(calendarTime.json(seconds)).toBe(new Date(seconds * 1000).toISOString());
  });

  it('has no date for seconds beyond all calendars', () => {
    expect(calendarTime.spell(9007199254740993000n)).toBe('9007199254740993000');
    expect(calendarTime.json(9007199254740993000n)).toBeNull();
  });

  it('spells a PDI without zeros before it, and an address of memory with them', () => {
    // H200, driver 580.159.04.
    expect(pdi.kind.spell(0x0cb3fa6e340f2633n)).toBe('0xcb3fa6e340f2633');
    expect(address.spell(0x0cb3fa6e340f2633n)).toBe('0x0cb3fa6e340f2633');
  });
});
