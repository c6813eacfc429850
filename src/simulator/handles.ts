/** The handles of a simulated machine: each name has a made-up address. */

import type { Handle } from '../nvml/call.js';
import type { HandleNames } from '../snapshot/answer.js';

/** Addresses that do not fit 32 bits, so that a truncated handle is noticed. */
export class SimulatedHandles implements HandleNames {
  private readonly byName = new Map<string, Handle>();
  private readonly names = new Map<bigint, string>();

  handleOf(name: string): Handle {
    if (name === '') return 0n as Handle;
    let found = this.byName.get(name);
    if (found === undefined) {
      found = (0x7fa5_c0de_0000n + BigInt(this.byName.size + 1) * 0x100n) as Handle;
      this.byName.set(name, found);
      this.names.set(found, name);
    }
    return found;
  }

  nameOf(address: bigint): string {
    return this.names.get(address) ?? '';
  }

  /** The table's lines that name them. */
  lines(): readonly string[] {
    return [...this.byName].map(([name, address]) => `!handle ${name} ${address}`);
  }
}
