import { describe, expect, it } from 'vitest';
import { brokenAt, lineAndColumn } from '../../src/nvml/json-place.js';

describe('the place where a text stops being JSON', () => {
  it.each([
    ['', 0],
    ['  \n', 3],
    ['nvidia-smi 580', 0],
    ['{"a": 1', 7],
    ['{"a": 1,}', 8],
    ['{"a" 1}', 5],
    ['{a: 1}', 1],
    ['[1, 2,]', 6],
    ['[1 2]', 3],
    ['[1}', 2],
    ['{"a": 1]', 7],
    ['[01]', 2],
    ['[1.]', 2],
    ['["ab\ncd"]', 4],
    ['["ab', 4],
    ['["a\\x"]', 3],
    ['{} {}', 3],
    ['[truth]', 1],
    ['[null, -]', 7],
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
        // Of a broken word V8 names the letter, or nothing; here it is the word.
        if (position === undefined || /[a-z]/.test(text[brokenAt(text)] ?? '')) continue;
        compared++;
        expect([text, brokenAt(text)]).toEqual([text, position]);
      }
    }
    expect(compared).toBeGreaterThan(300);
  });

  it('is a line and a column, from 1', () => {
    expect(lineAndColumn('', 0)).toBe('1:1');
    expect(lineAndColumn('{\n  "a" 1', 8)).toBe('2:7');
  });
});

/** What V8 says of a text. Of a broken escape it means the letter behind the backslash; of half a number, its end. */
function positionOf(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    if (/escape|number|exponent|fraction/i.test(message)) return undefined;
    const position = /position (\d+)/.exec(message)?.[1];
    return position === undefined ? undefined : Number(position);
  }
}
