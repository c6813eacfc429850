/** The moments and samples of a simulated machine, as programs in C read them. */
import { describe, expect, it } from 'vitest';
import {
  NVML_ERROR_INSUFFICIENT_SIZE,
  NVML_ERROR_NOT_FOUND,
  NVML_GPU_UTILIZATION_SAMPLES,
} from '../../src/nvml/generated/constants.js';
import { nvmlFieldValue_t } from '../../src/nvml/generated/layouts.js';
import { wholeTicks } from '../../src/snapshot/snapshot-ticks.js';
import { samplesIn } from '../../src/snapshot/timed-samples.js';
import { type Loaded, library, loaded, numberOf, recorded } from './simulated.js';

const load = recorded('h200-x2-load');

describe.skipIf(library === undefined)('the moments of a simulated machine', () => {
  const powerOf = (machine: Loaded): number => numberOf(machine, 'nvmlDeviceGetPowerUsage', machine.gpu(0));
  /** Each moment takes a minute, however busy the machine of the tests is. */
  const slow = { ...load, ticks: (load.ticks ?? []).map((tick, i) => ({ ...tick, ms: (i + 1) * 60_000 })) };
  const moments = [{ ms: 0, calls: load.calls }, ...wholeTicks(load.calls, slow.ticks)];

  it.each([0, 7, 20])('follow the clock: moment %i', (index) => {
    const { ms, calls } = moments[index] ?? { ms: 0, calls: {} };
    const machine = loaded({ snapshot: slow, start: Date.now() - ms - 1000 });
    expect(powerOf(machine)).toBe(calls.nvmlDeviceGetPowerUsage?.gpu0);
  });

  it('begin again after the last', () => {
    const last = moments.at(-1)?.ms ?? 0;
    const round = Math.round(last + last / (moments.length - 1));
    const machine = loaded({ snapshot: slow, start: Date.now() - 3 * round - 1000 });
    expect(powerOf(machine)).toBe(load.calls.nvmlDeviceGetPowerUsage?.gpu0);
  });

  it('begin when the library is loaded, where no time is given', () => {
    expect(powerOf(loaded({ snapshot: slow }))).toBe(load.calls.nvmlDeviceGetPowerUsage?.gpu0);
  });

  it('move field values, too', () => {
    const fields = (calls: (typeof load)['calls']): unknown => calls.nvmlDeviceGetFieldValues?.['gpu0,186'];
    const { ms, calls } = moments[9] ?? { ms: 0, calls: {} };
    const machine = loaded({ snapshot: slow, start: Date.now() - ms - 1000 });
    const values = Buffer.alloc(2 * nvmlFieldValue_t.size, 0xff);
    values.writeUInt32LE(186, 0);
    values.writeUInt32LE(0, 4);
    machine.call('nvmlDeviceGetFieldValues', machine.gpu(0), 1, values);
    expect(fields(calls)).not.toEqual(fields(load.calls));
    expect(values.readUInt32LE(nvmlFieldValue_t.fields.value[1])).toBe(
      (fields(calls) as { value: number }).value,
    );
  });
});

describe.skipIf(library === undefined)('the samples of a simulated machine', () => {
  const SIZE = 16;
  /** The times and values of the samples that are newer than a time, in microseconds. */
  function samplesOf(machine: Loaded, since: bigint, room = 200) {
    const count = Buffer.alloc(4);
    count.writeUInt32LE(room);
    const list = Buffer.alloc(Math.max(1, room) * SIZE);
    const type = Buffer.alloc(4);
    const status = machine.call(
      'nvmlDeviceGetSamples',
      machine.gpu(0),
      NVML_GPU_UTILIZATION_SAMPLES,
      since,
      type,
      count,
      list,
    );
    const found = Array.from({ length: status === 0 ? count.readUInt32LE(0) : 0 }, (_, i) => ({
      time: Number(list.readBigUInt64LE(i * SIZE)),
      // The driver sets 32 bits of the 64 (H200, 580.159.04).
      value: list.readUInt32LE(i * SIZE + 8),
    }));
    return { status, found };
  }
  const first = samplesIn(load.calls.nvmlDeviceGetSamples?.['gpu0,1,0'] ?? null);

  it('are the last of the current time, as many as the driver keeps, the oldest first', () => {
    // Until the first moment it is that moment.
    const start = Date.now() + 60_000;
    const { found } = samplesOf(loaded({ snapshot: load, start }), 0n);
    const times = found.map(({ time }) => time);
    expect(found.map(({ value }) => value)).toEqual(
      first.map(({ sampleValue }) =>
        Number(BigInt.asUintN(32, BigInt((sampleValue as { ullVal: number }).ullVal))),
      ),
    );
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.abs((times.at(-1) ?? 0) - start * 1000)).toBeLessThan(500_000);
  });

  it('continue with those of later moments, and are given once', () => {
    const machine = loaded({ snapshot: load, start: Date.now() - 10_000 });
    const { found } = samplesOf(machine, 0n);
    const middle = found[found.length - 10]?.time ?? 0;
    const newer = samplesOf(machine, BigInt(middle)).found;
    expect(newer.slice(0, 9)).toEqual(found.slice(-9));
    expect(samplesOf(machine, BigInt(Date.now() + 60_000) * 1000n).status).toBe(NVML_ERROR_NOT_FOUND);
    expect(new Set(found.map(({ value }) => value)).size).toBeGreaterThan(3);
  });

  it('fit the room of the caller', () => {
    const machine = loaded({ snapshot: load, start: Date.now() + 60_000 });
    expect(samplesOf(machine, 0n, 5).found).toEqual(samplesOf(machine, 0n).found.slice(0, 5));
  });

  it('come again and again from a recording of one moment', () => {
    const { ticks: _, ...still } = load;
    const machine = loaded({ snapshot: still, start: Date.now() - 3_600_000 });
    const { found } = samplesOf(machine, 0n);
    expect(found.length).toBe(first.length);
    expect(Date.now() * 1000 - (found.at(-1)?.time ?? 0)).toBeLessThan(1_000_000);
  });

  it('of processes are asked for with their count first, as nvtop does', () => {
    const machine = loaded({ snapshot: load, start: Date.now() - 10_000 });
    const count = Buffer.alloc(4);
    const fn = 'nvmlDeviceGetProcessUtilization';
    expect(machine.call(fn, machine.gpu(0), null, count, 0n)).toBe(NVML_ERROR_INSUFFICIENT_SIZE);
    const list = Buffer.alloc(32 * count.readUInt32LE(0));
    expect(machine.call(fn, machine.gpu(0), list, count, 0n)).toBe(0);
    expect([list.readUInt32LE(0), list.readUInt32LE(16)]).toEqual([634, expect.any(Number)]);
    expect(machine.call(fn, machine.gpu(0), list, count, BigInt(Date.now() + 60_000) * 1000n)).toBe(
      NVML_ERROR_NOT_FOUND,
    );
  });
});
