/** The nvidia_smi object of pynvml_utils. */
import type { Filter } from './filter.js';
import { format } from './format.js';
import type { DeviceResult } from './generated/device.js';
import { QUERY_NAMES } from './ids.js';
import { type Nvsmi, open } from './nvsmi.js';

const HELP = `deviceQuery(filter?)     what is asked about every GPU, as an object
xmlDeviceQuery(filter?)  the same as an XML document

The filter is a comma list of names ('memory.total,memory.free'), or an array of names or ids
([NVSMI.MEMORY_TOTAL, NVSMI.MEMORY_FREE]). Without one everything is answered; names that are not known
are passed over. '--help-query-gpu' lists the names.
`;

/** Names that stand for one id, on one line. */
function helpNames(): string {
  const byId = new Map<number, string[]>();
  for (const [name, id] of QUERY_NAMES) byId.set(id, [...(byId.get(id) ?? []), `"${name}"`]);
  return [...byId.values()].map((names) => `${names.join(' or ')}\n`).join('');
}

function help(filter: Filter | undefined): string | undefined {
  if (filter === '--help' || filter === '-h') return HELP;
  return filter === '--help-query-gpu' ? helpNames() : undefined;
}

export type LoopCallback = (loop: Loop, result: DeviceResult) => void;

/** The results at a pace, until the signal. */
type Watch = (signal: AbortSignal) => AsyncIterable<DeviceResult>;

/**
 * A query that goes on by itself: read by a callback, by {@link result} or `for await`; ended by {@link cancel}, by
 * the end of the last `for await` over it, or with its NvidiaSmi.
 */
export class Loop implements AsyncIterable<DeviceResult> {
  private readonly controller = new AbortController();
  private last: DeviceResult | undefined;
  private waiting: ((result: DeviceResult | undefined) => void)[] = [];
  private iterations = 0;
  /** Ends with the loop; fails with the callback or the query. */
  readonly done: Promise<void>;

  constructor(watch: Watch, callback: LoopCallback | undefined) {
    this.done = this.run(watch(this.controller.signal), callback);
    // Whoever wants to know of a failure awaits `done` or iterates; nobody has to.
    this.done.catch(() => undefined);
  }

  /** Ends the loop after the sample in hand. */
  cancel(): void {
    this.controller.abort();
  }

  isAborted(): boolean {
    return this.controller.signal.aborted;
  }

  /** The newest result, or undefined before the first. */
  result(): DeviceResult | undefined {
    return this.last;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DeviceResult, void, undefined> {
    this.iterations++;
    try {
      for (;;) {
        const next = await new Promise<DeviceResult | undefined>((resolve) => {
          if (this.isAborted()) resolve(undefined);
          else this.waiting.push(resolve);
        });
        if (next === undefined) {
          await this.done;
          return;
        }
        yield next;
      }
    } finally {
      if (--this.iterations === 0) this.cancel();
    }
  }

  private async run(results: AsyncIterable<DeviceResult>, callback: LoopCallback | undefined): Promise<void> {
    try {
      for await (const result of results) {
        this.last = result;
        callback?.(this, result);
        this.tell(result);
      }
    } finally {
      this.controller.abort();
      this.tell(undefined);
    }
  }

  private tell(result: DeviceResult | undefined): void {
    const listeners = this.waiting;
    this.waiting = [];
    for (const listener of listeners) listener(result);
  }
}

/**
 * What pynvml_utils calls nvidia_smi: one object per process over an open NVML.
 *
 *     const nvsmi = NvidiaSmi.getInstance();
 *     nvsmi.deviceQuery('memory.free, memory.total');
 */
export class NvidiaSmi {
  private static instance: NvidiaSmi | undefined;

  private readonly loops = new Set<Loop>();

  private constructor(private readonly nvsmi: Nvsmi) {}

  /**
   * The one object; opens NVML at the first call.
   *
   * @throws NVMLError where NVML cannot be opened
   */
  static getInstance(options: Parameters<typeof open>[0] = {}): NvidiaSmi {
    NvidiaSmi.instance ??= new NvidiaSmi(open(options));
    return NvidiaSmi.instance;
  }

  /** A loop over the one object. */
  static loop(everyMs = 1, filter?: Filter, callback?: LoopCallback): Loop {
    return NvidiaSmi.getInstance().loop(everyMs, filter, callback);
  }

  /** The values that the filter names, of every GPU; with `--help` or `--help-query-gpu` the help. */
  deviceQuery(filter: '--help' | '-h' | '--help-query-gpu'): string;
  deviceQuery(filter?: Filter): DeviceResult;
  deviceQuery(filter?: Filter): DeviceResult | string {
    return help(filter) ?? this.nvsmi.deviceQuery(filter);
  }

  /** The same as an XML document. */
  xmlDeviceQuery(filter?: Filter): string {
    return help(filter) ?? this.nvsmi.xmlDeviceQuery(filter);
  }

  /**
   * Asks again and again, without holding up the program.
   *
   * @throws RangeError, TypeError for a period or a filter that is none
   */
  loop(everyMs = 1, filter?: Filter, callback?: LoopCallback): Loop {
    const loop = new Loop((signal) => this.nvsmi.deviceWatch(filter, { everyMs, signal }), callback);
    this.loops.add(loop);
    const forget = (): void => void this.loops.delete(loop);
    loop.done.then(forget, forget);
    return loop;
  }

  /** A result as indented text. */
  format(result: DeviceResult | string): string {
    return format(result);
  }

  /** Ends its loops and lets go of NVML; the next getInstance opens it again. */
  close(): void {
    for (const loop of this.loops) loop.cancel();
    this.nvsmi.close();
    if (NvidiaSmi.instance === this) NvidiaSmi.instance = undefined;
  }

  /** {@link deviceQuery} under its Python name. */
  DeviceQuery(filter: '--help' | '-h' | '--help-query-gpu'): string;
  DeviceQuery(filter?: Filter): DeviceResult;
  DeviceQuery(filter?: Filter): DeviceResult | string {
    return help(filter) ?? this.nvsmi.deviceQuery(filter);
  }

  /** {@link xmlDeviceQuery} under its Python name. */
  XmlDeviceQuery(filter?: Filter): string {
    return this.xmlDeviceQuery(filter);
  }
}

/** {@link NvidiaSmi} under its Python name. */
export const nvidia_smi = NvidiaSmi;
