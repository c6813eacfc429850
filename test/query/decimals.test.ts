import { describe, expect, it } from 'vitest';
import { likePrintf, sixDigits } from '../../src/query/decimals.js';

describe('likePrintf', () => {
  it.each([
    [19.625, 2, '19.62'],
    [19.875, 2, '19.88'],
    [0.125, 2, '0.12'],
    [-0.125, 2, '-0.12'],
    [2.5, 0, '2'],
    [3.5, 0, '4'],
    [9.995, 2, '9.99'],
    [1.005, 2, '1.00'],
    [39.5, 2, '39.50'],
    [140, 2, '140.00'],
    [0.375, 2, '0.38'],
  ])('writes %d with %d decimals as C does', (value, digits, text) => {
    expect(likePrintf(value, digits)).toBe(text);
  });
});

describe('sixDigits', () => {
  it.each([
    [0, '0'],
    [25, '25'],
    [26.562, '26.562'],
    [1234.5678, '1234.57'],
    [999999.4, '999999'],
    [999999.6, '1e+06'],
    [4294967.294, '4.29497e+06'],
  ])('writes %d as %%g does', (value, text) => {
    expect(sixDigits(value)).toBe(text);
  });
});
