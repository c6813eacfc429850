/** What the driver writes to the kernel's log about GPUs, as events. */
import type { LogRecord } from '../system/kernel-log.js';
import type { GpuEvent } from './gpu-event.js';
import { DRIVER_LOADED, PATTERNS } from './kernel-patterns.js';

/** The driver writes sentences over several lines of one record, each with its prefix. */
const inOneLine = (text: string): string => text.trim().replace(/\s*\n(?:NVRM: )?\s*/g, ' ');

/** The event that a record of the log is about; undefined where it is about none. */
export function kernelEvent(record: LogRecord): GpuEvent | undefined {
  if (!/NVRM|SXid|^nvidia/.test(record.text)) return undefined;
  const text = inOneLine(record.text);
  for (const { of, event } of PATTERNS) {
    const groups = of.exec(text)?.groups;
    if (groups === undefined) continue;
    const found = event(groups);
    if (found === undefined) return undefined;
    return {
      source: 'kernel log',
      busId: groups.bus === undefined ? undefined : `${shortBusId(groups.bus)}.0`,
      ...found,
    };
  }
  return undefined;
}

/** A PCI address with four digits of domain and small letters, without the function: 0000:3b:00. */
export const shortBusId = (busId: string): string =>
  busId
    .toLowerCase()
    .replace(/\.[0-7]$/, '')
    .replace(/^0000(?=[0-9a-f]{4}:)/, '');

/** What a driver that is loaded again has nothing of any longer. */
const OF_A_LOAD: readonly string[] = ['xid', 'version-mismatch', 'other-kernel'];

/** Events that still say something of the machine: those from before the driver was loaded again are history. */
export function currentEvents<Event extends Pick<GpuEvent, 'kind'>>(log: readonly Event[]): readonly Event[] {
  const loaded = log.findLastIndex(({ kind }) => kind === DRIVER_LOADED);
  return log.filter(({ kind }, i) => kind !== DRIVER_LOADED && (i > loaded || !OF_A_LOAD.includes(kind)));
}
