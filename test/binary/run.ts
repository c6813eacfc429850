/** Runs a command line through a program, in a folder of its own, and gives all that can be seen of it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, started } from '../program.js';
import type { CommandLine } from './command-lines.js';

export interface Seen {
  /** Exit status, or the signal that ended it. */
  readonly end: number | NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly files: Readonly<Record<string, string>>;
}

/** So many times a loop has written before it is ended; slow ones write several ticks in one. */
const WRITES = 3;

const TIMES = [
  /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3}/g,
  /[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g,
  /(?<=^ ?)\d{8},? +\d\d:\d\d:\d\d/gm,
  /(?<=^ ?|^nvsmi top {2})\d\d:\d\d:\d\d/gm,
  /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)/g,
];

const withoutTimes = (text: string): string =>
  TIMES.reduce((rest, time) => rest.replace(time, '<time>'), text);

/** What programs write to, as their folder, which stays the same one. */
const withoutFolder = (text: string, folder: string): string => text.replaceAll(folder, '<folder>');

export async function run(commandLine: CommandLine, program: Program): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-run-'));
  try {
    // What was recorded in /tmp.
    const argv = commandLine.argv.map((word) => word.replace(/(?<==|^)\/tmp\//, `${folder}/`));
    const child = spawn(...started([...argv, ...commandLine.source], program), {
      cwd: folder,
      env: { ...process.env, NVSMI_PROGRAM: undefined, ...commandLine.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    let writes = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      writes += 1;
      if (commandLine.isLoop && writes === WRITES) child.kill('SIGINT');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const end = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject).once('close', (code, signal) => resolve(code ?? signal));
    });
    const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
    const text = (written: string): string => withoutTimes(withoutFolder(written, folder));
    return {
      end,
      out: text(out),
      err: text(err),
      files: Object.fromEntries(files.map(([name = '', written = '']) => [name, text(written)])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As many of the lines of two loops as both have: one may have ticked one time more. */
export function alike(one: Seen, other: Seen): readonly [Seen, Seen] {
  const length = Math.min(...[one, other].map(({ out }) => out.split('\n').length - 1));
  const cut = (seen: Seen): Seen => ({ ...seen, out: seen.out.split('\n').slice(0, length).join('\n') });
  return [cut(one), cut(other)];
}
