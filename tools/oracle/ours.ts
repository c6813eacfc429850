/** nvsmi in this process on a recorded machine. */
import { parse } from 'node:path';
import { main } from '../../src/cli/cli.js';
import { FakeIo } from '../../test/fake-io.js';
import type { OracleMachine } from './machines.js';
import type { Printed } from './program.js';

/** Splits a command line as a shell does: quotes, and no variables. */
export const wordsOf = (args: string): string[] =>
  [...args.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double),
  );

export async function printOurs({ file }: OracleMachine, args: string): Promise<Printed> {
  const io = new FakeIo({ now: Date.now(), waits: 2 });
  const status = await main(['--snapshot', file, ...wordsOf(args)], io);
  return { out: io.output, status };
}

/** The name of a machine's file without its ending. */
export const nameOf = (file: string): string => parse(file).name;
