/** Starts this program again, in the background: for the recorder. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Started {
  readonly pid: number;
  /** What it printed until then. */
  readonly said: string;
  /** `running`, `late` where it did not say in time that it runs and was killed, or the exit status of one that ended. */
  readonly outcome: 'running' | 'late' | number;
}

export interface Background {
  /** The process that runs this. */
  readonly pid: number;
  /**
   * Starts this program with the same arguments and these, in a session of its own, and waits so many milliseconds until it
   * prints a line that says it runs, or ends. It keeps nothing of ours open: who waits for the end of our output waits for us
   * alone. A signal that ends this program meanwhile ends that one, too.
   */
  start(extra: readonly string[], running: RegExp, patience: number): Promise<Started>;
  /** Whether a process runs. One that ended and that its parent has not asked about does not. */
  isAlive(pid: number): boolean;
  end(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void;
  /**
   * Does something more before a signal ends this program; returns what takes that back. It is done in the event loop: until it
   * is taken back, nothing may keep the main thread, or signals are not handled.
   */
  beforeSignal(cleanUp: () => void, signals?: readonly NodeJS.Signals[]): () => void;
  /** Starts this program with the same arguments and these, and reads the lines that it prints. It ends with this one. */
  lines(extra: readonly string[], events: LineEvents): Promise<Child>;
  /** Does something at SIGHUP, which otherwise ends the program; returns what takes that back. */
  onHangup(reload: () => void): () => void;
}

/** What happens to a program whose lines are read. */
export interface LineEvents {
  readonly line: (line: string) => void;
  /** It ended, with its exit status or by a signal; and what it printed on stderr, up to a few kilobytes. */
  readonly end: (status: number | undefined, said: string) => void;
}

export interface Child {
  kill(): void;
}

/** Bytes of a line, and of what is kept of stderr. */
const LONGEST_LINE = 64 * 1024 * 1024;
const MOST_SAID = 4096;

/** What of a process is needed to start it again, and to end it. */
type BackgroundProcess = Pick<
  NodeJS.Process,
  'pid' | 'execPath' | 'execArgv' | 'argv' | 'kill' | 'on' | 'off'
>;

/** The signals that end a program; SIGUSR1 would otherwise open it to debuggers. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const;

/** What a standalone binary has in place of a script: Bun shows it its own files below this. */
const INSIDE = '/$bunfs/';

/** Node's own young generation grows to 48 MiB, of which a program that does little in each second needs none: 40 MiB less (Node 20). */
const SMALL = ['--max-semi-space-size=1'];

/** The arguments of the executable; those of Bun itself come from the environment, which is inherited. */
const argumentsOf = ({ execArgv, argv }: BackgroundProcess): string[] =>
  argv[1]?.startsWith(INSIDE) ? argv.slice(2) : [...execArgv, ...argv.slice(1)];

export function backgroundOf(self: BackgroundProcess): Background {
  const background: Background = {
    pid: self.pid,
    start: async (extra, running, patience) => {
      // Loaded only here: it takes milliseconds that every other start would pay for.
      const { spawn } = await import('node:child_process');
      const args = [...argumentsOf(self), ...extra];
      const child = spawn(self.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      const takeBack = background.beforeSignal(() => child.kill());
      try {
        return await begun(child, running, patience);
      } finally {
        takeBack();
      }
    },
    isAlive: (pid) => {
      try {
        self.kill(pid, 0);
      } catch (error) {
        // A process of another user is alive too.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
      }
      return !isZombie(pid);
    },
    end: (pid, signal) => {
      self.kill(pid, signal);
    },
    beforeSignal: (cleanUp, signals = SIGNALS) => {
      const takeBack = (): void => {
        for (const signal of signals) self.off(signal, end);
      };
      const end = (signal: NodeJS.Signals): void => {
        takeBack();
        try {
          cleanUp();
        } finally {
          // Its default action, now that nothing listens: the program ends here, whatever its threads do.
          self.kill(self.pid, signal);
        }
      };
      for (const signal of signals) self.on(signal, end);
      return takeBack;
    },
    lines: async (extra, { line, end }) => {
      const { spawn } = await import('node:child_process');
      const small = self.argv[1]?.startsWith(INSIDE) ? [] : SMALL;
      const child = spawn(self.execPath, [...small, ...argumentsOf(self), ...extra], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const kill = (): void => {
        child.kill('SIGKILL');
      };
      const takeBack = background.beforeSignal(kill, ['SIGINT', 'SIGTERM', 'SIGUSR1']);
      let said = '';
      let pending = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-MOST_SAID);
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const [first = '', ...rest] = text.split('\n');
        pending += first;
        for (const next of rest) {
          line(pending);
          pending = next;
        }
        if (pending.length > LONGEST_LINE) kill();
      });
      const ended = (status: number | undefined, reason = ''): void => {
        takeBack();
        end(status, said + reason);
      };
      child.once('error', ({ message }) => ended(1, message));
      child.once('close', (status) => ended(status ?? undefined, status === null ? '' : pending));
      return { kill };
    },
    onHangup: (reload) => {
      self.on('SIGHUP', reload);
      return () => {
        self.off('SIGHUP', reload);
      };
    },
  };
  return background;
}

/** Linux keeps a process that ended until its parent asks about it, which the first process of a container may never do. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits for a line of a child, or its end, and lets it run alone; kills one that takes too long. */
async function begun(child: ChildProcess, running: RegExp, patience: number): Promise<Started> {
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  const outcome = await new Promise<Started['outcome']>((resolve, reject) => {
    timer = setTimeout(resolve, patience, 'late');
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (running.test(said)) resolve('running');
      });
    }
  }).finally(() => clearTimeout(timer));
  if (outcome === 'late') child.kill('SIGKILL');
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.removeAllListeners();
  child.unref();
  return { pid: child.pid ?? 0, said, outcome };
}
