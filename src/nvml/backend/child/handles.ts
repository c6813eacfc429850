/**
 * The handles that the program works with while other processes call NVML. A pointer is good for one process, and a handle for
 * any: it is the name of the question whose answer the pointer is, and that can be asked again.
 */
import { type Call, type Handle, isOut, type Out } from '../../call.js';
import type { FunctionName } from '../../generated/functions.js';
import { writes } from '../../generated/writes.js';
import { filledOf, LIST_HEAD } from '../../memory.js';
import { isHandle, pointerPlaces, shapeOf } from './call-shape.js';
import { isBoundToProcess } from './quick.js';

/** A call about a subject, and what is known of it whichever process makes it. */
export interface SubjectCall {
  readonly call: Call;
  readonly subject: Handle | undefined;
  /** What it is about: one GPU that does not answer holds up no other. */
  readonly lane: string;
  /** The handles that it is given. */
  readonly handles: readonly Handle[];
  /** Whether there may be handles in its outputs. */
  readonly givesHandles: boolean;
}

/** Where a handle comes from: a place among the outputs of a call. */
export interface Origin {
  readonly handle: Handle;
  readonly from: SubjectCall;
  readonly out: number;
  readonly item: number;
}

/** The pointers of one process. */
export class Pointers {
  private readonly pointers = new Map<bigint, bigint>();
  private readonly handles = new Map<bigint, Handle>();

  readonly has = (handle: bigint): boolean => this.pointers.has(handle);

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

  about(call: Call, subject: Handle | undefined): SubjectCall {
    const { takesSubject, given, isForHandles, givesHandles } = shapeOf(call);
    const inputs = takesSubject && subject !== undefined ? [subject, ...given] : given;
    const handles = inputs.filter((value): value is Handle => this.byHandle.has(value));
    // Of a call without a handle: what gives out a handle begins a lane.
    const [of] = handles;
    const own = isForHandles ? questionOf(call, undefined) : SYSTEM_LANE;
    const lane = of === undefined ? own : (this.origin(of) as Origin).from.lane;
    return {
      call,
      subject,
      handles,
      lane: LANE_OF_ITS_OWN.has(call.fn) ? `${lane} ${call.fn}` : lane,
      givesHandles,
    };
  }

  /**
   * Puts handles in place of the pointers that a process left in the outputs of a call. `wanted` is the one that the call was
   * made again for: a question without inputs, such as that for a GPM sample, has many.
   */
  take(asked: SubjectCall, memory: readonly Buffer[], pointers: Pointers, wanted?: Handle): void {
    if (!asked.givesHandles) return;
    asked.call.args.filter(isOut).forEach((out, index) => {
      const buffer = memory[index];
      if (buffer === undefined) return;
      for (const [item, at] of handlePlaces(out, buffer).entries()) {
        const pointer = buffer.readBigUInt64LE(at);
        if (pointer === 0n) continue;
        const handle = pointers.handleOf(pointer) ?? this.made(asked, index, item, pointer, pointers, wanted);
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
    const from = this.about(call, undefined);
    call.args.filter(isOut).forEach((out, index) => {
      const buffer = memory[index];
      if (buffer === undefined) return;
      for (const [item, at] of handlePlaces(out, buffer).entries()) {
        const handle = buffer.readBigUInt64LE(at) as Handle;
        if (handle === 0n || this.byHandle.has(handle)) continue;
        this.keep({ handle, from, out: index, item });
      }
    });
  }

  private keep(origin: Origin): void {
    const question = placeOf(origin);
    this.byQuestion.set(question, [...(this.byQuestion.get(question) ?? []), origin]);
    this.byHandle.set(origin.handle, origin);
  }

  /** The handle for a pointer that is new to its process: another process may have answered the same question before. */
  private made(
    from: SubjectCall,
    out: number,
    item: number,
    pointer: bigint,
    pointers: Pointers,
    wanted: Handle | undefined,
  ): Handle {
    const known = this.byQuestion.get(placeOf({ from, out, item })) ?? [];
    const isFree = ({ handle }: Origin): boolean => !pointers.has(handle);
    // A new sample is not one that another part of the program has from a process before.
    const isAny = !isBoundToProcess(from.call.fn);
    const free =
      known.find((each) => each.handle === wanted && isFree(each)) ??
      (isAny ? known.find(isFree) : undefined);
    const origin = free ?? {
      handle: (FIRST + (BigInt(this.byHandle.size + 1) << 8n)) as Handle,
      from,
      out,
      item,
    };
    if (free === undefined) this.keep(origin);
    pointers.keep(origin.handle, pointer);
    return origin.handle;
  }
}

/** Where handles are in the memory of an output. */
function handlePlaces(out: Out, memory: Buffer): readonly number[] {
  if (!isHandle(out)) return [];
  if (out.out !== 'list') return [0];
  return Array.from({ length: filledOf(out, memory) }, (_, i) => LIST_HEAD + i * 8);
}

/** A call by its function and what it is given: nvmlDeviceGetHandleByIndex_v2(1). */
function questionOf({ fn, args }: Call, subject: Handle | undefined): string {
  const given = args.flatMap((arg) => (typeof arg === 'object' ? (isOut(arg) ? [] : [subject]) : [arg]));
  return `${fn}(${given.join(', ')})`;
}

/** A place among the outputs of a call, by what is asked. */
const placeOf = ({ from, out, item }: Pick<Origin, 'from' | 'out' | 'item'>): string =>
  `${questionOf(from.call, from.subject)} ${out} ${item}`;

/** What a lane is about, for a person: GPU 1. Empty for the system. */
export function nameOfLane(lane: string): string {
  const [, what, which] = /^nvml(Device|Unit)GetHandleBy\w+\(([^,)]*)\)/.exec(lane) ?? [];
  if (what === undefined) return '';
  return `${what === 'Unit' ? 'unit' : 'GPU'} ${which}`;
}
