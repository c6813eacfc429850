import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import type * as index from '../../src/index.js';
import { NVMLError, NVSMI, open, UnknownField, UnknownGpu, UnknownRelation } from '../../src/index.js';
import { type Field, nameOf } from '../../src/query/field.js';
import { numberOf, relations } from '../../src/query/relations.js';

const uuid = 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000';

describe('the types of the relations', () => {
  it('say each member once: what an earlier relation has too is taken from there', () => {
    const written = readFileSync(new URL('../../src/api/generated/fields.ts', import.meta.url), 'utf8');
    const members = [...written.matchAll(/^ +(\/\*\* .* \*\/)\n +(readonly '.*;)$/gm)].map(
      ([, doc, type]) => `${doc} ${type}`,
    );
    expect(members.length).toBeGreaterThan(400);
    expect(members.filter((member, i) => members.indexOf(member) !== i)).toEqual([]);
    expectTypeOf<index.RelationFields['accounted_apps']['gpu_uuid']>().toEqualTypeOf<string>();
  });
});

describe('a relation', () => {
  const nvsmi = open({ snapshot: 'a100-mig' });
  afterAll(() => nvsmi.close());

  it('has a record for each of what GPUs have several of, which says of which GPU it is', () => {
    const apps = nvsmi.relation('compute_apps', ['pid', 'used_memory']).sample();
    expect(apps).toContainEqual({ gpu: 0, uuid, pid: 41208, used_memory: 9644 });
    expect(apps).toHaveLength(4);
  });

  it('answers by numbers under the names of the fields', () => {
    const numbered = nvsmi.relation('compute_apps', [2005, 2007]);
    expect(numbered.fields).toEqual(['pid', 'used_gpu_memory']);
    const named = nvsmi.relation('compute_apps', ['pid', 'used_gpu_memory']);
    expect(numbered.sample()).toEqual(named.sample());
  });

  it('of GPUs has one record for each, with what --query-gpu does not list too', () => {
    const [gpu] = nvsmi.relation('gpus', [NVSMI.MEMORY_TOTAL, NVSMI.BOARD_ID, 'bar1.used']).sample();
    expect(gpu).toEqual({ gpu: 0, uuid, 'memory.total': 40960, board_id: '0x4', 'bar1.used': 1 });
  });

  it('asks one MIG device where that is named', () => {
    const mig = 'MIG-b1c2d3e0-1111-4a4a-8b8b-5eed00000000';
    const apps = nvsmi.relation('compute_apps', ['pid'], { gpus: [mig] });
    expect(apps.sample()).toEqual([{ gpu: 0, uuid: mig, pid: 41208 }]);
  });

  it('of MIG devices has their own UUIDs, and of instances and processes where they are', () => {
    const migs = nvsmi.relation('mig_devices', ['device', 'gpu_instance_id', 'profile']).sample();
    expect(migs).toHaveLength(4);
    expect(migs[2]).toEqual({
      gpu: 0,
      uuid: expect.stringMatching(/^MIG-/),
      device: 2,
      gpu_instance_id: 4,
      profile: 'MIG 2g.10gb',
    });
    const instances = nvsmi.relation('gpu_instances', ['gpu_instance_id', 'start', 'size']).sample();
    expect(instances.length).toBeGreaterThan(0);
    const processes = nvsmi.relation('processes', ['pid', 'gpu_instance_id', 'used_gpu_memory']).sample();
    expect(processes).toContainEqual({ gpu: 0, uuid, pid: 41208, gpu_instance_id: 2, used_gpu_memory: 9644 });
  });

  it('has all of its fields where none is chosen', () => {
    for (const { name, fields } of relations) {
      expect(nvsmi.relation(name as index.RelationName).fields).toEqual(fields.map(nameOf));
    }
  });

  it('gives the same from worker threads, and at a pace', async () => {
    const apps = nvsmi.relation('compute_apps', ['pid', 'process_name']);
    expect(await apps.sampleAsync()).toEqual(apps.sample());
    const seen = [];
    for await (const records of apps.watch({ everyMs: 1 })) if (seen.push(records) === 3) break;
    expect(seen).toEqual([apps.sample(), apps.sample(), apps.sample()]);
  });

  it('refuses what is no relation or no field of it, and says what is near', () => {
    const ask = nvsmi.relation.bind(nvsmi) as (...args: readonly unknown[]) => unknown;
    expect(() => ask('compute_app')).toThrow(UnknownRelation);
    expect(() => ask('compute_app')).toThrow('"compute_app" is not a relation; did you mean compute_apps?');
    expect(() => ask('x')).toThrow(/there are gpus, compute_apps, /);
    expect(() => ask(5)).toThrow(
      new TypeError("relation: name must be the name of a relation, 'compute_apps', not 5"),
    );
    expect(() => ask('compute_apps', ['pidd'])).toThrow(UnknownField);
    expect(() => ask('compute_apps', ['pidd'])).toThrow(
      '"pidd" is not a field of compute_apps; did you mean pid?',
    );
    expect(() => ask('compute_apps', [NVSMI.MEMORY_USED])).toThrow(
      '52 is not the number of a field of compute_apps',
    );
    expect(() => ask('gpus', ['memory.usd'])).toThrow(
      '"memory.usd" is not a field; did you mean memory.used?',
    );
    expect(() => ask('compute_apps', 'pid')).toThrow(
      new TypeError("relation: fields must be an array of names, ['pid'], not the string 'pid'"),
    );
    expect(() => ask('compute_apps', ['pid'], { gpus: [9] })).toThrow(UnknownGpu);
    expect(() => ask('compute_apps', ['pid'], { gpu: [0] })).toThrow('relation: there is no option gpu');
    expect(() => nvsmi.relation('compute_apps').watch({ everyMs: 0 })).toThrow(RangeError);
  });

  it('shows nothing of its inside', () => {
    const shown = inspect(nvsmi.relation('compute_apps', ['pid']));
    expect(shown).toBe("CompiledRelation { relation: 'compute_apps', fields: [ 'pid' ] }");
  });
});

describe('a relation on other machines', () => {
  it('says why the records of a lost GPU cannot be listed, and lists those of the others', () => {
    using lost = open({ snapshot: 'lost-gpu' });
    const apps = lost.relation('compute_apps', ['pid']).sample();
    const why = { uuid: 'GPU is lost', pid: 'GPU is lost' };
    expect(apps.filter(({ gpu }) => gpu === 5)).toEqual([{ gpu: 5, uuid: null, pid: null, reasons: why }]);
    expect(apps.filter(({ pid }) => pid !== null).length).toBeGreaterThan(5);
  });

  it('has the pages that a GPU retired', () => {
    using t4 = open({ snapshot: 't4' });
    const pages = t4.relation('retired_pages', ['retired_pages.address', 'retired_pages.cause']).sample();
    expect(pages[0]).toEqual({
      gpu: 0,
      uuid,
      'retired_pages.address': '0x00000000001a3f2c',
      'retired_pages.cause': 'Single Bit ECC',
    });
  });

  it('has pairs of GPUs and of a GPU with a NIC, and asks only what was chosen', () => {
    using hgx = open({ snapshot: 'hgx-h100-x8' });
    const pairs = hgx.relation('gpu_pairs', ['peer', 'path', 'nvlinks', 'p2p.read']).sample();
    expect(pairs).toHaveLength(56);
    expect(pairs[3]).toMatchObject({ gpu: 0, peer: 4, path: 'SYS', nvlinks: 18, 'p2p.read': 'OK' });
    const nics = hgx.relation('gpu_nics', undefined, { gpus: [5] }).sample();
    expect(nics).toHaveLength(10);
    expect(nics[5]).toMatchObject({ gpu: 5, nic: 'NIC5', device: 'mlx5_5', path: 'PIX', numa_node: 1 });
    const near = hgx.relation('gpus', ['cpu_affinity', 'numa_affinity', 'gpu_numa_id']).sample();
    expect(near[0]).toMatchObject({ cpu_affinity: '0-55,112-167', numa_affinity: '0', gpu_numa_id: null });
  });

  it('has performance metrics of the time since the sample before, by the names of dmon and of the exporter', async () => {
    using hgx = open({ snapshot: 'hgx-h100-x8' });
    const gpm = hgx.relation('gpm', ['smutil', 'gpm.sm_util', 'gpu_instance_id'], { gpus: [0] });
    expect(gpm.sample()[0]).toMatchObject({
      smutil: null,
      reasons: { smutil: 'System is not in ready state' },
    });
    const why = { gpu_instance_id: 'Not Supported' };
    expect(gpm.sample()).toEqual([
      { gpu: 0, uuid, smutil: 93.53, 'gpm.sm_util': 93.53, gpu_instance_id: null, reasons: why },
    ]);
    expect((await gpm.sampleAsync())[0]).toMatchObject({ smutil: null });
    expect((await gpm.sampleAsync())[0]?.smutil).toBeGreaterThan(90);
  });

  it('has the pairs of a lost GPU, without values', () => {
    using lost = open({ snapshot: 'lost-gpu' });
    const pairs = lost.relation('gpu_pairs', ['peer', 'path', 'nvlinks']).sample();
    expect(pairs.find(({ gpu, peer }) => gpu === 0 && peer === 5)).toMatchObject({
      path: null,
      nvlinks: null,
      reasons: { path: 'GPU is lost', nvlinks: 'GPU is lost' },
    });
    expect(pairs.filter(({ gpu }) => gpu === 5).every(({ path }) => path === null)).toBe(true);
  });

  it('has what processes use of the engines, and asks for that only where it is wanted', () => {
    using pair = open({ snapshot: 'h200-x2-load' });
    const used = pair.relation('processes', ['pid', 'utilization.gpu', 'utilization.jpeg']).sample();
    expect(used.length).toBeGreaterThan(0);
    expect(used.some((one) => typeof one['utilization.gpu'] === 'number')).toBe(true);
    using old = open({ snapshot: 't4' });
    const listed = old.relation('processes', ['pid', 'used_gpu_memory']).sample();
    expect(listed.every((one) => !('reasons' in one))).toBe(true);
  });

  it.each(['a100-mig', 'gb10', 'h200-x2', 'hgx-h100-x8', 'lost-gpu', 'rtx-4090', 't4', 'vgpu-guest'])(
    'is answered whole by %s, whichever it is: each value is of JSON, and each null has a reason',
    (snapshot) => {
      using nvsmi = open({ snapshot });
      for (const { name, fields } of relations) {
        const records = nvsmi.relation(name as index.RelationName).sample() as readonly Readonly<
          Record<string, unknown>
        >[];
        for (const record of records) {
          const why = (record.reasons ?? {}) as Readonly<Record<string, string>>;
          for (const field of fields.map(nameOf)) {
            const value = record[field];
            expect(value === null ? why[field] : typeof value, `${name}.${field}`).toMatch(/./);
            expect(value, `${name}.${field}`).not.toBeUndefined();
          }
        }
      }
    },
  );

  it('says of all relations and fields what they are, under names of their own', () => {
    expect(new Set(relations.map(({ name }) => name)).size).toBe(relations.length);
    for (const { name, record, fields } of relations) {
      expect(record, name).toMatch(/^(?:an? |another |the )/);
      expect(new Set(fields.map(nameOf)).size, name).toBe(fields.length);
      for (const field of fields) {
        expect(field.help, `${name}.${nameOf(field)}`).toMatch(/^[A-Z%].*[.]$/);
        expect(field.kind.json(0), `${name}.${nameOf(field)}`).toBeDefined();
      }
    }
  });

  it('has links and lanes, which have no numbers', () => {
    using h200 = open({ snapshot: 'h200-x2' });
    const links = h200.relation('nvlinks', ['link', 'active', 'speed']).sample();
    expect(links).toHaveLength(36);
    expect(links[0]).toEqual({ gpu: 0, uuid, link: 0, active: true, speed: 26.562 });
    expect(h200.relation('pcie_lanes', ['lane', 'errors']).sample()).toHaveLength(32);
    expect(h200.relation('c2c_links').sample()).toEqual([]);
  });

  it('ends with the machine', async () => {
    const closed = open({ snapshot: 't4' });
    const clocks = closed.relation('supported_clocks');
    const pending = clocks.sampleAsync();
    const failed = expect(pending).rejects.toThrow(NVMLError);
    closed.close();
    await failed;
    expect(() => clocks.sample()).toThrow('Uninitialized');
    expect(() => closed.relation('gpus')).toThrow('Uninitialized');
    expect(() => clocks.watch({ everyMs: 1 })).toThrow('Uninitialized');
  });
});

describe('a query by numbers', () => {
  it('gives each value under the name of its field', () => {
    using nvsmi = open({ snapshot: 'h100-x1' });
    const query = nvsmi.query([NVSMI.MEMORY_TOTAL, 'name', 1087]);
    expect(query.fields).toEqual(['memory.total', 'name', 'mig.mode.pending']);
    expect(query.sample()).toEqual(nvsmi.query(['memory.total', 'name', 'mig.mode.pending']).sample());
  });

  it('refuses a number that no field has', () => {
    using nvsmi = open({ snapshot: 'h100-x1' });
    expect(() => nvsmi.query([9999 as 50])).toThrow(new UnknownField(9999, []));
    expect(() => nvsmi.query([NVSMI.COMPUTE_APPS as unknown as 50])).toThrow(UnknownField);
  });

  it('takes every number of pynvml_utils that is a field of a GPU', () => {
    using nvsmi = open({ snapshot: 'h100-x1' });
    const others: ReadonlySet<number> = new Set([
      NVSMI.ALL,
      NVSMI.COMPUTE_APPS,
      NVSMI.ACCOUNTED_APPS,
      NVSMI.CLOCKS_SUPPORTED,
    ]);
    for (const number of Object.values(NVSMI).filter((id) => !others.has(id))) {
      expect(nvsmi.query([number as 50]).sample()).toHaveLength(1);
    }
  });
});

describe('the values of relations', () => {
  const types: Readonly<Record<string, string>> = Object.fromEntries(
    relations.flatMap(({ name, fields }) =>
      fields.map((field: Field) => [`${name}.${nameOf(field)}`, typeof field.kind.json(1)]),
    ),
  );

  it.each(['h200-x2-load', 'a100-mig', 't4', 'lost-gpu', 'rtx-4090'])(
    'are of their types on %s',
    (snapshot) => {
      using nvsmi = open({ snapshot });
      const wrong = relations.flatMap(({ name }) =>
        nvsmi
          .relation(name as index.RelationName)
          .sample()
          .flatMap((record) =>
            Object.entries(record).filter(([key, value]) => {
              const type = types[`${name}.${key}`];
              return type !== undefined && value !== null && typeof value !== type;
            }),
          ),
      );
      expect(wrong).toEqual([]);
    },
  );

  it('have the types of their fields, by names and numbers', () => {
    const ask = (nvsmi: index.Nvsmi) => nvsmi.relation('compute_apps', ['pid', 2006]);
    expectTypeOf(ask).returns.toEqualTypeOf<index.RelationQuery<'compute_apps', 'pid' | 'process_name'>>();
    type Record = Omit<index.RelationRecord<'compute_apps', 'pid' | 'process_name'>, 'reasons'>;
    expectTypeOf<Record>().toEqualTypeOf<{
      readonly gpu: number;
      readonly uuid: string | null;
      readonly pid: number | null;
      readonly process_name: string | null;
    }>();
    const all = (nvsmi: index.Nvsmi) => nvsmi.relation('retired_pages').sample()[0]?.['retired_pages.cause'];
    expectTypeOf(all).returns.toEqualTypeOf<string | null | undefined>();
    const numbered = (nvsmi: index.Nvsmi) => nvsmi.query([NVSMI.MEMORY_USED, 'name']);
    expectTypeOf(numbered).returns.toEqualTypeOf<index.Query<'memory.used' | 'name'>>();
    expectTypeOf<'pidd'>().not.toExtend<index.RelationField<'compute_apps'>>();
    expectTypeOf<52>().not.toExtend<index.RelationField<'compute_apps'>>();
  });

  it('share a number only where they are of one field', () => {
    const byNumber = new Map<number, string>();
    for (const field of relations.flatMap(({ fields }) => fields)) {
      const number = numberOf(field);
      if (number === undefined) continue;
      const [name] = field.names;
      expect(byNumber.get(number) ?? name).toBe(name);
      byNumber.set(number, name);
    }
  });
});
