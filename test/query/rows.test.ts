import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRESENT } from '../../src/base/release.js';
import { csvHeader } from '../../src/format/csv.js';
import { NVSMI } from '../../src/index.js';
import { type Field, nameOf, type Row } from '../../src/query/field.js';
import { gpuTable } from '../../src/query/gpu/index.js';
import { type Relation, tableAt } from '../../src/query/relation.js';
import { fieldsByName, numberOf, relations } from '../../src/query/relations.js';
import { tables } from '../../src/query/tables/index.js';

const SEPARATOR = ', ';

/** As the recorded driver has it. */
const present = tableAt(gpuTable, PRESENT);

const recorded = (file: string): string =>
  readFileSync(new URL(`recorded/${file}`, import.meta.url), 'utf8').trimEnd();

/** Every name and alias that nvidia-smi 580.159.04 takes, and the header that it prints for it. */
const headers = new Map(
  recorded('fields.tsv')
    .split('\n')
    .map((line) => line.split('\t') as [string, string]),
);
const pynvmlNumbers = JSON.parse(recorded('pynvml-utils-numbers.json')) as Record<string, number>;

const repeated = <T>(values: readonly T[]): readonly T[] =>
  values.filter((value, i) => values.indexOf(value) !== i);

const isRow = (field: Field): field is Row => numberOf(field) !== undefined;
/** A row of two tables is one row, whatever each says of the drivers that have it. */
const allRows: readonly Row[] = [
  ...new Map(
    [...tables, ...relations]
      .flatMap(({ fields }: Relation) => fields.filter(isRow))
      .map((row) => [`${row.id} ${nameOf(row)}`, row]),
  ).values(),
];

