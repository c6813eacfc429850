/** Programs of others in which calls on worker threads never return. Each is a process of its own. */
import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';

const fake = await buildFake();
const built = (file: string): string => JSON.stringify(new URL(`../../dist/lib/${file}`, import.meta.url));

interface Ended {
  /** A status, or the signal that ended it. */
  readonly by: number | NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program in which the name of GPU 0 is asked for, so many times, and never comes. */
async function program(calls: number, text: string, onOutput?: (pid: number) => void): Promise<Ended> {
  const { path } = fake.with({ snapshot: machine, faults: [{ fn: 'nvmlDeviceGetName', hangs: true }] });
  const source = `
    import { readFile } from 'node:fs/promises';
    import * as nvml from ${built('nvml.js')};
    import * as promises from ${built('nvml-promises.js')};
    nvml.nvmlInit({ path: ${JSON.stringify(path)} });
    const device = nvml.nvmlDeviceGetHandleByIndex(0);
    const names = Array.from({ length: ${calls} }, () => promises.nvmlDeviceGetName(device));
    for (const name of names) name.catch(() => undefined);
    ${text}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
    onOutput?.(child.pid ?? 0);
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const by = await new Promise<Ended['by']>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  return { by, out, err };
}

describe.skipIf(!fake.available)('calls that never return', { timeout: 120_000 }, () => {
  it('leave the program its files, and others fail in time and say why', async () => {
    const { by, out } = await program(
      5,
      `
      await readFile(process.execPath);
      console.log('read');
      const fifth = await names[4].catch((error) => error);
      console.log(fifth instanceof nvml.NVMLError_Timeout, fifth.fn, fifth.message);
      console.log(nvml.nvmlDeviceGetIndex(device));
      process.exit(0);`,
    );
    expect(out).toMatch(
      /^read\ntrue nvmlDeviceGetName not asked: 3 earlier calls hold all threads .* returned for 10 s\n0\n$/,
    );
    expect(by).toBe(0);
  });

  it('let those that have a thread answer', async () => {
    const { by, out } = await program(
      2,
      `
      const later = Array.from({ length: 50 }, () => promises.nvmlDeviceGetIndex(device));
      console.log(new Set(await Promise.all(later)).size);
      process.exit(0);`,
    );
    expect({ by, out }).toEqual({ by: 0, out: '1\n' });
  });

  it('do not keep process.exit() from ending the program, with its status and all that listens', async () => {
    const { by, out } = await program(
      1,
      `
      process.on('exit', (status) => console.log('first', status));
      process.once('exit', () => { process.exitCode = 9; });
      process.stdout.write('x'.repeat(100_000) + '\\n');
      process.exit(7);`,
    );
    expect(by).toBe(9);
    expect(out).toBe(`${'x'.repeat(100_000)}\nfirst 7\n`);
  });

  it('do not keep an uncaught error from ending it, which is still shown', async () => {
    const { by, err } = await program(1, `setTimeout(() => { throw new Error('not caught'); });`);
    expect(by).toBe(1);
    expect(err).toContain('Error: not caught');
  });

  it('do not make an exit show an error that was caught', async () => {
    const { by, err } = await program(
      1,
      `
      process.on('uncaughtException', () => process.exit(5));
      setTimeout(() => { throw new Error('caught'); });`,
    );
    expect({ by, err }).toEqual({ by: 5, err: '' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('do not keep %s from ending it', async (signal) => {
    const { by } = await program(1, `setTimeout(() => console.log('ready'));`, (pid) => {
      process.kill(pid, signal);
    });
    expect(by).toBe(signal);
  });
});
