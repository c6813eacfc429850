/** Another program in the foreground: it has our terminal, our input and output, and gets the signals that are sent to us. */

/** How a program ended: its exit status, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

export interface Foreground {
  /** Runs a program until it ends. Throws like spawn where there is none. */
  run(words: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<Ending>;
  /** Ends this process as the program ended, where that is by a signal. Returns the exit status for all others. */
  end(ending: Ending): number;
}

/** Signals that are passed on. At a terminal the program gets those of its keys itself. */
const PASSED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'];
const KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Signals that end this process, too. Others leave a core dump, and one is enough. */
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'];

type Self = Pick<NodeJS.Process, 'pid' | 'kill' | 'on' | 'off'>;

export const foregroundOf = (self: Self, stdinIsTerminal: () => boolean): Foreground => ({
  run: async ([program = '', ...args], env) => {
    // Loaded only here: it takes milliseconds that every other start would pay for.
    const { spawn } = await import('node:child_process');
    const child = spawn(program, args, { stdio: 'inherit', env: { ...env } });
    const isAtTerminal = stdinIsTerminal();
    const pass = (signal: NodeJS.Signals): void => {
      if (!isAtTerminal || !KEYS.includes(signal)) child.kill(signal);
    };
    const signals = [...PASSED, ...KEYS];
    for (const signal of signals) self.on(signal, pass);
    try {
      return await new Promise<Ending>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (status, signal) => resolve(status ?? signal ?? 1));
      });
    } finally {
      for (const signal of signals) self.off(signal, pass);
    }
  },
  end: (ending) => {
    if (typeof ending === 'number') return ending;
    if (ENDING.includes(ending)) self.kill(self.pid, ending);
    return 128 + numberOf(ending);
  },
});

/** As shells report a signal. */
const numberOf = (signal: NodeJS.Signals): number =>
  process.getBuiltinModule('node:os').constants.signals[signal];
