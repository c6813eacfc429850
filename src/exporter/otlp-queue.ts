/**
 * Keeps what could not be pushed, oldest first, up to so many collections. A collector that is away is reported once, and
 * once that it is back.
 */
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';

type Done = Parameters<PushMetricExporter['export']>[1];
type Result = Parameters<Done>[0];

/** Collections that are kept: five minutes at the usual period. */
const QUEUE_LENGTH = 60;

export class QueueingExporter implements PushMetricExporter {
  private readonly queue: ResourceMetrics[] = [];
  private isDraining = false;
  private isAway = false;
  private lost = 0;

  constructor(
    private readonly inner: PushMetricExporter,
    private readonly report: (text: string) => void,
    private readonly length = QUEUE_LENGTH,
  ) {}

  /** Takes a collection. It succeeds at once: what cannot be pushed is tried again with the next. */
  export(metrics: ResourceMetrics, done: Done): void {
    this.queue.push(metrics);
    while (this.queue.length > this.length) {
      this.queue.shift();
      this.lost++;
    }
    void this.drain();
    done({ code: 0 });
  }

  async forceFlush(): Promise<void> {
    await this.drain();
    await this.inner.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.inner.shutdown();
  }

  private async drain(): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    try {
      for (let [next] = this.queue; next !== undefined; [next] = this.queue) {
        const pushed = next;
        const result = await new Promise<Result>((resolve) => this.inner.export(pushed, resolve));
        if (result.code !== 0) {
          this.failed(result);
          return;
        }
        // It may have left the queue meanwhile.
        if (this.queue[0] === pushed) this.queue.shift();
        this.succeeded();
      }
    } finally {
      this.isDraining = false;
    }
  }

  private failed({ error }: Result): void {
    if (this.isAway) return;
    this.isAway = true;
    const reason = (error?.message ?? 'no reason given').split('\n', 1)[0]?.slice(0, 200);
    this.report(`OpenTelemetry takes no metrics: ${reason}`);
  }

  private succeeded(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.report(
      `OpenTelemetry takes metrics again${this.lost === 0 ? '' : `; ${this.lost} collections were lost`}`,
    );
    this.lost = 0;
  }
}
