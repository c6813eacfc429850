import { describe, expect, it } from 'vitest';
import { type MessageReader, Messages, MessageWriter } from '../../../src/nvml/backend/child/bytes.js';
import { Handles, Pointers } from '../../../src/nvml/backend/child/handles.js';
import {
  type Answered,
  NONE,
  type Orders,
  readNews,
  readOrders,
  writeNews,
  writeOrders,
} from '../../../src/nvml/backend/child/messages.js';
import { callIn, textOf } from '../../../src/nvml/backend/child/sent-call.js';
import { SentCalls } from '../../../src/nvml/backend/child/sent-calls.js';
import { type Call, call, type Handle, SUBJECT, struct } from '../../../src/nvml/call.js';
import { callOf } from '../../../src/nvml/call-of.js';
import { nvmlGpmSampleAlloc } from '../../../src/nvml/generated/entries.js';
import { answerIn } from '../../../src/nvml/memory.js';

const GPU = 0x4e564d4c_00000100n as Handle;
const POINTER = 0x7f00_1234_5678n;

const temperature = call('nvmlDeviceGetTemperature', SUBJECT, 0);
const between = call('nvmlDeviceGetTopologyCommonAncestor', SUBJECT, GPU, {
  out: 'scalar',
  name: 'pathInfo',
  type: 'u32',
});
const versioned = call(
  'nvmlDeviceGetTemperatureV',
  SUBJECT,
  struct({ size: 12, fields: { version: ['u32', 0], temperature: ['i32', 8] } }, { version: 16777228 }),
);

const pointers = new Pointers();
pointers.keep(GPU, POINTER);

function sentCalls() {
  const sent = new SentCalls(pointers);
  const of = (each: Call) => sent.of(new Handles().about(each, GPU));
  return { sent, of };
}

/** As it arrives, in pieces of a few bytes. */
function arrived<T>(message: Buffer, read: (from: MessageReader) => T): T[] {
  const messages = new Messages();
  const pieces = Array.from({ length: Math.ceil(message.length / 5) }, (_, i) =>
    message.subarray(5 * i, 5 * i + 5),
  );
  return pieces.flatMap((piece) => messages.with(piece)).map(read);
}

describe('a call that is made again and again', () => {
  it('is sent whole, then whole with a number, and by its number from then on', () => {
    const { sent, of } = sentCalls();
    const text = textOf(temperature, pointers.of);
    expect(of(temperature)).toEqual({ number: NONE, text, subject: POINTER });
    expect(sent.takeKnown()).toEqual([]);
    expect(of(temperature)).toEqual({ number: 1, text: '', subject: POINTER });
    expect(sent.takeKnown()).toEqual([{ number: 1, text }]);
    expect(of(temperature)).toEqual({ number: 1, text: '', subject: POINTER });
    expect(sent.takeKnown()).toEqual([]);
    // One that every sample makes again is never kept.
    for (let i = 0; i < 3; i++) expect(of(call('nvmlDeviceGetTemperature', SUBJECT, 0)).number).toBe(NONE);
  });

  it('has its number before it is asked for where it was announced, unless it is given a handle', () => {
    const { sent, of } = sentCalls();
    for (const each of [versioned, between, versioned]) sent.announce(each);
    expect(sent.takeKnown()).toEqual([{ number: 1, text: textOf(versioned, pointers.of) }]);
    expect(of(versioned)).toEqual({ number: 1, text: '', subject: POINTER });
    expect(of(between).number).toBe(NONE);
  });

  it('has the pointers of the process that makes it, and of a layout what is filled before', () => {
    expect(callIn(textOf(between, pointers.of)).args[1]).toBe(POINTER);
    const layout = { size: 12, fields: { version: ['u32', 0] } };
    expect(callIn(textOf(versioned, pointers.of)).args[1]).toEqual({
      out: 'struct',
      layout,
      set: { version: 16777228 },
    });
  });
});