/** The numbers that were given, by relation and name. A new field may be added to them, and none is ever changed. */
const known = JSON.parse(readFileSync(new URL('field-numbers.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, number>>>
> & { readonly gpus: Readonly<Record<string, number>> };

describe('rows of --query-gpu', () => {
  it('come in the order, with the names and units, of the recorded header of all fields', () => {
    expect(csvHeader(present.fields).split(SEPARATOR)).toEqual(recorded('header.txt').split(SEPARATOR));
  });

  it('answer to exactly the names and aliases that nvidia-smi takes', () => {
    expect(present.fields.flatMap(({ names }) => names).sort()).toEqual([...headers.keys()].sort());
    expect(headers.size).toBe(255);
  });

  it('have the recorded header under each of their names', () => {
    const printed = present.fields.flatMap((row) =>
      row.names.map((name) => [name, csvHeader([row])] as const),
    );
    expect(printed.filter(([name, header]) => headers.get(name) !== header)).toEqual([]);
  });

  it("keep pynvml_utils' numbers for the names that it has", () => {
    const ours = present.fields.flatMap(({ id, names }) => names.map((name) => [name, id] as const));
    expect(Object.fromEntries(ours.filter(([name]) => name in pynvmlNumbers))).toEqual(pynvmlNumbers);
  });

  it('take no number below 1000 that pynvml_utils does not have', () => {
    const theirs = new Set<number>(Object.values(NVSMI));
    expect(present.fields.filter(({ id }) => id < 1000 && !theirs.has(id)).map(nameOf)).toEqual([]);
  });
});

describe('rows of all tables', () => {
  it.each(tables.map((table) => [table.option, table] as const))('of --%s have unique names', (_, table) => {
    expect(repeated(table.fields.flatMap(({ names }) => names))).toEqual([]);
    expect(repeated(table.fields.map(({ id }) => id))).toEqual([]);
  });

  it('have a number of their own', () => {
    const taken = allRows.map(({ id }) => id);
    const free = [1000, 2000, 3000].map(
      (from) => Math.max(...taken.filter((id) => id >= from && id < from + 1000)) + 1,
    );
    expect(repeated(taken), `the next free numbers are ${free.join(', ')}`).toEqual([]);
    const ofRelations = relations.flatMap(({ id }) => id ?? []);
    expect(repeated([...ofRelations, ...allRows.map(({ id }) => id)])).toEqual([]);
  });

  it('keep the numbers that they have: a number is forever', () => {
    for (const [name, numbers] of Object.entries(known)) {
      const fields = [...relations, ...tables].find((each) => each.name === name)?.fields ?? [];
      const now = Object.fromEntries(fields.map((field) => [nameOf(field), numberOf(field)]));
      expect(Object.keys(numbers).filter((field) => now[field] !== numbers[field])).toEqual([]);
    }
  });

  it('are found by name and number wherever a new one is put among them', () => {
    const half = Math.floor(gpuTable.fields.length / 2);
    const added: Row = { ...(gpuTable.fields[half] as Row), id: 9999, names: ['a.new.field'] };
    const fields = [...gpuTable.fields.slice(0, half), added, ...gpuTable.fields.slice(half)];
    const found = fieldsByName({ ...gpuTable, fields });
    expect(found.get('a.new.field')).toBe(added);
    expect(found.get(9999)).toBe(added);
    for (const [name, number] of Object.entries(known.gpus)) {
      if (!gpuTable.fields.some((field) => nameOf(field) === name)) continue;
      expect(found.get(number)).toBe(found.get(name));
      expect(nameOf(found.get(number) as Row)).toBe(name);
    }
  });

  it('have a help of whole sentences on one line', () => {
    expect(allRows.filter(({ help }) => !/^[A-Z].{9,}[^.]\.$/.test(help)).map(nameOf)).toEqual([]);
  });

  it('share a probe only where it is the same question', () => {
    const questions = new Map<string, Set<string>>();
    for (const { source } of allRows) {
      if (!('probe' in source)) continue;
      const { name, ...question } = source.probe;
      const known = questions.get(name) ?? new Set();
      questions.set(name, known.add(JSON.stringify(question)));
    }
    const ambiguous = [...questions].filter(([, asked]) => asked.size > 1).map(([name]) => name);
    expect(ambiguous).toEqual([]);
  });

  it('read values of the record only in tables that make records', () => {
    const without = tables.filter(({ find }) => find === undefined);
    expect(without.map(({ option }) => option)).toEqual(['query-gpu', 'query-remapped-rows']);
    expect(without.flatMap(({ fields }) => fields).filter(({ source }) => 'item' in source)).toEqual([]);
  });

  it('print the recorded headers in the tables of processes, clocks and pages', () => {
    const header = (option: string, names: string): string => {
      const table = tables.find((each) => each.option === option);
      const rows = names
        .split(',')
        .flatMap((name) => table?.fields.filter((row) => row.names.includes(name)) ?? []);
      return csvHeader(rows);
    };
    expect(
      header('query-compute-apps', 'timestamp,gpu_name,gpu_bus_id,gpu_serial,gpu_uuid,pid,name,used_memory'),
    ).toBe('timestamp, gpu_name, gpu_bus_id, gpu_serial, gpu_uuid, pid, process_name, used_gpu_memory [MiB]');
    expect(
      header('query-accounted-apps', 'gpu_name,pid,gpu_util,mem_util,max_memory_usage,time,vgpu_instance'),
    ).toBe(
      'gpu_name, pid, gpu_utilization [%], mem_utilization [%], max_memory_usage [MiB], time [ms], vgpu_instance',
    );
    expect(header('query-supported-clocks', 'timestamp,gpu_uuid,mem,gr')).toBe(
      'timestamp, gpu_uuid, memory [MHz], graphics [MHz]',
    );
    expect(
      header(
        'query-retired-pages',
        'gpu_uuid,retired_pages.address,retired_pages.timestamp,retired_pages.cause',
      ),
    ).toBe('gpu_uuid, retired_pages.address, retired_pages.timestamp, retired_pages.cause');
    expect(header('query-remapped-rows', 'gpu_bus_id,remapped_rows.dbe,remapped_rows.histogram.max')).toBe(
      'gpu_bus_id, remapped_rows.uncorrectable, remapped_rows.histogram.max',
    );
  });
});
