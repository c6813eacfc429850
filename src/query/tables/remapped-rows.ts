/** --query-remapped-rows: one record per GPU, with the fields that --query-gpu has for the same. */
import { nameOf, type Row } from '../field.js';
import { remappedRows as remappedFields } from '../gpu/pages.js';
import { count } from '../kind.js';
import type { Table } from '../relation.js';
import { gpuColumns } from './gpu-columns.js';

const COUNTS = ['correctable', 'uncorrectable', 'pending', 'failure'].map((name) => `remapped_rows.${name}`);

/** Before 580 the table had four fields, and plain numbers in all of them (A100, 550.163.01). */
const before580 = (row: Row): Row =>
  COUNTS.includes(nameOf(row))
    ? { ...row, past: [{ until: 580, names: [row.names[0]], kind: count }] }
    : { ...row, since: 580 };

export const remappedRows: Table = {
  option: 'query-remapped-rows',
  name: 'remapped_rows',
  record: 'a GPU, with its remapped memory rows',
  fields: [...gpuColumns, ...remappedFields.map(before580)],
};
