/** The pipe to the program that gives orders, as the process that calls NVML has it. A standalone binary has another file for this. */

/** Where it is written. */
export const ANSWERS = 1;

export function hearOrders(take: (piece: Buffer) => void, end: () => void): void {
  process.stdin.on('data', take).on('error', end).on('close', end);
}
