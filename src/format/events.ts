/** Events of GPUs: a line each, for people or as JSON. */

import { jsonText, plainText } from '../base/plain-text.js';
import * as shape from '../base/shape.js';
import type { GpuEvent } from '../events/gpu-event.js';
import { SCHEMA_VERSION } from '../query/cell.js';
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

/** A line of events --json. */
export const eventShape = shape.objectOf({
  timestamp: shape.orNull(shape.time('When; null where only the time since the boot is known.')),
  seconds_since_boot: shape.orNull(shape.aNumber('Seconds since the boot, where the kernel log said so.')),
  gpu: shape.orNull(shape.wholeNumber("NVML's index of the GPU.")),
  uuid: shape.orNull(shape.text('UUID of the GPU.')),
  'pci.bus_id': shape.orNull(shape.text('PCI address of the GPU.')),
  event: shape.text('What happened, in a word: xid, sxid, ecc, clock, pstate, mig, gpu-lost.'),
  xid: shape.orNull(shape.wholeNumber('Number of an Xid, or of an SXid of a switch.')),
  severity: shape.text('How bad it is.'),
  meaning: shape.text('What it means.'),
  action: shape.orNull(shape.text('What to do; null where there is nothing to do.')),
  detail: shape.orNull(shape.text('What the source said itself, or how often it happened.')),
  count: shape.wholeNumber(
    'Number of events: changes of clocks, of performance states and corrected errors of 10 s are one line.',
  ),
  from: shape.oneOf(['kernel log', 'NVML'], 'Where it was seen.'),
});

export function eventJson(event: TimedEvent, source: AnswerSource | undefined): string {
  const {
    time,
    secondsSinceBoot,
    gpu,
    uuid,
    busId,
    kind,
    xid,
    severity,
    meaning,
    action,
    detail,
    count = 1,
  } = event;
  const line: shape.ShapeValue<typeof eventShape> = {
    timestamp: time === undefined ? null : new Date(time).toISOString(),
    seconds_since_boot: secondsSinceBoot ?? null,
    gpu: gpu ?? null,
    uuid: uuid ?? null,
    'pci.bus_id': busId ?? null,
    event: kind,
    xid: xid ?? null,
    severity,
    meaning,
    action: action ?? null,
    detail: detail ?? null,
    count,
    from: event.source,
  };
  return `${jsonText({ ...line, schema_version: SCHEMA_VERSION, source })}\n`;
}
