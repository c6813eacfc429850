import { describe, expect, it } from 'vitest';
import { PRESENT } from '../../src/base/release.js';
import type { Call, Driver, Handle } from '../../src/nvml/call.js';
import { openSession } from '../../src/nvml/session.js';
import { Asker } from '../../src/query/ask/asker.js';
import { compileReport } from '../../src/report/compile.js';
import type { ReportForm } from '../../src/report/document.js';
import { gpuTree } from '../../src/report/gpu.js';
import { PRESENT_GROUPS, readGroups } from '../../src/report/groups.js';
import { treeAt } from '../../src/report/release.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { golden } from './golden.js';
import { h100, sceneOf } from './scene.js';

interface Made {
  readonly how: 'run' | 'start' | 'end';
  readonly fn: string;
  readonly key: string;
}

const subjectOf = ({ key }: Pick<Made, 'key'>): string => key.split(',')[0] as string;

/** A driver that writes down what is asked, and in which waiting calls about a GPU wait until so many others were made. */
function watched(snapshot: Snapshot, others = 0): { driver: Driver; made: Made[] } {
  const inner = snapshotDriver(snapshot, 'watched');
  const made: Made[] = [];
  const keyOf = (call: Call, subject?: Handle): string =>
    [subject ?? '', ...call.args.filter((arg) => typeof arg !== 'object')].join(',');
  const driver: Driver = {
    source: inner.source,
    close: () => inner.close(),
    bind: (call, subject) => {
      const bound = inner.bind(call, subject);
      if (bound === undefined) return undefined;
      const note = (how: Made['how']): void => {
        made.push({ how, fn: call.fn, key: keyOf(call, subject) });
      };
      return {
        call,
        get memory() {
          return bound.memory;
        },
        get status() {
          return bound.status;
        },
        run: () => {
          note('run');
          return bound.run();
        },
        start: async () => {
          note('start');
          const about = subjectOf({ key: keyOf(call, subject) });
          const first = made.findIndex((one) => one.how === 'start' && subjectOf(one) === about);
          const isOther = (one: Made): boolean => one.how === 'run' && subjectOf(one) !== about;
          const enough = (): boolean => made.slice(first).filter(isOther).length >= others;
          const end = performance.now() + 5000;
          while (!enough() && performance.now() < end) await new Promise(setImmediate);
          note('end');
          return bound.run();
        },
      };
    },
  };
  return { driver, made };
}

async function compiled(snapshot: Snapshot, form: ReportForm, display?: string, others = 0) {
  const { driver, made } = watched(snapshot, others);
  const session = openSession(driver);
  made.length = 0;
  const groups = display === undefined ? undefined : readGroups(display);
  const asker = new Asker(session);
  const report = await compileReport(gpuTree, session.gpus, { form, groups }, { asker, now: () => 0 });
  return { report, made };
}

const functionsOf = (made: readonly Made[]): readonly string[] =>
  [...new Set(made.map(({ fn }) => fn))].sort();

/** What every report says: its head, and the bus id of each GPU. */
const ALWAYS = ['nvmlDeviceGetPciInfo_v3', 'nvmlSystemGetCudaDriverVersion_v2', 'nvmlSystemGetDriverVersion'];

