/**
 * Runs a subcommand that shows records of relations: it finds the GPUs that -i names, asks once for all that the given options
 * show, and writes text or JSON, once or in a loop. A lost GPU does not hide the others; the exit status is that of the first
 * failure.
 */
import type { Given, OptionSpec } from '../base/argv.js';
import { EXIT } from '../base/errors.js';
import { type LoopOptions, loopPeriod } from '../base/period.js';
import type { Release } from '../base/release.js';
import { jsonDocument, jsonLine, type Parts } from '../format/document.js';
import type { GpuCells } from '../format/gpu-heading.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, together } from '../query/ask/asking.js';
import type { Surroundings } from '../query/ask/field-reader.js';
import { readFields, readFound } from '../query/ask/records.js';
import { type Subject, SYSTEM } from '../query/ask/subject.js';
import { type Cell, type Cells, cell } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { type Field, nameOf, type RecordValues } from '../query/field.js';
import { identity } from '../query/identity.js';
import type { Reading } from '../query/reading.js';
import type { Found, Relation } from '../query/relation.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { gpusPart, keysOf, partOf } from './json-parts.js';
import { loop } from './loop.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus } from './select.js';

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

/** What the text of a command is made of. */
export interface Shown<Options> {
  readonly given: Options;
  /** The views that were asked for, in the order of the command's table. */
  readonly views: readonly View[];
  readonly gpus: readonly ShownGpu[];
  /** The record of a relation of the system. */
  systemOf(relation: Relation): Cells;
  /** All of them, where it finds several. */
  systemRecordsOf(relation: Relation): readonly Cells[];
  /** The driver's release that the text follows. */
  release(): Release;
}

/** The text of one tick, but for the lines about lost GPUs. Throws UsageError where nvidia-smi refuses. */
type Text<Options> = (shown: Shown<Options>, gpus: readonly Gpu[]) => string;

/** How a command ends: its status, where no GPU is lost, and what it says on stderr. */
export interface CommandEnding {
  readonly status: number;
  readonly words: string;
}

interface ViewsSpec<Table extends readonly OptionSpec[]> {
  readonly options: Table;
  readonly views: readonly View[];
  /** What is shown where none of the views' options is given. */
  readonly otherwise?: readonly Omit<View, 'long' | 'help'>[];
  /** Fields that are asked of each GPU, whatever is shown. */
  readonly gpuFields?: readonly Field[];
  /** Any option asks for something, and not only those of the views. */
  readonly isBareHelp?: true;
  /** A relation that a GPU refuses ends the command with its status, also NOT_SUPPORTED. */
  readonly isRefused?: true;
  /** Which records are meant. */
  readonly keep?: (given: Given<Table>) => (record: RecordValues) => boolean;
  /** Refuses values of options, before the machine is opened. */
  readonly check?: (given: Given<Table>) => void;
  /** Milliseconds between two texts, where they repeat without -l. */
  readonly usualPeriod?: number;
  /** Asked before a text is made. Throws UsageError where nvidia-smi refuses the machine. */
  readonly refuse?: (gpus: readonly Gpu[]) => Asking<void>;
  /** The text of a tick; `begin` makes it for a run, where it depends on the ticks before. */
  readonly text: Text<Given<Table>> | { readonly begin: () => Text<Given<Table>> };
  /** The last words of a text, after the lines about lost GPUs. */
  readonly after?: string;
  /** How it ends after what was shown last. */
  readonly ending?: (shown: Shown<Given<Table>>) => CommandEnding | undefined;
  readonly notes?: () => string;
}

export function viewsCommand<const Table extends readonly OptionSpec[]>(spec: ViewsSpec<Table>): CommandSpec {
  const { options, views, otherwise = [], isBareHelp, gpuFields = [] } = spec;
  const all = [...views, ...otherwise];
  const relations = [...new Set(all.flatMap(({ relation }) => relation ?? []))];
  const optional = all.flatMap((view) => view.gpuFields ?? []);
  return command({
    options: otherwise.length > 0 ? options : options.map((option) => actionOf(option, views)),
    isBareHelp,
    notes: spec.notes,
    json: [gpusPart(gpuFields, optional), ...relations.map(partOf)],
    opensMachine: (given) => {
      spec.check?.(given as Given<Table>);
      loopPeriod(given as LoopOptions);
      return true;
    },
    run: (given, context) => run(spec, given as Given<Table>, context),
  });
}

/** A view asks for something. */
const actionOf = (option: OptionSpec, views: readonly View[]): OptionSpec =>
  views.some(({ long }) => long === option.long) ? { ...option, action: true } : option;

