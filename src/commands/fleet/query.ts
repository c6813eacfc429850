/** The fields of --query-gpu of a fleet, after a column with the host. */
import type { Fleet } from '../../fleet/fleet.js';
import { csvHeader, csvLine } from '../../format/csv.js';
import { jsonLines, jsonRecord, jsonRecords } from '../../format/json.js';
import { NOT_SUPPORTED } from '../../nvml/status.js';
import { nameOf, type Row } from '../../query/field.js';
import { gpuTable } from '../../query/gpu/index.js';
import { type Kind, text } from '../../query/kind.js';
import type { QueryRequest } from '../query/request.js';

const rows = new Map(gpuTable.fields.flatMap((row) => row.names.map((name) => [name, row] as const)));

export function rowOf(name: string): Row {
  const row = rows.get(name);
  if (row === undefined) throw new Error(`no field ${name}`);
  return row;
}

const HOST: Row = { id: -1, names: ['host'], help: '', kind: text, source: { own: 'blank' } };

/** A row whose readings are texts that were printed elsewhere. */
const printedRow = (row: Row): Row => ({
  ...row,
  kind: {
    ...(row.kind.unit === undefined ? {} : { unit: row.kind.unit }),
    ...(row.kind.csvUnit === undefined ? {} : { csvUnit: row.kind.csvUnit }),
    spell: text.spell,
    json: printedJson(row.kind),
  },
});

/** The JSON of a printed value: a number where the field's JSON is one. */
const printedJson =
  ({ json }: Kind): Kind['json'] =>
  (value) => {
    const printed = String(value);
    return typeof json(0) === 'number' && /^-?\d+(\.\d+)?$/.test(printed) ? Number(printed) : printed;
  };

/** The rows of --query-gpu, each after its host. */
export function queried({ gpus, isPrinted }: Fleet, { names, format }: QueryRequest): string {
  const asked = names.map((name) => ({ name, field: isPrinted ? printedRow(rowOf(name)) : rowOf(name) }));
  const fields = [{ name: 'host', field: HOST }, ...asked];
  const records = gpus.map(({ host, readings }) => [
    host,
    ...asked.map(({ name, field }) => readings.get(isPrinted ? name : nameOf(field)) ?? NOT_SUPPORTED),
  ]);
  if (format.shape !== 'csv') {
    const all = records.map((each) => jsonRecord(fields, each));
    return format.shape === 'json' ? jsonRecords(gpuTable.name, all, false) : jsonLines(all);
  }
  const all = fields.map(({ field }) => field);
  const head = format.header ? `${csvHeader(all)}\n` : '';
  return head + records.map((each) => csvLine(all, each, format.units)).join('');
}
