/** All tables that can be queried, in the order of their switches in the help. */
import { gpuTable } from '../gpu/index.js';
import type { Table } from '../relation.js';
import { accountedApps } from './accounted-apps.js';
import { computeApps } from './compute-apps.js';
import { remappedRows } from './remapped-rows.js';
import { retiredPages } from './retired-pages.js';
import { supportedClocks } from './supported-clocks.js';
import { vgpuSchedulerLogs } from './vgpu-scheduler-logs.js';

export const tables: readonly Table[] = [
  gpuTable,
  supportedClocks,
  computeApps,
  accountedApps,
  retiredPages,
  remappedRows,
  vgpuSchedulerLogs,
];

/** The table whose switch was given: `--query-gpu`, or `--help-query-gpu` with that prefix. */
export function tableAsked(isGiven: (option: string) => boolean, prefix = ''): Table {
  const table = tables.find(({ option, help }) =>
    isGiven(prefix === '' ? option : (help ?? `${prefix}${option}`)),
  );
  if (table === undefined) throw new Error('a query option without its table');
  return table;
}
