/** --query-remapped-rows: one record per GPU, with the fields that --query-gpu has for the same. */
import { remappedRows as remappedFields } from '../gpu/pages.js';
import type { Table } from '../table.js';
import { gpuColumns } from './gpu-columns.js';

export const remappedRows: Table = {
  option: 'query-remapped-rows',
  subject: 'a GPU and the memory rows that it replaced',
  rows: [...gpuColumns, ...remappedFields],
};
