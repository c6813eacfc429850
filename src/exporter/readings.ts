/** Readings as numbers and texts, and how many of them failed. */
import * as nvml from '../nvml/generated/constants.js';
import { ALL_ONES, Missing, type Status, statusSymbol } from '../nvml/status.js';
import { type Field, nameOf } from '../query/field.js';
import { IMPLAUSIBLE, isPlausible, type Kind } from '../query/kind.js';
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

  /** The number of a reading; undefined, and counted, where there is none, or none that can be true. */
  number(reading: Reading, kind?: Kind): number | undefined {
    const isAbsurd =
      reading instanceof Missing ? reading === ALL_ONES : kind !== undefined && !isPlausible(kind, reading);
    if (reading instanceof Missing && !isAbsurd) this.count(reading);
    if (isAbsurd) {
      this.counts[IMPLAUSIBLE] = (this.counts[IMPLAUSIBLE] ?? 0) + 1;
      return undefined;
    }
    const value = reading instanceof Missing ? Number.NaN : Number(reading);
    return Number.isFinite(value) ? value : undefined;
  }

  get all(): Readonly<Record<string, number>> {
    return this.counts;
  }
}

/** Fields, where each is read, and which numbers it can have. */
export type Readers = readonly (readonly [field: string, read: Reader, kind?: Kind])[];

/** The numbers of some fields. */
export function numbersOf(readers: Readers, failures: Failures): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [field, read, kind] of readers) {
    const value = failures.number(read(), kind);
    if (value !== undefined) values[field] = value;
  }
  return values;
}

/** The same of a record that was read. */
export const numbersIn = (
  fields: readonly Field[],
  readings: readonly Reading[],
  failures: Failures,
): Record<string, number> =>
  numbersOf(
    fields.flatMap((field, i) => {
      const reading = readings[i];
      return reading === undefined ? [] : [[nameOf(field), () => reading, field.kind] as const];
    }),
    failures,
  );

/** The texts of labels; what is not known is left out. */
export const textsOf = (readers: Readers): Record<string, string> =>
  Object.fromEntries(
    readers.flatMap(([name, read]) => {
      const text = read();
      return text instanceof Missing || text === '' ? [] : [[name, String(text)]];
    }),
  );
