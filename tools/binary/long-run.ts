/** What Bun has for a program that runs for long: instead of src/top/long-run.ts. */
import type { LongRun } from '../../src/top/long-run.js';
import { INSIDE } from './inside.js';

declare const Bun: { gc(isWhole: boolean): void };

/** Node has it from 22.15 on. */
interface Replaceable extends NodeJS.Process {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never;
}

/** Read by Bun when it starts, and by nothing later. */
const LAST_COMPILER = 'BUN_JSC_useFTLJIT';
const COLLECTING_EACH_SECOND = 'BUN_GC_TIMER_DISABLE';

/**
 * The last of Bun's compilers is for loops that run all the time. In the monitor, which does a little once a second, it is at work
 * for minutes and nothing is faster for it: 1.33 % of a core without it where 1.75 with it, and 2 MiB less (eight GPUs, 10 to 70 s
 * after the start, Bun 1.4.5). What is collected each second is collected every ten by the monitor itself: 1.22 % in place of 1.37,
 * for 4 MiB. The process that calls NVML inherits both. It costs a second start of the executable, before anything is opened.
 */
function begin(): void {
  const self: Replaceable = process;
  const { argv, argv0, env, execPath } = self;
  if (env[LAST_COMPILER] !== undefined || !argv[1]?.startsWith(INSIDE)) return;
  const settings = { [LAST_COMPILER]: '0', [COLLECTING_EACH_SECOND]: '1' };
  try {
    self.execve?.(execPath, [argv0, ...argv.slice(2)], { ...settings, ...env });
  } catch {
    // Without it all is the same, for more processor time.
  }
}

export const longRun: LongRun = { begin, collectGarbage: () => Bun.gc(true) };
