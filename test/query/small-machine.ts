/** A machine with one GPU that answers only what a test gives it, through the driver of recordings. */

import { csvCell } from '../../src/format/csv.js';
import { openSession, type Session } from '../../src/nvml/session.js';
import { Missing } from '../../src/nvml/status.js';
import { Asker } from '../../src/query/ask/asker.js';
import type { Asking } from '../../src/query/ask/asking.js';
import { readRecords } from '../../src/query/ask/records.js';
import type { RecordValues, Row } from '../../src/query/field.js';
import { gpuTable } from '../../src/query/gpu/index.js';
import { compilePlan } from '../../src/query/plan.js';
import type { Reading } from '../../src/query/reading.js';
import type { Table } from '../../src/query/relation.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { type Calls, snapshotOf } from '../commands/made-machine.js';

export function machineOf(calls: Calls): Session {
  const snapshot = snapshotOf('a small machine', {
    nvmlInit_v2: { '': [] },
    nvmlDeviceGetCount_v2: { '': 1 },
    nvmlDeviceGetHandleByIndex_v2: { 0: 'gpu0' },
    ...calls,
  });
  return openSession(snapshotDriver(snapshot, 'a small machine'));
}

/** What --query-gpu=NAME --format=csv prints below its header. */
export async function cellOf(name: string, calls: Calls): Promise<string> {
  const row = gpuTable.fields.find(({ names }) => names.includes(name));
  if (row === undefined) throw new Error(`no field ${name}`);
  const session = machineOf(calls);
  const plan = compilePlan([row], session.gpus, { asker: new Asker(session), now: () => 0 });
  await plan.sample();
  return plan.lines.map(({ readers }) => csvCell(row, readers[0]?.() ?? '', true)).join('\n');
}

/** The records of a table, and the names of the probes that were asked for them. */
export function recordsOf(
  table: Table,
  calls: Calls,
  asked: ReadonlySet<Row> = new Set(table.fields),
): { readonly records: readonly RecordValues[]; readonly probes: readonly string[] } {
  const session = machineOf(calls);
  const [gpu] = session.gpus;
  if (gpu === undefined || table.find === undefined) throw new Error('nothing to list');
  const fields = [...asked].filter(({ source }) => 'item' in source || 'asks' in source);
  const probes: string[] = [];
  const found = new Asker(session).run(noted(readRecords(table, fields, gpu), probes));
  if (found instanceof Missing) throw new Error(`no records: ${found}`);
  const records = found.map(({ readings }) =>
    Object.fromEntries(fields.map(({ names }, i) => [names[0], readings[i] as Reading])),
  );
  return { records, probes };
}

/** The same questions, written down. */
function* noted<T>(asking: Asking<T>, probes: string[]): Asking<T> {
  let step = asking.next();
  while (step.done !== true) {
    probes.push(...step.value.map(({ probe }) => probe.name));
    step = asking.next(yield step.value);
  }
  return step.value;
}

export function rowOf(table: Table, name: string): Row {
  const row = table.fields.find(({ names }) => names.includes(name));
  if (row === undefined) throw new Error(`${table.option} has no ${name}`);
  return row;
}
