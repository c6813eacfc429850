import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli.js';
import type { Machine } from '../../src/commands/context.js';
import { pieces, rehearse } from '../../src/commands/rehearse.js';
import { NVML_ERROR_UNINITIALIZED } from '../../src/nvml/generated/constants.js';
import { loadLibrary } from '../../src/nvml/library.js';
import { gpuRow } from '../../src/query/gpu-fields.js';
import { compilePlan } from '../../src/query/plan.js';
import { FakeIo } from '../fake-io.js';
import { buildFake } from '../fake-nvml/build.js';

const fake = await buildFake();
const snapshot = JSON.parse(readFileSync(new URL('../../snapshots/h100-x1.json', import.meta.url), 'utf8'));

const OPENING = ['nvmlInit_v2', 'nvmlDeviceGetCount_v2', 'nvmlDeviceGetHandleByIndex_v2'];

describe.skipIf(!fake.available)('what is rehearsed while NVML opens', () => {
  it.each([
    '--query-gpu=index,name,uuid,memory.used,power.draw.instant,inforom.checksum_validation --format=csv',
    '--query-compute-apps=pid,used_memory --format=json',
    '',
    '-q',
    '-q -x',
  ])('asks nothing: nvsmi %s', async (line) => {
    const argv = line.split(' ').filter((word) => word !== '');
    // Calls wait long enough for all steps to be rehearsed.
    const library = fake.with({ snapshot, delays: { nvmlInit_v2: 60_000 } });
    const io = new FakeIo();
    expect(await main([...argv, '--nvml', library.path], io)).toBe(0);
    const made = library.log();
    expect(made.slice(0, 3).map(({ fn }) => fn)).toEqual(OPENING);
    // The GPU of the rehearsal has no name, and NVML is not open when it would be asked.
    const aboutGpus = made.slice(3).filter(({ fn }) => /^nvmlDevice(?!GetCount)/.test(fn));
    expect(aboutGpus.filter(({ key }) => !key.startsWith('gpu0'))).toEqual([]);

    const recorded = new FakeIo();
    await main([...argv, '--snapshot', 'h100-x1'], recorded);
    expect(io.output.split('\n').length).toBe(recorded.output.split('\n').length);
  });

  const library = () => loadLibrary({ path: fake.with({ snapshot }).path, env: {} });

  it('reads Uninitialized, as NVML would say', async () => {
    const driver = library();
    const readings: unknown[] = [];
    const context = {
      io: new FakeIo(),
      machine: () => new Promise<Machine>(() => {}),
      library: () => driver,
    };
    await rehearse(context, [
      (session) => {
        const plan = compilePlan([gpuRow('memory.used')], session.gpus, { session, now: Date.now });
        void plan.sample();
        readings.push(plan.lines[0]?.readers[0]?.());
      },
    ]);
    expect(readings).toEqual([expect.objectContaining({ status: NVML_ERROR_UNINITIALIZED })]);
    driver.close();
  });

  it('ends where the machine is open', async () => {
    const driver = library();
    let opened: (machine: Machine) => void = () => undefined;
    const machine = new Promise<Machine>((resolve) => {
      opened = resolve;
    });
    const done: number[] = [];
    await rehearse({ io: new FakeIo(), machine: () => machine, library: () => driver }, [
      () => done.push(1),
      () => {
        done.push(2);
        opened({} as Machine);
      },
      () => done.push(3),
    ]);
    expect(done).toEqual([1, 2]);
    driver.close();
  });
});

describe('a rehearsal', () => {
  it('is left out where a recording answers', async () => {
    const done: number[] = [];
    const machine = async (): Promise<Machine> => ({}) as Machine;
    await rehearse({ io: new FakeIo(), machine, library: () => undefined }, [() => done.push(1)]);
    expect(done).toEqual([]);
  });

  it('of a list goes piece by piece', () => {
    expect([...pieces([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
  });
});
