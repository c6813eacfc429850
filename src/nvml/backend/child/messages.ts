/** What the program and the process that calls NVML for it say to each other. */
import type { Status } from '../../status.js';
import type { MessageReader, MessageWriter } from './bytes.js';

/** Of a call that is made more than once: its text is sent once, and its number from then on. */
export interface KnownCall {
  readonly number: number;
  readonly text: string;
}

/** A call to be made. Calls of one lane are made in their order, those of different lanes side by side. */
export interface Order {
  readonly id: number;
  /** NONE where it waits for no other call. */
  readonly lane: number;
  /** The number of a known call; NONE where its text is here. */
  readonly number: number;
  readonly text: string;
  /** The handle that it is about, 0 for none. */
  readonly subject: bigint;
  /** What was filled for the call: the memory of its outputs, in their order. */
  readonly given: readonly Uint8Array[];
}

export const NONE = 0;

/** To the process: calls that follow, and those that need not be made any longer. */
export interface Orders {
  /** Calls are made one after another, but for those that take long. */
  readonly isQuick: boolean;
  readonly known: readonly KnownCall[];
  readonly dropped: readonly number[];
  readonly calls: readonly Order[];
}

export function writeOrders({ isQuick, known, dropped, calls }: Orders, into: MessageWriter): Buffer {
  into.number(Number(isQuick));
  into.number(known.length);
  for (const { number, text } of known) {
    into.number(number);
    into.text(text);
  }
  into.number(dropped.length);
  for (const id of dropped) into.number(id);
  for (const { id, lane, number, text, subject, given } of calls) {
    into.number(id);
    into.number(lane);
    into.number(number);
    into.text(text);
    into.handle(subject);
    writeMemory(given, into);
  }
  return into.message();
}

export function readOrders(from: MessageReader): Orders {
  const isQuick = from.number() !== 0;
  const known = Array.from({ length: from.number() }, () => ({ number: from.number(), text: from.text() }));
  const dropped = Array.from({ length: from.number() }, () => from.number());
  const calls: Order[] = [];
  while (!from.isAtEnd) {
    calls.push({
      id: from.number(),
      lane: from.number(),
      number: from.number(),
      text: from.text(),
      subject: from.handle(),
      given: readMemory(from),
    });
  }
  return { isQuick, known, dropped, calls };
}

/** What came of a call. */
export interface Answered {
  readonly id: number;
  /** Undefined where the library has no such symbol. */
  readonly status: Status | undefined;
  /** The memory of the outputs, in their order. */
  readonly memory: readonly Buffer[];
  readonly reason?: string | undefined;
}

/** Why the process has no library to call: the parts of LibraryNotFound, or the message of another error. */
export interface NotLoaded {
  readonly name: string;
  readonly message: string;
  readonly tried?: readonly string[] | undefined;
  readonly wasNamed?: boolean | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

/** From the process. The first says how loading went. */
export type News =
  | { readonly loaded: string }
  | { readonly notLoaded: NotLoaded }
  | { readonly answers: readonly Answered[] };

/** How a message from the process begins. */
const ANSWERS = 0;
const LOADING = 1;

export function writeNews(news: News, into: MessageWriter): Buffer {
  if (!('answers' in news)) {
    into.number(LOADING);
    into.text(JSON.stringify(news));
    return into.message();
  }
  into.number(ANSWERS);
  for (const { id, status, memory, reason = '' } of news.answers) {
    into.number(id);
    into.number(Number(status !== undefined));
    into.number(status ?? 0);
    into.text(reason);
    writeMemory(memory, into);
  }
  return into.message();
}

/** The memory for the answer of a call, where it has some of that size. */
export type RoomOf = (id: number) => readonly Buffer[] | undefined;

export function readNews(from: MessageReader, roomOf: RoomOf = () => undefined): News {
  if (from.number() === LOADING) return JSON.parse(from.text());
  const answers: Answered[] = [];
  while (!from.isAtEnd) {
    const id = from.number();
    const isThere = from.number() !== 0;
    const status = from.number();
    const reason = from.text() || undefined;
    answers.push({ id, status: isThere ? status : undefined, reason, memory: readMemory(from, roomOf(id)) });
  }
  return { answers };
}

function writeMemory(memory: readonly Uint8Array[], into: MessageWriter): void {
  into.number(memory.length);
  for (const each of memory) into.bytes(each);
}

function readMemory(from: MessageReader, room?: readonly Buffer[]): readonly Buffer[] {
  const memory: Buffer[] = [];
  const count = from.number();
  for (let i = 0; i < count; i++) memory.push(from.bytesInto(room?.[i]));
  return memory;
}
