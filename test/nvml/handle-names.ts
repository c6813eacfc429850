import type { Handle } from '../../src/nvml/call.js';

/** Handles that are numbered as they are named. */
export function handleNames() {
  const names: string[] = [];
  return {
    handleOf(name: string): Handle {
      if (!names.includes(name)) names.push(name);
      return BigInt(0x1000 + names.indexOf(name)) as Handle;
    },
    nameOf: (address: bigint): string => names[Number(address) - 0x1000] ?? '',
  };
}
