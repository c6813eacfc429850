/**
 * The process that calls NVML for another one, and may be lost for good inside a call. It reads orders from a pipe, and writes
 * what came of them to it. It ends when the pipe does, or with the program that started it.
 */
import { writeSync } from 'node:fs';
import type { Driver } from '../../call.js';
import { LibraryNotFound, loadLibrary } from '../library.js';
import { endWithParent } from '../parent-death.js';
import { Messages, MessageWriter } from './bytes.js';
import { ANSWERS, hearOrders } from './inherited.js';
import { Lanes } from './lanes.js';
import { type News, readOrders, writeNews } from './messages.js';

export function makeCalls(library: string | undefined, initialisesFirst: boolean): void {
  endWithParent();
  const lanes = new Lanes(load(library), initialisesFirst, (answers) => say({ answers }));
  const messages = new Messages();
  hearOrders((piece) => {
    for (const message of messages.with(piece)) lanes.take(readOrders(message));
  }, end);
}

/** At once, whatever the calls do: libuv would wait for their threads. */
const end = (): never => process.exit(0);

/** Sleeps where the pipe is full for the moment. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const writer = new MessageWriter();

function say(news: News): void {
  const message = writeNews(news, writer);
  for (let written = 0; written < message.length; ) {
    try {
      written += writeSync(ANSWERS, message, written);
    } catch (error) {
      // There is no reader: the program that gave the orders has ended.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') end();
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

function load(path: string | undefined): Driver | undefined {
  try {
    const driver = loadLibrary({ path, env: process.env });
    say({ loaded: driver.source });
    return driver;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { name, message } = error;
    const { platform, tried, wasNamed } = error instanceof LibraryNotFound ? error : {};
    say({ notLoaded: { name, message, platform, tried, wasNamed } });
    return undefined;
  }
}
