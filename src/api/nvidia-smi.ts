/** The nvidia_smi object of pynvml_utils. */
import { shown } from '../nvml/functions/check.js';
import { Ending, endedBy } from '../nvml/functions/ending.js';
import { alreadyOpen } from '../nvml/functions/load.js';
import { type OpenOptions, sourceName, sourceOf } from '../nvml/functions/options.js';
import type { Filter } from './filter.js';
import { format } from './format.js';
import type { DeviceResult } from './generated/device.js';
import { QUERY_NAMES } from './generated/nvsmi-ids.js';
import type { Nvsmi } from './nvsmi.js';
import { open } from './open.js';
import { checkPeriod } from './watch.js';

const HELP = `deviceQuery(filter?)     what is asked about every GPU, as an object
xmlDeviceQuery(filter?)  the same as an XML document

The filter is a comma list of names ('memory.total,memory.free'), or an array of names or ids
([NVSMI.MEMORY_TOTAL, NVSMI.MEMORY_FREE]). Without one everything is answered; names that are not known
are ignored. '--help-query-gpu' lists the names.
`;

/** Names of one id, on one line. */
function helpNames(): string {
  const byId = new Map<number, string[]>();
  for (const [name, id] of QUERY_NAMES) byId.set(id, [...(byId.get(id) ?? []), `"${name}"`]);
  return [...byId.values()].map((names) => `${names.join(' or ')}\n`).join('');
}

function help(filter: Filter | undefined): string | undefined {
  if (filter === '--help' || filter === '-h') return HELP;
  return filter === '--help-query-gpu' ? helpNames() : undefined;
}

/** Takes each result of a loop. The loop continues when it has returned, or when its promise has ended. */
export type LoopCallback = (loop: Loop, result: DeviceResult) => void | Promise<void>;

/** The results at a pace, until the signal. */
type Watch = (signal: AbortSignal) => AsyncIterable<DeviceResult>;

/**
 * A query that repeats by itself: read by a callback, by {@link result} or `for await`; ended by {@link cancel}, by
 * the end of the last `for await` over it, or with its NvidiaSmi.
 */
export class Loop implements AsyncIterable<DeviceResult> {
  readonly #controller = new AbortController();
  #last: DeviceResult | undefined;
  #waiting: ((result: DeviceResult | undefined) => void)[] = [];
  #iterations = 0;
  /**
   * Ends with the loop; fails with the callback or the query. A failure that is not awaited, here or by `for await`, is
   * an unhandled rejection.
   */
  readonly done: Promise<void>;

  constructor(watch: Watch, callback: LoopCallback | undefined, onEnd: () => void) {
    this.done = this.#run(watch(this.#controller.signal), callback, onEnd);
  }

  /** Ends the loop after the current sample. */
  cancel(): void {
    this.#controller.abort();
  }

  isAborted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The newest result, or undefined before the first. */
  result(): DeviceResult | undefined {
    return this.#last;
  }

  [Symbol.asyncIterator](): AsyncGenerator<DeviceResult, void, undefined> {
    const ending = new Ending([]);
    return endedBy(this.#results(ending), ending);
  }

  async *#results(ending: Ending): AsyncGenerator<DeviceResult, void, undefined> {
    this.#iterations++;
    // This iteration reports a failure.
    this.done.catch(() => undefined);
    try {
      for (;;) {
        const next = await ending.until(this.#next());
        if (ending.isOver) return;
        if (next === undefined) return await this.done;
        yield next;
      }
    } finally {
      if (--this.#iterations === 0) this.cancel();
    }
  }

  /** The next result, or undefined at the end. */
  #next(): Promise<DeviceResult | undefined> {
    return new Promise((resolve) => {
      if (this.isAborted()) resolve(undefined);
      else this.#waiting.push(resolve);
    });
  }

  async #run(
    results: AsyncIterable<DeviceResult>,
    callback: LoopCallback | undefined,
    onEnd: () => void,
  ): Promise<void> {
    try {
      for await (const result of results) {
        this.#last = result;
        await callback?.(this, result);
        this.#deliver(result);
      }
    } finally {
      this.#controller.abort();
      onEnd();
      this.#deliver(undefined);
    }
  }

  #deliver(result: DeviceResult | undefined): void {
    const listeners = this.#waiting;
    this.#waiting = [];
    for (const listener of listeners) listener(result);
  }
}

