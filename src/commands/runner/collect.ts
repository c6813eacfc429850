/**
 * Collects what options show: fields of each GPU, and records of relations. All is asked once, however many options show it, and
 * comes back as cells, of which a text or a JSON document is made.
 */
import type { OptionSpec } from '../../base/argv.js';
import { isIn, isInJson, type Release, type Span } from '../../base/release.js';
import type { Parts } from '../../format/document.js';
import type { GpuCells } from '../../format/gpu-heading.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, together } from '../../query/ask/asking.js';
import type { Surroundings } from '../../query/ask/field-reader.js';
import { readFields, readFound } from '../../query/ask/records.js';
import { type Subject, SYSTEM } from '../../query/ask/subject.js';
import { type Cell, type Cells, cell } from '../../query/cell.js';
import { type Field, nameOf, type RecordValues } from '../../query/field.js';
import { cellsOf } from '../../query/record-cells.js';
import { beginRelation, type Found, type Relation, type RelationRun } from '../../query/relation.js';
import { keysOf } from './json-parts.js';

/** Which fields of its records are asked, where that depends on the option's value or on the GPU. */
export type FieldsOf = (value: string, gpu: Subject, found: readonly Found[]) => Asking<readonly Field[]>;

/** What an option shows: records of a relation, fields of each GPU, or both. */
export interface View extends OptionSpec {
  readonly relation?: Relation;
  /** Fields of the relation. Left out: all. */
  readonly fields?: readonly Field[] | FieldsOf;
  readonly gpuFields?: readonly Field[];
}

/** A GPU with the records of each relation that was asked for. */
export interface ShownGpu {
  readonly gpu: Gpu;
  /** Who it is, and the fields of it that were asked for. */
  readonly cells: GpuCells;
  /** The records of a relation, or why they cannot be listed. */
  recordsOf(relation: Relation): readonly Cells[] | Missing;
  /** All records that there are, also those that are not meant, as they were found. */
  foundOf(relation: Relation): readonly RecordValues[];
}

/** All that some views ask for, each once. */
export interface WantedViews {
  /** Of each GPU: who it is, too, where that is shown. */
  readonly gpuFields: readonly Field[];
  readonly ofGpus: readonly WantedRecords[];
  readonly ofSystem: readonly WantedRecords[];
}

/** A relation, and the fields of it that any view shows. */
interface WantedRecords {
  readonly relation: Relation;
  /** Finds its records, from tick to tick. */
  readonly run: RelationRun;
  /** The fields that are wanted of every record. */
  readonly named: ReadonlySet<Field>;
  readonly fields: (gpu: Subject, found: readonly Found[]) => Asking<readonly Field[]>;
}

/** Whether a text or a JSON document has a field, with the driver of a release. */
export type IsThere = (field: Span) => boolean;

export const thereIn =
  (release: Release, isJson: boolean): IsThere =>
  (field) =>
    isJson ? isInJson(field, release) : isIn(field, release);

export function wantedOf(
  views: readonly View[],
  always: readonly Field[],
  givenFor: (long: string) => string,
  isThere: IsThere,
): WantedViews {
  const relations = [...new Set(views.flatMap(({ relation }) => relation ?? []))];
  const wanted = relations.map((relation) => {
    const shown = views.filter((view) => view.relation === relation);
    return {
      relation,
      run: beginRelation(relation),
      named: new Set(
        shown.flatMap(({ fields = relation.fields }) => (typeof fields === 'function' ? [] : fields)),
      ),
      fields: fieldsOf({ ...relation, fields: relation.fields.filter(isThere) }, shown, givenFor),
    };
  });
  return {
    gpuFields: [...new Set([...always, ...views.flatMap(({ gpuFields = [] }) => gpuFields)])],
    ofGpus: wanted.filter(({ relation }) => relation.of !== 'system'),
    ofSystem: wanted.filter(({ relation }) => relation.of === 'system'),
  };
}

/** The fields that views of a relation show. Those by which its records are found are always among them. */
const fieldsOf = (
  relation: Relation,
  views: readonly View[],
  givenFor: (long: string) => string,
): WantedRecords['fields'] =>
  function* (gpu, found) {
    const shown = new Set<Field>();
    for (const { long, fields = relation.fields } of views) {
      for (const field of typeof fields === 'function' ? yield* fields(givenFor(long), gpu, found) : fields)
        shown.add(field);
    }
    return relation.fields.filter((field) => 'item' in field.source || shown.has(field));
  };

