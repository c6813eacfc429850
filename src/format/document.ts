/** JSON of the subcommands: one object that names its parts, each a record or a list of records, a record a line. */

import { jsonText } from '../base/plain-text.js';
import { Missing, statusReason } from '../nvml/status.js';
import { type Cells, jsonReading, SCHEMA_VERSION } from '../query/cell.js';
import type { JsonScalar } from '../query/kind.js';
import type { AnswerSource, JsonRecord } from './json.js';

/** A record of cells: null for what is absent, and why under `reasons`. */
function cellsRecord(cells: Cells): JsonRecord {
  const record: Record<string, JsonScalar> = {};
  const reasons: Record<string, string> = {};
  for (const [name, { kind, reading }] of Object.entries(cells)) {
    const { value, reason } = jsonReading(kind, reading);
    record[name] = value;
    if (reason !== undefined) reasons[name] = reason;
  }
  return Object.keys(reasons).length === 0 ? record : { ...record, reasons };
}

/** A record, a list of records, or why there is no list. */
export type Part = Cells | readonly Cells[] | Missing;

const isList = (part: Part): part is readonly Cells[] => Array.isArray(part);

/** What is next to the parts: why some of them are null. */
function reasonsOf(parts: Readonly<Record<string, Part>>): Readonly<Record<string, string>> | undefined {
  const reasons = Object.entries(parts).flatMap(([name, part]): [string, string][] =>
    part instanceof Missing ? [[name, statusReason(part.status)]] : [],
  );
  return reasons.length === 0 ? undefined : Object.fromEntries(reasons);
}

function partText(part: Part): string {
  if (part instanceof Missing) return 'null';
  if (!isList(part)) return jsonText(cellsRecord(part));
  if (part.length === 0) return '[]';
  return `[\n${part.map((cells) => `    ${jsonText(cellsRecord(cells))}`).join(',\n')}\n  ]`;
}

const partJson = (part: Part) => {
  if (part instanceof Missing) return null;
  return isList(part) ? part.map(cellsRecord) : cellsRecord(part);
};

/** The parts of a document by their names. */
export type Parts = Readonly<Record<string, Part>>;

/** The whole document in one line. */
export function jsonLine(parts: Parts, source?: AnswerSource): string {
  const document = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, partJson(part)]));
  // JSON leaves out what is undefined.
  return `${jsonText({ ...document, reasons: reasonsOf(parts), schema_version: SCHEMA_VERSION, source })}\n`;
}

/** The whole document. One that a recording answered says so. */
export function jsonDocument(parts: Parts, source?: AnswerSource): string {
  const lines = Object.entries(parts).map(([name, part]) => `  ${jsonText(name)}: ${partText(part)}`);
  const reasons = reasonsOf(parts);
  if (reasons !== undefined) lines.push(`  "reasons": ${jsonText(reasons)}`);
  lines.push(`  "schema_version": ${SCHEMA_VERSION}`);
  if (source !== undefined) lines.push(`  "source": ${jsonText(source)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** Records as JSON lines, each a whole: with the version of its shape, and the recording where it has to say so. */
export const recordLines = (records: readonly Cells[], source?: AnswerSource): string =>
  records
    .map((cells) => `${jsonText({ ...cellsRecord(cells), schema_version: SCHEMA_VERSION, source })}\n`)
    .join('');

/** A document of one list, piece by piece: there may be more of it than fits into memory. */
export function* documentPieces(part: string, records: Iterable<Cells>): Iterable<string> {
  let before = `{\n  ${jsonText(part)}: [\n`;
  for (const cells of records) {
    yield `${before}    ${jsonText(cellsRecord(cells))}`;
    before = ',\n';
  }
  yield `\n  ],\n  "schema_version": ${SCHEMA_VERSION}\n}\n`;
}
