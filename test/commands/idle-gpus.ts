/** What `dmon` shows of an idle H100 and of two idle H200s. */
import type { Shown } from './monitor-machine.js';

export const H100: Shown = { watts: 69.98, gtemp: 33, mtemp: 35, rxKB: 553, txKB: 1100 };
export const H200S: readonly Shown[] = [
  { watts: 77.9, gtemp: 31, mtemp: 36, mclk: 3201, rxKB: 563, txKB: 981 },
  { watts: 79.71, gtemp: 31, mtemp: 34, mclk: 3201, rxKB: 573, txKB: 1047 },
];
