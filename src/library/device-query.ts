/** deviceQuery compiled for a filter: what is asked, bound once, and read as often as wanted. */

import { nvmlSystemGetDriverVersion } from '../nvml/generated/entries.js';
import type { Session } from '../nvml/session.js';
import { Asker, type Prepared } from '../query/ask/asker.js';
import { ask, want } from '../query/ask/asking.js';
import { Gathering } from '../query/ask/gathering.js';
import { type Subject, SYSTEM } from '../query/ask/subject.js';
import { fixed } from '../query/probe.js';
import type { AskProbe } from '../query/read.js';
import type { Reader } from '../query/reading.js';
import { deviceParts } from './device-fields.js';
import {
  type DevicePart,
  type GroupPart,
  type LeafPart,
  spellReading,
  type XmlElement,
} from './device-tree.js';
import type { DeviceResult } from './generated/device.js';
import { NVSMI } from './ids.js';

/** A part that is asked, ready to be read. */
interface Ready {
  readonly key: string;
  read(): unknown;
  xml(): readonly XmlElement[];
}

/** What deviceQuery and xmlDeviceQuery share: the same values, read after one sample. */
export class DeviceQuery {
  private readonly asker: Asker;
  private readonly prepared: Prepared;
  private readonly gathering = new Gathering();
  private readonly gpus: readonly (readonly Ready[])[];
  private readonly driverVersion: Reader;
  private pending: Promise<void> | undefined;

  constructor(
    private readonly session: Session,
    private readonly ids: ReadonlySet<number>,
    /** Whether the calls that wait do so on worker threads; then a sample takes a promise. */
    private readonly overlap: boolean,
    private readonly now: () => number = Date.now,
  ) {
    this.asker = new Asker(session);
    const version = fixed(nvmlSystemGetDriverVersion);
    this.driverVersion = this.wants(NVSMI.DRIVER_VERSION)
      ? this.gathering.reader(want(version, ''), SYSTEM)
      : () => '';
    this.gpus = session.gpus.map((gpu) => this.parts(deviceParts, gpu));
    this.prepared = this.asker.prepare(this.gathering.questions);
    this.gathering.answers = this.prepared.answers;
  }

  /** Asks everything that is due. Whoever asks while another is asking waits for the same answers. */
  sample(): void | Promise<void> {
    if (this.pending !== undefined) return this.pending;
    this.asker.tick();
    if (!this.overlap) return this.prepared.run();
    const asked = this.prepared.start();
    if (asked === undefined) return;
    this.pending = asked.finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  result(): DeviceResult {
    const filled = this.gpus.filter((parts) => parts.length > 0).map(readParts);
    // The generated type is made from the table that the parts are made from.
    return { ...Object.fromEntries(this.head()), ...(filled.length === 0 ? {} : { gpu: filled }) };
  }

  /** The answer as the element nvidia_smi. */
  xml(): XmlElement {
    const head = this.head().map(([tag, value]): XmlElement => [tag, String(value)]);
    const gpus = this.gpus
      .filter((parts) => parts.length > 0)
      .map((parts): XmlElement => ['gpu', parts.flatMap((part) => part.xml())]);
    return ['nvidia_smi', [...head, ...gpus]];
  }

  private head(): readonly (readonly [string, string | number])[] {
    const { gpus } = this.session;
    const out: [string, string | number][] = [];
    if (this.wants(NVSMI.TIMESTAMP)) out.push(['timestamp', localDate(this.now())]);
    if (this.wants(NVSMI.DRIVER_VERSION))
      out.push(['driver_version', spellReading(this.driverVersion(), String)]);
    if (this.wants(NVSMI.COUNT)) out.push(['count', gpus.length]);
    return out;
  }

  private wants(...ids: readonly number[]): boolean {
    return this.ids.has(NVSMI.ALL) || ids.some((id) => this.ids.has(id));
  }

  private parts(parts: readonly DevicePart[], subject: Subject): Ready[] {
    return parts.flatMap((part) => this.ready(part, subject));
  }

  private ready(part: DevicePart, subject: Subject): readonly Ready[] {
    if (part.type === 'group') {
      const inner = this.parts(part.parts, subject);
      if (inner.length === 0) return [];
      const always = (part.always ?? []).map((one) => this.leaf(one, subject));
      return [this.group(part, inner, always)];
    }
    const asked = part.extra === true ? part.ids.some((id) => this.ids.has(id)) : this.wants(...part.ids);
    if (!asked) return [];
    if (part.type === 'leaf') return [this.leaf(part, subject)];
    if (part.type === 'word') return [{ key: part.key, read: () => part.word, xml: () => [] }];
    const ask = this.askerOf(subject);
    return [
      {
        key: part.key,
        read: () => part.read(subject, ask),
        xml: () => {
          const elements = part.xml(part.read(subject, ask));
          return typeof elements === 'string' ? [[part.key, elements]] : elements;
        },
      },
    ];
  }

  private leaf(part: LeafPart, subject: Subject): Ready {
    const reader = this.gathering.reader(part, subject);
    const read = (): string | number => spellReading(reader(), part.spell);
    return {
      key: part.key,
      read,
      xml: () => {
        const value = read();
        return [[part.key, part.xml === undefined ? String(value) : part.xml(value)]];
      },
    };
  }

  private askerOf(subject: Subject): AskProbe {
    return (probe, about = subject) => this.asker.run(ask(probe, about));
  }

  /** What is always in the group comes last in the object and first in XML, as pynvml_utils has it. */
  private group({ key, tag, unit }: GroupPart, inner: readonly Ready[], always: readonly Ready[]): Ready {
    const inObject = [...inner, ...always];
    const inXml = [...always, ...inner];
    return {
      key,
      read: () => {
        const out = readParts(inObject);
        if (unit !== undefined) out.unit = unit;
        return out;
      },
      xml: () => [[tag ?? key, inXml.flatMap((part) => part.xml())]],
    };
  }
}

function readParts(parts: readonly Ready[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const part of parts) out[part.key] = part.read();
  return out;
}

/** YYYY-MM-DD where we are. */
function localDate(now: number): string {
  const date = new Date(now);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
