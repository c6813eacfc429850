/** Records as JSON: numbers in the field's unit, null for what is absent, and why under `reasons`. */
import { jsonText } from '../base/plain-text.js';
import { jsonReading, SCHEMA_VERSION } from '../query/cell.js';
import type { Field } from '../query/field.js';
import type { JsonScalar } from '../query/kind.js';
import type { Reading } from '../query/reading.js';

/** A field as it was asked for: the name that was used, and what it names. */
export interface AskedField {
  readonly name: string;
  readonly field: Field;
}

/** Where the answers come from, if not from the machine: the recording, by the name or path that it was chosen with. */
export interface AnswerSource {
  readonly snapshot: string;
}

export type JsonRecord = Readonly<Record<string, JsonScalar | Readonly<Record<string, string>>>>;

/** Why a field that no table has is null: the only one whose kind has no JSON. */
const UNKNOWN_FIELD = 'Unknown field';

/** One record. `reasons` is there only where a value is not. */
export function jsonRecord(fields: readonly AskedField[], readings: readonly Reading[]): JsonRecord {
  const record: Record<string, JsonScalar | Record<string, string>> = {};
  const reasons: Record<string, string> = {};
  fields.forEach(({ name, field }, i) => {
    const { value, reason = UNKNOWN_FIELD } = jsonReading(field.kind, readings[i] as Reading);
    record[name] = value;
    if (value === null) reasons[name] = reason;
  });
  return Object.keys(reasons).length === 0 ? record : { ...record, reasons };
}

/** The version of its shape, and the recording that answered: a document says so, and each record where they are lines. */
const about = (source: AnswerSource | undefined) => ({ schema_version: SCHEMA_VERSION, source });

/** Records as a document, one record a line; in a loop the document is one line. */
export function jsonRecords(
  name: string,
  records: readonly JsonRecord[],
  isLoop: boolean,
  source?: AnswerSource,
): string {
  // JSON leaves out what is undefined.
  if (isLoop) return `${jsonText({ [name]: records, ...about(source) })}\n`;
  const list =
    records.length === 0 ? '[]' : `[\n${records.map((record) => `    ${jsonText(record)}`).join(',\n')}\n  ]`;
  const rest = Object.entries(about(source)).flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${jsonText(key)}: ${jsonText(value)}`],
  );
  return `{\n${[`  ${jsonText(name)}: ${list}`, ...rest].join(',\n')}\n}\n`;
}

/** Records as JSON lines. */
export const jsonLines = (records: readonly JsonRecord[], source?: AnswerSource): string =>
  records.map((record) => `${jsonText({ ...record, ...about(source) })}\n`).join('');
