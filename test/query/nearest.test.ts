import { describe, expect, it } from 'vitest';
import { nearestNames } from '../../src/query/nearest.js';

const COMMANDS = ['topo', 'mig', 'nvlink', 'pci', 'dmon', 'pmon', 'power-hint', 'power-profiles'];

describe('the nearest names', () => {
  it.each([
    ['tpo', ['topo']],
    ['otpo', ['topo']],
    ['tooo', ['topo']],
    ['NVLINK', ['nvlink']],
    ['nvlikn', ['nvlink']],
    ['power', ['power-hint', 'power-profiles']],
    ['link', ['nvlink']],
    ['nmon', ['dmon', 'pmon']],
    ['xyz', []],
    ['', []],
    ['pc', []],
    ['x'.repeat(100_000), []],
  ])('of %.20s are %j', (typed, names) => {
    expect(nearestNames(typed, COMMANDS)).toEqual(names);
  });

  it('are at most three, and none twice', () => {
    expect(nearestNames('abx', ['aba', 'aba', 'abb', 'abc', 'abd'])).toEqual(['aba', 'abb', 'abc']);
  });

  it('of a letter are the same letter alone', () => {
    expect(nearestNames('-I', ['-i', '-l', '--id'])).toEqual(['-i']);
  });

  it('of a number are none', () => {
    expect(nearestNames('999', ['99', '998', '9999'])).toEqual([]);
  });
});
