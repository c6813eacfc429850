/** A driver in which every function exists and succeeds. */
import { type Bound, type Call, type Driver, type Handle, isOut, type Out } from '../../src/nvml/call.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Layout } from '../../src/nvml/layout.js';
import { allocate, arrayAt, fieldOf, itemSize, LIST_HEAD, writeText } from '../../src/nvml/memory.js';

const GPUS = 2;
export const NOT_SUPPORTED = 3;

/** What the tiny driver says beyond "yes" and zeros. */
const NUMBERS: Partial<Record<FunctionName, number>> = {
  nvmlDeviceGetCount_v2: GPUS,
  nvmlUnitGetCount: 1,
  nvmlGetExcludedDeviceCount: 1,
  nvmlDeviceGetNumFans: 2,
  nvmlDeviceGetMaxMigDeviceCount: 1,
};

const LISTS: Partial<Record<FunctionName, number>> = {
  nvmlDeviceGetSupportedMemoryClocks: 2619,
  nvmlDeviceGetComputeRunningProcesses_v3: 4242,
  nvmlDeviceGetSupportedVgpus: 11,
  nvmlDeviceGetActiveVgpus: 12,
};

const HANDLES: Partial<Record<FunctionName, (args: Call['args']) => number>> = {
  nvmlDeviceGetHandleByIndex_v2: ([index]) => 0x100 + Number(index),
  nvmlUnitGetHandleByIndex: () => 0x200,
  nvmlDeviceGetMigDeviceHandleByIndex: ([device]) => 0x300 + Number(device),
};

/** A driver in which every function exists and succeeds, with two GPUs, and fields that have odd ids. */
export class TinyDriver implements Driver {
  readonly source = 'tiny';
  readonly asked = new Map<FunctionName, number>();

  /** What every text of an answer is, where it is given; then every byte of its lists is `BYTE` and every list has an item. */
  constructor(private readonly text?: (fn: FunctionName) => string) {}

  bind(what: Call, subject?: Handle): Bound {
    const memory = what.args.filter(isOut).map((out) => allocate(out));
    const run = (): number => {
      this.asked.set(what.fn, (this.asked.get(what.fn) ?? 0) + 1);
      fill(what, subject, memory);
      const { text } = this;
      if (text !== undefined) {
        what.args.filter(isOut).forEach((out, i) => {
          plant(out, memory[i] as Buffer, () => text(what.fn));
        });
      }
      bound.status = what.fn === 'nvmlDeviceGetGpuInstanceId' ? NOT_SUPPORTED : 0;
      return bound.status;
    };
    const bound = { call: what, memory, status: 0, run, start: async () => run() };
    return bound;
  }

  close(): void {}
}

function fill(what: Call, subject: Handle | undefined, memory: readonly Buffer[]): void {
  const [first] = memory;
  if (first === undefined) return;
  const number = NUMBERS[what.fn];
  if (number !== undefined) first.writeUInt32LE(number, 0);
  const at = HANDLES[what.fn]?.(what.args);
  if (at !== undefined) first.writeBigUInt64LE(BigInt(at), 0);
  if (what.fn === 'nvmlDeviceGetUUID') writeText(first, 0, 96, `GPU-${what.args[0]}-real`);
  if (what.fn === 'nvmlDeviceGetSerial') writeText(first, 0, 30, '1324567890123');
  what.args.filter(isOut).forEach((out, i) => {
    const item = LISTS[what.fn];
    if (out.out === 'list') {
      const into = memory[i] as Buffer;
      into.writeUInt32LE(item === undefined ? 0 : 1, 0);
      if (item !== undefined) into.writeUInt32LE(item, LIST_HEAD);
    }
    if (out.out === 'fields') {
      out.ids.forEach(([id], f) => {
        (memory[i] as Buffer).writeUInt32LE(id % 2 === 0 ? NOT_SUPPORTED : 0, f * 40 + 28);
        (memory[i] as Buffer).writeUInt32LE(1, f * 40 + 24);
        (memory[i] as Buffer).writeUInt32LE(subject === 0x101n ? id + 1000 : id, f * 40 + 32);
      });
    }
  });
}

export const BYTE = 0xdd;

/** Fills the texts and the bytes of an output. */
function plant(out: Out, memory: Buffer, text: () => string): void {
  if (out.out === 'text') writeText(memory, 0, out.length, text());
  if (out.out === 'struct') {
    plantStruct(out.layout, memory, 0, text);
    if (out.array !== undefined && typeof out.array.item === 'object') {
      memory.writeUInt32LE(1, fieldOf(out.layout, out.array.filled ?? out.array.count)[1]);
      plantStruct(out.array.item, memory, arrayAt(out.layout), text);
    }
  }
  if (out.out === 'list' && typeof out.item === 'object') {
    memory.writeUInt32LE(1, 0);
    plantStruct(out.item, memory, LIST_HEAD, text);
  }
}

function plantStruct(layout: Layout, memory: Buffer, at: number, text: () => string): void {
  for (const [type, offset, length = 1] of Object.values(layout.fields)) {
    const start = at + offset;
    if (type === 'text') writeText(memory, start, length, text());
    else if (type === 'u8' && length > 1) memory.fill(BYTE, start, start + length);
    else if (typeof type === 'object') {
      for (let i = 0; i < length; i++) plantStruct(type, memory, start + i * itemSize(type), text);
    }
  }
}
