import { describe, expect, it } from 'vitest';
import { likePrintf } from '../../src/query/decimals.js';

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
