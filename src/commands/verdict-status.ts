/** The exit status of verdicts is theirs alone. */
import type { Session } from '../nvml/session.js';

/** Forgets what other commands make their exit statuses of: a check has said it already. */
export function forgetStatuses({ driver }: Pick<Session, 'driver'>): void {
  driver.sawLostGpu = false;
  delete driver.refusedList;
}
