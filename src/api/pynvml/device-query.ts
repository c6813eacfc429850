/** deviceQuery compiled for a filter: what is asked, bound once, and read as often as wanted. */
import type { Session } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import { Asker, type Prepared } from '../../query/ask/asker.js';
import { type Asking, together } from '../../query/ask/asking.js';
import { fieldReader } from '../../query/ask/field-reader.js';
import { Gathering } from '../../query/ask/gathering.js';
import { readRecords } from '../../query/ask/records.js';
import { type Subject, SYSTEM } from '../../query/ask/subject.js';
import type { DeviceResult } from '../generated/device.js';
import { gpuRows, headRows } from './fields.js';
import { askedRows, grouped, type ResultRecords, type ResultRow } from './row.js';

/** A row about a subject, with its records at the last sample. */
interface ReadyList {
  readonly row: ResultRow;
  readonly subject: Subject;
  records: ResultRecords | undefined;
}

/** What reads each value, by its path. */
type ReadyValues = readonly (readonly [path: readonly string[], read: () => unknown])[];

/** What deviceQuery and xmlDeviceQuery share: the same values, read after one sample. */
export class DeviceQuery {
  private readonly asker: Asker;
  private readonly prepared: Prepared;
  private readonly gathering = new Gathering();
  private readonly lists: ReadyList[] = [];
  private readonly head: ReadyValues;
  private readonly gpus: readonly ReadyValues[];
  private pending: Promise<void> | undefined;

  constructor(
    session: Session,
    ids: ReadonlySet<number>,
    /** Whether the calls that wait do so on worker threads; then a sample takes a promise. */
    private readonly overlap: boolean,
  ) {
    this.asker = new Asker(session);
    const rows = askedRows(gpuRows, ids);
    this.head = this.ready(askedRows(headRows, ids), SYSTEM);
    this.gpus = rows.length === 0 ? [] : session.gpus.map((gpu) => this.ready(rows, gpu));
    this.prepared = this.asker.prepare(this.gathering.questions);
    this.gathering.answers = this.prepared.answers;
  }

  /** Asks everything that is due. A caller that asks while another is asking waits for the same answers. */
  sample(): void | Promise<void> {
    if (this.pending !== undefined) return this.pending;
    this.asker.tick();
    const due = this.lists.filter(({ row, records }) => row.isStatic !== true || records === undefined);
    const lists = together(due.map(listAsking));
    if (!this.overlap) {
      this.prepared.run();
      this.asker.run(lists);
      return;
    }
    this.pending = Promise.resolve(this.prepared.start())
      .then(async () => void (await this.asker.start(lists)))
      .finally(() => {
        this.pending = undefined;
      });
    return this.pending;
  }

  result(): DeviceResult {
    const read = (values: ReadyValues): object =>
      grouped(values.map(([path, reader]) => [path, reader()] as const));
    // The generated type is made from the table that the values are made from.
    return { ...read(this.head), ...(this.gpus.length === 0 ? {} : { gpu: this.gpus.map(read) }) };
  }

  private ready(rows: readonly ResultRow[], subject: Subject): ReadyValues {
    return rows.map((row) => {
      const { relation, path } = row;
      return [path, relation === undefined ? this.value(row, subject) : this.list(row, subject)];
    });
  }

  private value(row: ResultRow, subject: Subject): () => unknown {
    const around = { gpuCount: this.asker.session.gpus.length, now: Date.now };
    const readers = row.fields.map((field) => fieldReader(field, subject, {}, this.gathering, around));
    return () => row.of([readers.map((read) => read())]);
  }

  private list(row: ResultRow, subject: Subject): () => unknown {
    const list: ReadyList = { row, subject, records: undefined };
    this.lists.push(list);
    return () => row.of(list.records ?? []);
  }
}

function* listAsking(list: ReadyList): Asking<void> {
  const { row, subject } = list;
  const records = yield* readRecords(row.relation ?? {}, row.fields, subject);
  list.records = records instanceof Missing ? records : records.map(({ readings }) => readings);
}