async function run<Table extends readonly OptionSpec[]>(
  spec: ViewsSpec<Table>,
  given: Given<Table>,
  context: Context,
): Promise<number> {
  const values = given as Readonly<Record<string, unknown>> &
    LoopOptions & { readonly id?: string; readonly json?: true };
  const isJson = values.json === true;
  const period = loopPeriod(values) ?? (isJson ? undefined : spec.usualPeriod);
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, values.id);
  if (!isJson && spec.refuse !== undefined) await asker.start(spec.refuse(gpus));
  // JSON has a reason for each value of a lost GPU; the text has a line about it.
  const asked = isJson ? gpus : reachable(gpus);
  const chosen = spec.views.filter(({ long }) => values[long] !== undefined);
  const views =
    chosen.length > 0 ? chosen : (spec.otherwise ?? []).map((view) => ({ long: '', help: '', ...view }));
  const wanted = wantedOf(views, spec.gpuFields ?? [], (long) => String(values[long] ?? ''));
  const keep = spec.keep?.(given) ?? (() => true);
  const write = period === undefined ? jsonDocument : jsonLine;
  const warn = isJson ? undefined : (words: string): void => context.io.err(words);
  const ofDriver = await asker.start(releaseOf(session, warn));
  const release = (): Release => ofDriver;
  const text = typeof spec.text === 'function' ? spec.text : spec.text.begin();
  let ending: CommandEnding | undefined;
  await loop(context.io, period, async () => {
    asker.tick();
    const collected = await asker.start(collect(wanted, asked, keep));
    const shown = { given, views, release, ...collected };
    context.io.out(
      isJson
        ? write(partsOf(wanted, shown), context.source)
        : text(shown, gpus) + lostLines(gpus) + (spec.after ?? ''),
    );
    if (spec.isRefused) ending = { status: refusalOf(wanted, shown), words: '' };
    if (spec.ending !== undefined) ending = spec.ending(shown);
  });
  if (ending !== undefined && ending.words !== '') context.io.err(ending.words);
  return statusOf(gpus) || (ending?.status ?? EXIT.ok);
}

/** Why the first relation that a GPU refuses has no records. */
function refusalOf({ ofGpus }: WantedViews, { gpus }: Collected): number {
  const lists = ofGpus.flatMap(({ relation }) => gpus.map(({ recordsOf: of }) => of(relation)));
  return lists.find((list) => list instanceof Missing)?.status ?? EXIT.ok;
}

/** All that some views ask for, each once. */
export interface WantedViews {
  readonly gpuFields: readonly Field[];
  readonly ofGpus: readonly WantedRecords[];
  readonly ofSystem: readonly WantedRecords[];
}

/** A relation, and the fields of it that any view shows. */
interface WantedRecords {
  readonly relation: Relation;
  /** The fields that are wanted of every record. */
  readonly named: ReadonlySet<Field>;
  readonly fields: (gpu: Subject, found: readonly Found[]) => Asking<readonly Field[]>;
}

export function wantedOf(
  views: readonly View[],
  always: readonly Field[],
  givenFor: (long: string) => string,
): WantedViews {
  const relations = [...new Set(views.flatMap(({ relation }) => relation ?? []))];
  const wanted = relations.map((relation) => {
    const shown = views.filter((view) => view.relation === relation);
    return {
      relation,
      named: new Set(
        shown.flatMap(({ fields = relation.fields }) => (typeof fields === 'function' ? [] : fields)),
      ),
      fields: fieldsOf(relation, shown, givenFor),
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

export type Collected = Pick<Shown<unknown>, 'gpus' | 'systemOf' | 'systemRecordsOf'>;
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

const { gpu: index, name, uuid } = identity;

function* shownGpu(
  gpu: Gpu,
  { gpuFields, ofGpus }: WantedViews,
  keep: RecordFilter,
  around: Partial<Surroundings>,
): Asking<ShownGpu> {
  const fields = [index, name, uuid, ...gpuFields];
  const cells = cellsOf(fields, yield* readFields(fields, gpu));
  const lists = yield* together(ofGpus.map((one) => recordsOf(one, gpu, keep, around)));
  const listOf = (relation: Relation): Listed =>
    lists[ofGpus.findIndex((one) => one.relation === relation)] ?? { found: [], records: [] };
  return {
    gpu,
    // The first three are the GPU's identity.
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
  { relation, fields, named }: WantedRecords,
  gpu: Subject,
  keep: RecordFilter,
  around: Partial<Surroundings>,
): Asking<Listed> {
  const all = relation.find === undefined ? [{ values: {} }] : yield* relation.find(gpu, named, around);
  if (all instanceof Missing) return { found: [], records: all };
  const kept = all.filter(({ values }) => keep(values));
  const asked = yield* fields(gpu, all);
  const records = yield* readFound(kept, asked, gpu);
  return {
    found: all.map(({ values }) => values),
    records: records.map(({ readings }) => cellsOf(asked, readings)),
  };
}

const cellsOf = (fields: readonly Field[], readings: readonly Reading[]): Cells =>
  Object.fromEntries(
    fields.map((field, i): [string, Cell] => [nameOf(field), cell(field.kind, readings[i] as Reading)]),
  );

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

/** In the place of a GPU's records: why there are none. */
const unlisted = ({ fields }: Relation, why: Missing): Cells =>
  Object.fromEntries(
    fields.flatMap((field) =>
      'item' in field.source || nameOf(field) === 'uuid' ? [[nameOf(field), cell(field.kind, why)]] : [],
    ),
  );
