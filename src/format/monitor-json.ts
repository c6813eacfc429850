/** Ticks of the monitors as JSON: numbers in the column's unit, null for what is absent, and why under `reasons`. */
import { Missing, statusReason } from '../nvml/status.js';
import { IMPLAUSIBLE, PLAUSIBLE_IN } from '../query/kind.js';
import type { Heading, MonitorCell } from '../query/monitor/column.js';
import type { JsonRecord } from './json.js';

/** A record: `head` first, then a value for every column. */
export function monitorRecord(
  head: Readonly<Record<string, string | number | null | Missing>>,
  columns: readonly Heading[],
  cells: readonly MonitorCell[],
): JsonRecord {
  const record: Record<string, string | number | null> = {};
  const reasons: Record<string, string> = {};
  const put = (name: string, value: string | number | null | Missing): void => {
    record[name] = value instanceof Missing ? null : value;
    if (value instanceof Missing) reasons[name] = statusReason(value.status);
  };
  for (const [name, value] of Object.entries(head)) put(name, value);
  columns.forEach(({ name, unit }, i) => {
    const cell = cells[i];
    if (cell === undefined) return;
    const isTrue = cell instanceof Missing || (PLAUSIBLE_IN[unit]?.(cell) ?? true);
    put(name, isTrue ? cell : null);
    if (!isTrue) reasons[name] = IMPLAUSIBLE;
  });
  return Object.keys(reasons).length === 0 ? record : { ...record, reasons };
}

/** The time of a tick: ISO 8601 in UTC. */
export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
