/** Asks a machine for everything that is exported, once per call. What is asked is compiled once. */
import { nvmlSystemGetCudaDriverVersion_v2 } from '../nvml/generated/entries.js';
import { GpmMeter } from '../nvml/gpm.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { derived } from '../query/derive.js';
import { isAskable, linksOf } from '../query/nvlink.js';
import { Questions, rowReader } from '../query/plan.js';
import { fixed } from '../query/probe.js';
import { nameOf, type Row } from '../query/row.js';
import type { Reader, Reading } from '../query/view.js';
import { ProbeCache } from '../report/probe-cache.js';
import type { SystemFiles } from '../system/files.js';
import { snake } from './field.js';
import {
  type GpmField,
  gpmFields,
  gpuFields,
  identityFields,
  lastXid,
  linkActive,
  linkFields,
  pcieThroughputs,
  reachable,
  xidFields,
} from './fields.js';
import { MigRecords } from './mig-records.js';
import type { Collected, Labels, Observed } from './observed.js';
import { processRecords } from './process-records.js';
import { Failures, numbersOf, type Readers, textsOf } from './readings.js';
import { XidWatch } from './xid-watch.js';

/** What is collected. */
export interface Wish {
  /** Whether a field is wanted. One that is not is never asked. */
  readonly has: (field: string) => boolean;
  readonly processes: boolean;
  readonly pcieThroughput: boolean;
}

interface Link {
  readonly index: number;
  readonly active: Reading;
  readonly readers: Readers;
}

interface Line {
  readonly gpu: Gpu;
  readonly identity: Readers;
  readonly readers: Readers;
  readonly links: readonly Link[];
  readonly meter: GpmMeter | undefined;
}

const cudaVersion = fixed(nvmlSystemGetCudaDriverVersion_v2);

/** 13000 is 13.0. */
const cudaText = derived(
  ['value'],
  (version) => `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`,
);

export class Collection {
  private readonly questions: Questions;
  private readonly lines: readonly Line[];
  private readonly gpm: readonly GpmField[];
  private readonly asked: ProbeCache;
  private readonly migs: MigRecords;
  private readonly xids: XidWatch | undefined;

  constructor(
    private readonly session: Session,
    private readonly files: SystemFiles,
    gpus: readonly Gpu[],
    private readonly wish: Wish,
    private readonly now: () => number,
  ) {
    this.questions = new Questions(session);
    this.asked = new ProbeCache(session.driver);
    this.gpm = gpmFields.filter(({ names: [name] }) => wish.has(name));
    this.lines = gpus.map((gpu) => this.lineOf(gpu));
    this.questions.seal();
    this.migs = new MigRecords(session, this.asked, wish);
    this.xids =
      xidFields.some(({ names: [name] }) => wish.has(name)) || wish.has(lastXid.names[0])
        ? new XidWatch(session.driver, gpus)
        : undefined;
  }

  async collect(elapsed: () => number): Promise<Collected> {
    const began = elapsed();
    const failures = new Failures();
    this.asked.tick();
    this.xids?.drain(this.now());
    const pending = this.questions.run();
    if (pending !== undefined) await pending;
    const records = this.lines.flatMap((line) => this.recordsOf(line, failures));
    return { at: this.now(), tookMs: elapsed() - began, records, errors: failures.all };
  }

  /** Gives back what NVML lent. */
  close(): void {
    for (const { meter } of this.lines) meter?.close();
    this.migs.close();
    this.xids?.close();
  }

  private lineOf(gpu: Gpu): Line {
    const { wish, session, questions, now } = this;
    const context = { session, now };
    const reader = (row: Row): Reader => rowReader(row, gpu, questions, context);
    const rows = [...gpuFields, ...(wish.pcieThroughput ? pcieThroughputs : [])];
    const cuda: Reader = questions.reader(cudaVersion, cudaText, gpu);
    return {
      gpu,
      identity: [
        ...identityFields.map((row) => [snake(nameOf(row)), reader(row)] as const),
        ['cuda_version', cuda],
      ],
      readers: rows.filter((row) => wish.has(nameOf(row))).map((row) => [nameOf(row), reader(row)]),
      links: this.linksOf(gpu),
      meter:
        gpu.handle === undefined || this.gpm.length === 0
          ? undefined
          : new GpmMeter(
              session.driver,
              gpu.handle,
              this.gpm.map(({ gpm }) => gpm),
            ),
    };
  }

  private linksOf(gpu: Gpu): readonly Link[] {
    const wanted = linkFields.filter(({ names: [name] }) => this.wish.has(name));
    if (gpu.handle === undefined || (wanted.length === 0 && !this.wish.has(linkActive.names[0]))) return [];
    const links = linksOf(this.session, gpu);
    if (links instanceof Missing) return [];
    return links.map(({ index, active }) => ({
      index,
      active,
      readers: isAskable({ active })
        ? wanted.map(({ names: [name], of }) => {
            const { probe, pick } = of(index);
            return [name, this.questions.reader(probe, pick, gpu)] as const;
          })
        : [],
    }));
  }

  private recordsOf(line: Line, failures: Failures): readonly Observed[] {
    const { gpu, readers, meter, links } = line;
    const labels: Labels = { gpu: String(gpu.index), ...textsOf(line.identity) };
    const of: Labels = { gpu: labels.gpu ?? '', ...(labels.uuid === undefined ? {} : { uuid: labels.uuid }) };
    const values: Record<string, number> = {
      ...(this.wish.has(reachable.names[0])
        ? { [reachable.names[0]]: gpu.handle === undefined ? 0 : 1 }
        : {}),
      ...numbersOf(readers, failures),
    };
    if (meter !== undefined) Object.assign(values, this.measured(meter, failures));
    const last = this.xids?.lastOf(gpu);
    if (last !== undefined && this.wish.has(lastXid.names[0])) values[lastXid.names[0]] = last;
    const records: Observed[] = [{ relation: 'gpu', labels, values }];
    if (gpu.handle === undefined) return records;
    for (const { index, active, readers: each } of links) {
      const found = numbersOf(each, failures);
      const up = failures.number(active);
      if (up !== undefined && this.wish.has(linkActive.names[0])) found[linkActive.names[0]] = up;
      records.push({ relation: 'nvlink', labels: { ...of, link: String(index) }, values: found });
    }
    records.push(...this.migs.of(gpu, of, failures));
    if (this.wish.processes) records.push(...processRecords(gpu, of, this.asked, this.files, failures));
    if (this.xids !== undefined) records.push(...this.xids.of(gpu, of).map((each) => this.chosen(each)));
    return records;
  }

  /** A record without the values that are not wanted. */
  private chosen(record: Observed): Observed {
    const values = Object.entries(record.values).filter(([field]) => this.wish.has(field));
    return { ...record, values: Object.fromEntries(values) };
  }

  private measured(meter: GpmMeter, failures: Failures): Readonly<Record<string, number>> {
    meter.take();
    return numbersOf(
      this.gpm.map(({ names: [name] }, i) => [name, () => meter.read(i)] as const),
      failures,
    );
  }
}
