/** nvsmi in a real terminal: tmux runs it, sends keys, and says what the screen shows. */
import { execFileSync, spawnSync } from 'node:child_process';
import { started } from '../program.js';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

if (!hasTmux)
  console.warn('\nNo tmux found: tests of the monitor in a real terminal are SKIPPED. Install tmux.\n');

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

let sessions = 0;

/** A terminal with a shell in it. Each has a server of its own, which ends with it. */
export class Tmux {
  private readonly socket = `nvsmi-test-${process.pid}-${sessions++}`;

  constructor({ columns, rows }: Size, env: Readonly<Record<string, string>> = {}) {
    const variables = Object.entries({ LANG: 'C.UTF-8', PS1: '$ ', HOME: '/nonexistent', ...env });
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = `exec env ${variables.map(([name, value]) => `${name}=${quoted(value)}`).join(' ')} bash --norc --noprofile -i`;
    this.tmux('-f', '/dev/null', 'new-session', '-d', ...size, shell);
    this.tmux('set-option', '-g', 'escape-time', '0');
  }

  /** Runs nvsmi with these arguments in the shell. */
  run(argv: readonly string[]): void {
    const [file, args] = started(argv);
    this.tmux('send-keys', '-l', [file, ...args].map(quoted).join(' '));
    this.keys('Enter');
  }

  /** Presses keys, by the names that tmux has for them. */
  keys(...names: readonly string[]): void {
    this.tmux('send-keys', ...names);
  }

  /** Types text. */
  type(text: string): void {
    this.tmux('send-keys', '-l', text);
  }

  /** The same with the sequences for colours. */
  get coloured(): string {
    return this.tmux('capture-pane', '-p', '-e');
  }

  resize({ columns, rows }: Size): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The lines of the screen. */
  get screen(): string {
    return this.tmux('capture-pane', '-p');
  }

  /** The process that runs in the shell. */
  get child(): number {
    const shell = this.tmux('display-message', '-p', '#{pane_pid}').trim();
    const found = spawnSync('ps', ['-o', 'pid=', '--ppid', shell], { encoding: 'utf8' });
    return Number(found.stdout.trim().split('\n')[0]);
  }

  /** What programs made of the title of the terminal. */
  get title(): string {
    return this.tmux('display-message', '-p', '#{pane_title}').trim();
  }

  get isAlternate(): boolean {
    return this.tmux('display-message', '-p', '#{alternate_on}').trim() === '1';
  }

  /** Waits until the screen shows something; throws with what it shows instead. */
  async until(what: RegExp | ((screen: string) => boolean), seconds = 15): Promise<string> {
    const shows = typeof what === 'function' ? what : (screen: string) => what.test(screen);
    let screen = '';
    for (let i = 0; i < seconds * 20; i++) {
      screen = this.screen;
      if (shows(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`not shown within ${seconds} s: ${String(what)}\n${screen}`);
  }

  close(): void {
    spawnSync('tmux', ['-L', this.socket, 'kill-server']);
  }

  private tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.socket, ...args], { encoding: 'utf8' });
  }
}
