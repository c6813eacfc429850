/** A call of the NVML library: its memory and C parameters, laid out once and run at once or on a worker thread. */
import type { KoffiFunc } from 'koffi';
import { type Bound, type Call, type Handle, isOut, type Out } from './call.js';
import { NVML_ERROR_GPU_IS_LOST, NVML_ERROR_INSUFFICIENT_SIZE } from './generated/constants.js';
import { koffi } from './koffi.js';
import type { Layout } from './layout.js';
import { allocate, arrayAt, fieldOf, itemSize, LIST_HEAD, roomOf, SIZE_TAIL, writeText } from './memory.js';
import type { Status } from './status.js';
import { onWorker } from './workers.js';

/** Returns a status; nvmlErrorString alone returns a text. */
export type NvmlFunction = KoffiFunc<(...args: unknown[]) => number>;

/** How often a list may outgrow its buffer in one run before its status is taken as it is. */
const MAX_GROWTHS = 4;

/** An output with a count, and where in its memory the count lies. */
type Counted = Extract<Out, { out: 'list' | 'struct' }>;
const countAt = (out: Counted): number =>
  out.out === 'struct' && out.array !== undefined ? fieldOf(out.layout, out.array.count)[1] : 0;

/** koffi hands on an address in less time than a Buffer (74 and 89 ns a call). Whoever passes it keeps the memory. */
const addressOf = (memory: Buffer, offset = 0): bigint => koffi().address(memory) + BigInt(offset);

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
  private readonly outs: readonly Out[];
  private params: readonly unknown[] = [];
  private invoke: () => number | string = () => 0;
  private readonly lists: readonly number[];
  private readonly asksCountFirst: boolean;
  /** How many items each list has room for, and where in its memory NVML reads that. */
  private rooms: readonly { readonly index: number; readonly at: number; readonly room: number }[] = [];
  /** What NVML is told in the memory of outputs: versions and selectors of structs, sizes behind a pointer. */
  private presets: readonly { readonly index: number; readonly at: number; readonly before: Buffer }[] = [];

  constructor(
    readonly call: Call,
    private readonly symbol: NvmlFunction,
    private readonly subject: Handle | undefined,
    private readonly onLostGpu: () => void,
  ) {
    this.outs = call.args.filter(isOut);
    this.lists = this.outs.flatMap((out, i) =>
      out.out === 'list' || (out.out === 'struct' && out.array !== undefined) ? [i] : [],
    );
    const [first] = this.lists;
    const list = first === undefined ? undefined : this.outs[first];
    this.asksCountFirst = list?.out === 'list' && list.countFirst === true;
    this.memory = this.outs.map((out) => allocate(out));
    this.layOut();
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
    if (this.isEmpty()) return this.status;
    for (let growths = 0; ; growths++) {
      this.reset();
      this.openLists();
      this.status = this.statusOf(this.invoke());
      if (this.status !== NVML_ERROR_INSUFFICIENT_SIZE || growths >= MAX_GROWTHS || !this.grow()) {
        return this.status;
      }
    }
  }

  async start(): Promise<Status> {
    if (this.isEmpty()) return this.status;
    for (let growths = 0; ; growths++) {
      this.reset();
      this.openLists();
      const result = await onWorker<number | string>((done) => this.symbol.async(...this.params, done));
      this.status = this.statusOf(result);
      if (this.status !== NVML_ERROR_INSUFFICIENT_SIZE || growths >= MAX_GROWTHS || !this.grow()) {
        return this.status;
      }
    }
  }

  /** Of a function that returns a text, the text is the answer. */
  private statusOf(result: number | string): Status {
    if (typeof result === 'number') {
      if (result === NVML_ERROR_GPU_IS_LOST && this.subject !== undefined) this.onLostGpu();
      return result;
    }
    const memory = this.memory[0] as Buffer;
    writeText(memory, 0, memory.length, result);
    return 0;
  }

  /** Takes the outputs' memory as it is now. */
  private layOut(): void {
    this.params = this.paramsNow();
    this.invoke = repeatedly(this.symbol, this.params);
  }

  /** The C parameters: an output may take two of them, its memory and a length. */
  private paramsNow(): readonly unknown[] {
    this.rooms = this.lists.map((index) => {
      const out = this.outs[index] as Counted;
      return { index, at: countAt(out), room: roomOf(out, this.memory[index] as Buffer) };
    });
    let next = 0;
    return this.call.args.flatMap((arg): unknown[] => {
      if (typeof arg !== 'object') return [arg];
      if (!isOut(arg)) return [this.subject];
      return this.paramsOf(arg, this.memory[next++] as Buffer);
    });
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

  /** Lets a struct's pointer point to the array behind the struct. */
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
   * NVML may write over what it was told: nvmlDeviceGetGpuInstanceProfileInfoV leaves version 0 behind, and
   * would refuse the next run (H100, driver 580.159.04).
   */
  private reset(): void {
    for (const { index, at, before } of this.presets) before.copy(this.memory[index] as Buffer, at);
  }

  /** A list's count goes in as the room there is and comes out as the items there are. */
  private openLists(): void {
    if (this.asksCountFirst) return;
    for (const { index, at, room } of this.rooms) (this.memory[index] as Buffer).writeUInt32LE(room, at);
  }

  /** Where the count is asked first, asks for it and makes the room exactly that. Says whether that was all. */
  private isEmpty(): boolean {
    if (!this.asksCountFirst) return false;
    const [i] = this.lists as [number];
    const out = this.outs[i] as Extract<Out, { out: 'list' }>;
    const count = Buffer.alloc(LIST_HEAD);
    const at = this.call.args.indexOf(out);
    const params = this.paramsNow().map((param, place) =>
      place === at ? count : place === at + 1 ? null : param,
    );
    this.status = this.statusOf(this.symbol(...params));
    const length = count.readUInt32LE(0);
    if (this.status !== 0) return false;
    if (length === 0) {
      count.copy(this.memory[i] as Buffer);
      return true;
    }
    this.memory[i] = allocate(out, length);
    count.copy(this.memory[i] as Buffer);
    this.layOut();
    return false;
  }

  /** Makes room for the count that the library asked for, and half as much again. */
  private grow(): boolean {
    const grown: number[] = [];
    for (const i of this.lists) {
      const out = this.outs[i] as Counted;
      const memory = this.memory[i] as Buffer;
      const wanted = memory.readUInt32LE(countAt(out));
      const room = roomOf(out, memory);
      if (wanted <= room || wanted > 1_000_000) continue;
      this.memory[i] = allocate(out, wanted + (wanted >> 1));
      grown.push(i);
    }
    if (grown.length === 0) return false;
    this.layOut();
    for (const i of grown) this.keepPreset(i);
    return true;
  }
}
