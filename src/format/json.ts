/** Records as JSON: numbers in the field's unit, null for what is absent, and why under `reasons`. */
import { jsonText } from '../base/plain-text.js';
import { jsonReading } from '../query/cell.js';
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

/** Records of a recording each say so: an array has no other place for it, and a line neither. */
function labelled(records: readonly JsonRecord[], source: AnswerSource | undefined): readonly JsonRecord[] {
  return source === undefined ? records : records.map((record) => ({ ...record, source: { ...source } }));
}

/** Records as an array, one record a line. */
export function jsonArray(records: readonly JsonRecord[], source?: AnswerSource): string {
  if (records.length === 0) return '[]\n';
  const lines = labelled(records, source).map((record) => `  ${jsonText(record)}`);
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** Records as JSON lines. */
export function jsonLines(records: readonly JsonRecord[], source?: AnswerSource): string {
  return labelled(records, source)
    .map((record) => `${jsonText(record)}\n`)
    .join('');
}
