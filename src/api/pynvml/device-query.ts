/** deviceQuery compiled for a filter: what is asked, bound once, and read as often as wanted. */
import type { Session } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import { Asker, type Prepared } from '../../query/ask/asker.js';
import { type Asking, together } from '../../query/ask/asking.js';
import { fieldReader, type Surroundings } from '../../query/ask/field-reader.js';
import { Gathering } from '../../query/ask/gathering.js';
import { readRecords } from '../../query/ask/records.js';
import { type Subject, SYSTEM } from '../../query/ask/subject.js';
import { derive } from '../../query/derive.js';
import type { Reader } from '../../query/reading.js';
import { fieldNamed, numberOf, relations } from '../../query/relations.js';
import type { DeviceResult } from '../generated/device.js';
import { NVSMI } from '../generated/nvsmi-ids.js';
import { gpuRows, headRows, type ResultLeaf, type ResultRow } from './fields.js';
import type { ResultList, ResultRecords } from './listed.js';
import { spelled, xmlText } from './spelling.js';
import { isGroup, isLeaf, keyOf, type ResultPart, treeOf, unitOf } from './tree.js';
import type { XmlElement } from './xml.js';

/** A part that is asked, ready to be read. */
interface ReadyPart {
  readonly key: string;
  readonly tag: string;
  /** In the object it comes last in its group, and in XML first, as pynvml_utils has it. */
  readonly always?: true;
  read(): unknown;
  /** Undefined for what XML does not have. */
  xml(): XmlElement | undefined;
}

/** A list of a GPU, with its records at the last sample. */
interface ReadyList {
  readonly row: ResultList;
  readonly subject: Subject;
  records: ResultRecords | undefined;
}

/** What deviceQuery and xmlDeviceQuery share: the same values, read after one sample. */
export class DeviceQuery {
  private readonly asker: Asker;
  private readonly prepared: Prepared;
  private readonly gathering = new Gathering();
  private readonly around: Surroundings;
  private readonly lists: ReadyList[] = [];
  private readonly head: readonly ReadyPart[];
  private readonly gpus: readonly (readonly ReadyPart[])[];
  private pending: Promise<void> | undefined;

  constructor(
    session: Session,
    ids: ReadonlySet<number>,
    /** Whether the calls that wait do so on worker threads; then a sample takes a promise. */
    private readonly overlap: boolean,
    now: () => number = Date.now,
  ) {
    this.asker = new Asker(session);
    this.around = { gpuCount: session.gpus.length, now };
    this.head = this.ready(treeOf(askedRows(headRows, ids)), SYSTEM);
    const tree = treeOf(askedRows(gpuRows, ids));
    this.gpus = tree.length === 0 ? [] : session.gpus.map((gpu) => this.ready(tree, gpu));
    this.prepared = this.asker.prepare(this.gathering.questions);
    this.gathering.answers = this.prepared.answers;
  }

  /** Asks everything that is due. Whoever asks while another is asking waits for the same answers. */
  sample(): void | Promise<void> {
    if (this.pending !== undefined) return this.pending;
    this.asker.tick();
    const lists = this.lists.filter(({ row, records }) => row.isStatic !== true || records === undefined);
    if (!this.overlap) {
      this.prepared.run();
      if (lists.length > 0) this.asker.run(together(lists.map(listAsking)));
      return;
    }
    const asked = this.prepared.start();
    if (asked === undefined && lists.length === 0) return;
    this.pending = Promise.resolve(asked)
      .then(async () => void (await this.asker.start(together(lists.map(listAsking)))))
      .finally(() => {
        this.pending = undefined;
      });
    return this.pending;
  }

  result(): DeviceResult {
    // The generated type is made from the table that the parts are made from.
    return { ...readAll(this.head), ...(this.gpus.length === 0 ? {} : { gpu: this.gpus.map(readAll) }) };
  }

  /** What the element nvidia_smi has. */
  xml(): XmlElement {
    return { ...xmlAll(this.head), ...(this.gpus.length === 0 ? {} : { gpu: this.gpus.map(xmlAll) }) };
  }

