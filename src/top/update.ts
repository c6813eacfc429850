/** What an action makes of the state, and what has to be done beside it. Pure: nothing is asked or written here. */
import { Missing } from '../nvml/status.js';
import { processColumn, SORT_WORDS } from '../watch/process-columns.js';
import type { KeyAction } from './key-table.js';
import { nextMatch, openPage } from './pages.js';
import { type ListedProcess, listedProcesses } from './process-list.js';
import { INTERVALS, SPANS } from './settings.js';
import { keyOf, type Model, type Prompt, type SignalTarget, type TopState } from './state.js';

/** What the program has to do for it. */
export type Effect =
  | { readonly do: 'quit' | 'suspend' | 'redraw' | 'save' | 'retime' }
  | { readonly do: 'report'; readonly gpu: number }
  | { readonly do: 'environ'; readonly key: string; readonly pid: number }
  | {
      readonly do: 'signal';
      readonly signal: NonNullable<TopState['confirmation']>['signal'];
      readonly targets: readonly SignalTarget[];
    }
  | { readonly do: 'step'; readonly by: number }
  | { readonly do: 'play' };

export interface Update {
  readonly state: TopState;
  readonly effect?: Effect;
}

/** The next larger or smaller value of a list, or the value itself beyond its end: settings may have any other. */
const neighbour = (list: readonly number[], value: number, by: number): number =>
  (by > 0 ? list.find((each) => each > value) : list.findLast((each) => each < value)) ?? value;

/** A page of the list. */
const pageOf = ({ surface }: Model): number => Math.max(1, surface.rows - 8);

export function update(model: Model, action: KeyAction): Update {
  const { state } = model;
  const next = (change: Partial<TopState>, effect?: Effect): Update => ({
    state: { ...state, message: undefined, ...change },
    ...(effect === undefined ? {} : { effect }),
  });
  switch (action.do) {
    case 'quit':
      return state.page.is === 'main'
        ? next({}, { do: 'quit' })
        : next({ page: { is: 'main' }, scroll: 0, search: '' });
    case 'back':
      if (state.page.is !== 'main') return next({ page: { is: 'main' }, scroll: 0, search: '' });
      return next({ filter: '', onlyGpu: undefined });
    case 'suspend':
    case 'redraw':
    case 'save':
      return next({}, { do: action.do });
    case 'help':
      return next({ page: { is: state.page.is === 'help' ? 'main' : 'help' }, scroll: 0 });
    case 'pause':
      return model.replay === undefined ? next({ isPaused: !state.isPaused }) : next({}, { do: 'play' });
    case 'tree':
      return next({ tree: !state.tree });
    case 'reverse':
      return next({ reverse: !state.reverse });
    case 'graphs':
      return next({ graphs: !state.graphs });
    case 'slower':
      return next({ interval: neighbour(INTERVALS, state.interval, 1) }, { do: 'retime' });
    case 'faster':
      return next({ interval: neighbour(INTERVALS, state.interval, -1) }, { do: 'retime' });
    case 'span':
      return next({ span: neighbour(SPANS, state.span, action.by) });
    case 'sort':
      return next({ sort: sortAfter(model, action.by) });
    case 'gpu':
      return next({ onlyGpu: gpuAfter(model), selected: undefined });
    case 'filter':
      return next({ prompt: promptOf(state) });
    case 'search-next':
      return next(searched(model, state.search));
    case 'tag':
      return tag(model, next);
    case 'untag':
      return next({ tagged: new Set() });
    case 'move':
      return move(model, action.by, next);
    case 'step':
      return next({}, { do: 'step', by: action.by });
    case 'open':
      return open(model, next);
    case 'open-gpu':
      return openGpu(model, next);
    case 'environ':
      return environ(model, next);
    case 'signal':
      return confirm(model, action.signal, next);
  }
}

type Next = (change: Partial<TopState>, effect?: Effect) => Update;

const promptOf = ({ page, filter, search }: TopState): Prompt =>
  page.is === 'main'
    ? { is: 'filter', text: filter, before: filter }
    : { is: 'search', text: '', before: search };

/** The columns that have something in them, so that sorting does. */
function sortAfter({ sample, state, now }: Model, by: number): string {
  const isKnown = (word: string): boolean =>
    (sample?.processes ?? []).some((entry) => {
      const reading = processColumn(word).read(entry, now);
      return !(reading instanceof Missing) && reading !== '';
    });
  const words = SORT_WORDS.filter((word) => word === state.sort || isKnown(word));
  const at = words.indexOf(state.sort);
  return words[(at + by + words.length) % words.length] ?? state.sort;
}

function gpuAfter({ sample, state }: Model): number | undefined {
  const indexes = (sample?.gpus ?? []).map(({ index }) => index);
  const at = state.onlyGpu === undefined ? -1 : indexes.indexOf(state.onlyGpu);
  return indexes[at + 1];
}

const selectedIn = ({ state }: Model, all: readonly ListedProcess[]): number =>
  all.findIndex(({ key }) => key === state.selected);

