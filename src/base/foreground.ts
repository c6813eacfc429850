/** Another program in the foreground: it has our terminal, our input and output, and gets the signals that are sent to us. */
import type { ChildProcess } from 'node:child_process';

/** How a program ended: its exit status as a shell reports it, and the signal where one ended it. */
export interface ProgramEnd {
  readonly status: number;
  readonly signal: NodeJS.Signals | undefined;
}

export interface Foreground {
  /** Runs a program until it ends. Throws like spawn where there is none. */
  run(words: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<ProgramEnd>;
  /** Ends this process as the program ended, where that is by a signal. Returns the exit status for all others. */
  end(ending: ProgramEnd): number;
}

/** Signals that are passed on. At a terminal the program gets those of its keys itself. */
const PASSED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'];
const KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Signals that end this process, too. Others leave a core dump, and one is enough. */
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'];

type ForegroundProcess = Pick<NodeJS.Process, 'pid' | 'kill' | 'on' | 'off'>;

export const foregroundOf = (self: ForegroundProcess, stdinIsTerminal: () => boolean): Foreground => ({
  run: async ([program = '', ...args], env) => {
    // Loaded only here: they take milliseconds that every other start would pay for.
    const { spawn } = await import('node:child_process');
    const { constants } = await import('node:os');
    const isAtTerminal = stdinIsTerminal();
    let child: ChildProcess | undefined;
    const pass = (signal: NodeJS.Signals): void => {
      if (!isAtTerminal || !KEYS.includes(signal)) child?.kill(signal);
    };
    const signals = [...PASSED, ...KEYS];
    // Before the program starts: it may be signalled before this thread continues.
    for (const signal of signals) self.on(signal, pass);
    try {
      const running = spawn(program, args, { stdio: 'inherit', env: { ...env } });
      child = running;
      return await new Promise<ProgramEnd>((resolve, reject) => {
        running.once('error', reject);
        running.once('exit', (status, signal) =>
          resolve({
            status: status ?? 128 + (signal === null ? 0 : constants.signals[signal]),
            signal: signal ?? undefined,
          }),
        );
      });
    } finally {
      for (const signal of signals) self.off(signal, pass);
    }
  },
  end: ({ status, signal }) => {
    if (signal !== undefined && ENDING.includes(signal)) self.kill(self.pid, signal);
    return status;
  },
});
