/** The part numbers of chips, which NVML has no function for. */
import { expect, it } from 'vitest';
import { PART_NUMBERS } from '../../src/query/report/board.js';

it('every part number of a chip begins with its PCI device id', () => {
  for (const [id, number] of Object.entries(PART_NUMBERS)) {
    expect(number).toMatch(/^[0-9A-F]{4}-\d{3}-A1$/);
    expect(number.slice(0, 4)).toBe(Number(id).toString(16).toUpperCase());
  }
});
