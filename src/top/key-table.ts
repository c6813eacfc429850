/** Table: the keys, as htop and nvitop have them, and what they do. The help and the last line of the screen are made of it. */
import type { Signal } from './state.js';

export type KeyAction =
  | {
      readonly do:
        | 'quit'
        | 'suspend'
        | 'redraw'
        | 'help'
        | 'back'
        | 'open'
        | 'open-gpu'
        | 'tag'
        | 'untag'
        | 'pause'
        | 'tree'
        | 'reverse';
    }
  | { readonly do: 'graphs' | 'faster' | 'slower' | 'save' | 'filter' | 'environ' | 'search-next' }
  | { readonly do: 'sort' | 'span' | 'gpu' | 'step'; readonly by: number }
  | { readonly do: 'move'; readonly by: number | 'page-up' | 'page-down' | 'first' | 'last' }
  | { readonly do: 'signal'; readonly signal: Signal };

export interface KeyRow {
  /** Names of node:readline, with `ctrl-` and `shift-`; a single character is itself. */
  readonly keys: readonly string[];
  readonly action: KeyAction;
  readonly help: string;
  /** For the last line of the screen. */
  readonly short?: readonly [key: string, word: string];
  /** Removed by --readonly. */
  readonly changes?: true;
  /** Only where a recording is shown, or only where not. */
  readonly replay?: boolean;
}

export const KEYS: readonly KeyRow[] = [
  { keys: ['?', 'h', 'f1'], action: { do: 'help' }, help: 'this help', short: ['F1', 'Help'] },
  { keys: ['up', 'ctrl-p'], action: { do: 'move', by: -1 }, help: 'the process above' },
  { keys: ['down', 'ctrl-n'], action: { do: 'move', by: 1 }, help: 'the process below' },
  { keys: ['pageup'], action: { do: 'move', by: 'page-up' }, help: 'a page up' },
  { keys: ['pagedown'], action: { do: 'move', by: 'page-down' }, help: 'a page down' },
  { keys: ['home'], action: { do: 'move', by: 'first' }, help: 'the first process' },
  { keys: ['end'], action: { do: 'move', by: 'last' }, help: 'the last process' },
  {
    keys: ['return', 'enter'],
    action: { do: 'open' },
    help: 'all about the selected process',
    short: ['Ret', 'Process'],
  },
  {
    keys: ['i', 'f2'],
    action: { do: 'open-gpu' },
    help: 'all about a GPU: its whole report, live',
    short: ['F2', 'GPU'],
  },
  {
    keys: ['/', 'f3', 'f4'],
    action: { do: 'filter' },
    help: 'filter the processes; on a page: search',
    short: ['F4', 'Filter'],
  },
  { keys: ['n'], action: { do: 'search-next' }, help: 'on a page: the next place' },
  { keys: ['t', 'f5'], action: { do: 'tree' }, help: 'processes as a tree', short: ['F5', 'Tree'] },
  {
    keys: ['.', 'f6', '>'],
    action: { do: 'sort', by: 1 },
    help: 'sort by the next column',
    short: ['F6', 'Sort'],
  },
  { keys: [',', '<'], action: { do: 'sort', by: -1 }, help: 'sort by the column before' },
  { keys: ['r'], action: { do: 'reverse' }, help: 'sort the other way round' },
  {
    keys: ['g'],
    action: { do: 'gpu', by: 1 },
    help: 'only the processes of the next GPU; after the last one all',
  },
  { keys: ['space'], action: { do: 'tag' }, help: 'tag the selected process' },
  { keys: ['u'], action: { do: 'untag' }, help: 'remove all tags' },
  { keys: ['e'], action: { do: 'environ' }, help: 'environment of the selected process' },
  { keys: ['p', 'f7'], action: { do: 'pause' }, help: 'pause, and continue', short: ['F7', 'Pause'] },
  { keys: ['+', '='], action: { do: 'slower' }, help: 'a longer interval' },
  { keys: ['-'], action: { do: 'faster' }, help: 'a shorter interval' },
  { keys: [']'], action: { do: 'span', by: 1 }, help: 'graphs of a longer time' },
  { keys: ['['], action: { do: 'span', by: -1 }, help: 'graphs of a shorter time' },
  { keys: ['v'], action: { do: 'graphs' }, help: 'show and hide the graphs' },
  { keys: ['left'], action: { do: 'step', by: -1 }, help: 'a sample back', replay: true },
  { keys: ['right'], action: { do: 'step', by: 1 }, help: 'a sample on', replay: true },
  { keys: ['shift-left'], action: { do: 'step', by: -60 }, help: 'sixty samples back', replay: true },
  { keys: ['shift-right'], action: { do: 'step', by: 60 }, help: 'sixty samples on', replay: true },
  {
    keys: ['f9', 'k'],
    action: { do: 'signal', signal: 'SIGTERM' },
    help: 'end the tagged processes, or the selected one (SIGTERM)',
    short: ['F9', 'End'],
    changes: true,
  },
  { keys: ['K'], action: { do: 'signal', signal: 'SIGKILL' }, help: 'kill them (SIGKILL)', changes: true },
  { keys: ['I'], action: { do: 'signal', signal: 'SIGINT' }, help: 'interrupt them (SIGINT)', changes: true },
  { keys: ['S'], action: { do: 'save' }, help: 'keep the settings: interval, time, sorting, tree, graphs' },
  { keys: ['ctrl-l'], action: { do: 'redraw' }, help: 'draw the whole screen again' },
  { keys: ['ctrl-z'], action: { do: 'suspend' }, help: 'stop, until fg' },
  { keys: ['escape'], action: { do: 'back' }, help: 'leave a page, a filter' },
  { keys: ['q', 'f10', 'ctrl-c'], action: { do: 'quit' }, help: 'leave a page; end', short: ['q', 'Quit'] },
];

const byKey = new Map(KEYS.flatMap((row) => row.keys.map((key) => [key, row] as const)));

export interface KeyChoice {
  readonly isReadonly: boolean;
  readonly isReplay: boolean;
}

const isOffered = ({ changes, replay }: KeyRow, { isReadonly, isReplay }: KeyChoice): boolean =>
  !(changes && (isReadonly || isReplay)) && (replay === undefined || replay === isReplay);

/** The keys that there are. */
export const keyRows = (choice: KeyChoice): readonly KeyRow[] => KEYS.filter((row) => isOffered(row, choice));

/** What a key does; undefined where it does nothing. */
export function actionOf(key: string, choice: KeyChoice): KeyAction | undefined {
  const row = byKey.get(key);
  return row !== undefined && isOffered(row, choice) ? row.action : undefined;
}
