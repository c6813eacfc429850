/** The exporter as a process of its own, as a user starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { started } from '../program.js';
import { freePort } from './prometheus.js';

export interface Exporter {
  readonly port: number;
  readonly child: ChildProcess;
  /** What it printed. */
  said(): string;
  get(path: string): Promise<string>;
  stop(): void;
}

/** Starts it and waits until it serves. Throws what it said where it ends. */
export async function startExporter(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Exporter> {
  const port = await freePort();
  const child = spawn(...started(['exporter', '--listen', `127.0.0.1:${port}`, ...argv]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('nvsmi: serving')) resolve();
      });
    }
    child.once('exit', (status) => reject(new Error(`ended with ${status}: ${said}`)));
  });
  return {
    port,
    child,
    said: () => said,
    get: async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text(),
    stop: () => child.kill('SIGTERM'),
  };
}
