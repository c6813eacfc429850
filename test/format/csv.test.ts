import { describe, expect, it } from 'vitest';
import { csvPrinter } from '../../src/format/csv.js';
import { NVML_ERROR_TIMEOUT } from '../../src/nvml/generated/constants.js';
import { Missing, NOT_SUPPORTED } from '../../src/nvml/status.js';
import { gpuRow } from '../../src/query/gpu-fields.js';
import type { Plan } from '../../src/query/plan.js';
import type { Reading } from '../../src/query/reading.js';

const MEBIBYTE = 2 ** 20;

/** A plan whose readings are what the table holds at the moment, a line for each GPU; and how often each was read. */
function planOf(names: readonly string[], table: Reading[][]): { plan: Plan; reads: number[][] } {
  const reads = table.map((line) => line.map(() => 0));
  const lines = table.map((_, gpu) => ({
    subject: { index: gpu, handle: undefined, status: 0 },
    readers: names.map((_name, i) => () => {
      (reads[gpu] as number[])[i] = (reads[gpu]?.[i] ?? 0) + 1;
      return table[gpu]?.[i] as Reading;
    }),
  }));
  const isStatic: Plan['isStatic'] = (row) => row.names[0] === 'name';
  return {
    plan: { fields: names.map(gpuRow), lines, isStatic, run: () => undefined, sample: () => undefined },
    reads,
  };
}

describe('the CSV of a loop', () => {
  it('spells what is read at each tick: changed, gone, and back again', () => {
    const table: Reading[][] = [
      ['A', 5 * MEBIBYTE, 71234],
      ['B', 0, NOT_SUPPORTED],
    ];
    const print = csvPrinter(planOf(['name', 'memory.used', 'power.draw'], table).plan, true);
    const first = 'A, 5 MiB, 71.23 W\nB, 0 MiB, [N/A]\n';
    expect([print(), print()]).toEqual([first, first]);
    table[0] = ['A', 6 * MEBIBYTE, Missing.of(NVML_ERROR_TIMEOUT)];
    table[1] = ['B', 7 * MEBIBYTE, 80000];
    expect(print()).toBe('A, 6 MiB, [Timeout]\nB, 7 MiB, 80.00 W\n');
    table[0] = ['A', 5 * MEBIBYTE, 71234];
    expect(print()).toBe('A, 5 MiB, 71.23 W\nB, 7 MiB, 80.00 W\n');
  });

  it('reads what cannot change once, and the rest at every tick', () => {
    const { plan, reads } = planOf(['name', 'memory.used'], [['A', 0]]);
    const print = csvPrinter(plan, false);
    expect([print(), print(), print()]).toEqual(['A, 0\n', 'A, 0\n', 'A, 0\n']);
    expect(reads).toEqual([[1, 3]]);
  });

  it('has an empty line for each GPU where no field is asked for', () => {
    expect(csvPrinter(planOf([], [[], []]).plan, true)()).toBe('\n\n');
  });
});
