/** What doctor's checks look at: the system, what NVML says of itself, and what is asked of both more than once. */

import type { Evidence, Judged } from '../base/verdict.js';
import { unknown } from '../base/verdict.js';
import type { GpuEvent } from '../events/gpu-event.js';
import type { NoReply } from '../query/no-reply.js';
import type { System } from '../system/system.js';
import { Unread } from '../system/system.js';

/** What NVML answered about a GPU; undefined where the GPU has nothing of the kind. */
export interface NvmlGpu {
  readonly index: number;
  readonly name: string;
  readonly busId: string | undefined;
  /** What shows that it cannot be reached. */
  readonly silent: NoReply | undefined;
  /** Fields by their --query-gpu names, as text; an answer that failed is a reason in `reasons`. */
  readonly fields: Readonly<Record<string, string>>;
  readonly reasons: Readonly<Record<string, string>>;
  /** Those of `reasons` that are no answer: neither a value nor that this driver has none. */
  readonly failed: readonly string[];
}

export type NvmlState =
  | {
      readonly isOpen: true;
      readonly library: string | undefined;
      readonly driver: string | undefined;
      readonly gpus: readonly NvmlGpu[];
    }
  | { readonly isOpen: false; readonly reason: string; readonly hint: string | undefined };

/** A verdict about GPUs of which a field could not be read; undefined where there are none. */
export function unreadOf(nvml: NvmlState, field: string, what: string): Judged | undefined {
  const silent = nvml.isOpen ? nvml.gpus.filter(({ failed }) => failed.includes(field)) : [];
  if (silent.length === 0) return undefined;
  return unknown(
    `${what} of GPU ${silent.map(({ index }) => index).join(', ')} could not be read.`,
    'See gpus-reachable and nvml.',
    silent.map(({ index, reasons }) => ({ name: `${field} ${index}`, value: null, reason: reasons[field] })),
  );
}

export interface Patient {
  readonly system: System;
  readonly nvml: NvmlState;
  /** Runtime power states before NVML was asked, which wakes the GPUs, by PCI address. */
  readonly asleep: ReadonlyMap<string, string>;
  /** What the driver wrote to the kernel log, or why there is no log to read. */
  readonly log: readonly GpuEvent[] | { readonly reason: string; readonly remedy: string };
}

/** A check of doctor. One that says nothing does not apply to this machine. */
export interface DoctorCheck {
  readonly id: string;
  /** What it looks at, for the documents. */
  readonly looksAt: string;
  /** Whether it needs NVML's answers. Without such a check NVML is not asked, which wakes no GPU and waits for no driver. */
  readonly asksNvml?: true;
  readonly judge: (patient: Patient) => Judged | readonly (Judged & { readonly gpu?: number | string })[];
}

/** The text of a file as evidence. */
export const seen = (name: string, text: string | Unread): Evidence =>
  text instanceof Unread
    ? {
        name,
        value: null,
        reason:
          text.why === 'absent' ? 'does not exist' : text.why === 'denied' ? 'no permission' : 'not recorded',
      }
    : { name, value: text.trim() };

/** A verdict about something that could not be read. */
export const unread = (what: string, from: Unread): Judged =>
  unknown(`${what} is not known: ${from}.`, REMEDIES[from.why], [seen(from.path, from)]);

const REMEDIES: Readonly<Record<Unread['why'], string>> = {
  absent: 'Run it where that file is.',
  denied: 'Run it as root.',
  unrecorded: 'Run it on the machine itself.',
};

export const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

const isUnrecorded = (what: unknown): boolean => what instanceof Unread && what.why === 'unrecorded';

/** Names of the processes that can be seen, as the kernel has them: cut after 15 characters. */
export function processNames(system: System): readonly string[] | Unread {
  const ids = system.list('/proc');
  if (ids instanceof Unread) return ids;
  const names = ids.filter((name) => /^\d+$/.test(name)).map((pid) => system.read(`/proc/${pid}/comm`));
  const found = names.flatMap((name) => (name instanceof Unread ? [] : [name.trim()]));
  return found.length === 0
    ? new Unread('/proc', isUnrecorded(system.read('/proc/1/comm')) ? 'unrecorded' : 'denied')
    : found;
}

/** Who this process is: user, groups, and whether it is root. */
export function userOf(
  system: System,
): { readonly uid: number; readonly groups: readonly number[] } | undefined {
  const status = system.read('/proc/self/status');
  if (status instanceof Unread) return undefined;
  const numbers = (key: string): readonly number[] =>
    (new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
  const [, uid = 0] = numbers('Uid');
  return { uid, groups: [...numbers('Groups'), ...numbers('Gid').slice(1, 2)] };
}
