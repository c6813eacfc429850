/** `open({ writable: true }).actions`: the program's actions for other programs. */

import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { desiredState } from '../../src/act/apply/desired.js';
import { open, UnknownGpu, type WritableNvsmi } from '../../src/index.js';
import { NVMLError_Uninitialized } from '../../src/nvml.js';
import { compiler } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';
import { machineOf, nvsmiOn } from './oracle.js';

const opened = async (...faults: readonly Fault[]): Promise<WritableNvsmi> =>
  open({ path: (await machineOf({ machine: 'h200-x2', faults, lines: [] })).path, writable: true });

describe.skipIf(compiler === undefined)('actions', () => {
  it('change GPUs, and say what came of it', async () => {
    using nvsmi = await opened();
    const [first, second] = nvsmi.actions.powerLimit(450, { gpus: [1] });
    expect(second).toBeUndefined();
    expect(first).toEqual({
      action: 'power-limit',
      gpu: 1,
      uuid: 'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001',
      value: 450,
      before: { 'power.limit': 700 },
      after: { 'power.limit': 450 },
      outcome: 'changed',
      status: 0,
      message: 'Power limit for GPU 00000000:00:07.0 was set to 450.00 W from 700.00 W.',
      needs: ['root'],
    });
    expect(nvsmi.query(['power.limit']).sample()).toEqual([{ 'power.limit': 700 }, { 'power.limit': 450 }]);
  });

  it('of a GPU that refuses do not keep the others from being changed', async () => {
    using nvsmi = await opened({ fn: 'nvmlDeviceSetPersistenceMode', when: ['gpu0'], status: 4 });
    const outcomes = nvsmi.actions.persistenceMode(false).map(({ outcome, status }) => [outcome, status]);
    expect(outcomes).toEqual([
      ['failed', 4],
      ['changed', 0],
    ]);
  });

  it('change nothing in a dry run, and check all the same', async () => {
    using nvsmi = await opened();
    const { actions } = nvsmi;
    expect(actions.powerLimit(450, { dryRun: true }).map(({ outcome }) => outcome)).toEqual([
      'ready',
      'ready',
    ]);
    expect(actions.powerLimit(9999, { dryRun: true })[0]).toMatchObject({ outcome: 'failed', status: 2 });
    expect(nvsmi.query(['power.limit']).sample()).toEqual([{ 'power.limit': 700 }, { 'power.limit': 700 }]);
  });

  it('are these, and each works', async () => {
    using nvsmi = await opened();
    const { actions } = nvsmi;
    const results = [
      actions.persistenceMode(false),
      actions.eccMode(false),
      actions.resetEccErrors('volatile'),
      actions.computeMode('PROHIBITED'),
      actions.accountingMode(true),
      actions.clearAccountedApps(),
      actions.migMode(true),
      actions.migMode(false),
      actions.powerLimit(300),
      actions.lockGpuClocks(900),
      actions.lockGpuClocks(900, 1200),
      actions.resetGpuClocks(),
      actions.lockMemoryClocks(2201, 3201),
      actions.resetMemoryClocks(),
      actions.applicationsClocks(3201, 1980),
      actions.resetApplicationsClocks(),
    ].flat();
    expect(results.filter(({ outcome }) => outcome !== 'changed')).toEqual([]);
    expect(actions.targetTemperature(80)[0]).toMatchObject({ outcome: 'unsupported', status: 3 });
  });

  it('make MIG instances and destroy them, with their ids', async () => {
    using nvsmi = await opened();
    const { actions } = nvsmi;
    const only = { gpus: [0] };
    actions.migMode(true, only);
    const made = actions.createGpuInstances(['3g.71gb:4', '1g.18gb'], { ...only, withCompute: true });
    expect(
      made.map(({ action, outcome, gpuInstance, computeInstance }) => [
        action,
        outcome,
        gpuInstance,
        computeInstance,
      ]),
    ).toEqual([
      ['create-gpu-instance', 'changed', 2, undefined],
      ['create-compute-instance', 'changed', 2, 0],
      ['create-gpu-instance', 'changed', expect.any(Number), undefined],
      ['create-compute-instance', 'changed', expect.any(Number), 0],
    ]);
    expect(actions.createGpuInstances(['7g.141gb', '1g.18gb'], only)).toMatchObject([
      { outcome: 'failed', status: 23 },
    ]);
    expect(actions.destroyComputeInstances([2], { ...only, dryRun: true })).toMatchObject([
      { outcome: 'ready', gpuInstance: 2, computeInstance: 0 },
    ]);
    expect(actions.destroyComputeInstances(undefined, only)).toMatchObject([
      { outcome: 'changed' },
      { outcome: 'changed' },
    ]);
    expect(actions.createComputeInstances(2, ['1c.3g.71gb', '1c.3g.71gb'], only)).toMatchObject([
      { outcome: 'changed', gpuInstance: 2, computeInstance: 0 },
      { outcome: 'changed', gpuInstance: 2, computeInstance: 1 },
    ]);
    actions.destroyComputeInstances([2], only);
    expect(actions.destroyGpuInstances([2], only)).toMatchObject([{ outcome: 'changed', gpuInstance: 2 }]);
    expect(actions.destroyGpuInstances(undefined, only)).toHaveLength(1);
    expect(actions.destroyGpuInstances(undefined, only)).toEqual([]);
    expect(() => actions.createGpuInstances('1g.18gb' as never)).toThrow(TypeError);
    expect(() => actions.createComputeInstances(-1)).toThrow(TypeError);
  });

  it.each<[string, (nvsmi: WritableNvsmi) => unknown, new (...args: never[]) => Error]>([
    ['a number that is none', ({ actions }) => actions.powerLimit(Number.NaN), TypeError],
    ['a word that is none', ({ actions }) => actions.computeMode('SHARED' as never), TypeError],
    ['a state that is none', ({ actions }) => actions.migMode(1 as never), TypeError],
    ['clocks in the wrong order', ({ actions }) => actions.lockGpuClocks(1200, 900), TypeError],
    ['an unknown option', ({ actions }) => actions.migMode(true, { dryrun: true } as never), TypeError],
    ['a GPU that is not there', ({ actions }) => actions.migMode(true, { gpus: [7] }), UnknownGpu],
  ])('refuse %s', async (_, act, error) => {
    using nvsmi = await opened();
    expect(() => act(nvsmi)).toThrow(error);
  });

  it('are there only where the machine was opened for them, and end with it', async () => {
    const library = await machineOf({ machine: 'h200-x2', faults: [], lines: [] });
    const asking = open({ path: library.path });
    expect('actions' in asking).toBe(false);
    asking.close();
    const nvsmi = await opened();
    nvsmi.close();
    expect(() => nvsmi.actions.migMode(true)).toThrow(NVMLError_Uninitialized);
    expect(() => open({ writable: 'yes' } as never)).toThrow(TypeError);
  });
});

