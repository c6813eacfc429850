/** A call of the NVML library: its memory and C parameters, laid out once and run at once or on a worker thread. */
import type { KoffiFunc } from 'koffi';
import { type Bound, type Call, type Handle, isOut, type Out } from '../call.js';
import { isBelievable } from '../counts.js';
import { NVML_ERROR_INSUFFICIENT_SIZE, NVML_ERROR_TIMEOUT } from '../generated/constants.js';
import type { Layout } from '../layout.js';
import { allocate, arrayAt, fieldOf, itemSize, LIST_HEAD, roomOf, SIZE_TAIL, writeText } from '../memory.js';
import type { Status } from '../status.js';
import { koffi } from './koffi.js';
import { onWorker, StuckThreads } from './workers.js';

/** Returns a status; nvmlErrorString alone returns a text. */
export type NvmlFunction = KoffiFunc<(...args: unknown[]) => number>;

/** How often a list may outgrow its buffer in one run before its status is final. */
const MAX_GROWTHS = 4;

/** An output with a count, and where in its memory the count lies. */
type Counted = Extract<Out, { out: 'list' | 'struct' }>;
const countAt = (out: Counted): number =>
  out.out === 'struct' && out.array !== undefined ? fieldOf(out.layout, out.array.count)[1] : 0;
/** Where NVML leaves how many items there are, and how many bytes an item takes. */
const filledAt = (out: Counted): number =>
  out.out === 'struct' && out.array !== undefined
    ? fieldOf(out.layout, out.array.filled ?? out.array.count)[1]
    : 0;
const bytesOfItem = (out: Counted): number => {
  if (out.out === 'list') return itemSize(out.item) + (out.beside ? 8 : 0);
  return out.array === undefined ? 0 : itemSize(out.array.item);
};

/** koffi hands on an address in less time than a Buffer (74 and 89 ns a call). The caller keeps the memory. */
const addressOf = (memory: Buffer, offset = 0): bigint => koffi().address(memory) + BigInt(offset);

/** How the count of a list is asked before its array. */
interface Counting {
  /** Which output the list is. */
  readonly index: number;
  readonly out: Extract<Out, { out: 'list' }>;
  readonly count: Buffer;
  readonly params: readonly unknown[];
}

/** Calls with the same arguments again and again. Spread from an array they take another 120 ns (Node 24). */
function repeatedly(symbol: NvmlFunction, params: readonly unknown[]): () => number | string {
  const [a, b, c, d] = params;
  switch (params.length) {
    case 1:
      return () => symbol(a);
    case 2:
      return () => symbol(a, b);
    case 3:
      return () => symbol(a, b, c);
    case 4:
      return () => symbol(a, b, c, d);
    default:
      return () => symbol(...params);
  }
}

/** A call with its arguments laid out once: running it passes the same ones again. */
export class LibraryCall implements Bound {
  readonly memory: Buffer[];
  status: Status = 0;
  reason: string | undefined;
  private readonly outs: readonly Out[];
  private params: readonly unknown[] = [];
  private invoke: () => number | string = () => 0;
  private readonly lists: readonly number[];
  /** How the count of a list is asked first. */
  private readonly counting: Counting | undefined;
  /** How many items each list has room for, and where in its memory NVML reads that. */
  private rooms: readonly { readonly index: number; readonly at: number; readonly room: number }[] = [];
  /** What NVML reads in the memory of outputs: versions and selectors of structs, sizes that are passed by pointer. */
  private presets: readonly { readonly index: number; readonly at: number; readonly before: Buffer }[] = [];

  constructor(
    readonly call: Call,
    private readonly symbol: NvmlFunction,
    private readonly subject: Handle | undefined,
  ) {
    this.outs = call.args.filter(isOut);
    this.lists = this.outs.flatMap((out, i) =>
      out.out === 'list' || (out.out === 'struct' && out.array !== undefined) ? [i] : [],
    );
    this.memory = this.outs.map((out) => allocate(out));
    this.layOut();
    this.counting = this.countingOf();
    this.outs.forEach((_, i) => {
      this.keepPreset(i);
    });
  }

