/** Readings as numbers and texts, and how many of them failed. */
import * as nvml from '../nvml/generated/constants.js';
import { Missing, type Status, statusSymbol } from '../nvml/status.js';
import type { Reader, Reading } from '../query/reading.js';

/** Statuses by which a GPU says that it has no such thing, or not yet. */
const ABSENT: ReadonlySet<Status> = new Set([
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
  nvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  nvml.NVML_ERROR_NOT_FOUND,
  nvml.NVML_ERROR_NOT_READY,
  nvml.NVML_ERROR_DEPRECATED,
]);

/** Failed readings of a collection, by the symbol of their status. */
export class Failures {
  private readonly counts: Record<string, number> = {};

  count({ status }: Missing): void {
    if (ABSENT.has(status)) return;
    const symbol = statusSymbol(status);
    this.counts[symbol] = (this.counts[symbol] ?? 0) + 1;
  }

  /** The number of a reading; undefined, and counted, where there is none. */
  number(reading: Reading): number | undefined {
    if (reading instanceof Missing) this.count(reading);
    const value = reading instanceof Missing ? Number.NaN : Number(reading);
    return Number.isFinite(value) ? value : undefined;
  }

  get all(): Readonly<Record<string, number>> {
    return this.counts;
  }
}

/** Fields and where each is read. */
export type Readers = readonly (readonly [field: string, read: Reader])[];

/** The numbers of some fields. */
export function numbersOf(readers: Readers, failures: Failures): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [field, read] of readers) {
    const value = failures.number(read());
    if (value !== undefined) values[field] = value;
  }
  return values;
}

/** The texts of labels; what is not known is left out. */
export const textsOf = (readers: Readers): Record<string, string> =>
  Object.fromEntries(
    readers.flatMap(([name, read]) => {
      const text = read();
      return text instanceof Missing || text === '' ? [] : [[name, String(text)]];
    }),
  );