describe('a message', () => {
  it('is read as it was written, in whatever pieces it arrives', () => {
    const order = { id: 7, lane: 2, number: 3, text: '', subject: POINTER, given: [Buffer.from('in')] };
    const orders: Orders = {
      isQuick: true,
      known: [{ number: 3, text: textOf(versioned, pointers.of) }],
      dropped: [5, 6],
      calls: [order, { ...order, id: 8, number: NONE, text: 'ä'.repeat(5000), subject: 0n, given: [] }],
    };
    expect(arrived(writeOrders(orders, new MessageWriter()), readOrders)).toEqual([orders]);
    const answers: readonly Answered[] = [
      { id: 7, status: 0, memory: [Buffer.from('out'), Buffer.alloc(0)], reason: undefined },
      { id: 8, status: undefined, memory: [], reason: undefined },
      { id: 9, status: -1, memory: [], reason: 'all threads are taken' },
    ];
    const writer = new MessageWriter();
    const both = Buffer.concat([writeNews({ loaded: 'NVML' }, writer), writeNews({ answers }, writer)]);
    expect(arrived(both, (from) => readNews(from))).toEqual([{ loaded: 'NVML' }, { answers }]);
  });

  it('puts an answer into the memory of the last one where that has its size', () => {
    const [one, other] = [Buffer.from('old'), Buffer.from('longer')];
    const answers: readonly Answered[] = [
      { id: 7, status: 0, memory: [Buffer.from('new'), Buffer.from('short')], reason: undefined },
    ];
    const message = writeNews({ answers }, new MessageWriter());
    const [news] = arrived(message, (from) => readNews(from, (id) => (id === 7 ? [one, other] : undefined)));
    expect(news).toEqual({ answers });
    expect(one.toString()).toBe('new');
    expect(other.toString()).toBe('longer');
  });

  it('has of an answer what is read: the items that there are, the fields that are wanted', () => {
    const list = Buffer.alloc(8 + 8 * 4);
    list.writeUInt32LE(2, 0);
    expect(answerIn({ out: 'list', item: 'u32', capacity: 8 }, list)).toHaveLength(8 + 2 * 4);
    const layout = { size: 12, fields: { count: ['u32', 4], items: ['ptr', 8] } } as const;
    const array = { field: 'items', count: 'count', item: 'u64', room: 4 } as const;
    const pointed = Buffer.alloc(16 + 4 * 8);
    pointed.writeUInt32LE(3, 4);
    expect(answerIn({ out: 'struct', layout, array }, pointed)).toHaveLength(16 + 3 * 8);
    expect(answerIn({ out: 'struct', layout, answer: 8 }, Buffer.alloc(12))).toHaveLength(8);
    expect(answerIn({ out: 'struct', layout }, Buffer.alloc(12))).toHaveLength(12);
  });
});

describe('a handle that a question without inputs gave', () => {
  const alloc = callOf(nvmlGpmSampleAlloc);
  const answered = (pointer: bigint): readonly Buffer[] => {
    const memory = Buffer.alloc(8);
    memory.writeBigUInt64LE(pointer);
    return [memory];
  };
  const nameIn = ([memory]: readonly Buffer[]): bigint | undefined => memory?.readBigUInt64LE();

  it('is found again in another process by itself, and is given to no other', () => {
    const handles = new Handles();
    const asked = handles.about(alloc, undefined);
    const [first, second] = [new Pointers(), new Pointers()];
    const names = [0x1000n, 0x2000n].map((pointer) => {
      const memory = answered(pointer);
      handles.take(asked, memory, first);
      return nameIn(memory) as Handle;
    });
    const again = answered(0x3000n);
    handles.take(asked, again, second, names[1]);
    expect([nameIn(again), second.of(names[1] as Handle)]).toEqual([names[1], 0x3000n]);
    // The other one is still that of who had it.
    const another = answered(0x4000n);
    handles.take(asked, another, second);
    expect(names).not.toContain(nameIn(another));
  });
});