  run(): Status {
    if (this.lists.length === 0) {
      this.reset();
      this.status = this.statusOf(this.invoke());
      return this.status;
    }
    for (let growths = 0; ; growths++) {
      if (this.counting !== undefined && !this.makeRoom(this.symbol(...this.counting.params))) {
        return this.status;
      }
      this.open();
      this.status = this.listStatusOf(this.invoke());
      if (!this.isTooShort(growths)) return this.status;
    }
  }

  async start(): Promise<Status> {
    this.reason = undefined;
    try {
      return await this.startAgain();
    } catch (error) {
      if (!(error instanceof StuckThreads)) throw error;
      this.reason = error.message;
      this.status = NVML_ERROR_TIMEOUT;
      return this.status;
    }
  }

  private async startAgain(): Promise<Status> {
    for (let growths = 0; ; growths++) {
      if (this.counting !== undefined && !this.makeRoom(await this.onWorker(this.counting.params))) {
        return this.status;
      }
      this.open();
      this.status = this.listStatusOf(await this.onWorker(this.params));
      if (!this.isTooShort(growths)) return this.status;
    }
  }

  private onWorker(params: readonly unknown[]): Promise<number | string> {
    return onWorker((done) => this.symbol.async(...params, done));
  }

  /** Of a function that returns a text, the text is the answer. */
  private statusOf(result: number | string): Status {
    if (typeof result === 'number') return result;
    const memory = this.memory[0] as Buffer;
    writeText(memory, 0, memory.length, result);
    return 0;
  }

  /** A success that counts more items than there is room for has not left them: the room was too small. */
  private listStatusOf(result: number | string): Status {
    const status = this.statusOf(result);
    return status === 0 && this.lists.some((index) => this.isOverfull(index))
      ? NVML_ERROR_INSUFFICIENT_SIZE
      : status;
  }

  private isOverfull(index: number): boolean {
    const out = this.outs[index] as Counted;
    const memory = this.memory[index] as Buffer;
    return memory.readUInt32LE(filledAt(out)) > roomOf(out, memory);
  }

  /** Makes the C parameters of the current memory of outputs: an output may take two, its memory and a length. */
  private layOut(): void {
    this.rooms = this.lists.map((index) => {
      const out = this.outs[index] as Counted;
      return { index, at: countAt(out), room: roomOf(out, this.memory[index] as Buffer) };
    });
    let next = 0;
    this.params = this.call.args.flatMap((arg): unknown[] => {
      if (typeof arg !== 'object') return [arg];
      if (!isOut(arg)) return [this.subject];
      return this.paramsOf(arg, this.memory[next++] as Buffer);
    });
    this.invoke = repeatedly(this.symbol, this.params);
  }

  private paramsOf(out: Out, memory: Buffer): unknown[] {
    const start = addressOf(memory);
    switch (out.out) {
      case 'scalar':
        return [start];
      case 'struct':
        if (out.array !== undefined) this.point(memory, out.layout, out.array.field);
        return out.room === undefined ? [start] : [start, addressOf(memory, memory.length - SIZE_TAIL)];
      case 'text':
        if (out.lengthBy === 'result') return [];
        if (out.lengthBy === 'none') return [start];
        if (out.lengthBy === 'pointer') return [start, addressOf(memory, memory.length - SIZE_TAIL)];
        return [start, out.length];
      case 'list': {
        const items = addressOf(memory, LIST_HEAD);
        if (out.beside) {
          return [start, items, addressOf(memory, LIST_HEAD + itemSize(out.item) * roomOf(out, memory))];
        }
        return out.arrayFirst ? [items, start] : [start, items];
      }
      case 'sized':
        return [start, memory.length];
      case 'words':
        return [out.length, start];
      case 'fields':
        return [out.ids.length, start];
    }
  }

