/** Runs command lines on a recorded machine, in a world without files and time. */
import { main } from '../../src/cli/cli.js';
import { FakeIo, localTime, type World } from '../fake-io.js';

export const MACHINE = 'h200-x2';

export async function nvsmi(argv: readonly string[], world: World = {}, machine = MACHINE) {
  const io = new FakeIo(world);
  const status = await main(['--snapshot', machine, ...argv], io);
  return { status, out: io.output, err: io.errors, io };
}

/** Milliseconds since the epoch, of a time on the day on which the world begins. */
export const at = (clock: string): number => localTime(`2026/11/23 ${clock}`);
