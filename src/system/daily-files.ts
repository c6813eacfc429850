/** Writes one record file for each day of local time: nvstats-20261123, or nvstats-20261123-NAME. */
import { join } from 'node:path';
import { RecordWriter } from './record-file.js';

export class DailyFiles {
  private writer: RecordWriter | undefined;
  private day = '';

  constructor(
    private readonly folder: string,
    private readonly suffix: string | undefined,
    /** The first line of every file. */
    private readonly head: () => string,
  ) {}

  get path(): string {
    return this.writer?.path ?? '';
  }

  /** The file of the day of a moment (milliseconds since the epoch). Throws OutputError. */
  openFor(milliseconds: number): RecordWriter {
    const day = dayOf(milliseconds);
    if (this.writer !== undefined && day === this.day) return this.writer;
    this.close();
    const suffix = this.suffix === undefined ? '' : `-${this.suffix}`;
    const writer = new RecordWriter(join(this.folder, `nvstats-${day}${suffix}`));
    this.writer = writer;
    this.day = day;
    writer.write(this.head());
    return writer;
  }

  close(): void {
    const { writer } = this;
    this.writer = undefined;
    writer?.close();
  }

  /** Closes the file after an error that the caller reports. */
  abandon(): void {
    try {
      this.close();
    } catch {
      // Most often for the same reason, such as a full disk: one report is enough.
    }
  }
}

/** Year, month and day in local time, as the eight digits of one number: 20261123. */
function dayOf(milliseconds: number): string {
  const day = new Date(milliseconds);
  return String(day.getFullYear() * 10_000 + (day.getMonth() + 1) * 100 + day.getDate());
}