/** The one object, and what it was opened with. */
interface SharedSmi {
  readonly smi: NvidiaSmi;
  readonly source: string;
}

/**
 * What pynvml_utils calls nvidia_smi: one object per process over an open NVML.
 *
 *     const nvsmi = NvidiaSmi.getInstance();
 *     nvsmi.deviceQuery('memory.free, memory.total');
 */
export class NvidiaSmi {
  static #instance: SharedSmi | undefined;

  readonly #loops = new Set<Loop>();
  readonly #nvsmi: Nvsmi;

  private constructor(nvsmi: Nvsmi) {
    this.#nvsmi = nvsmi;
  }

  /**
   * The one object. The first call opens NVML, with these options as {@link open} does; later ones need none.
   *
   * @throws NVMLError where NVML cannot be opened
   * @throws NVMLError_AlreadyInitialized where it is open with other options
   * @throws SnapshotError, KoffiNotFound, TypeError as {@link open} does
   */
  static getInstance(options?: OpenOptions): NvidiaSmi {
    const known = NvidiaSmi.#instance;
    if (known !== undefined && options === undefined) return known.smi;
    const source = sourceName(sourceOf('getInstance', options === undefined ? {} : options));
    if (known === undefined) {
      NvidiaSmi.#instance = { smi: new NvidiaSmi(open(options)), source };
      return NvidiaSmi.#instance.smi;
    }
    if (known.source !== source) throw alreadyOpen('getInstance', known.source, source);
    return known.smi;
  }

  /** {@link loop} of the one object. */
  static loop(everyMs = 1, filter?: Filter, callback?: LoopCallback): Loop {
    return NvidiaSmi.getInstance().loop(everyMs, filter, callback);
  }

  /** The values that the filter names, of every GPU; with `--help` or `--help-query-gpu` the help. */
  deviceQuery(filter: '--help' | '-h' | '--help-query-gpu'): string;
  deviceQuery(filter?: Filter): DeviceResult;
  deviceQuery(filter?: Filter): DeviceResult | string {
    return help(filter) ?? this.#nvsmi.deviceQuery(filter);
  }

  /** The same as an XML document. */
  xmlDeviceQuery(filter?: Filter): string {
    return help(filter) ?? this.#nvsmi.xmlDeviceQuery(filter);
  }

  /**
   * Asks again and again, without holding up the program. A callback may be asynchronous: the next question waits for it,
   * and ticks that pass meanwhile are left out.
   *
   * @param everyMs milliseconds from one question to the next; 1 where nothing is said, as in pynvml_utils
   * @throws RangeError, TypeError at once, for an invalid period, filter or callback
   */
  loop(everyMs = 1, filter?: Filter, callback?: LoopCallback): Loop {
    checkPeriod('loop', everyMs);
    if (callback !== undefined && typeof callback !== 'function') {
      throw new TypeError(`loop: callback must be a function, not ${shown(callback)}`);
    }
    const watch: Watch = (signal) => this.#nvsmi.deviceWatch(filter, { everyMs, signal });
    const loop: Loop = new Loop(watch, callback, () => this.#loops.delete(loop));
    this.#loops.add(loop);
    return loop;
  }

  /** A result as indented text. */
  format(result: DeviceResult | string): string {
    return format(result);
  }

  /** Ends its loops and releases NVML; the next getInstance opens it again. */
  close(): void {
    for (const loop of this.#loops) loop.cancel();
    this.#nvsmi.close();
    if (NvidiaSmi.#instance?.smi === this) NvidiaSmi.#instance = undefined;
  }

  /** {@link deviceQuery} under its Python name. */
  DeviceQuery(filter: '--help' | '-h' | '--help-query-gpu'): string;
  DeviceQuery(filter?: Filter): DeviceResult;
  DeviceQuery(filter?: Filter): DeviceResult | string {
    return help(filter) ?? this.#nvsmi.deviceQuery(filter);
  }

  /** {@link xmlDeviceQuery} under its Python name. */
  XmlDeviceQuery(filter?: Filter): string {
    return this.xmlDeviceQuery(filter);
  }
}

/** {@link NvidiaSmi} under its Python name. */
export const nvidia_smi = NvidiaSmi;
