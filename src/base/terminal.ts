/**
 * The terminal as a whole screen: keys and mouse in, cells out. What it was before comes back when the program ends, is stopped,
 * gets a signal or fails.
 */
import type { EventEmitter } from 'node:events';
import type { Interface } from 'node:readline';

export interface TerminalKey {
  /** A printable character, or a name of node:readline (`up`, `f1`) with `ctrl-` and `shift-`. */
  readonly name: string;
  /** What was typed, where it is text. */
  readonly character: string | undefined;
}

export interface TerminalMouse {
  readonly what: 'press' | 'wheel-up' | 'wheel-down';
  /** From 0. */
  readonly x: number;
  readonly y: number;
}

export interface TerminalListener {
  key(key: TerminalKey): void;
  mouse(mouse: TerminalMouse): void;
  /** The size changed, or the screen was another program's meanwhile: it has to be drawn again. */
  redraw(): void;
  /** Nothing more comes: the terminal was closed. */
  end(): void;
}

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Takes the screen. What a listener throws ends the program after the screen is given back. */
  open(listener: TerminalListener, hasMouse: boolean): void;
  write(text: string): void;
  /** Gives the screen back and stops the program, until it is continued. */
  suspend(): void;
  /** Gives the screen back. */
  close(): void;
  /** Sends a signal to a process. Says why it could not be sent. */
  signal(pid: number, signal: NodeJS.Signals): string | undefined;
}

/** What of a process is needed. */
type TerminalProcess = Pick<NodeJS.Process, 'pid' | 'kill' | 'stdin' | 'stdout' | 'on' | 'off'>;

/** Alternate screen, no cursor, no wrapping of lines. */
const TAKE = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const GIVE_BACK = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Presses, releases and the wheel, with numbers of any size (SGR). */
const MOUSE_ON = '\x1b[?1000h\x1b[?1006h';
const MOUSE_OFF = '\x1b[?1006l\x1b[?1000l';
/** Terminals that know it show what is between the two at once; others ignore it. */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';

/** The signals that end a program. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'] as const;

/** Milliseconds after which a program that was to be stopped and was not takes its screen again: no shell watches over it. */
const NOT_STOPPED = 100;

export function terminalOf(self: TerminalProcess, write: (text: string) => void): Terminal {
  const { stdin, stdout } = self;
  let listener: TerminalListener | undefined;
  let mouse = false;
  let isTaken = false;
  let input: Input | undefined;

  const take = (): void => {
    if (isTaken || listener === undefined) return;
    isTaken = true;
    stdin.setRawMode(true);
    stdin.resume();
    write(TAKE + (mouse ? MOUSE_ON : ''));
    listener.redraw();
  };
  const giveBack = (): void => {
    if (!isTaken) return;
    isTaken = false;
    try {
      write((mouse ? MOUSE_OFF : '') + GIVE_BACK);
      stdin.setRawMode(false);
    } catch {
      // The terminal is gone: there is nothing left to give back.
    }
    stdin.pause();
  };
  const end = (signal: NodeJS.Signals): void => {
    close();
    // Its default action, now that nothing listens.
    self.kill(self.pid, signal);
  };
  const stop = (): void => {
    giveBack();
    self.off('SIGTSTP', stop);
    // The whole group, as the terminal itself does it: the program that started this one stops with it.
    self.kill(0, 'SIGTSTP');
    setTimeout(carryOn, NOT_STOPPED);
  };
  const carryOn = (): void => {
    if (listener === undefined || isTaken) return;
    self.on('SIGTSTP', stop);
    take();
  };
  const resized = (): void => {
    if (isTaken) listener?.redraw();
  };
  const data = (bytes: Buffer): void => input?.read(bytes);
  const gone = (): void => listener?.end();
  const close = (): void => {
    giveBack();
    if (listener === undefined) return;
    listener = undefined;
    for (const signal of ENDING) self.off(signal, end);
    self.off('SIGTSTP', stop).off('SIGCONT', carryOn).off('exit', giveBack);
    self.off('uncaughtExceptionMonitor', giveBack);
    stdout.off('resize', resized);
    stdin.off('data', data).off('end', gone).off('error', gone);
  };
  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    open: (to, hasMouse) => {
      listener = to;
      mouse = hasMouse;
      input = new Input(to);
      for (const signal of ENDING) self.on(signal, end);
      self.on('SIGTSTP', stop).on('SIGCONT', carryOn).on('exit', giveBack);
      // A failure is reported on the screen that the user has before.
      self.on('uncaughtExceptionMonitor', giveBack);
      stdout.on('resize', resized);
      stdin.on('data', data).on('end', gone).on('error', gone);
      take();
    },
    write: (text) => {
      if (isTaken && text !== '') write(BEGIN + text + END);
    },
    suspend: stop,
    close,
    signal: (pid, signal) => {
      try {
        self.kill(pid, signal);
        return undefined;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
      }
    },
  };
}