  /** Points the pointer of a struct to the array after the struct. */
  private point(memory: Buffer, layout: Layout, field: string): void {
    memory.writeBigUInt64LE(addressOf(memory, arrayAt(layout)), fieldOf(layout, field)[1]);
  }

  private keepPreset(i: number): void {
    const out = this.outs[i] as Out;
    const memory = this.memory[i] as Buffer;
    const keep = (at: number, end: number): void => {
      this.presets = [...this.presets, { index: i, at, before: Buffer.from(memory.subarray(at, end)) }];
    };
    this.presets = this.presets.filter(({ index }) => index !== i);
    const isSized =
      out.out === 'struct' ? out.room !== undefined : out.out === 'text' && out.lengthBy === 'pointer';
    if (isSized) keep(memory.length - SIZE_TAIL, memory.length);
    if (out.out === 'struct' && Object.keys(out.set ?? {}).length > 0) keep(0, out.layout.size);
  }

  /**
   * NVML may overwrite its input: nvmlDeviceGetGpuInstanceProfileInfoV leaves version 0, and
   * would refuse the next run (H100, driver 580.159.04).
   */
  private reset(): void {
    for (const { index, at, before } of this.presets) before.copy(this.memory[index] as Buffer, at);
  }

  /** A list's count goes in as the room there is and comes out as the items there are. */
  private open(): void {
    this.reset();
    for (const { index, at, room } of this.rooms) (this.memory[index] as Buffer).writeUInt32LE(room, at);
  }

  /** The call for the count alone: the count's own memory, and no array. */
  private countingOf(): Counting | undefined {
    const [index] = this.lists;
    const out = index === undefined ? undefined : this.outs[index];
    if (index === undefined || out?.out !== 'list' || out.countFirst !== true) return undefined;
    const count = Buffer.from(new ArrayBuffer(LIST_HEAD));
    const at = this.call.args.indexOf(out);
    const params = this.params.map((param, place) =>
      place === at ? addressOf(count) : place === at + 1 ? null : param,
    );
    return { index, out, count, params };
  }

  /**
   * Makes the room exactly what was counted. Says whether there is something to fill it with. A count beyond all reason
   * gets no room.
   */
  private makeRoom(result: number | string): boolean {
    const { index, out, count } = this.counting as Counting;
    this.status = this.statusOf(result);
    const length = count.readUInt32LE(0);
    count.fill(0);
    if (this.status !== 0 && this.status !== NVML_ERROR_INSUFFICIENT_SIZE) return false;
    if (length === 0) {
      (this.memory[index] as Buffer).writeUInt32LE(0, 0);
      return false;
    }
    if (!isBelievable(length, bytesOfItem(out))) {
      this.status = NVML_ERROR_INSUFFICIENT_SIZE;
      return false;
    }
    if (length !== roomOf(out, this.memory[index] as Buffer)) {
      this.memory[index] = allocate(out, length);
      this.layOut();
    }
    return true;
  }

  /** Whether to ask again: with more room, or for the count first. */
  private isTooShort(growths: number): boolean {
    if (this.status !== NVML_ERROR_INSUFFICIENT_SIZE || growths >= MAX_GROWTHS) return false;
    return this.counting !== undefined || this.grow();
  }

  /** Makes room for the count that the library asked for, and half as much again. */
  private grow(): boolean {
    const grown: number[] = [];
    for (const i of this.lists) {
      const out = this.outs[i] as Counted;
      const memory = this.memory[i] as Buffer;
      const wanted = Math.max(memory.readUInt32LE(countAt(out)), memory.readUInt32LE(filledAt(out)));
      const room = roomOf(out, memory);
      if (wanted <= room || !isBelievable(wanted, bytesOfItem(out))) continue;
      this.memory[i] = allocate(out, wanted + (wanted >> 1));
      grown.push(i);
    }
    if (grown.length === 0) return false;
    this.layOut();
    for (const i of grown) this.keepPreset(i);
    return true;
  }
}
