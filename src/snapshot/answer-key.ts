/** The key of a call's answer in a snapshot, made of its subject and inputs: "gpu0,1". */

import { type Call, type FieldId, type Handle, isOut, type Preset } from '../nvml/call.js';
import type { Json } from './answer.js';

export type Answers = Readonly<Record<string, Json>>;

export function answerKey(call: Call, nameOf: (handle: bigint) => string, subject?: Handle): string {
  const parts: string[] = [];
  for (const arg of call.args) {
    if (typeof arg === 'bigint') parts.push(nameOf(arg));
    else if (typeof arg !== 'object') parts.push(String(arg));
    else if (!isOut(arg)) parts.push(nameOf(subject ?? 0n));
    else if (arg.out === 'struct')
      parts.push(...[arg.set ?? {}, ...(arg.array?.set ?? [])].flatMap(selectors));
    else if (arg.out === 'list') parts.push(...selectors(arg.set ?? {}));
  }
  return parts.join(',');
}

/** The members of a struct that select the answer. The version is left out: it follows from the function. */
function selectors(set: Preset): string[] {
  return Object.entries(set)
    .filter(([name]) => name !== 'version')
    .map(([name, value]) => `${name}=${value}`);
}

export function fieldKey(subject: string, [id, scope]: FieldId): string {
  return `${subject},${id}${scope === 0 ? '' : `:${scope}`}`;
}