/** What readline's parser of keys needs of a stream. */
type KeyStream = EventEmitter & NodeJS.ReadableStream;

interface ReadlineKey {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
  readonly sequence?: string;
}

const ESCAPE = '\x1b';
/** Milliseconds after which the escape character is the key of that name, and not the beginning of another. */
const ESCAPE_TIMEOUT = 50;
/** Milliseconds between two pieces of one report. */
const PIECES_TIMEOUT = 30;

/** A report of the mouse: button, column, row, and M for a press. The parser of keys takes it for letters. */
const MOUSE = new RegExp(`${ESCAPE}\\[<(\\d+);(\\d+);(\\d+)([Mm])`, 'g');
const BEGINS_MOUSE = new RegExp(`${ESCAPE}(?:\\[(?:<[\\d;]*)?)?$`);

const BUTTONS: Readonly<Record<number, TerminalMouse['what']>> = {
  0: 'press',
  64: 'wheel-up',
  65: 'wheel-down',
};

/** Distinguishes keys and the mouse in what a terminal sends. */
export class Input {
  private readonly keys: KeyStream;
  private readonly decoder = new TextDecoder();
  private rest = '';
  private waiting: NodeJS.Timeout | undefined;

  constructor(private readonly listener: Pick<TerminalListener, 'key' | 'mouse'>) {
    const { PassThrough } = process.getBuiltinModule('node:stream');
    this.keys = new PassThrough();
    // It reads nothing but this of an interface.
    const timing = { escapeCodeTimeout: ESCAPE_TIMEOUT } as unknown as Interface;
    process.getBuiltinModule('node:readline').emitKeypressEvents(this.keys, timing);
    this.keys.on('keypress', (text: string | undefined, key: ReadlineKey) => listener.key(keyOf(text, key)));
  }

  /** A letter of several bytes may come in pieces, too. */
  read(bytes: Uint8Array): void {
    this.write(this.decoder.decode(bytes, { stream: true }));
  }

  write(text: string): void {
    clearTimeout(this.waiting);
    let all = this.rest + text;
    this.rest = BEGINS_MOUSE.exec(all)?.[0] ?? '';
    // A report may come in pieces; what is none after a while is a key.
    if (this.rest !== '') this.waiting = setTimeout(() => this.giveUp(), PIECES_TIMEOUT);
    all = all.slice(0, all.length - this.rest.length);
    let from = 0;
    for (const { 0: report, 1: button, 2: x, 3: y, 4: kind, index } of all.matchAll(MOUSE)) {
      this.pass(all.slice(from, index));
      from = index + report.length;
      const what = BUTTONS[Number(button)];
      if (what !== undefined && kind === 'M') {
        this.listener.mouse({ what, x: Number(x) - 1, y: Number(y) - 1 });
      }
    }
    this.pass(all.slice(from));
  }

  private giveUp(): void {
    const { rest } = this;
    this.rest = '';
    this.pass(rest);
  }

  private pass(text: string): void {
    // At once, not when the stream has time: keys and clicks keep their order.
    if (text !== '') this.keys.emit('data', Buffer.from(text));
  }
}

function keyOf(text: string | undefined, { name, ctrl, shift, sequence }: ReadlineKey): TerminalKey {
  const character = text !== undefined && !ctrl && /^[^\p{Cc}]+$/u.test(text) ? text : undefined;
  if (character === ' ') return { name: 'space', character };
  if (character !== undefined) return { name: character, character };
  const plain = name ?? sequence ?? '';
  return { name: `${ctrl ? 'ctrl-' : ''}${shift ? 'shift-' : ''}${plain}`, character: undefined };
}
