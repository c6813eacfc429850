/** NVML returns how many items it left in a list; a count beyond the list's memory is garbage, and nothing reads so far. */
import { describe, expect, it } from 'vitest';
import { type Bound, type Call, call, type Driver, type Handle, isOut } from '../../src/nvml/call.js';
import { allocate, roomOf } from '../../src/nvml/memory.js';
import { Asker } from '../../src/query/ask/asker.js';
import { BoundProbe } from '../../src/query/ask/bound-probe.js';
import { Outcome } from '../../src/query/ask/outcome.js';
import { ProcessUtilization } from '../../src/query/monitor/process-utilization.js';
import { asking } from '../../src/query/probe.js';
import { takeInventory } from '../../src/snapshot/inventory.js';
import { Recorder } from '../../src/snapshot/recorder.js';
import { list } from '../nvml/outs.js';

/** Of every list it says that it holds two thousand items. It has one GPU, and no function that is newer than lists. */
const boasting: Driver = {
  source: 'boasting',
  bind(what: Call): Bound | undefined {
    const outs = what.args.filter(isOut);
    if (outs.some((out) => out.out === 'struct' && out.array !== undefined)) return undefined;
    const memory = outs.map((out) => allocate(out));
    outs.forEach((out, i) => {
      if (out.out === 'list') memory[i]?.writeUInt32LE(2_000, 0);
    });
    if (what.fn === 'nvmlDeviceGetCount_v2') memory[0]?.writeUInt32LE(1, 0);
    if (what.fn === 'nvmlDeviceGetHandleByIndex_v2') memory[0]?.writeBigUInt64LE(1n, 0);
    return { call: what, memory, status: 0, run: () => 0, start: async () => 0 };
  },
  close() {},
};

const GPU = 1n as Handle;

describe('a list whose count is beyond its room', () => {
  it('has the items that there is room for', () => {
    const numbers = list('u32', 5);
    const asked = new BoundProbe(
      asking('numbers', call('nvmlDeviceGetSupportedVgpus', numbers)),
      boasting,
      { index: 0, handle: GPU, status: 0 },
      new Outcome(),
    );
    asked.run();
    expect(asked.items()).toHaveLength(roomOf(numbers, allocate(numbers)));
  });

  it('is no trouble to what processes used, nor to the survey', () => {
    const asker = new Asker({ driver: boasting, gpus: [], close: () => undefined });
    const utilization = new ProcessUtilization({ index: 0, handle: GPU, status: 0 });
    expect([...asker.run(utilization.sample()).keys()]).toEqual([0]);
    const { gpus } = takeInventory(boasting, new Recorder(boasting), 0);
    expect(gpus.map(({ memoryClocks }) => memoryClocks.length)).toEqual([256]);
  });
});
