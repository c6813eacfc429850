/** What a program takes while it runs, without its start: Linux reports it for each thread (/proc/PID/task). */
import './as-bun.js';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Nanoseconds that the threads of a process have run; the kernel counts them exactly, unlike user and system time. */
const cpuOf = (pid) =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]))
    .reduce((sum, time) => sum + time, 0);

const peakOf = (pid) => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Runs a command line and looks at it twice. Returns the lines written and the CPU time in microseconds in between, and
 * the peak memory in MiB.
 */
export async function steady(command, { warmUp, measured }) {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-steady-'));
  const path = join(folder, 'out');
  const out = openSync(path, 'w');
  const [file, ...args] = command.split(' ');
  const child = spawn(file, args, { stdio: ['ignore', out, 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const look = () => ({
    lines: readFileSync(path, 'latin1').split('\n').length - 1,
    micros: cpuOf(child.pid) / 1000,
  });
  try {
    await rest(warmUp);
    const before = look();
    await rest(measured);
    const after = look();
    return {
      lines: after.lines - before.lines,
      micros: after.micros - before.micros,
      mebibytes: Math.round(peakOf(child.pid) / 1024),
    };
  } finally {
    child.kill('SIGINT');
    await ended;
    closeSync(out);
    rmSync(folder, { recursive: true });
  }
}
