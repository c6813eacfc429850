/** The monitor at work: samples and keys come in, cells go out. */
import { plainText } from '../base/plain-text.js';
import type { Terminal, TerminalKey, TerminalListener, TerminalMouse } from '../base/terminal.js';
import type { WatchSample, WatchSampler } from '../watch/sample.js';
import { clicked } from './click.js';
import type { DriverNews } from './driver-news.js';
import { Histories } from './history.js';
import { actionOf } from './key-table.js';
import { remember } from './remember.js';
import { Screen } from './screen.js';
import { sent } from './sent.js';
import type { Model, ReplayState, Surface, TopState } from './state.js';
import type { Theme } from './theme.js';
import { answer, type Effect, type as typeInto, type Update, update } from './update.js';
import { type Screenful, view } from './view.js';

/** A recording in place of a machine: its samples are chosen, not waited for. */
export interface Replayer {
  readonly state: ReplayState;
  /** Moves by so many samples; false at the end. */
  step(by: number): boolean;
  play(isPlaying: boolean): void;
  /** The samples of so many milliseconds before this one. */
  past(milliseconds: number): readonly WatchSample[];
}

export interface AppParts {
  readonly terminal: Terminal;
  readonly sampler: WatchSampler;
  readonly replayer?: Replayer | undefined;
  readonly news?: DriverNews | undefined;
  readonly state: TopState;
  readonly theme: Theme;
  readonly isUtf8: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** When a process began, in ticks of its clock: the same number may be another process later. */
  startOf(pid: number): string | undefined;
  /** Keeps the settings. Returns what is said of it. */
  save(state: TopState): string;
  /** Frees memory that is not used, where the runtime has a function for it. */
  readonly collectGarbage?: (() => void) | undefined;
}

/**
 * Milliseconds between two collections. A tick makes little garbage, and the runtime would collect it late: 20 MiB of its own in
 * place of 26 to 50, for the same processor time (Bun 1.4.5, eight GPUs).
 */
const COLLECTION_PERIOD = 10_000;

/** Milliseconds from a question to the word that no answer comes, at least: where there is a deadline an answer comes before. */
const PATIENCE = 3000;

export class App implements TerminalListener {
  private readonly screen: Screen;
  private readonly histories = new Histories();
  private state: TopState;
  private sample: WatchSample | undefined;
  private shown: Screenful | undefined;
  private askedAt: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private watchdog: NodeJS.Timeout | undefined;
  private hasReport = true;
  private collectedAt = 0;
  private finish: (error?: unknown) => void = () => {};

  constructor(private readonly parts: AppParts) {
    this.state = parts.state;
    const { columns, rows } = parts.terminal;
    this.screen = new Screen(columns, rows, parts.theme);
  }

  /** Runs until the user ends it. Whatever happens, the terminal is what it was. */
  async run(): Promise<void> {
    const { terminal, sampler } = this.parts;
    try {
      await new Promise<void>((resolve, reject) => {
        this.finish = (error) => (error === undefined ? resolve() : reject(error));
        terminal.open(this, this.state.mouse);
        this.tick();
      });
    } finally {
      this.finish = () => {};
      clearTimeout(this.timer);
      clearTimeout(this.watchdog);
      terminal.close();
      sampler.close();
    }
  }

  key({ name, character }: TerminalKey): void {
    this.guarded(() => {
      const { confirmation, prompt, isReadonly } = this.state;
      const model = this.model();
      if (confirmation !== undefined) return this.apply(answer(model, name === 'y' || name === 'Y'));
      if (prompt !== undefined) return this.apply(typeInto(model, name, character));
      const action = actionOf(name, { isReadonly, isReplay: this.parts.replayer !== undefined });
      if (action !== undefined) this.apply(update(model, action));
    });
  }

  mouse({ what, x, y }: TerminalMouse): void {
    this.guarded(() => {
      const model = this.model();
      if (what !== 'press') {
        return this.apply(update(model, { do: 'move', by: what === 'wheel-up' ? -1 : 1 }));
      }
      const state = this.shown && clicked(this.state, this.shown, x, y);
      if (state !== undefined) this.apply({ state });
    });
  }

  redraw(): void {
    this.guarded(() => {
      const { columns, rows } = this.parts.terminal;
      this.screen.resize(columns, rows);
      this.draw();
    });
  }

  end(): void {
    this.finish();
  }

