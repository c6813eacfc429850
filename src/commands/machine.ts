/** The machine that a command asks. */
import { Asker } from '../query/ask/asker.js';
import { shareOutcome } from '../query/read.js';
import type { Context, Machine } from './context.js';

/** A machine with its asker. Each command is a bundle of its own, and asks through its own code. */
export interface AskedMachine extends Machine {
  readonly asker: Asker;
}

/** Opens the machine. Throws DeadLibrary or SnapshotError. */
export async function machineOf(context: Context): Promise<AskedMachine> {
  const machine = await context.machine();
  const { session, outcome } = machine;
  shareOutcome(session, outcome);
  return { ...machine, asker: new Asker(session, { outcome }) };
}
