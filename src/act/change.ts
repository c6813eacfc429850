/** The one caller of functions that change a GPU. What they are asked with, and what they answer. */

import type { FieldId, Handle } from '../nvml/call.js';
import { callWith, type InputsOf } from '../nvml/call-of.js';
import type { Entry } from '../nvml/entry.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../nvml/generated/constants.js';
import { nvmlDeviceClearFieldValues } from '../nvml/generated/entries.js';
import { nvmlFieldValue_t } from '../nvml/generated/layouts.js';
import type { Status } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import type { Subject } from '../query/ask/subject.js';
import { sample } from '../query/probe.js';
import type { Answer } from '../query/reading.js';
import type { Target } from './action.js';
import { askNow } from './ask.js';

/** Calls a function that changes something, once. A driver that was not opened for that throws. */
export const change = <E extends Entry>(
  asker: Asker,
  entry: E,
  inputs: InputsOf<E>,
  subject?: Subject,
): Answer => askNow(asker, sample(entry, inputs), subject);

/** An instance or another handle as the subject of a call. */
export const subjectOf = (handle: Handle): Subject => ({ index: -1, handle, status: 0 });

/** Clears values of fields in one call: its status, and that of each value. */
export function changeFields(
  { asker, gpu }: Target,
  ids: readonly FieldId[],
): { readonly status: Status; readonly statuses: readonly Status[] } {
  const call = callWith(nvmlDeviceClearFieldValues, { out: 'fields', ids });
  const bound = asker.session.driver.bind(call, gpu.handle);
  if (bound === undefined) return { status: NVML_ERROR_FUNCTION_NOT_FOUND, statuses: [] };
  const status = bound.run();
  const memory = bound.memory[0] as Buffer;
  const at = nvmlFieldValue_t.fields.nvmlReturn[1];
  return { status, statuses: ids.map((_, i) => memory.readUInt32LE(i * nvmlFieldValue_t.size + at)) };
}
