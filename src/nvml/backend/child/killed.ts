/** Processes that were killed and have not ended: one may be in a call that cannot be killed. */
import type { NvmlProcess } from './nvml-process.js';

export class KilledProcesses {
  private readonly killed = new Set<NvmlProcess>();

  get count(): number {
    return this.killed.size;
  }

  kill(child: NvmlProcess | undefined): void {
    if (child === undefined || child.isEnded) return;
    this.expect(child);
    child.kill();
  }

  /** Its end comes, and is waited for as that of the others. */
  expect(child: NvmlProcess): void {
    if (child.isEnded) return;
    this.killed.add(child);
    void child.ended.then(() => this.killed.delete(child));
  }

  /** Until all have ended, and no longer than this: milliseconds. */
  async ended(patience: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.race([Promise.all([...this.killed].map(({ ended }) => ended)), enough]);
    clearTimeout(timer);
  }
}
