/** This program once more, in the background: for the recorder. */
import type { ChildProcess } from 'node:child_process';

export interface Started {
  readonly pid: number;
  /** What it printed until then. */
  readonly said: string;
  /** The exit status of one that ended instead. */
  readonly status: number | undefined;
}

export interface Background {
  /** The process that runs this. */
  readonly pid: number;
  /**
   * Starts this program with the same arguments and these, in a session of its own, and waits until it prints a line that
   * says it runs, or ends. It keeps nothing of ours open: who waits for the end of our output waits for us alone.
   */
  start(extra: readonly string[], running: RegExp): Promise<Started>;
  isAlive(pid: number): boolean;
  /** Asks a process to stop. */
  stop(pid: number): void;
}

/** What of a process is needed to start it again. */
type Self = Pick<NodeJS.Process, 'pid' | 'execPath' | 'execArgv' | 'argv' | 'kill'>;

/** What a standalone binary has in the place of a script: Bun shows it its own files below this. */
const INSIDE = '/$bunfs/';

/** The arguments of the executable; those of Bun itself come from the environment, which is inherited. */
const argumentsOf = ({ execArgv, argv }: Self): string[] =>
  argv[1]?.startsWith(INSIDE) ? argv.slice(2) : [...execArgv, ...argv.slice(1)];

export function backgroundOf(self: Self): Background {
  return {
    pid: self.pid,
    start: async (extra, running) => {
      // Loaded only here: it takes milliseconds that every other start would pay for.
      const { spawn } = await import('node:child_process');
      const args = [...argumentsOf(self), ...extra];
      return begun(
        spawn(self.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
        running,
      );
    },
    isAlive: (pid) => {
      try {
        self.kill(pid, 0);
        return true;
      } catch (error) {
        // Somebody else's process is alive too.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
      }
    },
    stop: (pid) => {
      self.kill(pid, 'SIGTERM');
    },
  };
}

/** Waits for a line of a child, or its end, and lets it go. */
async function begun(child: ChildProcess, running: RegExp): Promise<Started> {
  let said = '';
  const ended = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (running.test(said)) resolve(undefined);
      });
    }
  });
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.removeAllListeners();
  child.unref();
  return { pid: child.pid ?? 0, said, status: ended };
}
