/** Collects in the background, at a period of its own. Who reads gets the last values, and how old they are. */
import type { CollectedRecords, HealthSeen } from './observed.js';

/** The latest that is known, from any collector. */
export interface Collector {
  readonly latest: CollectedRecords | undefined;
  /** What the health checks found last, and whether they are made at all. */
  readonly health: HealthSeen | undefined;
  readonly checksHealth: boolean;
  /** When the collection began that has not ended within its deadline, in milliseconds since the epoch. */
  readonly stuckSince: number | undefined;
  /** Failed readings since the start, by the symbol of their status. */
  readonly errors: ReadonlyMap<string, number>;
  /** Collections that ended since the start. */
  readonly collections: number;
  stop(): void;
}

/** Milliseconds after which a collection counts as stuck. Eight busy GPUs take a tenth of it. */
export const DEADLINE = 10_000;

/** The state of a collector, which learns when a collection begins and ends. */
export class CollectorState implements Collector {
  latest: CollectedRecords | undefined;
  health: HealthSeen | undefined;
  collections = 0;
  readonly errors = new Map<string, number>();
  private since: number | undefined;

  constructor(
    private readonly now: () => number,
    readonly checksHealth: boolean,
    private readonly end: () => void = () => undefined,
    /** Milliseconds. */
    readonly deadline = DEADLINE,
  ) {}

  get stuckSince(): number | undefined {
    return this.since !== undefined && this.now() - this.since > this.deadline ? this.since : undefined;
  }

  /** A collection begins now, or is due in so many milliseconds. */
  begin(inMs = 0): void {
    this.since ??= this.now() + inMs;
  }

  take(collected: CollectedRecords): void {
    this.latest = collected;
    this.since = undefined;
    this.collections++;
    for (const [symbol, count] of Object.entries(collected.errors)) {
      this.errors.set(symbol, (this.errors.get(symbol) ?? 0) + count);
    }
  }

  /** The health checks were made. */
  examined(health: HealthSeen): void {
    this.health = health;
  }

  /** Something failed that is no reading. */
  fail(what: string): void {
    this.errors.set(what, (this.errors.get(what) ?? 0) + 1);
  }

  stop(): void {
    this.end();
  }
}

/** What is asked of a machine. */
export interface Sources {
  readonly collect: () => Promise<CollectedRecords>;
  /** Makes the health checks where they are due; left out where they are switched off. */
  readonly health?: (() => Promise<HealthSeen | undefined>) | undefined;
}

/** Collects in this process: for recordings, tests, and the child process that does nothing else. */
export function collectHere(
  { collect, health }: Sources,
  period: number,
  now: () => number,
  onCollected: () => void = () => undefined,
): Collector {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const state = new CollectorState(now, health !== undefined, () => {
    isOver = true;
    clearTimeout(timer);
  });
  const tick = async (): Promise<void> => {
    const began = performance.now();
    state.begin();
    const collected = await collect();
    state.take(collected);
    const examined = await health?.();
    if (examined !== undefined) state.examined(examined);
    onCollected();
    if (isOver) return;
    // The next begins on the grid of the period; those that were missed are not made up for.
    const took = performance.now() - began;
    timer = setTimeout(() => void tick(), period - (took % period));
  };
  void tick();
  return state;
}
