/** What a question is about. */
import type { Handle } from '../../nvml/call.js';
import type { Status } from '../../nvml/status.js';

/** A GPU, a MIG device, an instance or a unit. One that was lost before the start has no handle, but a status. */
export interface Subject {
  readonly index: number;
  readonly handle: Handle | undefined;
  readonly status: Status;
}

/** The subject of questions that are about no GPU: about the system, or about a vGPU, whose number is an argument. */
export const SYSTEM: Subject = { index: -1, handle: undefined, status: 0 };

const keys = new WeakMap<Subject, string>();

/** Distinguishes one subject from another. Kept: a monitor asks a hundred questions about the same ones each second. */
export function subjectKey(subject: Subject): string {
  let key = keys.get(subject);
  if (key === undefined) {
    const { handle, index } = subject;
    key = handle === undefined ? `lost ${index}` : String(handle);
    keys.set(subject, key);
  }
  return key;
}
