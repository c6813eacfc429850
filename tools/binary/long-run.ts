/** What Bun has for a program that runs for long: instead of src/base/long-run.ts. */
import type { LongRun } from '../../src/base/long-run.js';
import { INSIDE } from './inside.js';
import { releaseOwnCode } from './own-code.js';

declare const Bun: { gc(isWhole: boolean): void };

/** Node has it from 22.15 on. */
interface Replaceable extends NodeJS.Process {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never;
}

/** Read by Bun when it starts, and by nothing later. */
const LAST_COMPILER = 'BUN_JSC_useFTLJIT';
/** A thread that makes memory ready for the next objects, which a small heap does not need: 0.03 to 0.07 % of a core and 0.8 MiB. */
const READY_MEMORY = 'BUN_JSC_useWarmUpMarkedBlocks';

/**
 * The last of Bun's compilers is for loops that run all the time. In the monitor, which does a little once a second, it is at work
 * for minutes and nothing is faster for it: 1.33 % of a core without it where 1.75 with it, and 2 MiB less (eight GPUs, 10 to 70 s
 * after the start, Bun 1.4.5). The process that calls NVML inherits that. It costs a second start of the executable, in which nothing
 * is loaded before. Collecting each second or not, for which Bun has a setting too, made no difference (1.40 and 1.41 %, 63.7 and 63.6 MiB).
 */
function begin(): void {
  const self: Replaceable = process;
  const { argv, argv0, env, execPath } = self;
  if (env[LAST_COMPILER] !== undefined || !argv[1]?.startsWith(INSIDE)) return;
  try {
    self.execve?.(execPath, [argv0, ...argv.slice(2)], { ...env, [LAST_COMPILER]: '0', [READY_MEMORY]: '0' });
  } catch {
    // Without it all is the same, for more processor time.
  }
}

let collections = 0;

/** At the first collection there is still much to be read of the executable; each time costs 5 ms of processor time in all. */
function collectGarbage(): void {
  Bun.gc(true);
  if (collections++ % COLLECTIONS === 1) releaseOwnCode();
}

/** How many collections are between two times that the executable's pages are given back: a minute of the monitor. */
const COLLECTIONS = 6;

export const longRun: LongRun = { begin, collectGarbage };
