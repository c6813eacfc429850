/** Signals to processes that were confirmed. */
import { plainly } from '../base/plain-text.js';
import type { Terminal } from '../base/terminal.js';
import type { Effect } from './update.js';

export interface Sender {
  readonly terminal: Pick<Terminal, 'signal'>;
  startOf(pid: number): string | undefined;
}

/** Sends them, and returns what became of each. */
export function sent(
  { signal, targets }: Extract<Effect, { do: 'signal' }>,
  { terminal, startOf }: Sender,
): string {
  const said = targets.map(({ pid, start }) => {
    // While the question was asked the process may have ended, and its number may be that of another one.
    if (startOf(pid) !== start) return plainly`process ${pid} has ended`;
    const refused = terminal.signal(pid, signal);
    if (refused === undefined) return plainly`${signal} sent to process ${pid}`;
    return refused === 'EPERM'
      ? plainly`process ${pid} belongs to another user: not permitted`
      : plainly`process ${pid}: ${refused}`;
  });
  return `${said.join('; ')}.`.replace(/^./, (first) => first.toUpperCase());
}
