/** Starts a process that calls NVML. A standalone binary has another file for this. */
import type { Readable, Writable } from 'node:stream';
import type { Program } from './program.js';

/** What is done with the pieces that a process writes, and once at its end, which may have been before. */
export interface Hearer {
  onPiece(piece: Buffer): void;
  onEnd(how: string): void;
}

/** A process that was started, and the pipe to it. */
export interface StartedProgram {
  /** Whether it has not ended, as far as is known. */
  readonly isAlive: boolean;
  /** From here on. What it wrote before is kept for this. */
  hear(hearer: Hearer): void;
  /** What cannot be written any longer is not answered either. */
  write(bytes: Buffer): void;
  kill(): void;
}

export function startProgram({ file, args }: Program): StartedProgram {
  // Loaded here alone: every command has this file in it, and few start a process.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
  // The program runs on for its calls, not for this process.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) unref(stream);
  child.stdin.on('error', () => undefined);
  let ended: string | undefined;
  let hearing: Hearer | undefined;
  const end = (how: string): void => {
    if (ended !== undefined) return;
    ended = how;
    hearing?.onEnd(how);
  };
  child.once('error', ({ message }) => end(message));
  child.once('exit', (status, signal) => end(signal ?? `status ${status}`));
  return {
    get isAlive() {
      return child.pid !== undefined && ended === undefined;
    },
    hear: (hearer) => {
      hearing = hearer;
      child.stdout.on('data', hearer.onPiece);
      if (ended !== undefined) hearer.onEnd(ended);
    },
    write: (bytes) => {
      if (child.stdin.writable) child.stdin.write(bytes);
    },
    kill: () => {
      child.kill('SIGKILL');
      child.stdin.destroy();
      child.stdout.destroy();
    },
  };
}

/** The pipes are sockets, which a program runs on for. */
const unref = (stream: Readable | Writable): void => {
  (stream as { unref?: () => void }).unref?.();
};