describe('the questions of a report', () => {
  it('are those of its leaves: -d TEMPERATURE asks for temperatures only', async () => {
    const { report, made } = await compiled(h100(), 'text', 'TEMPERATURE');
    await report.sample();
    report.document();
    expect(functionsOf(made).filter((fn) => !ALWAYS.includes(fn))).toEqual([
      'nvmlDeviceGetFieldValues',
      'nvmlDeviceGetMarginTemperature',
      'nvmlDeviceGetTemperatureThreshold',
      'nvmlDeviceGetTemperatureV',
    ]);
    expect(made.every(({ how }) => how === 'run')).toBe(true);
  });

  it('are few for -d COMPUTE, and none for -d VOLTAGE', async () => {
    for (const [display, expected] of [
      ['COMPUTE', ['nvmlDeviceGetComputeMode']],
      ['VOLTAGE', []],
      ['', []],
    ] as const) {
      const { report, made } = await compiled(h100(), 'text', display);
      await report.sample();
      report.document();
      expect(functionsOf(made).filter((fn) => !ALWAYS.includes(fn))).toEqual(expected);
    }
  });

  it('are samples only where -d shows them', async () => {
    const asks = async (form: ReportForm, display?: string): Promise<boolean> => {
      const { report, made } = await compiled(h100(), form, display);
      await report.sample();
      report.document();
      return functionsOf(made).includes('nvmlDeviceGetSamples');
    };
    expect(await asks('text')).toBe(false);
    expect(await asks('xml')).toBe(false);
    expect(await asks('json')).toBe(false);
    expect(await asks('text', 'POWER')).toBe(true);
    expect(await asks('json', 'UTILIZATION')).toBe(true);
  });

  it('are asked once in a run where the answer stays, and once per tick otherwise', async () => {
    const { report, made } = await compiled(h100(), 'xml');
    const times = async (): Promise<Map<string, number>> => {
      made.length = 0;
      await report.sample();
      report.document();
      const counts = new Map<string, number>();
      const asked = made.filter(({ how }) => how !== 'end');
      for (const { fn, key } of asked) counts.set(`${fn} ${key}`, (counts.get(`${fn} ${key}`) ?? 0) + 1);
      return counts;
    };
    await times();
    const second = await times();
    const names = [...second.keys()].map((key) => key.split(' ')[0]);
    for (const fn of [
      'nvmlDeviceGetName',
      'nvmlDeviceGetMaxClockInfo',
      'nvmlDeviceGetSupportedGraphicsClocks',
    ]) {
      expect(names).not.toContain(fn);
    }
    expect(names).toContain('nvmlDeviceGetTemperatureV');
    // The batches of field ids are calls of one name, and the list of MIG devices asks for the MIG mode itself.
    const twice = [...second].filter(
      ([key, count]) => count > 1 && !/^nvmlDeviceGet(FieldValues|MigMode) /.test(key),
    );
    expect(twice).toEqual([]);
  });

  it('about PCIe traffic are asked while nothing else is asked about their GPU, and meanwhile the other GPU is', async () => {
    const { report, made } = await compiled(sceneOf(golden('h200-x2/q.out')), 'text', undefined, 30);
    await report.sample();
    report.document();
    const watches = made.flatMap((each, from) => {
      if (each.how !== 'start') return [];
      const to = made.findIndex(({ how, key }, at) => at > from && how === 'end' && key === each.key);
      return [{ each, during: made.slice(from + 1, to) }];
    });
    expect(watches.map(({ each }) => each.fn)).toEqual(Array(4).fill('nvmlDeviceGetPcieThroughput'));
    for (const { each, during } of watches) {
      expect(during.filter((other) => subjectOf(other) === subjectOf(each))).toEqual([]);
    }
    for (const gpu of new Set(watches.map(({ each }) => subjectOf(each)))) {
      const asked = watches.filter(({ each }) => subjectOf(each) === gpu).flatMap(({ during }) => during);
      expect(asked.filter(({ how }) => how === 'run').length).toBeGreaterThanOrEqual(30);
    }
  });
});

describe('the groups of -d', () => {
  it('are read in any case, and empty names are ignored', () => {
    expect([...(readGroups('memory,,Ecc,') ?? [])]).toEqual(['MEMORY', 'ECC']);
    expect(readGroups('')?.size).toBe(0);
    expect(readGroups('MEMORY,BOGUS')).toBeUndefined();
  });

  it('show something each, but those of older drivers', async () => {
    const { driver } = watched(h100());
    const session = openSession(driver);
    for (const group of PRESENT_GROUPS) {
      const groups = new Set([group]);
      const asker = new Asker(session);
      const report = await compileReport(
        treeAt(gpuTree, PRESENT, 'text'),
        session.gpus,
        { form: 'text', groups },
        { asker, now: () => 0 },
      );
      await report.sample();
      expect(report.document().blocks[0]?.parts.length === 0, group).toBe(group === 'VOLTAGE');
    }
  });
});
