/** The text of a status. */
import { nvmlErrorString as entry } from '../generated/entries.js';
import { errorText } from './error.js';
import { now, openDriver } from './state.js';

/**
 * Returns the text of a status: the driver's, or this library's if NVML is not open.
 *
 * @param result NVML_SUCCESS or NVML_ERROR_*
 * @see NVML nvmlErrorString
 */
export function nvmlErrorString(result: number): string {
  if (openDriver() === undefined) return errorText(result);
  try {
    return now(entry, result) as string;
  } catch {
    // A recording has the texts of the statuses that its driver knew.
    return errorText(result);
  }
}
