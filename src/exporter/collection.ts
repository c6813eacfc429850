/** Asks a machine for everything that is exported, once per call. What is asked is compiled once. */

import { nvmlSystemGetCudaDriverVersion_v2 } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker, Prepared } from '../query/ask/asker.js';
import { type Asking, together, want } from '../query/ask/asking.js';
import { fieldReader } from '../query/ask/field-reader.js';
import { Gathering } from '../query/ask/gathering.js';
import { readRecords } from '../query/ask/records.js';
import { onlyGrowing } from '../query/counter.js';
import { derived } from '../query/derive.js';
import { type Field, nameOf, type RecordValues, type Row } from '../query/field.js';
import { gpmOf } from '../query/gpm.js';
import { linkState, linksOf } from '../query/links/nvlink-links.js';
import { fixed } from '../query/probe.js';
import type { Reader } from '../query/reading.js';
import type { SystemFiles } from '../system/files.js';
import { snake } from './field.js';
import {
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
import type { CollectedRecords, Labels, Observed, Wish } from './observed.js';
import { ProcessRecords } from './process-records.js';
import { Failures, numbersIn, numbersOf, type Readers, textsOf } from './readings.js';
import { XidWatch } from './xid-watch.js';

interface LinkReaders {
  readonly index: number;
  readonly active: Reader;
  readonly readers: Readers;
}

interface CollectedGpu {
  readonly gpu: Gpu;
  readonly identity: Readers;
  readonly readers: Readers;
  readonly links: readonly LinkReaders[];
}

const cudaVersion = fixed(nvmlSystemGetCudaDriverVersion_v2);

/** 13000 is 13.0. */
const cudaText = derived(
  ['value'],
  (version) => `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`,
);

export class Collection {
  private readonly gathering = new Gathering();
  private prepared: Prepared | undefined;
  private lines: readonly CollectedGpu[] = [];
  private readonly gpm: readonly Field[];
  private readonly gpmRun = gpmOf(['device']).begin();
  private readonly migs: MigRecords;
  private readonly processes: ProcessRecords | undefined;
  private readonly xids: XidWatch | undefined;

  constructor(
    private readonly asker: Asker,
    files: SystemFiles,
    private readonly gpus: readonly Gpu[],
    private readonly wish: Wish,
    private readonly now: () => number,
  ) {
    this.gpm = gpmFields.filter((field) => wish.has(nameOf(field)));
    this.migs = new MigRecords(wish);
    this.processes = wish.processes ? new ProcessRecords(files, gpus, wish) : undefined;
    const wantsXids = [...xidFields, lastXid].some(({ names: [name] }) => wish.has(name));
    this.xids = wantsXids ? new XidWatch(asker.session.driver, gpus) : undefined;
  }

  /** Compiles what is asked: of the NVLinks that there are. */
  private async begin(): Promise<Prepared> {
    const { asker, gathering, gpus } = this;
    await this.xids?.begin();
    const links = await asker.start(together(gpus.map((gpu) => this.linksOf(gpu))));
    this.lines = gpus.map((gpu, i) => this.lineOf(gpu, links[i] as readonly LinkReaders[]));
    const prepared = asker.prepare(gathering.questions);
    gathering.answers = prepared.answers;
    return prepared;
  }

  async collect(elapsed: () => number): Promise<CollectedRecords> {
    const began = elapsed();
    const failures = new Failures();
    this.asker.tick();
    this.prepared ??= await this.begin();
    await this.xids?.drain(this.now());
    await this.prepared.start();
    const records = await this.asker.start(
      together(this.lines.map((line) => this.recordsOf(line, failures))),
    );
    return { at: this.now(), tookMs: elapsed() - began, records: records.flat(), errors: failures.all };
  }

  /** Releases what NVML allocated. */
  close(): void {
    this.asker.run(this.gpmRun.end());
    this.asker.run(this.migs.end());
    this.xids?.close();
  }

  private lineOf(gpu: Gpu, links: readonly LinkReaders[]): CollectedGpu {
    const { wish, gathering } = this;
    const reader = (row: Row): Reader => this.reader(row, gpu);
    const rows = [...gpuFields, ...(wish.pcieThroughput ? pcieThroughputs : [])];
    const named = identityFields.map((row) => [snake(nameOf(row)), reader(row)] as const);
    return {
      gpu,
      identity: [...named, ['cuda_version', gathering.reader(want(cudaVersion, cudaText), gpu)]],
      readers: rows
        .filter((row) => wish.has(nameOf(row)))
        .map((row) => [nameOf(row), onlyGrowing(row, reader(row)), row.kind]),
      links,
    };
  }

  private reader(field: Field, gpu: Gpu, values: RecordValues = {}): Reader {
    const around = { gpuCount: this.asker.session.gpus.length, now: this.now };
    return fieldReader(field, gpu, values, this.gathering, around);
  }

  /** A link that is down may come up: all of them are asked about. */
  private *linksOf(gpu: Gpu): Asking<readonly LinkReaders[]> {
    const wanted = linkFields.filter(({ names: [name] }) => this.wish.has(name));
    if (gpu.handle === undefined || (wanted.length === 0 && !this.wish.has(linkActive.names[0]))) return [];
    const links = yield* linksOf(gpu);
    if (links instanceof Missing) return [];
    return links.map(({ index }) => ({
      index,
      active: this.gathering.reader(want(linkState(index), 'isActive'), gpu),
      readers: wanted.map(
        (each) =>
          [nameOf(each), onlyGrowing(each, this.reader(each, gpu, { link: index })), each.kind] as const,
      ),
    }));
  }

  private *recordsOf(line: CollectedGpu, failures: Failures): Asking<readonly Observed[]> {
    const { gpu, readers, links } = line;
    const labels: Labels = { gpu: String(gpu.index), ...textsOf(line.identity) };
    const of: Labels = { gpu: labels.gpu ?? '', ...(labels.uuid === undefined ? {} : { uuid: labels.uuid }) };
    const values: Record<string, number> = {
      ...(this.wish.has(reachable.names[0])
        ? { [reachable.names[0]]: gpu.handle === undefined ? 0 : 1 }
        : {}),
      ...numbersOf(readers, failures),
    };
    if (this.gpm.length > 0) Object.assign(values, yield* this.measured(gpu, failures));
    const last = this.xids?.lastOf(gpu);
    if (last !== undefined && this.wish.has(lastXid.names[0])) values[lastXid.names[0]] = last;
    const records: Observed[] = [{ relation: 'gpu', labels, values }];
    if (gpu.handle === undefined) return records;
    for (const { index, active, readers: each } of links) {
      const up = failures.number(active());
      const found = up === 0 ? {} : numbersOf(each, failures);
      if (up !== undefined && this.wish.has(linkActive.names[0])) found[linkActive.names[0]] = up;
      records.push({ relation: 'nvlink', labels: { ...of, link: String(index) }, values: found });
    }
    records.push(...(yield* this.migs.of(gpu, of, failures)));
    if (this.processes !== undefined) records.push(...(yield* this.processes.of(gpu, of, failures)));
    if (this.xids !== undefined) records.push(...this.xids.of(gpu, of).map((each) => this.chosen(each)));
    return records;
  }

  /** A record without the values that are not wanted. */
  private chosen(record: Observed): Observed {
    const values = Object.entries(record.values).filter(([field]) => this.wish.has(field));
    return { ...record, values: Object.fromEntries(values) };
  }

  private *measured(gpu: Gpu, failures: Failures): Asking<Readonly<Record<string, number>>> {
    const found = yield* readRecords(this.gpmRun, this.gpm, gpu);
    return found instanceof Missing ? {} : numbersIn(this.gpm, found[0]?.readings ?? [], failures);
  }
}