/** Releases what NVML allocated for the records. */
export function* endOf({ ofGpus, ofSystem }: WantedViews): Asking<void> {
  yield* together([...ofGpus, ...ofSystem].map(({ run }) => run.end()));
}

/** What was asked at a tick. */
export interface Collected {
  readonly gpus: readonly ShownGpu[];
  /** The record of a relation of the system. */
  systemOf(relation: Relation): Cells;
  /** All of them, where it finds several. */
  systemRecordsOf(relation: Relation): readonly Cells[];
}

type RecordFilter = (record: RecordValues) => boolean;

export function* collect(
  wanted: WantedViews,
  gpus: readonly Gpu[],
  keep: RecordFilter = () => true,
  around: Partial<Surroundings> = {},
): Asking<Collected> {
  const shown = yield* together(gpus.map((gpu) => shownGpu(gpu, wanted, keep, around)));
  const system = new Map<Relation, readonly Cells[]>();
  for (const one of wanted.ofSystem) {
    const { records } = yield* recordsOf(one, SYSTEM, keep, around);
    system.set(one.relation, records instanceof Missing ? [] : records);
  }
  const systemRecordsOf = (relation: Relation): readonly Cells[] => system.get(relation) ?? [];
  return { gpus: shown, systemRecordsOf, systemOf: (relation) => systemRecordsOf(relation)[0] ?? {} };
}

function* shownGpu(
  gpu: Gpu,
  { gpuFields, ofGpus }: WantedViews,
  keep: RecordFilter,
  around: Partial<Surroundings>,
): Asking<ShownGpu> {
  const cells = cellsOf(gpuFields, yield* readFields(gpuFields, gpu));
  const lists = yield* together(ofGpus.map((one) => recordsOf(one, gpu, keep, around)));
  const listOf = (relation: Relation): Listed =>
    lists[ofGpus.findIndex((one) => one.relation === relation)] ?? { found: [], records: [] };
  return {
    gpu,
    // Texts that name no GPU are made without its name and UUID.
    cells: cells as GpuCells,
    recordsOf: (relation) => listOf(relation).records,
    foundOf: (relation) => listOf(relation).found,
  };
}

/** All records that were found, and those that are meant, read. */
interface Listed {
  readonly found: readonly RecordValues[];
  readonly records: readonly Cells[] | Missing;
}

function* recordsOf(
  { run, fields, named }: WantedRecords,
  gpu: Subject,
  keep: RecordFilter,
  around: Partial<Surroundings>,
): Asking<Listed> {
  const all = yield* run.find(gpu, named, around);
  if (all instanceof Missing) return { found: [], records: all };
  const kept = all.filter(({ values }) => keep(values));
  const asked = yield* fields(gpu, all);
  const records = yield* readFound(kept, asked, gpu);
  return {
    found: all.map(({ values }) => values),
    records: records.map(({ readings }) => cellsOf(asked, readings)),
  };
}

/** The parts of the document: the GPUs, and a list for each relation, whose records say which GPU they are of. */
export function partsOf(
  { ofGpus, ofSystem }: WantedViews,
  { gpus, systemOf, systemRecordsOf }: Collected,
): Parts {
  const system = ofSystem.map(({ relation }) => [
    relation.name,
    relation.find === undefined ? systemOf(relation) : systemRecordsOf(relation),
  ]);
  const lists = ofGpus.map(({ relation }) => [
    relation.name,
    gpus.flatMap(({ cells, recordsOf: of }) => {
      const records = of(relation);
      const list = records instanceof Missing ? [unlisted(relation, records)] : records;
      const keys = Object.fromEntries(
        keysOf(relation).map((key) => [nameOf(key), cells[nameOf(key)] as Cell]),
      );
      return list.map((record) => ({ ...keys, ...record }));
    }),
  ]);
  return {
    ...Object.fromEntries(system),
    gpus: gpus.map(({ cells }) => cells),
    ...Object.fromEntries(lists),
  };
}

/** In place of a GPU's records: why there are none. */
const unlisted = ({ fields }: Relation, why: Missing): Cells =>
  Object.fromEntries(
    fields.flatMap((field) =>
      'item' in field.source || nameOf(field) === 'uuid' ? [[nameOf(field), cell(field.kind, why)]] : [],
    ),
  );
