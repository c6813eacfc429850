/** The Xids as lines for people. */
import type { Xid } from '../events/xids.js';

export const xidListText = (xids: readonly Xid[]): string =>
  xids
    .map(
      ({ number, severity, meaning, action }) =>
        `${String(number).padStart(3)}  ${severity.padEnd(11)}  ${meaning}\n     ${' '.repeat(11)}  ${action}\n`,
    )
    .join('');
