/** --query-remapped-rows: one record per GPU, with the fields that --query-gpu has for the same. */
import { remappedRows as remappedFields } from '../gpu/pages.js';
import type { Table } from '../relation.js';
import { gpuColumns } from './gpu-columns.js';

export const remappedRows: Table = {
  option: 'query-remapped-rows',
  name: 'remapped_rows',
  record: 'a GPU and the memory rows that it replaced',
  fields: [...gpuColumns, ...remappedFields],
};
