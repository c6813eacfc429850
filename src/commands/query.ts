/** `--query-gpu` and its siblings: chosen fields, as CSV, JSON or JSON lines, once or in a loop. */

import type { Io } from '../io.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { plainly } from '../plain-text.js';
import type { Reading } from '../query/bound-probe.js';
import { releaseOf } from '../query/driver-release.js';
import { type Kind, text } from '../query/kind.js';
import { compilePlan, type Plan } from '../query/plan.js';
import { askerOf } from '../query/read.js';
import type { Row } from '../query/row.js';
import { own } from '../query/row.js';
import { type RecordValues, type Table, tableAt } from '../query/table.js';
import { tableAsked } from '../query/tables/index.js';
import { csvHeader, csvLine, csvPrinter } from '../render/csv.js';
import { type AnswerSource, type AskedField, jsonArray, jsonLines, jsonRecord } from '../render/json.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { lostLines, statusOf } from './lost.js';
import { type QueryFormat, type QueryRequest, refuseFormat, unknownField } from './query-request.js';
import { pieces, rehearse } from './rehearse.js';
import { chosenGpus } from './select.js';

/** An unknown field with --lenient: an empty column, null in JSON. */
const blank: Kind = { ...text, json: () => null };

/** The number of no field. */
const UNKNOWN = -1;

/** The rows of names. */
function fieldsOf(names: readonly string[], { rows }: Table): readonly AskedField[] {
  const byName = new Map(rows.flatMap((row) => row.names.map((name) => [name, row] as const)));
  const unknown = (name: string): Row => ({
    id: UNKNOWN,
    names: [name],
    help: '',
    kind: blank,
    source: own('blank'),
  });
  return names.map((name) => ({ name, row: byName.get(name) ?? unknown(name) }));
}

/** Fields that the driver's own nvidia-smi does not know are refused as there. What no driver knows has been refused before. */
function refuseUnknown(fields: readonly AskedField[], isLenient: boolean, io: Io): void {
  for (const { name, row } of fields) if (row.id === UNKNOWN) unknownField(name, isLenient, io);
}

/** Fields that take about a millisecond to prepare. */
const STEP = 20;

/** Runs a --query-* command line. Returns the exit status. */
export async function query(
  request: QueryRequest,
  context: Context,
  table = tableAsked((each) => each === request.option),
): Promise<number> {
  const { names, isLenient, format, period, id, filename } = request;
  const prepare = (
    some: readonly AskedField[],
    session: Session,
    gpus: readonly Gpu[],
  ): { plan: Plan; print: () => string } => {
    const rows = some.map((field) => field.row);
    const plan = compilePlan(rows, gpus, { session, now: () => context.io.now() });
    return { plan, print: printer(table, some, format, plan, session, context.environmentSource) };
  };
  await rehearse(
    context,
    [...pieces(fieldsOf(names, table), STEP)].map((some) => (session) => {
      const { plan, print } = prepare(some, session, session.gpus);
      void plan.sample();
      print();
    }),
  );
  const { session } = await context.machine();
  const release = releaseOf(session, (text) => context.io.err(text));
  const fields = fieldsOf(names, tableAt(table, release));
  refuseUnknown(fields, isLenient, context.io);
  refuseFormat(request, release);
  const gpus = chosenGpus(session, id);
  if (filename !== undefined) {
    context.io.redirect(filename, plainly`Failed to create log file ${filename}\n`);
  }
  // On stderr: stdout is for the table, and one of processes has no row for a GPU.
  context.io.err(lostLines(gpus));
  const { plan, print } = prepare(fields, session, gpus);
  let first = true;
  await loop(context.io, period, () => {
    const pending = plan.sample();
    const write = (): void => {
      const head = first && format.shape === 'csv' && format.header ? `${csvHeader(plan.rows)}\n` : '';
      first = false;
      context.io.out(head + print());
    };
    return pending === undefined ? write() : pending.then(write);
  });
  return statusOf(gpus);
}

/** Makes the text of one sample. */
function printer(
  table: Table,
  fields: readonly AskedField[],
  format: QueryFormat,
  plan: Plan,
  session: Session,
  source: AnswerSource | undefined,
): () => string {
  if (format.shape === 'csv' && table.records === undefined) return csvPrinter(plan, format.units);
  const records = recordReader(table, plan, session);
  if (format.shape === 'csv') {
    return () =>
      records()
        .map((readings) => csvLine(plan.rows, readings, format.units))
        .join('');
  }
  const write = format.shape === 'json' ? jsonArray : jsonLines;
  return () =>
    write(
      records().map((readings) => jsonRecord(fields, readings)),
      source,
    );
}

/** Readings of every record of every GPU, in the order of the rows. */
function recordReader(table: Table, plan: Plan, session: Session): () => readonly (readonly Reading[])[] {
  const asked = new Set(plan.rows);
  return () =>
    plan.lines.flatMap(({ subject, readers }) => {
      if (table.records === undefined) return [readers.map((read) => read())];
      const found = table.records(subject, askerOf(session, subject), asked);
      const records = found instanceof Missing ? [found] : found;
      return records.map((record) =>
        plan.rows.map((row, i) => recordReading(row, record, readers[i] as () => Reading)),
      );
    });
}

function recordReading(row: Row, record: RecordValues | Missing, read: () => Reading): Reading {
  if (!('item' in row.source)) return read();
  if (record instanceof Missing) return record;
  return record[row.source.item] ?? Missing.of(NVML_ERROR_NOT_FOUND);
}
