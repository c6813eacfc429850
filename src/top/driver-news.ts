/** What the process that calls NVML was last said about: the call that does not answer. */

/** What changes with every second is on the screen beside it. */
const WAIT = / (?:for|after) \d+\.\d s$/;

export class DriverNews {
  private latest: string | undefined;

  /** The last line, without how long it took. */
  get line(): string | undefined {
    return this.latest;
  }

  readonly take = (line: string): void => {
    this.latest = line.replace(WAIT, '');
  };
}