const schema = (name: string) =>
  new Ajv.default({ allowUnionTypes: true, validateFormats: false }).compile(
    JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8')),
  );

describe('the schemas', () => {
  it.skipIf(compiler === undefined)('describe what --json prints', async () => {
    const validate = schema('actions');
    const library = await machineOf({ machine: 'a100-mig', faults: [], lines: [] });
    for (const line of [
      '-pm 0',
      '-pl 5',
      'mig -dci',
      'mig -dgi',
      '-e 0 --dry-run',
      'nvlink -sBwMode OFF',
      '-r',
    ]) {
      const { out } = await nvsmiOn(library, `${line} --json`);
      expect(validate(JSON.parse(out)), `${line} ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });

  const example = /schema_version: 1\n(?: {4}.*\n|\n)+/.exec(
    readFileSync(new URL('../../docs/act.md', import.meta.url), 'utf8').replaceAll(/^ {4}/gm, '    '),
  );

  it('describe the file of apply, and hold for the example of docs/act.md', () => {
    const text = `    ${example?.[0]}`.replaceAll(/^ {4}/gm, '');
    const json: unknown = parse(text);
    const validate = schema('apply');
    expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
    expect(desiredState.form(json)).toBeUndefined();
    expect((json as { gpus: unknown[] }).gpus).toHaveLength(4);
  });

  it.each([
    {},
    { schema_version: 2, gpus: [] },
    { schema_version: 1, gpus: [{}] },
    { schema_version: 1, gpus: [{ gpu: 'all', powerlimit: 5 }] },
    { schema_version: 1, gpus: [{ gpu: 0, power_limit: -5 }] },
    { schema_version: 1, gpus: [{ gpu: 0, compute_mode: 'Default' }] },
    { schema_version: 1, gpus: [{ gpu: 0, gpu_clocks: 1000 }] },
    { schema_version: 1, gpus: [{ gpu: 0, mig: true }] },
    { schema_version: 1, gpus: [{ gpu: 0, mig: [{ start: 0 }] }] },
    { schema_version: 1, gpus: [{ gpu: [], mig: [5] }] },
  ])('refuse the same as the program: %j', (json) => {
    expect(schema('apply')(json)).toBe(false);
    expect(desiredState.form(json)).toBeDefined();
  });
});
