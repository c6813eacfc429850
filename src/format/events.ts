/** Events of GPUs: a line each, for people or as JSON. */

import { jsonText, plainText } from '../base/plain-text.js';
import type { GpuEvent } from '../events/gpu-event.js';
import { timestamp } from '../query/kind.js';
import type { AnswerSource } from './json.js';

/** An event, when it was, and the GPU where NVML counts it. */
export interface TimedEvent extends GpuEvent {
  /** Milliseconds since the epoch; undefined where only the time since the boot is known. */
  readonly time: number | undefined;
  readonly secondsSinceBoot?: number | undefined;
  readonly gpu?: number | undefined;
  readonly uuid?: string | undefined;
}

const whenOf = ({ time, secondsSinceBoot = 0 }: TimedEvent): string =>
  time === undefined ? `${secondsSinceBoot.toFixed(3)} s after the boot` : timestamp.spell(time);

const whatOf = ({ kind, xid }: TimedEvent): string =>
  kind === 'xid' ? `Xid ${xid}` : kind === 'sxid' ? `SXid ${xid}` : kind;

export function eventText(event: TimedEvent): string {
  const { gpu, busId, severity, meaning, action, detail } = event;
  const where = [gpu === undefined ? undefined : `GPU ${gpu}`, busId]
    .filter((part) => part !== undefined)
    .join(' ');
  const more = [
    action === undefined ? undefined : `Do: ${action}`,
    detail === undefined || detail === '' ? undefined : `(${detail})`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
  return plainText(
    `${[whenOf(event), where, whatOf(event), severity].filter((part) => part !== '').join('  ')}  ${meaning} ${more}`,
  )
    .trimEnd()
    .concat('\n');
}

export function eventJson(event: TimedEvent, source: AnswerSource | undefined): string {
  const { time, secondsSinceBoot, gpu, uuid, busId, kind, xid, severity, meaning, action, detail } = event;
  return `${jsonText({
    time: time === undefined ? null : new Date(time).toISOString(),
    since_boot_s: secondsSinceBoot ?? null,
    gpu: gpu ?? null,
    uuid: uuid ?? null,
    'pci.bus_id': busId ?? null,
    event: kind,
    xid: xid ?? null,
    severity,
    meaning,
    action: action ?? null,
    detail: detail ?? null,
    from: event.source,
    source,
  })}\n`;
}
