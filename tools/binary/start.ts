/**
 * Starts a process that calls NVML, with Bun's own functions: instead of src/nvml/backend/child/start.ts. Its node:child_process
 * and the streams of that take 5 ms and 4 MiB to load (Bun 1.4.5).
 */
import type { Program } from '../../src/nvml/backend/child/program.js';
import type { Hearer, StartedProgram } from '../../src/nvml/backend/child/start.js';
import { type BunSocket, connect } from './socket.js';

interface BunProcess {
  readonly stdio: readonly (number | null)[];
  kill(signal: string): void;
  unref(): void;
}

interface SpawnOptions {
  readonly cmd: readonly string[];
  readonly stdio: readonly ('ignore' | 'pipe')[];
  onExit(process: BunProcess, status: number | null, signal: string | number | null): void;
}

declare const Bun: { spawn(options: SpawnOptions): BunProcess };

/** One socket for both directions, where the process finds it (inherited.ts). */
const STDIO = ['ignore', 'ignore', 'ignore', 'pipe'] as const;

export function startProgram({ file, args }: Program): StartedProgram {
  let ended: string | undefined;
  let hearing: Hearer | undefined;
  let socket: BunSocket | undefined;
  const end = (how: string): void => {
    if (ended !== undefined) return;
    ended = how;
    hearing?.onEnd(how);
  };
  const child = spawned(
    {
      cmd: [file, ...args],
      stdio: STDIO,
      onExit: (_, status, signal) => end(signal === null ? `status ${status}` : String(signal)),
    },
    end,
  );
  child?.unref();
  return {
    get isAlive() {
      return child !== undefined && ended === undefined;
    },
    hear: (hearer) => {
      hearing = hearer;
      const pipe = child?.stdio[3];
      if (typeof pipe === 'number') socket = connect(pipe, { data: hearer.onPiece, close: () => undefined });
      // The program runs on for its calls, not for this process.
      socket?.unref();
      if (ended !== undefined) hearer.onEnd(ended);
    },
    write: (bytes) => socket?.write(bytes),
    kill: () => {
      child?.kill('SIGKILL');
      socket?.terminate();
    },
  };
}

function spawned(options: SpawnOptions, failed: (how: string) => void): BunProcess | undefined {
  try {
    return Bun.spawn(options);
  } catch (error) {
    failed((error as Error).message);
    return undefined;
  }
}
