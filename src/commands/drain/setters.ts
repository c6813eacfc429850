/** The setters of `drain`: drain a GPU, remove it, find removed ones (550.163.01). */
import type { Acting, Attempt } from '../../act/acting.js';
import { discoverGpus, modifyDrainState, removeGpu } from '../../act/drain.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Asker } from '../../query/ask/asker.js';
import { type BusAddress, busAddress } from '../../query/drain.js';

export const DRAIN_SETTERS = ['modify', 'remove', 'discover'] as const;

interface DrainWish {
  readonly pciid?: string | undefined;
  readonly modify?: number | undefined;
  readonly remove?: true | undefined;
  readonly discover?: true | undefined;
  /** Shows the state between the two: nvidia-smi's order is -m, -q, -r, -d. Throws UsageError. */
  readonly show?: ((address: BusAddress, asker: Asker) => Promise<void>) | undefined;
}

/** Refuses before the machine is opened, and sets until something fails. Every failure ends with 255. */
export async function setDrain(wish: DrainWish, begin: () => Promise<Acting>): Promise<number> {
  const { modify, remove, discover, show } = wish;
  const isOfGpu = modify !== undefined || remove !== undefined || show !== undefined;
  const address = isOfGpu ? addressOf(wish.pciid) : undefined;
  if (modify !== undefined && remove) throw new UsageError('Cannot specify both -m and -r.');
  const acting = await begin();
  const { asker } = acting;
  if (
    address !== undefined &&
    modify !== undefined &&
    !isMade(acting, modifyDrainState(asker, address, modify))
  )
    return acting.finish(EXIT.unknownOption);
  if (address !== undefined) await show?.(address, asker);
  const later = [
    ...(address !== undefined && remove ? [removeGpu(asker, address)] : []),
    ...(discover ? [discoverGpus(asker)] : []),
  ];
  return acting.finish(later.every((attempt) => isMade(acting, attempt)) ? EXIT.ok : EXIT.unknownOption);
}

function addressOf(named: string | undefined): BusAddress {
  if (named === undefined) throw new UsageError('Must specify -p with this option.');
  const address = busAddress(named);
  if (address === undefined) throw new UsageError('Failed to parse device specified at the command-line');
  return address;
}

function isMade(acting: Acting, attempt: Attempt): boolean {
  const { outcome, lines } = acting.attempt(attempt);
  acting.say(lines.map((line) => `${line}\n`).join(''));
  return outcome !== 'failed';
}
