/** Something that happened to a GPU, wherever that was seen. */
import type { XidSeverity } from './xids.js';

export type EventSeverity = XidSeverity;

export interface GpuEvent {
  readonly source: 'kernel log' | 'NVML';
  /** In a word: xid, ecc, clock, pstate, mig, gpu-lost. */
  readonly kind: string;
  readonly severity: EventSeverity;
  /** In a sentence. */
  readonly meaning: string;
  /** What to do; nothing where there is nothing to do. */
  readonly action?: string | undefined;
  /** Number of an Xid, or of an SXid of a switch. */
  readonly xid?: number | undefined;
  /** PCI address of the GPU: 0000:3b:00.0. */
  readonly busId?: string | undefined;
  /** What the source said itself. */
  readonly detail?: string | undefined;
  /** It may come many times a second, and the next ones are reported as one. */
  readonly isFrequent?: true;
  /** How many events this one is; 1 where it is left out. */
  readonly count?: number | undefined;
}
