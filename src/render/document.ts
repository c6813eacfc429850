/** JSON of the subcommands: one object that names its parts, each a record or a list of records, a record a line. */
import { Missing, statusReason } from '../nvml/status.js';
import type { Cells } from '../query/cell.js';
import type { JsonScalar } from '../query/kind.js';
import type { AnswerSource, JsonRecord } from './json.js';

/** A record of cells: null for what is absent, and why under `reasons`. */
function cellsRecord(cells: Cells): JsonRecord {
  const record: Record<string, JsonScalar> = {};
  const reasons: Record<string, string> = {};
  for (const [name, { kind, reading }] of Object.entries(cells)) {
    record[name] = reading instanceof Missing ? null : kind.json(reading);
    if (reading instanceof Missing) reasons[name] = statusReason(reading.status);
  }
  return Object.keys(reasons).length === 0 ? record : { ...record, reasons };
}

export type Part = Cells | readonly Cells[];

const isList = (part: Part): part is readonly Cells[] => Array.isArray(part);

function partText(part: Part): string {
  if (!isList(part)) return JSON.stringify(cellsRecord(part));
  if (part.length === 0) return '[]';
  return `[\n${part.map((cells) => `    ${JSON.stringify(cellsRecord(cells))}`).join(',\n')}\n  ]`;
}

type Parts = Readonly<Record<string, Part>>;

/** The whole document in one line. */
export const jsonLine = (parts: Parts, source?: AnswerSource): string =>
  `${JSON.stringify({
    ...Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [
        name,
        isList(part) ? part.map(cellsRecord) : cellsRecord(part),
      ]),
    ),
    source,
  })}\n`;

/** The whole document. One that a recording answered says so. */
export function jsonDocument(parts: Parts, source?: AnswerSource): string {
  const texts = Object.entries(parts).map(([name, part]) => [name, partText(part)]);
  if (source !== undefined) texts.push(['source', JSON.stringify(source)]);
  const lines = texts.map(([name, text]) => `  ${JSON.stringify(name)}: ${text}`);
  return lines.length === 0 ? '{}\n' : `{\n${lines.join(',\n')}\n}\n`;
}