  private ready(
    parts: readonly ResultPart[],
    subject: Subject,
    path: readonly string[] = [],
  ): readonly ReadyPart[] {
    return parts.flatMap((part): readonly ReadyPart[] => {
      if (!isGroup(part)) return isLeaf(part) ? this.leaf(part, subject) : [this.list(part, subject)];
      const inside = [...path, part.key];
      const all = this.ready(part.parts, subject, inside);
      const unit = unitOf(inside, gpuRows);
      const read = (): object => (unit === undefined ? readAll(all) : Object.assign(readAll(all), { unit }));
      return [{ key: part.key, tag: part.key, read, xml: () => xmlAll(all) }];
    });
  }

  private leaf(row: ResultLeaf, subject: Subject): readonly ReadyPart[] {
    const { spelling, always, unitBeside, combine } = row;
    const reader = combined(
      row.fields.map((field) => fieldReader(field, subject, {}, this.gathering, this.around)),
      combine,
    );
    const key = keyOf(row);
    const read = (): string | number => spelled(reader(), spelling);
    const value = { key, tag: key, ...(always && { always }), read, xml: () => xmlText(read(), spelling) };
    if (unitBeside !== true) return [value];
    const unit = `${key}_unit`;
    return [value, { key: unit, tag: unit, read: () => spelling.unit, xml: () => undefined }];
  }

  private list(row: ResultList, subject: Subject): ReadyPart {
    const read = row.relation === undefined ? this.group(row, subject) : this.records(row, subject);
    const xml = (): XmlElement => {
      const value = read();
      return typeof value === 'string' ? value : value === null ? {} : row.xml(value);
    };
    return { key: keyOf(row), tag: row.tag ?? keyOf(row), read, xml };
  }

  private group(row: ResultList, subject: Subject): () => unknown {
    const readers = row.fields.map((field) => fieldReader(field, subject, {}, this.gathering, this.around));
    return () => row.of([readers.map((read) => read())]);
  }

  private records(row: ResultList, subject: Subject): () => unknown {
    const list: ReadyList = { row, subject, records: undefined };
    this.lists.push(list);
    return () => row.of(list.records ?? []);
  }
}

/** The rows that numbers ask for, those that are always there with them. */
function askedRows<R extends ResultRow>(rows: readonly R[], ids: ReadonlySet<number>): readonly R[] {
  const isAll = ids.has(NVSMI.ALL);
  return rows.filter((row) => {
    const leaf: Partial<ResultLeaf> = isLeaf(row) ? row : {};
    if (leaf.always || (isAll && !leaf.extra)) return true;
    return row.asked.some((name) => ids.has(numberNamed(name)));
  });
}

const relationNumbers = new Map(relations.map(({ name, id }) => [name, id]));

function numberNamed(name: string): number {
  return relationNumbers.get(name) ?? numberOf(fieldNamed(name)) ?? Number.NaN;
}

function* listAsking(list: ReadyList): Asking<void> {
  const { row, subject } = list;
  const records = yield* readRecords(row.relation ?? {}, row.fields, subject);
  list.records = records instanceof Missing ? records : records.map(({ readings }) => readings);
}

function combined(readers: readonly Reader[], combine: ResultLeaf['combine']): Reader {
  const [first] = readers as [Reader];
  if (combine === undefined) return first;
  return () =>
    derive(
      readers.map((read) => read()),
      combine,
    );
}

function readAll(parts: readonly ReadyPart[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const part of parts) out[part.key] = part.read();
  return out;
}

function xmlAll(parts: readonly ReadyPart[]): { readonly [tag: string]: XmlElement } {
  const out: Record<string, XmlElement> = {};
  for (const order of [true, undefined]) {
    for (const part of parts) {
      const element = part.always === order ? part.xml() : undefined;
      if (element !== undefined) out[part.tag] = element;
    }
  }
  return out;
}
