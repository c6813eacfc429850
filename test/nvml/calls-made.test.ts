import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import {
  nvmlDeviceGetMemoryInfo_v2,
  nvmlDeviceGetName,
  nvmlDeviceGetPcieThroughput,
  nvmlDeviceGetPowerUsage,
} from '../../src/nvml/generated/entries.js';
import { openSession } from '../../src/nvml/session.js';
import { Missing } from '../../src/nvml/status.js';
import { Asker } from '../../src/query/ask/asker.js';
import { from, type Row } from '../../src/query/field.js';
import { number, text as textKind } from '../../src/query/kind.js';
import { compilePlan, type Plan } from '../../src/query/plan.js';
import { field, fixed, type Probe, sample, waiting } from '../../src/query/probe.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

const fake = await buildFake();

const name = fixed(nvmlDeviceGetName);
const power = sample(nvmlDeviceGetPowerUsage);
const throughput = (counter: number): Probe => waiting(sample(nvmlDeviceGetPcieThroughput, { counter }));
const memory = sample(nvmlDeviceGetMemoryInfo_v2);

let id = 0;
const row = (probe: Probe, pick: string): Row => ({
  id: id++,
  names: [`row ${id}`],
  help: 'A row of a test.',
  kind: probe === name ? textKind : number(),
  source: from(probe, pick),
});

function planned(rows: readonly Row[], options: Machine, from = fake): { plan: Plan; library: FakeLibrary } {
  const library = from.with(options);
  const session = openSession(loadLibrary({ path: library.path, env: {} }));
  onTestFinished(() => session.close());
  library.clearLog();
  const plan = compilePlan(rows, session.gpus, { asker: new Asker(session), now: () => 0 });
  return { plan, library };
}

const readings = (plan: Plan): unknown[][] =>
  plan.lines.map(({ readers }) =>
    readers.map((read) => {
      const reading = read();
      return reading instanceof Missing ? { status: reading.status } : reading;
    }),
  );

const logged = (library: FakeLibrary): string[] => library.log().map(({ fn, key }) => `${fn} ${key}`);

describe.skipIf(!fake.available)('the calls that a plan makes', () => {
  it('are only those that its rows need, and none before the first sample', () => {
    const { plan, library } = planned([row(power, 'value')], { snapshot: machine });
    expect(logged(library)).toEqual([]);
    plan.sample();
    expect(logged(library)).toEqual(['nvmlDeviceGetPowerUsage gpu0', 'nvmlDeviceGetPowerUsage gpu1']);
  });

  it('ask what does not change once, and what changes at every sample', () => {
    const { plan, library } = planned([row(name, ''), row(power, 'value')], { snapshot: machine });
    for (let tick = 0; tick < 3; tick++) plan.sample();
    const count = (fn: string): number => library.log().filter((one) => one.fn === fn).length;
    expect(count('nvmlDeviceGetName')).toBe(2);
    expect(count('nvmlDeviceGetPowerUsage')).toBe(6);
    expect(readings(plan)).toEqual([
      ['NVIDIA Made-Up 100', 71234],
      ['NVIDIA Größe 200', 699999],
    ]);
  });

  it('are one for all rows that read the same answer', () => {
    const rows = [row(power, 'value'), row(power, 'value')];
    const { plan, library } = planned(rows, { snapshot: machine });
    plan.sample();
    expect(library.log()).toHaveLength(2);
    expect(readings(plan)).toEqual([
      [71234, 71234],
      [699999, 699999],
    ]);
  });

  it('ask the field values of one family in one call, and the others alone', () => {
    const rows = [row(field(52), ''), row(field(186, 1), ''), row(field(185, 1), '')];
    const { plan, library } = planned(rows, { snapshot: machine });
    plan.sample();
    expect(logged(library)).toEqual([
      'nvmlDeviceGetFieldValues gpu0,52',
      'nvmlDeviceGetFieldValues gpu0,186:1,185:1',
      'nvmlDeviceGetFieldValues gpu1,52',
      'nvmlDeviceGetFieldValues gpu1,186:1,185:1',
    ]);
    expect(readings(plan)).toEqual([
      [31, 70000, { status: 6 }],
      [45, { status: 6 }, { status: 6 }],
    ]);
  });

  it('fall back to an older function where the newer one is missing, and stay with it', async () => {
    const old = await buildFake({ without: ['nvmlDeviceGetMemoryInfo_v2'] });
    const { plan, library } = planned([row(memory, 'total')], { snapshot: machine }, old);
    plan.sample();
    expect(library.log().map(({ fn }) => fn)).toEqual(['nvmlDeviceGetMemoryInfo', 'nvmlDeviceGetMemoryInfo']);
    expect(readings(plan)[0]).toEqual([85899345920]);
  });

  it('fall back once where the driver does not know the version of a struct', () => {
    const { plan, library } = planned([row(memory, 'used')], {
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetMemoryInfo_v2', status: 25 }],
    });
    plan.sample();
    plan.sample();
    const count = (fn: string): number =>
      library.log().filter((one) => one.fn === fn && one.key === 'gpu0').length;
    expect(count('nvmlDeviceGetMemoryInfo_v2')).toBe(1);
    expect(count('nvmlDeviceGetMemoryInfo')).toBe(2);
    expect(readings(plan)[0]).toEqual([512 * 1024 * 1024]);
  });

  it('overlap where they wait', async () => {
    const { plan } = planned([row(throughput(0), 'value'), row(throughput(1), 'value')], {
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetPcieThroughput', together: 2 }],
    });
    await plan.sample();
    expect(readings(plan)).toEqual([
      [100, 200],
      [300, 400],
    ]);
  });

  it('continue for the other GPUs when one is lost between two samples', () => {
    const { plan } = planned([row(power, 'value')], {
      snapshot: machine,
      faults: [{ fn: '*', when: ['gpu0'], status: 15, after: 1 }],
    });
    plan.sample();
    expect(readings(plan)).toEqual([[71234], [699999]]);
    plan.sample();
    expect(readings(plan)).toEqual([[{ status: 15 }], [699999]]);
  });

  it('never reach a GPU that was lost before the start', () => {
    const { plan, library } = planned([row(name, ''), row(field(52), '')], {
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetHandleByIndex_v2', when: [0], status: 15 }],
    });
    plan.sample();
    expect(readings(plan)).toEqual([
      [{ status: 15 }, { status: 15 }],
      ['NVIDIA Größe 200', 45],
    ]);
    expect(logged(library)).toEqual(['nvmlDeviceGetName gpu1', 'nvmlDeviceGetFieldValues gpu1,52']);
  });
});
