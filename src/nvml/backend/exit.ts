/**
 * The end of a program while calls of NVML are running on threads of libuv's pool: at its exit libuv waits for these threads, and
 * a call may never return. So the process ends without libuv then, after all that JavaScript has to do.
 */
import { koffi } from './koffi.js';

let isGuarded = false;

/** Guards the exits of this process, as long as it says that calls are running. */
export function endWithCallsRunning(areRunning: () => boolean): void {
  if (isGuarded) return;
  isGuarded = true;
  let uncaught: { readonly error: unknown } | undefined;
  process.on('uncaughtExceptionMonitor', (error) => {
    const isHandled = process.listenerCount('uncaughtException') > 0;
    if (!isHandled && !process.hasUncaughtExceptionCaptureCallback()) uncaught = { error };
  });
  const end = (status: number): void => {
    // A worker thread of the program ends alone. Asked only here, as node:worker_threads takes time to load.
    if (!areRunning() || !process.getBuiltinModule('node:worker_threads').isMainThread) return;
    try {
      for (const listener of after(end)) listener.call(process, status);
    } catch (error) {
      uncaught ??= { error };
      process.exitCode = 1;
    }
    // Node would say so only after all listeners.
    if (uncaught !== undefined) process.stderr.write(`${said(uncaught.error)}\n`);
    koffi().load(null).func('void _exit(int)')(Number(process.exitCode ?? status));
  };
  process.on('exit', end);
}

/** The listeners of the exit that come after this one. */
function after(listener: (status: number) => void): readonly ((status: number) => void)[] {
  const all = process.rawListeners('exit') as ((status: number) => void)[];
  return all.slice(all.indexOf(listener) + 1);
}

const said = (error: unknown): string => `Uncaught ${process.getBuiltinModule('node:util').inspect(error)}`;
