/** The setters of `drain`: drain a GPU, remove it, find removed ones (550.163.01). */
import type { Acting, Attempt } from '../act/acting.js';
import { discoverGpus, modifyDrainState, removeGpu } from '../act/drain.js';
import { EXIT, UsageError } from '../base/errors.js';
import { type BusAddress, busAddress } from '../query/drain.js';

export const DRAIN_SETTERS = ['modify', 'remove', 'discover'] as const;

interface DrainWish {
  readonly pciid?: string | undefined;
  readonly modify?: number | undefined;
  readonly remove?: true | undefined;
}

/** Refuses before the machine is opened, and sets. Every failure ends with 255. */
export async function setDrain(wish: DrainWish, begin: () => Promise<Acting>): Promise<number> {
  const { modify, remove } = wish;
  if (modify === undefined && remove === undefined)
    return made(await begin(), ({ asker }) => discoverGpus(asker));
  const address = addressOf(wish.pciid);
  return made(await begin(), ({ asker }) =>
    modify === undefined ? removeGpu(asker, address) : modifyDrainState(asker, address, modify),
  );
}

function addressOf(named: string | undefined): BusAddress {
  if (named === undefined) throw new UsageError('Must specify -p with this option.');
  const address = busAddress(named);
  if (address === undefined) throw new UsageError('Failed to parse device specified at the command-line');
  return address;
}

function made(acting: Acting, attempt: (acting: Acting) => Attempt): number {
  const { outcome, lines } = acting.attempt(attempt(acting));
  acting.say(lines.map((line) => `${line}\n`).join(''));
  return acting.finish(outcome === 'failed' ? EXIT.unknownOption : EXIT.ok);
}
