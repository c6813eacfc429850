import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitStatusOf } from '../../src/cli/exit-statuses.js';
import { errorText } from '../../src/nvml/functions/error.js';
import { Missing, NOT_SUPPORTED } from '../../src/nvml/status.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

const FOLDER = new URL('../../snapshots/', import.meta.url);
const recordings = readdirSync(FOLDER).map((file): readonly [string, Snapshot] => [
  file,
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
]);

describe('the words of a status', () => {
  it.each(recordings)('are those of nvmlErrorString in %s', (_, { calls }) => {
    const words = Object.entries(calls.nvmlErrorString ?? {});
    expect(words.length).toBeGreaterThan(30);
    expect(words.map(([status]) => [status, errorText(Number(status))])).toEqual(words);
  });

  it('are what a reading without a value is as text, which is no object', () => {
    expect(`${Missing.of(15)}`).toBe('GPU is lost');
    expect(String(NOT_SUPPORTED)).toBe('N/A');
  });
});

describe('an exit status', () => {
  /** Seen of 550.163.01 with each status in nvmlDeviceGetCount and nvmlDeviceGetName; 5 is ours, of a fleet. */
  const OWN = [2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 17, 18, 19, 23];

  it('is the status of NVML where nvidia-smi has it, and 255 for all others', () => {
    const statuses = [...Array.from({ length: 29 }, (_, i) => i + 2), 31, 999, 4096];
    expect(statuses.filter((status) => exitStatusOf(status) === status)).toEqual(OWN);
    const others = statuses.filter((status) => !OWN.includes(status));
    expect(others.map(exitStatusOf)).toEqual(others.map(() => 255));
  });
});
