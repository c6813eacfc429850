/** What deviceQuery's answer is made of: values, groups of values with a unit, and lists. */
import { errorText } from '../nvml/api/error.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import type { Subject } from '../query/ask/subject.js';
import type { Probe } from '../query/probe.js';
import type { AskProbe } from '../query/read.js';
import type { Pick, Reading, Value } from '../query/reading.js';

/** When a part is there: with one of these ids, and in the full answer unless it is `extra`. */
interface Part {
  readonly key: string;
  readonly ids: readonly number[];
  /** Left out of the full answer: what pynvml_utils knows an id for and forgot. */
  readonly extra?: true;
}

export interface LeafPart extends Part {
  readonly type: 'leaf';
  readonly probe: Probe;
  readonly pick: Pick;
  readonly spell: (value: Value) => string | number;
  /** How XML spells it, with its unit, where that is not just the value. */
  readonly xml?: (value: string | number) => string;
}

export interface GroupPart {
  readonly type: 'group';
  readonly key: string;
  /** XML's name for the group, where it has its own. */
  readonly tag?: string;
  readonly parts: readonly DevicePart[];
  /** Values that stand in the group whenever it is there. */
  readonly always?: readonly LeafPart[];
  readonly unit?: string;
}

/** What takes calls of its own: how many it has is only known when it is read. */
export interface ListPart<List = unknown> extends Part {
  readonly type: 'list';
  /** The type of the list as device-lists.ts and TypeScript spell it: the generated types say so. */
  readonly declared: string;
  read(subject: Subject, ask: AskProbe): List;
  xml(list: List): readonly XmlElement[] | string;
}

/** A constant beside a value: the unit of a fan's speed. */
export interface WordPart extends Part {
  readonly type: 'word';
  readonly word: string;
}

export type DevicePart = LeafPart | GroupPart | ListPart | WordPart;

/** An element: its tag, and its text or its elements. */
export type XmlElement = readonly [tag: string, content: string | readonly XmlElement[]];

/** What stands in the place of a value that is not there: N/A, or NVML's own words. */
export const absence = (status: number): string =>
  status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : errorText(status);

export const spellReading = (reading: Reading, spell: (value: Value) => string | number): string | number =>
  reading instanceof Missing ? absence(reading.status) : spell(reading);
