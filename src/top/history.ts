/** What a number was over time, for graphs: at most so many points, the oldest are dropped. */

export class History {
  private times: Float64Array;
  private values: Float32Array;
  private count = 0;

  constructor(private readonly most = MOST_POINTS) {
    this.times = new Float64Array(Math.min(most, FEWEST_POINTS));
    this.values = new Float32Array(this.room);
  }

  /** Points that there is memory for now. */
  private get room(): number {
    return this.times.length;
  }

  /** Later than all before. A value that is not known is NaN. */
  add(time: number, value: number): void {
    if (this.count === this.room && this.room < this.most) this.grow();
    const place = this.count++ % this.room;
    this.times[place] = time;
    this.values[place] = value;
  }

  clear(): void {
    this.count = 0;
  }

  /** Memory that is not needed in the first minutes is taken when it is. */
  private grow(): void {
    const { times, values } = this;
    this.times = new Float64Array(Math.min(this.most, this.room * 2));
    this.values = new Float32Array(this.room);
    this.times.set(times);
    this.values.set(values);
  }

  /**
   * The last `span` milliseconds up to a time, in so many steps: the mean of each, or the value before where a step is shorter than
   * the time between two points. The steps begin at multiples of their length, so that a graph moves and does not flicker.
   */
  steps(until: number, span: number, count: number): Float32Array {
    const length = span / count;
    const first = Math.floor(until / length) - count + 1;
    const sums = new Float32Array(count);
    const points = new Uint32Array(count);
    const size = Math.min(this.count, this.room);
    for (let n = 0; n < size; n++) {
      const place = (this.count - 1 - n) % this.room;
      const step = Math.floor((this.times[place] as number) / length) - first;
      if (step < -1) break;
      const value = this.values[place] as number;
      if (step < 0 || step >= count || Number.isNaN(value)) continue;
      sums[step] = (sums[step] as number) + value;
      points[step] = (points[step] as number) + 1;
    }
    let before = Number.NaN;
    let age = 0;
    const oldest = size === 0 ? until : (this.times[(this.count - size) % this.room] as number);
    const newest = size === 0 ? 0 : (this.times[(this.count - 1) % this.room] as number);
    const usual = size < 2 ? 0 : (newest - oldest) / (size - 1);
    const patience = Math.ceil((usual * 2) / length);
    for (let step = 0; step < count; step++) {
      const n = points[step] as number;
      if (n > 0) {
        before = (sums[step] as number) / n;
        age = 0;
      } else if (++age > patience) before = Number.NaN;
      sums[step] = before;
    }
    return sums;
  }
}

/** An hour of seconds. */
const MOST_POINTS = 3600;
const FEWEST_POINTS = 128;

/** Histories by name, made when they are first written. */
export class Histories {
  private readonly known = new Map<string, History>();

  add(name: string, time: number, value: number): void {
    let history = this.known.get(name);
    if (history === undefined) {
      history = new History();
      this.known.set(name, history);
    }
    history.add(time, value);
  }

  of(name: string): History | undefined {
    return this.known.get(name);
  }

  clear(): void {
    this.known.clear();
  }

  /** Drops those of processes that are gone. */
  keep(isKept: (name: string) => boolean): void {
    for (const name of this.known.keys()) if (!isKept(name)) this.known.delete(name);
  }
}