function move(model: Model, by: Extract<KeyAction, { do: 'move' }>['by'], next: Next): Update {
  const { state } = model;
  const open = state.page.is === 'main' ? undefined : openPage(model);
  const page = open === undefined ? pageOf(model) : Math.max(1, open.room);
  const steps: Readonly<Record<string, number>> = {
    'page-up': -page,
    'page-down': page,
    first: -MOST,
    last: MOST,
  };
  const distance = typeof by === 'number' ? by : (steps[by] ?? 0);
  if (open !== undefined) {
    return next({ scroll: Math.min(Math.max(0, open.first + distance), open.last) });
  }
  const all = listedProcesses(model);
  const at = selectedIn(model, all);
  const place = at === -1 ? (distance > 0 ? Math.min(distance, all.length) - 1 : 0) : at + distance;
  return next({ selected: all[Math.min(all.length - 1, Math.max(0, place))]?.key });
}

const MOST = 1_000_000;

function tag(model: Model, next: Next): Update {
  const { tagged, selected } = model.state;
  if (selected === undefined) return next({});
  const others = new Set(tagged);
  if (!others.delete(selected)) others.add(selected);
  const moved = move(model, 1, next);
  return { ...moved, state: { ...moved.state, tagged: others } };
}

function open(model: Model, next: Next): Update {
  const entry = listedProcesses(model).find(({ key }) => key === model.state.selected)?.entry;
  if (model.state.page.is !== 'main') return next({});
  if (entry === undefined) return next({ message: 'No process is selected: move to one with the arrows.' });
  return next({ page: { is: 'process', key: model.state.selected ?? '' }, scroll: 0 });
}

/** The GPU of the filter, of the selected process, or the first one; on the page of a GPU the next one. */
function openGpu(model: Model, next: Next): Update {
  const { sample, state } = model;
  const indexes = (sample?.gpus ?? []).filter(({ lost }) => lost === undefined).map(({ index }) => index);
  const after =
    state.page.is === 'gpu'
      ? indexes[(indexes.indexOf(state.page.index) + 1) % indexes.length]
      : (state.onlyGpu ?? Number(state.selected?.split('/', 1)[0] ?? indexes[0]));
  const index = after !== undefined && indexes.includes(after) ? after : indexes[0];
  if (index === undefined) return next({ message: 'There is no GPU to show.' });
  return next({ page: { is: 'gpu', index, lines: undefined }, scroll: 0 }, { do: 'report', gpu: index });
}

/** The process whose page is open, or the selected one where the list shows it. */
function chosenKey(model: Model): string | undefined {
  const { page, selected } = model.state;
  if (page.is === 'process') return page.key;
  return selectedIn(model, listedProcesses(model)) === -1 ? undefined : selected;
}

function environ(model: Model, next: Next): Update {
  const key = chosenKey(model);
  const entry = model.sample?.processes.find((each) => keyOf(each) === key);
  if (key === undefined || entry === undefined) return next({ message: 'No process is selected.' });
  const pid = entry.host instanceof Missing ? entry.pid : entry.host.pid;
  return next({ page: { is: 'process', key }, scroll: 0 }, { do: 'environ', key, pid });
}

function confirm(model: Model, signal: NonNullable<TopState['confirmation']>['signal'], next: Next): Update {
  const { tagged, page } = model.state;
  const all = (model.sample?.processes ?? []).map((entry) => ({ entry, key: keyOf(entry) }));
  // A filter hides tagged processes, and they stay tagged; those that have ended do not.
  const own = page.is === 'process' ? [] : all.filter(({ key }) => tagged.has(key));
  const chosen = own.length > 0 ? own : all.filter(({ key }) => key === chosenKey(model));
  const targets = new Map<number, SignalTarget>();
  for (const { host } of chosen.map(({ entry }) => entry)) {
    if (host instanceof Missing) continue;
    const { pid, start, command } = host;
    targets.set(pid, { pid, start, command });
  }
  if (targets.size === 0) return next({ message: 'No process of this machine is selected or tagged.' });
  return next({ confirmation: { signal, targets: [...targets.values()] } });
}

/** The answer to a question. */
export function answer({ state }: Model, isYes: boolean): Update {
  const { confirmation } = state;
  const next = { ...state, confirmation: undefined };
  if (!isYes || confirmation === undefined) return { state: { ...next, message: 'Nothing was sent.' } };
  return { state: { ...next, tagged: new Set() }, effect: { do: 'signal', ...confirmation } };
}

/** The line of a page that has the text, from the one after the current one on. */
function searched(model: Model, search: string): Partial<TopState> {
  const { page, scroll } = model.state;
  if (page.is === 'main') return {};
  const found = nextMatch(model, search, scroll);
  if (found !== undefined) return { search, scroll: found };
  return { search, message: search === '' ? 'Nothing to search for: / asks.' : 'Not found.' };
}

/** What typing at a prompt does. A filter applies while it is typed. */
export function type(model: Model, key: string, character: string | undefined): Update {
  const { state } = model;
  const { prompt } = state;
  if (prompt === undefined) return { state };
  const text =
    key === 'backspace'
      ? [...prompt.text].slice(0, -1).join('')
      : key === 'ctrl-u'
        ? ''
        : prompt.text + (character ?? '');
  const isFilter = prompt.is === 'filter';
  if (key === 'escape' || key === 'ctrl-c') {
    return { state: { ...state, prompt: undefined, ...(isFilter ? { filter: prompt.before } : {}) } };
  }
  if (key === 'return' || key === 'enter') {
    const done = { ...state, prompt: undefined };
    return { state: isFilter ? done : { ...done, ...searched(model, prompt.text) } };
  }
  return { state: { ...state, prompt: { ...prompt, text }, ...(isFilter ? { filter: text } : {}) } };
}
