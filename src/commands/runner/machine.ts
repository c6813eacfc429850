/** The machine that a command asks. */
import { Asker } from '../../query/ask/asker.js';
import type { Context, Machine } from '../context.js';

/** A machine with its asker. Each command is a bundle of its own, and asks through its own code. */
export interface AskedMachine extends Machine {
  readonly asker: Asker;
}

/** Opens the machine, or takes one that is opening. Throws DeadLibrary or SnapshotError. */
export async function machineOf(
  context: Context,
  opening: Promise<Machine> = context.machine(),
): Promise<AskedMachine> {
  const machine = await opening;
  const { session, outcome } = machine;
  return { ...machine, asker: new Asker(session, { outcome }) };
}