  /** A failure in an event has no caller: it ends the run. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.finish(error);
    }
  }

  private apply({ state, effect }: Update): void {
    const wasPaused = this.state.isPaused;
    this.state = state;
    if (effect !== undefined) this.carryOut(effect);
    if (wasPaused && !state.isPaused) this.plan(0);
    this.draw();
  }

  private carryOut(effect: Effect): void {
    const { terminal, replayer } = this.parts;
    switch (effect.do) {
      case 'quit':
        this.finish();
        break;
      case 'suspend':
        terminal.suspend();
        break;
      case 'redraw':
        this.redraw();
        break;
      case 'retime':
        this.plan(this.state.interval * 1000);
        break;
      case 'save':
        this.say(this.parts.save(this.state));
        break;
      case 'report':
        this.readReport(effect.gpu);
        break;
      case 'environ':
        this.showEnviron(effect.key, effect.pid);
        break;
      case 'signal':
        this.say(sent(effect, this.parts));
        break;
      case 'step':
        replayer?.play(false);
        replayer?.step(effect.by);
        this.plan(0);
        break;
      case 'play':
        replayer?.play(!replayer.state.isPlaying);
        this.plan(0);
        break;
    }
  }

  private say(message: string): void {
    this.state = { ...this.state, message: plainText(message) };
  }

  private readReport(gpu: number): void {
    const { sampler } = this.parts;
    if (sampler.report === undefined) {
      this.state = { ...this.state, page: { is: 'main' }, message: 'A recording of samples has no report.' };
      return;
    }
    if (!this.hasReport) return;
    this.hasReport = false;
    sampler
      .report(gpu)
      .then((lines) => {
        this.hasReport = true;
        const { page } = this.state;
        if (page.is !== 'gpu') return;
        // Meanwhile it may be the page of another GPU.
        if (page.index !== gpu) return this.readReport(page.index);
        this.state = { ...this.state, page: { ...page, lines } };
        this.draw();
      })
      .catch((error: unknown) => this.finish(error));
  }

  private showEnviron(key: string, pid: number): void {
    const { sampler } = this.parts;
    if (sampler.environ === undefined) {
      this.say('A recording has no environments of its processes.');
      return;
    }
    const environ = sampler.environ(pid) ?? 'hidden';
    this.state = { ...this.state, page: { is: 'process', key, environ } };
  }

  private plan(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tick(), Math.max(0, delay));
  }

  /** Asks for a sample, unless one is still awaited, and plans the next one. */
  private tick(): void {
    const { sampler, replayer, now } = this.parts;
    const isStill = this.state.isPaused || this.askedAt !== undefined;
    if (isStill) {
      this.plan(this.state.interval * 1000);
      return;
    }
    const asked = now();
    this.askedAt = asked;
    this.watch();
    sampler
      .take()
      .then((sample) => {
        this.askedAt = undefined;
        clearTimeout(this.watchdog);
        this.receive(sample);
        if (replayer?.state.isPlaying) replayer.step(1);
        const isOver = replayer !== undefined && !replayer.state.isPlaying;
        if (!isOver) this.plan(this.state.interval * 1000 - (now() - asked));
      })
      .catch((error: unknown) => this.finish(error));
  }

  /** Says once a second that no answer comes. */
  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(
      () => {
        this.guarded(() => this.draw());
        this.watch();
      },
      Math.max(1000, Math.min(PATIENCE, this.state.interval * 1000)),
    );
  }

  private receive(sample: WatchSample): void {
    const { replayer } = this.parts;
    if (replayer !== undefined) {
      this.histories.clear();
      for (const past of replayer.past(this.state.span * 1000)) remember(this.histories, past);
    }
    this.sample = sample;
    remember(this.histories, sample);
    const { page } = this.state;
    if (page.is === 'gpu') this.readReport(page.index);
    this.draw();
    if (sample.time - this.collectedAt < COLLECTION_PERIOD) return;
    this.collectedAt = sample.time;
    this.parts.collectGarbage?.();
  }

  private model(): Model {
    const { terminal, isUtf8, replayer } = this.parts;
    const now = this.parts.now();
    const surface: Surface = { columns: terminal.columns, rows: terminal.rows, isUtf8 };
    const waited = this.askedAt === undefined ? 0 : now - this.askedAt;
    return {
      state: this.state,
      surface,
      sample: this.sample,
      histories: this.histories,
      now,
      silentSince: waited > PATIENCE ? this.askedAt : undefined,
      news: this.parts.news?.line,
      replay: replayer?.state,
    };
  }

  private draw(): void {
    this.shown = view(this.model());
    this.parts.terminal.write(this.screen.draw(this.shown.lines));
  }
}
