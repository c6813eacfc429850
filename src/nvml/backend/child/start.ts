/** Starts a process that calls NVML. */
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Program } from './program.js';

export function startProgram({ file, args }: Program): ChildProcess {
  // Loaded here alone: every command has this file in it, and few start a process.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
  // The program runs on for its calls, not for this process.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) unref(stream);
  return child;
}

/** The pipes are sockets, which a program runs on for. */
const unref = (stream: Readable | Writable | null): void => {
  (stream as { unref?: () => void } | null)?.unref?.();
};
