import { describe, expect, it } from 'vitest';
import { presetOf, writeArrays } from '../../src/nvml/functions/encode.js';
import * as layouts from '../../src/nvml/generated/layouts.js';

describe('structs that NVML reads', () => {
  it('are written field by field, arrays with their counts', () => {
    const layout = layouts.nvmlWorkloadPowerProfileRequestedProfiles_v1_t;
    const given = { requestedProfilesMask: { mask: [5, 0, 9] } };
    expect(presetOf(layout, given)).toEqual({});
    const memory = Buffer.alloc(layout.size);
    writeArrays(memory, 0, layout, given);
    expect([4, 8, 12, 16].map((at) => memory.readUInt32LE(at))).toEqual([5, 0, 9, 0]);
  });

  it('take texts, numbers, flags and nested structs by name', () => {
    expect(presetOf(layouts.nvmlUUID_v1_t, { type: 1, value: { str: 'GPU-1' } })).toEqual({
      type: 1,
      'value.str': 'GPU-1',
    });
    expect(presetOf(layouts.nvmlPciInfo_t, { bus: 6, busId: '00000000:06:00.0' })).toEqual({
      bus: 6,
      busId: '00000000:06:00.0',
    });
  });

  it('count the metrics that are asked for', () => {
    const layout = layouts.nvmlGpmMetricsGet_t;
    const memory = Buffer.alloc(layout.size);
    writeArrays(memory, 0, layout, { metrics: [{ metricId: 2 }, { metricId: 20 }] });
    expect(memory.readUInt32LE(layout.fields.numMetrics[1])).toBe(2);
    expect(
      [0, 1].map((i) => memory.readUInt32LE(layout.fields.metrics[1] + i * layouts.nvmlGpmMetric_t.size)),
    ).toEqual([2, 20]);
  });

  it('refuse more items than there is room for', () => {
    const layout = layouts.nvmlWorkloadPowerProfileRequestedProfiles_v1_t;
    const mask = Array.from({ length: 9 }, () => 1);
    expect(() =>
      writeArrays(Buffer.alloc(layout.size), 0, layout, { requestedProfilesMask: { mask } }),
    ).toThrow(RangeError);
  });
});
