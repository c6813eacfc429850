/** `--query-gpu` and its siblings: chosen fields, as CSV, JSON or JSON lines, once or in a loop. */
import type { Io } from '../../base/io.js';
import { plainly } from '../../base/plain-text.js';
import { csvHeader, csvLine, csvPrinter } from '../../format/csv.js';
import { type AnswerSource, type AskedField, jsonLines, jsonRecord, jsonRecords } from '../../format/json.js';
import { Missing } from '../../nvml/status.js';
import type { Asker } from '../../query/ask/asker.js';
import { type Asking, eachOf } from '../../query/ask/asking.js';
import { readFields, readRecords } from '../../query/ask/records.js';
import type { Subject } from '../../query/ask/subject.js';
import { releaseOf } from '../../query/driver-release.js';
import { constant, type Field, own } from '../../query/field.js';
import { type Kind, text } from '../../query/kind.js';
import { compilePlan, growingReaders, type Plan } from '../../query/plan.js';
import type { Reading } from '../../query/reading.js';
import { type Table, tableAt } from '../../query/relation.js';
import { tableAsked } from '../../query/tables/index.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { lostLines, statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { type RehearsedStep, rehearse } from '../runner/rehearse.js';
import { chosenGpus } from '../runner/select.js';
import { type QueryFormat, type QueryRequest, refuseFormat, unknownField } from './request.js';

/** An unknown field with --lenient: an empty column, null in JSON. */
const blank: Kind = { ...text, json: () => null };

/** The fields of names. */
function fieldsOf(names: readonly string[], { fields }: Table): readonly AskedField[] {
  const byName = new Map(fields.flatMap((field) => field.names.map((name) => [name, field] as const)));
  const unknown = (name: string): Field => ({ names: [name], help: '', kind: blank, source: own('blank') });
  return names.map((name) => ({ name, field: byName.get(name) ?? unknown(name) }));
}

/** Fields that the driver's own nvidia-smi does not know are refused as there. What no driver knows has been refused before. */
function refuseUnknown(asked: readonly AskedField[], isLenient: boolean, io: Io): void {
  for (const { name, field } of asked) if (field.kind === blank) unknownField(name, isLenient, io);
}

/** Runs a --query-* command line. Returns the exit status. */
export async function query(
  request: QueryRequest,
  context: Context,
  table = tableAsked((each) => each === request.option),
): Promise<number> {
  const { names, isLenient, format, period, id, filename } = request;
  const { io } = context;
  const now = (): number => io.now();
  if (table.find === undefined) await rehearse(context, [rehearsal(fieldsOf(names, table), format, now)]);
  const { session, asker } = await machineOf(context);
  const release = await asker.start(releaseOf(session, (words) => io.err(words)));
  const present = tableAt(table, release, session.driver.onWindows);
  const asked = fieldsOf(names, present);
  refuseUnknown(asked, isLenient, io);
  refuseFormat(request, release);
  const gpus = await chosenGpus(session, id);
  if (filename !== undefined) io.redirect(filename, plainly`Failed to create log file ${filename}\n`);
  // On stderr: stdout is for the table, and one of processes has no row for a GPU.
  io.err(lostLines(gpus));
  const fields = asked.map(({ field }) => field);
  const { source, environmentSource } = context;
  const beside = { part: table.name, isLoop: period !== undefined, source, environmentSource };
  const print = printerOf(asked, format, beside);
  const sample =
    present.find === undefined
      ? sampleOfPlan(fields, gpus, format, print, { asker, now })
      : sampleOfRecords(present, fields, gpus, print, { asker, now });
  let first = true;
  await loop(io, period, () => {
    asker.tick();
    const write = (text: string): void => {
      const head = first && format.shape === 'csv' && format.header ? `${csvHeader(fields)}\n` : '';
      first = false;
      io.out(head + text);
    };
    const text = sample();
    return typeof text === 'string' ? write(text) : text.then(write);
  });
  return statusOf(gpus);
}

/** One sample for nothing. */
const rehearsal = (asked: readonly AskedField[], format: QueryFormat, now: () => number): RehearsedStep => {
  const fields = asked.map(({ field }) => field);
  const print = printerOf(asked, format, { part: '', isLoop: true });
  return async (asker, gpus) => sampleOfPlan(fields, gpus, format, print, { asker, now })();
};

/** Makes the text of one sample. A promise where it has to be waited for. */
type QueryPrinter = () => string | Promise<string>;

interface QueryAsker {
  readonly asker: Asker;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** One record for each GPU: the hot path of loops. */
function sampleOfPlan(
  fields: readonly Field[],
  gpus: readonly Subject[],
  format: QueryFormat,
  print: RecordsPrinter,
  asked: QueryAsker,
): QueryPrinter {
  const plan = compilePlan(fields, gpus, asked);
  const text = format.shape === 'csv' ? csvPrinter(plan, format.units) : jsonPrinter(plan, print);
  return () => {
    const pending = plan.sample();
    return pending === undefined ? text() : pending.then(text);
  };
}

function jsonPrinter(plan: Plan, print: RecordsPrinter): () => string {
  const lines = plan.lines.map((line) => growingReaders(plan.fields, line));
  return () => print(lines.map((readers) => readers.map((read) => read())));
}

/** Several records for each GPU, which may be others at every tick. */
function sampleOfRecords(
  table: Table,
  fields: readonly Field[],
  gpus: readonly Subject[],
  print: RecordsPrinter,
  { asker, now }: QueryAsker,
): QueryPrinter {
  const around = { gpuCount: asker.session.gpus.length, now };
  function* recordsOf(gpu: Subject): Asking<readonly (readonly Reading[])[]> {
    const records = yield* readRecords(table, fields, gpu, around);
    if (!(records instanceof Missing)) return records.map(({ readings }) => readings);
    // One record says why, beside the fields of the GPU.
    return [
      yield* readFields(
        fields.map((field) => withoutRecord(field, records)),
        gpu,
        around,
      ),
    ];
  }
  return async () => print(await asker.start(eachOf(gpus, recordsOf)));
}

const withoutRecord = (field: Field, why: Missing): Field =>
  'item' in field.source || 'asks' in field.source ? { ...field, source: constant(why) } : field;

type RecordsPrinter = (records: readonly (readonly Reading[])[]) => string;

/** What is beside the records. */
interface DocumentFrame {
  /** The name of the list. */
  readonly part: string;
  readonly isLoop: boolean;
  readonly source?: AnswerSource | undefined;
  /** What lines say: only what the environment alone chose. */
  readonly environmentSource?: AnswerSource | undefined;
}

function printerOf(
  asked: readonly AskedField[],
  format: QueryFormat,
  { part, isLoop, source, environmentSource }: DocumentFrame,
): RecordsPrinter {
  if (format.shape === 'csv') {
    const fields = asked.map(({ field }) => field);
    return (records) => records.map((readings) => csvLine(fields, readings, format.units)).join('');
  }
  return (readings) => {
    const records = readings.map((each) => jsonRecord(asked, each));
    return format.shape === 'json'
      ? jsonRecords(part, records, isLoop, source)
      : jsonLines(records, environmentSource);
  };
}
