/**
 * The handles that the program works with while other processes call NVML. A pointer is good for one process, and a handle for
 * any: it is the name of the question whose answer the pointer is, and that can be asked again.
 */
import { type Call, type Handle, isOut, type Out } from '../../call.js';
import type { FunctionName } from '../../generated/functions.js';
import { writes } from '../../generated/writes.js';
import { filledOf, LIST_HEAD } from '../../memory.js';
import { isBoundToProcess } from './quick.js';

/** Where a handle comes from: a place among the outputs of a call. */
export interface Origin {
  readonly handle: Handle;
  readonly call: Call;
  readonly subject: Handle | undefined;
  readonly out: number;
  readonly item: number;
  /** The lane of calls about what the handle is of. */
  readonly lane: string;
}

/** The pointers of one process. */
export class Pointers {
  private readonly pointers = new Map<bigint, bigint>();
  private readonly handles = new Map<bigint, Handle>();

  has(handle: bigint): boolean {
    return this.pointers.has(handle);
  }

  /** The pointer of a handle; what is no handle stays. */
  readonly of = (value: bigint): bigint => this.pointers.get(value) ?? value;

  handleOf(pointer: bigint): Handle | undefined {
    return this.handles.get(pointer);
  }

  keep(handle: Handle, pointer: bigint): void {
    this.pointers.set(handle, pointer);
    this.handles.set(pointer, handle);
  }
}

/** Far from every address and number that NVML uses: "NVML" in its upper half. */
const FIRST = 0x4e564d4c_00000000n;

/** Whether a value is one of these handles: no pointer is. */
export const isName = (value: bigint): boolean => value >> 32n === FIRST >> 32n;

/** Calls about no handle. */
const SYSTEM_LANE = 'system';

/** Takes 69 ms on an H100, and the others need not wait for it. */
const LANE_OF_ITS_OWN: ReadonlySet<FunctionName> = new Set(['nvmlDeviceValidateInforom']);

export class Handles {
  private readonly byHandle = new Map<bigint, Origin>();
  private readonly byQuestion = new Map<string, Origin[]>();

  origin(handle: bigint): Origin | undefined {
    return this.byHandle.get(handle);
  }

  /** The handles that a call is given. */
  givenTo({ args }: Call, subject: Handle | undefined): readonly Handle[] {
    const values = args.flatMap((arg): readonly unknown[] => {
      if (typeof arg !== 'object') return [arg];
      // A question about the system comes with the GPU whose field it is for.
      if (!isOut(arg)) return [subject];
      return arg.out === 'struct' ? Object.values(arg.set ?? {}) : [];
    });
    return values.filter((value): value is Handle => typeof value === 'bigint' && this.byHandle.has(value));
  }

  /**
   * The lane of a call: that of the GPU that it is about, that of MIG devices included. One GPU that does not answer holds up no
   * other.
   */
  laneOf(call: Call, subject: Handle | undefined): string {
    const [first] = this.givenTo(call, subject);
    const lane = first === undefined ? this.ownLane(call) : (this.origin(first) as Origin).lane;
    return LANE_OF_ITS_OWN.has(call.fn) ? `${lane} ${call.fn}` : lane;
  }

  /** Puts handles in the place of the pointers that a process left in the outputs of a call. */
  take(call: Call, subject: Handle | undefined, memory: readonly Buffer[], pointers: Pointers): void {
    call.args.filter(isOut).forEach((out, index) => {
      const buffer = memory[index];
      if (buffer === undefined) return;
      for (const [item, at] of handlePlaces(out, buffer).entries()) {
        const pointer = buffer.readBigUInt64LE(at);
        if (pointer === 0n) continue;
        const handle = pointers.handleOf(pointer) ?? this.made(call, subject, index, item, pointer, pointers);
        buffer.writeBigUInt64LE(handle, at);
      }
      for (const at of pointerPlaces(out)) {
        const handle = pointers.handleOf(buffer.readBigUInt64LE(at));
        if (handle !== undefined) buffer.writeBigUInt64LE(handle, at);
      }
    });
  }

  /** Makes handles of the pointers that NVML in this process gave out: they are good for other processes, too. */
  adopt(call: Call, memory: readonly Buffer[]): void {
    if (writes.has(call.fn) || isBoundToProcess(call.fn)) return;
    call.args.filter(isOut).forEach((out, index) => {
      const buffer = memory[index];
      if (buffer === undefined) return;
      for (const [item, at] of handlePlaces(out, buffer).entries()) {
        const handle = buffer.readBigUInt64LE(at) as Handle;
        if (handle === 0n || this.byHandle.has(handle)) continue;
        this.keep({ handle, call, subject: undefined, out: index, item, lane: this.laneOf(call, undefined) });
      }
    });
  }

  private keep(origin: Origin): void {
    const { call, subject, out, item } = origin;
    const question = `${questionOf(call, subject)} ${out} ${item}`;
    this.byQuestion.set(question, [...(this.byQuestion.get(question) ?? []), origin]);
    this.byHandle.set(origin.handle, origin);
  }

  /** The handle for a pointer that is new to its process: another process may have answered the same question before. */
  private made(
    call: Call,
    subject: Handle | undefined,
    out: number,
    item: number,
    pointer: bigint,
    pointers: Pointers,
  ): Handle {
    const question = `${questionOf(call, subject)} ${out} ${item}`;
    const known = this.byQuestion.get(question) ?? [];
    const free = known.find(({ handle }) => !pointers.has(handle));
    const origin = free ?? {
      handle: (FIRST + (BigInt(this.byHandle.size + 1) << 8n)) as Handle,
      call,
      subject,
      out,
      item,
      lane: this.laneOf(call, subject),
    };
    if (free === undefined) this.keep(origin);
    pointers.keep(origin.handle, pointer);
    return origin.handle;
  }

  /** Of a call without a handle: what gives out a handle begins a lane. */
  private ownLane(call: Call): string {
    const givesHandle = call.args.some((arg) => typeof arg === 'object' && isOut(arg) && isHandle(arg));
    return givesHandle ? questionOf(call, undefined) : SYSTEM_LANE;
  }
}

const isHandle = (out: Out): boolean =>
  (out.out === 'scalar' && out.type === 'ptr') || (out.out === 'list' && out.item === 'ptr');

/** Where handles are in the memory of an output. */
function handlePlaces(out: Out, memory: Buffer): readonly number[] {
  if (!isHandle(out)) return [];
  if (out.out !== 'list') return [0];
  return Array.from({ length: filledOf(out, memory) }, (_, i) => LIST_HEAD + i * 8);
}

/** Where a struct has pointers, which may be handles. */
function pointerPlaces(out: Out): readonly number[] {
  if (out.out !== 'struct') return [];
  return Object.values(out.layout.fields).flatMap(([type, at, length]) =>
    type === 'ptr' && length === undefined ? [at] : [],
  );
}

/** A call by its function and what it is given: nvmlDeviceGetHandleByIndex_v2(1). */
function questionOf({ fn, args }: Call, subject: Handle | undefined): string {
  const given = args.flatMap((arg) => (typeof arg === 'object' ? (isOut(arg) ? [] : [subject]) : [arg]));
  return `${fn}(${given.join(', ')})`;
}

/** What a lane is about, for a person: GPU 1. Empty for the system. */
export function nameOfLane(lane: string): string {
  const [, what, which] = /^nvml(Device|Unit)GetHandleBy\w+\(([^,)]*)\)/.exec(lane) ?? [];
  if (what === undefined) return '';
  return `${what === 'Unit' ? 'unit' : 'GPU'} ${which}`;
}
