import { afterAll, describe, expect, it } from 'vitest';
import { type GpuName, open, UnknownGpu } from '../../src/index.js';

const nvsmi = open({ snapshot: 'h200-x2' });
afterAll(() => nvsmi.close());

const identities = nvsmi.query(['index', 'uuid', 'pci.bus_id', 'serial']).sample();
const [first, second] = identities;
const uuid = second?.uuid ?? '';
const busId = second?.['pci.bus_id'] ?? '';
const serial = second?.serial ?? '';

const indexes = (...gpus: readonly GpuName[]): (number | null)[] =>
  nvsmi
    .query(['index'], { gpus })
    .sample()
    .map(({ index }) => index);

describe('the GPUs of a question', () => {
  it('are all that there are, or those that are named, in the order of their names', () => {
    expect(identities.map(({ index }) => index)).toEqual([0, 1]);
    expect(indexes(1)).toEqual([1]);
    expect(indexes(1, 0)).toEqual([1, 0]);
    expect(indexes()).toEqual([]);
  });

  it('go by what -i takes', () => {
    expect(first?.uuid).not.toBe(uuid);
    for (const name of ['1', uuid, uuid.toUpperCase(), busId, busId.replace(/^0000/, ''), serial]) {
      expect(indexes(name)).toEqual([1]);
    }
  });

  it.each([2, -1, 0.5, '2', '0,1', '', 'GPU-0', 'ff:1f.7', 'gg:00.0'])('are not %j', (name) => {
    expect(() => indexes(0, name)).toThrow(UnknownGpu);
    expect(() => indexes(0, name)).toThrow(`there is no GPU ${JSON.stringify(name)} among the 2`);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are told as they were given: %d', (name) => {
    expect(() => indexes(name)).toThrow(`there is no GPU ${name} among the 2`);
  });

  it('are those of a watch, too', async () => {
    for await (const samples of nvsmi.watch(['uuid'], { gpus: [1], everyMs: 1 })) {
      expect(samples).toEqual([{ uuid }]);
      break;
    }
    expect(() => nvsmi.watch(['uuid'], { gpus: [5], everyMs: 1 })).toThrow(UnknownGpu);
  });

  it('are those of a report, which counts all', async () => {
    const report = await nvsmi.report({ gpus: [uuid], groups: ['MEMORY'] });
    expect(report.gpu.map(({ id }) => id)).toEqual([busId]);
    expect(report.attached_gpus).toBe(2);
    await expect(nvsmi.report({ gpus: [5] })).rejects.toThrow(UnknownGpu);
  });
});

describe('the processes of a machine', () => {
  const machines = ['a100-mig', 'h100-x1', 'h200-x2', 'hgx-h100-x8', 'lost-gpu', 'none', 'rtx-4090', 't4'];

  it.each(machines)('are those of the report: %s', async (snapshot) => {
    using machine = open({ snapshot });
    const report = await machine.report({ groups: ['PIDS'] });
    const reported = report.gpu.map(({ processes }) => processes ?? []);
    const uuids = machine
      .query(['uuid'])
      .sample()
      .map((sample) => sample.uuid);
    expect(machine.processes()).toEqual(
      reported.flatMap((processes, gpu) =>
        processes.map(({ reasons: _, ...process }) => ({ gpu, gpu_uuid: uuids[gpu], ...process })),
      ),
    );
  });

  it('have numbers, names and units as the report has them', () => {
    using machine = open({ snapshot: 'hgx-h100-x8' });
    const processes = machine.processes();
    expect(processes.length).toBeGreaterThan(0);
    expect(processes[0]).toEqual({
      gpu: expect.any(Number),
      gpu_uuid: expect.stringMatching(/^GPU-/),
      gpu_instance_id: null,
      compute_instance_id: null,
      pid: expect.any(Number),
      type: expect.stringMatching(/^(C|G|C\+G|M\+C)$/),
      process_name: expect.any(String),
      used_memory: expect.any(Number),
    });
    const { gpu } = processes[0] ?? {};
    expect(machine.processes({ gpus: [gpu ?? 0] })).toEqual(processes.filter((one) => one.gpu === gpu));
    expect(() => machine.processes({ gpus: [99] })).toThrow(UnknownGpu);
  });
});
