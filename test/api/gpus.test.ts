import { afterAll, describe, expect, it } from 'vitest';
import { type GpuName, open, UnknownGpu } from '../../src/index.js';
import { runOn } from '../commands/run-on.js';

const MIG = 'MIG-b1c2d3e0-1111-4a4a-8b8b-5eed00000000';

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

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are shown as they were given: %d', (name) => {
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

describe('the records of the GPUs', () => {
  it('say who they are, and have their MIG devices', async () => {
    using machine = open({ snapshot: 'a100-mig' });
    const [gpu] = machine.gpus();
    expect(machine.gpus()).toHaveLength(1);
    expect(gpu).toMatchObject({
      index: 0,
      name: 'NVIDIA A100-SXM4-40GB',
      uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000',
      'pci.bus_id': expect.stringMatching(/^[0-9A-F]{8}:/),
      serial: expect.any(String),
    });
    const { out } = await runOn('a100-mig', ['-L', '--json']);
    const { mig_devices } = JSON.parse(out) as { mig_devices: { gpu: number }[] };
    expect(gpu?.mig_devices?.map(({ device, profile, uuid }) => ({ gpu: 0, device, profile, uuid }))).toEqual(
      mig_devices,
    );
    expect(gpu?.mig_devices?.[0]).toEqual({
      device: 0,
      profile: 'MIG 2c.3g.20gb',
      uuid: MIG,
      gpu_instance_id: 2,
      compute_instance_id: 0,
    });
  });

  it('are those of the GPUs that were named, with none where a GPU is not divided', () => {
    expect(nvsmi.gpus({ gpus: [1] })).toEqual([
      { index: 1, name: 'NVIDIA H200', uuid, 'pci.bus_id': busId, serial, mig_devices: [] },
    ]);
    expect(() => nvsmi.gpus({ gpus: [9] })).toThrow(UnknownGpu);
  });

  it('say why they know nothing of a lost GPU', () => {
    using machine = open({ snapshot: 'lost-gpu' });
    const lost = machine.gpus().filter(({ uuid }) => uuid === null);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({ mig_devices: [], reasons: { uuid: 'GPU is lost', name: 'GPU is lost' } });
  });
});

describe('a MIG device among the GPUs of a question', () => {
  it('is asked itself', () => {
    using machine = open({ snapshot: 'a100-mig' });
    const fields = ['index', 'uuid', 'memory.total'] as const;
    const [mig, gpu, again] = machine.query(fields, { gpus: [MIG, 0, MIG.toLowerCase()] }).sample();
    expect(mig).toEqual({ index: 0, uuid: MIG, 'memory.total': expect.any(Number) });
    expect(again).toEqual(mig);
    expect(gpu?.uuid).toMatch(/^GPU-/);
    expect(mig?.['memory.total']).toBeLessThan(gpu?.['memory.total'] ?? 0);
  });

  it('has its own processes, and the report of its GPU', async () => {
    using machine = open({ snapshot: 'a100-mig' });
    const all = machine.processes();
    const own = machine.processes({ gpus: [MIG] });
    expect(own.length).toBeGreaterThan(0);
    expect(own).toEqual(all.filter((one) => one.gpu_instance_id === 2 && one.compute_instance_id === 0));
    expect(own.length).toBeLessThan(all.length);
    const report = await machine.report({ gpus: [MIG, 0], groups: ['MEMORY'] });
    expect(report.gpu).toHaveLength(1);
  });

  it('is no GPU where there is none of its name', () => {
    using machine = open({ snapshot: 'a100-mig' });
    const gpus = ['MIG-00000000-0000-0000-0000-000000000000'];
    expect(() => machine.query(['uuid'], { gpus })).toThrow(UnknownGpu);
    expect(() => nvsmi.query(['uuid'], { gpus })).toThrow(/and a MIG device by its UUID/);
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
        processes.map(({ reasons: _, used_memory, ...process }) => ({
          gpu,
          uuid: uuids[gpu],
          ...process,
          used_gpu_memory: used_memory,
        })),
      ),
    );
  });

  it('have numbers, names and units as the report has them', () => {
    using machine = open({ snapshot: 'hgx-h100-x8' });
    const processes = machine.processes();
    expect(processes.length).toBeGreaterThan(0);
    expect(processes[0]).toEqual({
      gpu: expect.any(Number),
      uuid: expect.stringMatching(/^GPU-/),
      gpu_instance_id: null,
      compute_instance_id: null,
      pid: expect.any(Number),
      type: expect.stringMatching(/^(C|G|C\+G|M\+C)$/),
      process_name: expect.any(String),
      used_gpu_memory: expect.any(Number),
    });
    const { gpu } = processes[0] ?? {};
    expect(machine.processes({ gpus: [gpu ?? 0] })).toEqual(processes.filter((one) => one.gpu === gpu));
    expect(() => machine.processes({ gpus: [99] })).toThrow(UnknownGpu);
  });
});
