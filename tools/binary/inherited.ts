/** The pipe to the program that gives orders: instead of src/nvml/backend/child/inherited.ts. process.stdin takes 4 ms (Bun 1.4.5). */
import { connect } from './socket.js';

/** Of start.ts. */
const PIPE = 3;

export const ANSWERS: number = PIPE;

export function hearOrders(take: (piece: Buffer) => void, end: () => void): void {
  connect(PIPE, { data: take, close: end });
}
