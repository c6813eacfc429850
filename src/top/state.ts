/** What the monitor shows, and what its user chose: everything that panels are made of. */
import type { ProcessEntry } from '../watch/process-entry.js';
import type { WatchSample } from '../watch/sample.js';
import type { Histories } from './history.js';
import type { Settings } from './settings.js';
import type { Line } from './span.js';

export type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGHUP' | 'SIGSTOP' | 'SIGCONT';

export type TopPage =
  | { readonly is: 'main' }
  | { readonly is: 'help' }
  | { readonly is: 'gpu'; readonly index: number; readonly lines: readonly string[] | undefined }
  | { readonly is: 'process'; readonly key: string; readonly environ?: readonly string[] | 'hidden' };

export interface Prompt {
  readonly is: 'filter' | 'search';
  readonly text: string;
  /** What applies again where the prompt is left without Enter. */
  readonly before: string;
}

export interface Confirmation {
  readonly signal: Signal;
  readonly targets: readonly SignalTarget[];
}

/** A process to be signalled: the start distinguishes it from a later one of the same number. */
export interface SignalTarget {
  readonly pid: number;
  readonly start: string;
  readonly command: string;
}

export interface TopState extends Settings {
  readonly page: TopPage;
  readonly isPaused: boolean;
  /** Only the processes of this GPU. */
  readonly onlyGpu: number | undefined;
  /** Only processes whose line has this text. */
  readonly filter: string;
  readonly search: string;
  /** The selected process, by its key. */
  readonly selected: string | undefined;
  readonly tagged: ReadonlySet<string>;
  /** Lines of a page, or of the list of GPUs, above the first one shown. */
  readonly scroll: number;
  readonly prompt: Prompt | undefined;
  readonly confirmation: Confirmation | undefined;
  readonly message: string | undefined;
  /** Signals are not offered. */
  readonly isReadonly: boolean;
}

/** The screen and what it can show. */
export interface Surface {
  readonly columns: number;
  readonly rows: number;
  readonly isUtf8: boolean;
}

/** Everything a view is made of. */
export interface Model {
  readonly state: TopState;
  readonly surface: Surface;
  /** The last sample; undefined before the first. */
  readonly sample: WatchSample | undefined;
  readonly histories: Histories;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Since when there is no answer; undefined where samples come. */
  readonly silentSince: number | undefined;
  /** Which call of NVML does not answer, or what else was last said of it. */
  readonly news?: string | undefined;
  readonly replay: ReplayState | undefined;
}

/** A page: what stays at its top, and what scrolls below. */
export interface PageParts {
  readonly head: readonly Line[];
  readonly body: readonly Line[];
}

export interface ReplayState {
  readonly at: number;
  readonly count: number;
  readonly isPlaying: boolean;
  readonly file: string;
}

export function initialState(settings: Settings, isReadonly: boolean): TopState {
  return {
    ...settings,
    page: { is: 'main' },
    isPaused: false,
    onlyGpu: undefined,
    filter: '',
    search: '',
    selected: undefined,
    tagged: new Set(),
    scroll: 0,
    prompt: undefined,
    confirmation: undefined,
    message: undefined,
    isReadonly,
  };
}

/** A process on a GPU, and on one of its instances, is one line. */
export const keyOf = ({ place, pid, gpuInstance, computeInstance }: ProcessEntry): string =>
  `${place.gpu.index}/${gpuInstance}/${computeInstance}/${pid}`;
