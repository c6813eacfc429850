/** What an answer of a snapshot holds besides its values: whether it is a refusal, and the version of its struct. */
import { own, shown } from '../base/form.js';
import type { Out } from '../nvml/call.js';
import { type Status, statusFromSymbol, statusSymbol } from '../nvml/status.js';
import { AnswerError, type Json } from './answer.js';

/** A struct that NVML only reads leaves no answer. */
export const isAnswer = (out: Out): boolean => !(out.out === 'struct' && out.given);

/** An answer that is not a value: `{"error": "NVML_ERROR_NOT_SUPPORTED"}`. */
export function statusOf(answer: Json): Status {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return 0;
  const symbol = own(answer as Record<string, Json>, 'error');
  if (symbol === undefined) return 0;
  const status = typeof symbol === 'string' ? statusFromSymbol(symbol) : undefined;
  if (status === undefined) throw new AnswerError(`unknown status ${shown(symbol)}`);
  return status;
}

/**
 * The struct version that an answer was recorded with, if it is such a struct. A driver may leave 0 there:
 * nvmlDeviceGetGpuInstanceProfileInfoV does (H100, driver 580.159.04).
 */
export function versionOf(answer: Json): number | undefined {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
  const version = own(answer as Record<string, Json>, 'version');
  return typeof version === 'number' && version !== 0 ? version : undefined;
}

export const isRefusal = (answer: Json): boolean =>
  typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'error');

export const refusal = (status: Status): Json => ({ error: statusSymbol(status) });
