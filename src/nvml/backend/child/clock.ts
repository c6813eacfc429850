/** How long a sample may take. */

/**
 * Milliseconds after the deadline in which what depends on other answers is still asked, but for the GPUs that did not answer: the
 * processes of one GPU are asked for when another one has been given up.
 */
const GRACE = 250;

export class Clock {
  private deadline: number;
  private timer: NodeJS.Timeout | undefined;
  private waiting = 0;
  private isGrace = false;
  private isStopped = false;

  constructor(
    milliseconds: number,
    private readonly onOver: (clock: Clock) => void,
  ) {
    this.deadline = performance.now() + milliseconds;
  }

  /** Whether nothing is asked any longer. */
  get isOver(): boolean {
    if (!this.isStopped && performance.now() >= this.deadline) this.pass();
    return this.isStopped;
  }

  /** Milliseconds to its deadline. */
  get rest(): number {
    return this.deadline - performance.now();
  }

  /** Ends it before its time: what is asked with it is given up. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.onOver(this);
  }

  /** A call is waited for. It keeps the program running, until the deadline at most. */
  begin(): void {
    this.waiting++;
    this.timer ??= this.set();
  }

  end(): void {
    this.waiting--;
    if (this.waiting > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private set(): NodeJS.Timeout {
    return setTimeout(
      () => {
        // Answers that have arrived are read first.
        setImmediate(() => this.strike());
      },
      Math.max(0, this.deadline - performance.now()),
    );
  }

  private strike(): void {
    if (this.waiting === 0) return;
    this.pass();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.onOver(this);
  }

  private pass(): void {
    if (this.isGrace) this.isStopped = true;
    else {
      this.isGrace = true;
      this.deadline = performance.now() + GRACE;
    }
  }
}
