/**
 * The text of a scrape: the last values and verdicts, spelled once each time there are new ones, and what the exporter says of
 * itself, spelled for the scrapes of a moment together.
 */
import { gzipSync } from 'node:zlib';
import type { Collector } from './collector.js';
import type { Dialect, Points } from './dialects/dialect.js';
import { exposition, type Format, OPENMETRICS_END } from './exposition.js';
import { checkPoints, healthPoints } from './health-points.js';
import type { CollectedRecords, HealthSeen, Labels } from './observed.js';
import { ownPoints } from './own-metrics.js';

/** Milliseconds after a scrape during which its format is spelled as soon as there are new values, not when they are asked for. */
const WARM = 120_000;
/** Milliseconds in which scrapes get the same bytes: so many does the age in them lag at most. */
const MOMENT = 100;

/** What a text was made of. */
interface TextSource {
  readonly latest: CollectedRecords | undefined;
  readonly health: HealthSeen | undefined;
}

interface Spelled extends TextSource {
  readonly text: Promise<Buffer>;
  zipped?: Buffer;
}

interface Served extends TextSource {
  readonly at: number;
  readonly body: Promise<Buffer>;
}

export class MetricsText {
  private readonly spelled = new Map<Format, Spelled>();
  private readonly served = new Map<string, Served>();
  private readonly askedAt = new Map<Format, number>();

  constructor(
    private readonly collector: Collector,
    private readonly dialects: readonly Dialect[],
    private readonly labelsOf: (collected: CollectedRecords | undefined, gpu: string) => Labels,
    private readonly version: string,
    private readonly now: () => number,
  ) {}

  /** Spells new values ahead in the formats that were asked for lately. */
  prepare(): void {
    for (const [format, at] of this.askedAt) {
      if (this.now() - at < WARM) void this.values(format, true);
    }
  }

  /** The bytes of a scrape. */
  body(format: Format, isZipped: boolean): Promise<Buffer> {
    const now = this.now();
    this.askedAt.set(format, now);
    const key = `${format} ${isZipped}`;
    const before = this.served.get(key);
    if (before !== undefined && this.isCurrent(before) && Math.abs(now - before.at) < MOMENT)
      return before.body;
    const made = { ...this.known, at: now, body: this.made(format, isZipped) };
    this.served.set(key, made);
    return made.body;
  }

  private async made(format: Format, isZipped: boolean): Promise<Buffer> {
    const values = this.values(format, false);
    const text = await values.text;
    const own = Buffer.from(await this.own(format));
    if (!isZipped) return Buffer.concat([text, own]);
    // A gzip file may have several members, of which the first is made once a collection.
    values.zipped ??= gzipSync(text, { level: 1 });
    return Buffer.concat([values.zipped, gzipSync(own, { level: 1 })]);
  }

  private get known(): TextSource {
    const { latest, health } = this.collector;
    return { latest, health };
  }

  private isCurrent({ latest, health }: TextSource): boolean {
    return latest === this.collector.latest && health === this.collector.health;
  }

  private values(format: Format, zip: boolean): Spelled {
    const before = this.spelled.get(format);
    if (before !== undefined && this.isCurrent(before)) return before;
    const text = exposition(this.points(), format).then((spelled) => Buffer.from(spelled));
    const made: Spelled = { ...this.known, text };
    this.spelled.set(format, made);
    if (zip)
      void text.then((bytes) => {
        made.zipped ??= gzipSync(bytes, { level: 1 });
      });
    return made;
  }

  private points(): Points {
    const points: Points = new Map();
    const { latest, health } = this.known;
    for (const dialect of latest === undefined ? [] : this.dialects) {
      for (const [family, each] of dialect.fold(latest as CollectedRecords)) points.set(family, each);
    }
    if (health === undefined) return points;
    for (const [family, each] of checkPoints(health, (gpu) => this.labelsOf(latest, gpu))) {
      points.set(family, each);
    }
    return points;
  }

  private async own(format: Format): Promise<string> {
    const now = this.now();
    const points: Points = new Map([
      ...ownPoints(this.collector, this.version, now),
      ...healthPoints(this.collector, now),
    ]);
    const text = await exposition(points, format);
    return format === 'openmetrics' ? text + OPENMETRICS_END : text;
  }
}
