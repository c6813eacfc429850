/** Readings made of others. */
import { Missing } from '../nvml/status.js';
import type { AnswerView, Pick, Reading } from './reading.js';

/** What is made of numbers; missing where one of them is. */
export function derive(readings: readonly Reading[], make: (...numbers: number[]) => Reading): Reading {
  const numbers: number[] = [];
  for (const reading of readings) {
    if (reading instanceof Missing) return reading;
    numbers.push(Number(reading));
  }
  return make(...numbers);
}

/** The same as a pick: of values by their paths. */
export const derived =
  (paths: readonly string[], make: (...numbers: number[]) => Reading): Pick =>
  (view: AnswerView) =>
    derive(
      paths.map((path) => view.read(path)),
      make,
    );
