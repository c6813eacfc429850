/** How long a sample may take. */

export class Clock {
  private readonly deadline: number;
  private timer: NodeJS.Timeout | undefined;
  private waiting = 0;
  private isStopped = false;

  constructor(
    milliseconds: number,
    private readonly onOver: (clock: Clock) => void,
  ) {
    this.deadline = performance.now() + milliseconds;
  }

  get isOver(): boolean {
    return this.isStopped || performance.now() >= this.deadline;
  }

  /** A call is waited for. The program goes on running for it, until the deadline at most. */
  begin(): void {
    this.waiting++;
    this.timer ??= setTimeout(() => {
      // Answers that have arrived are read first.
      setImmediate(() => this.stop());
    }, this.deadline - performance.now());
  }

  end(): void {
    this.waiting--;
    if (this.waiting > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private stop(): void {
    if (this.waiting === 0) return;
    this.isStopped = true;
    this.onOver(this);
  }
}
