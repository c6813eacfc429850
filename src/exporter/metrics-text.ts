/** The text of a scrape: the last values, spelled once a collection, and what the exporter says of itself, spelled each time. */
import { gzipSync } from 'node:zlib';
import type { Collector } from './collector.js';
import type { Dialect, Points } from './dialects/dialect.js';
import { exposition, type Format, OPENMETRICS_END } from './exposition.js';
import type { CollectedRecords } from './observed.js';
import { ownPoints } from './own-metrics.js';

/** Milliseconds after a scrape during which its format is spelled as soon as there are new values, not when they are asked for. */
const WARM = 120_000;

interface Spelled {
  readonly of: CollectedRecords;
  readonly text: Promise<string>;
  zipped?: Buffer;
}

export class MetricsText {
  private readonly spelled = new Map<Format, Spelled>();
  private readonly askedAt = new Map<Format, number>();

  constructor(
    private readonly collector: Collector,
    private readonly dialects: readonly Dialect[],
    private readonly version: string,
    private readonly now: () => number,
  ) {}

  /** Spells new values ahead in the formats that were asked for lately. */
  prepare(): void {
    for (const [format, at] of this.askedAt) {
      if (this.now() - at < WARM) void this.values(format, true);
    }
  }

  async plain(format: Format): Promise<string> {
    this.askedAt.set(format, this.now());
    const values = this.values(format, false);
    return ((await values?.text) ?? '') + (await this.own(format));
  }

  /** The same compressed: a gzip file may have several members, of which the first is made once a collection. */
  async zipped(format: Format): Promise<Buffer> {
    this.askedAt.set(format, this.now());
    const values = this.values(format, false);
    const own = gzipSync(await this.own(format), { level: 1 });
    if (values === undefined) return own;
    values.zipped ??= gzipSync(await values.text, { level: 1 });
    return Buffer.concat([values.zipped, own]);
  }

  private values(format: Format, zip: boolean): Spelled | undefined {
    const { latest } = this.collector;
    if (latest === undefined) return undefined;
    let spelled = this.spelled.get(format);
    if (spelled?.of === latest) return spelled;
    const made: Spelled = { of: latest, text: exposition(this.fold(latest), format) };
    spelled = made;
    this.spelled.set(format, made);
    if (zip)
      void made.text.then((text) => {
        made.zipped = gzipSync(text, { level: 1 });
      });
    return spelled;
  }

  private fold(collected: CollectedRecords): Points {
    const points: Points = new Map();
    for (const dialect of this.dialects) {
      for (const [family, each] of dialect.fold(collected)) points.set(family, each);
    }
    return points;
  }

  private async own(format: Format): Promise<string> {
    const text = await exposition(ownPoints(this.collector, this.version, this.now()), format);
    return format === 'openmetrics' ? text + OPENMETRICS_END : text;
  }
}
