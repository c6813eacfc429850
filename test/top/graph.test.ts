import { describe, expect, it } from 'vitest';
import { asciiGraph, bar, brailleGraph } from '../../src/top/graph.js';
import { Histories, History } from '../../src/top/history.js';
import { axis } from '../../src/top/panels/graphs.js';

describe('a graph', () => {
  it('of braille has two steps beside each other and four levels above in a cell', () => {
    expect(brailleGraph([0, 0.25, 0.5, 0.75, 1, 1], 1)).toEqual(['⣀⣴⣿']);
    expect(brailleGraph([1, 0.5], 2)).toEqual(['⡇', '⣿']);
  });

  it('shows nothing where nothing is known, and the lowest dot for 0', () => {
    expect(brailleGraph([Number.NaN, Number.NaN, 0, Number.NaN], 1)).toEqual([' ⡀']);
    expect(asciiGraph([Number.NaN, 0, 0.6, 1], 1)).toEqual([' _:#']);
  });

  it('stays within its height whatever the values are', () => {
    expect(brailleGraph([7, -3], 2)).toEqual(['⡇', '⣇']);
    expect(asciiGraph([7, -3], 2)).toEqual(['# ', '#_']);
  });

  it('has a bar beside it, of eighths or of whole cells', () => {
    expect(bar(0.5, 5, true)).toBe('██▌  ');
    expect(bar(2, 3, true)).toBe('███');
    expect(bar(0.5, 4, false)).toBe('||..');
  });

  it('has an axis with the past, the middle and now', () => {
    expect(axis(60, 30)).toBe('60s           30s          now');
    expect(axis(3600, 20)).toHaveLength(20);
    expect(axis(60, 6)).toBe('60s   ');
  });
});

describe('a history', () => {
  const filled = (times: readonly number[], room?: number): History => {
    const history = new History(room);
    for (const time of times) history.add(time, time / 1000);
    return history;
  };
  const steps = (history: History, until: number, span: number, count: number) =>
    [...history.steps(until, span, count)].map((value) => (Number.isNaN(value) ? '-' : value));

  it('has the mean of each step', () => {
    expect(steps(filled([1000, 2000, 3000, 4000]), 4000, 4000, 2)).toEqual([2.5, 4]);
  });

  it('repeats the value before where steps are shorter than the time between points', () => {
    expect(steps(filled([2000, 4000, 6000]), 6000, 6000, 6)).toEqual(['-', 2, 2, 4, 4, 6]);
  });

  it('has nothing where samples were missing for longer', () => {
    const history = filled([1000, 2000, 3000]);
    history.add(9000, 9);
    expect(steps(history, 9000, 9000, 9).slice(0, 3)).toEqual([1, 2, 3]);
    expect(steps(history, 9000, 9000, 9).at(-1)).toBe(9);
  });

  it('steps by multiples of their length: a point keeps its place until the graph moves', () => {
    const history = filled([1000, 2000]);
    expect(steps(history, 2100, 4000, 2)).toEqual(steps(history, 3900, 4000, 2));
  });

  it('drops the oldest points', () => {
    expect(steps(filled([1000, 2000, 3000, 4000], 2), 4000, 4000, 4)).toEqual(['-', '-', 3, 4]);
  });

  it('is forgotten with its process', () => {
    const histories = new Histories();
    histories.add('process a', 1, 1);
    histories.add('gpu 0', 1, 1);
    histories.keep((name) => name.startsWith('gpu'));
    expect([histories.of('process a'), histories.of('gpu 0')]).toEqual([undefined, expect.anything()]);
  });
});
