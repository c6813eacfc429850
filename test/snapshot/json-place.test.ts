import { describe, expect, it } from 'vitest';
import { brokenAt, lineAndColumn } from '../../src/snapshot/json-place.js';

describe('the place where a text stops being JSON', () => {
  it.each([
    ['', 0],
    ['  \n', 3],
    ['nvidia-smi 580', 1],
    ['{"a": 1', 7],
    ['{"a": 1,}', 8],
    ['{"a" 1}', 5],
    ['{a: 1}', 1],
    ['[1, 2,]', 6],
    ['[1 2]', 3],
    ['[1}', 2],
    ['{"a": 1]', 7],
    ['[01]', 2],
    ['[1.]', 3],
    ['["ab\ncd"]', 4],
    ['["ab', 4],
    ['["a\\x"]', 4],
    ['{} {}', 3],
    ['[truth]', 4],
    ['[null, -]', 8],
    ['[[], {}, ""] ]', 13],
  ])('is found in %j', (text, offset) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(brokenAt(text)).toBe(offset);
  });

  it('is the one that V8 names, wherever it names one', () => {
    const whole = JSON.stringify(
      { a: [1, -2.5e3, 'x\\n"y', { b: null, c: [] }], d: { e: true, f: '€' } },
      null,
      1,
    );
    let compared = 0;
    for (let at = 0; at <= whole.length; at++) {
      for (const [cut, put] of [
        [1, ''],
        [0, '}'],
        [0, ']'],
        [0, ','],
        [0, ':'],
        [0, '"'],
        [0, '7'],
        [0, '\u0001'],
      ] as const) {
        const text = whole.slice(0, at) + put + whole.slice(at + cut);
        const position = positionOf(text);
        if (position === undefined) continue;
        compared++;
        expect([text, brokenAt(text)]).toEqual([text, position]);
      }
    }
    expect(compared).toBeGreaterThan(400);
  });

  it('is not within a text that is well so far', () => {
    const whole =
      '[-1.5e+10, "\\u00e9\\n\\"\\\\", true, false, null, {"a": [], "": {"x": 0}}, -0, 1E5, "€"] ';
    for (let length = 0; length <= whole.length; length++) {
      expect(brokenAt(whole.slice(0, length))).toBe(length);
    }
  });

  it('is a line and a column, from 1', () => {
    expect(lineAndColumn('', 0)).toBe('1:1');
    expect(lineAndColumn('{\n  "a" 1', 8)).toBe('2:7');
  });
});

/** The place that V8 names in its message, if it names one. */
function positionOf(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    return position === undefined ? undefined : Number(position);
  }
}
