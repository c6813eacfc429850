import { describe, expect, it } from 'vitest';
import { actionOf } from '../../src/top/key-table.js';
import { listedProcesses } from '../../src/top/process-list.js';
import { textOf } from '../../src/top/span.js';
import type { Model, TopState } from '../../src/top/state.js';
import { answer, type as typeInto, type Update, update } from '../../src/top/update.js';
import { view } from '../../src/top/view.js';
import { machineWith } from '../commands/monitor-machine.js';
import { modelOf, samplesOf } from './recorded-model.js';

const process = (pid: number) => ({ pid, name: 'python', fbMiB: 1000 });
const recorded = samplesOf(
  machineWith([{ processes: [process(5), process(6)] }, { processes: [process(7)] }]),
  2,
  {
    processes: {
      5: { command: ['five'], start: 11 },
      6: { command: ['six'], start: 12 },
      7: { isForeign: true },
    },
  },
);

const key = (gpu: number, pid: number): string => `${gpu}/N/A/N/A/${pid}`;

async function start(change: Partial<TopState> = {}): Promise<Model> {
  return modelOf(await recorded, 100, 24, change);
}

/** Presses keys one after the other. */
function press(model: Model, ...keys: string[]): Update & { readonly model: Model } {
  let current = model;
  let last: Update = { state: model.state };
  for (const name of keys) {
    const { confirmation, prompt, isReadonly } = current.state;
    if (confirmation !== undefined) last = answer(current, name === 'y');
    else if (prompt !== undefined) last = typeInto(current, name, name.length === 1 ? name : undefined);
    else {
      const action = actionOf(name, { isReadonly, isReplay: current.replay !== undefined });
      last = action === undefined ? { state: current.state } : update(current, action);
    }
    current = { ...current, state: last.state };
  }
  return { ...last, model: current };
}

describe('the arrows', () => {
  it('move the selection, and stop at the ends', async () => {
    const model = await start();
    expect(press(model, 'down').state.selected).toBe(key(0, 5));
    expect(press(model, 'down', 'down').state.selected).toBe(key(0, 6));
    expect(press(model, 'end').state.selected).toBe(key(1, 7));
    expect(press(model, 'end', 'down', 'up').state.selected).toBe(key(0, 6));
    expect(press(model, 'up').state.selected).toBe(key(0, 5));
  });

  it('on a page scroll it', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    const model = await start({ page: { is: 'gpu', index: 0, lines } });
    expect(press(model, 'down', 'down').state.scroll).toBe(2);
    expect(press(model, 'up').state.scroll).toBe(0);
    // 22 rows, of which the GPU has two and a blank one follows.
    expect(press(model, 'end').state.scroll).toBe(81);
    expect(press(model, 'pagedown').state.scroll).toBe(19);
    expect(press(model, 'end', 'up').state.scroll).toBe(80);
  });

  it.each([
    ['help', { is: 'help' }],
    ['a process', { is: 'process', key: key(0, 5), environ: Array(50).fill('A=1') }],
  ] as const)('scroll %s to its last line, and back at once', async (_, page) => {
    const { model } = press(await start({ page }), 'end');
    const lines = (shown: Model): readonly string[] => view(shown).lines.map(textOf);
    const [end, above] = [lines(model), lines(press(model, 'up').model)];
    expect(end.at(-2)).not.toBe('');
    expect(above.at(-2)).toBe(end.at(-3));
    expect(lines(press(model, 'pagedown').model)).toEqual(end);
  });
});

describe('the keys', () => {
  it.each([
    ['t', { tree: true }],
    ['r', { reverse: true }],
    ['v', { graphs: false }],
    ['p', { isPaused: true }],
    ['+', { interval: 2 }],
    ['-', { interval: 0.5 }],
    [']', { span: 120 }],
    ['[', { span: 30 }],
    ['g', { onlyGpu: 0 }],
    ['.', { sort: 'pid' }],
    [',', { sort: 'command' }],
    ['?', { page: { is: 'help' } }],
    ['+', { interval: 3600 }, { interval: 3600 }],
    ['+', { interval: 5 }, { interval: 3 }],
    ['-', { interval: 2 }, { interval: 3 }],
    [']', { span: 86400 }, { span: 86400 }],
  ])('%s: %j', async (name, change, before?: Partial<TopState>) => {
    expect(press(await start(before), name).state).toMatchObject(change);
  });

  it('g goes through the GPUs and back to all', async () => {
    expect(press(await start(), 'g', 'g').state.onlyGpu).toBe(1);
    expect(press(await start(), 'g', 'g', 'g').state.onlyGpu).toBeUndefined();
  });

  it('q leaves a page before it ends the program', async () => {
    const { model, effect } = press(await start(), '?', 'q');
    expect([model.state.page, effect]).toEqual([{ is: 'main' }, undefined]);
    expect(press(model, 'q').effect).toEqual({ do: 'quit' });
  });

  it('Enter opens the page of the selected process, and says where none is', async () => {
    expect(press(await start(), 'down', 'return').state.page).toEqual({ is: 'process', key: key(0, 5) });
    expect(press(await start(), 'return').state.message).toContain('No process is selected');
  });

  it('F2 asks for the report of a GPU, and then for that of the next', async () => {
    expect(press(await start(), 'f2').effect).toEqual({ do: 'report', gpu: 0 });
    expect(press(await start(), 'end', 'f2').effect).toEqual({ do: 'report', gpu: 1 });
    expect(press(await start(), 'f2', 'f2').effect).toEqual({ do: 'report', gpu: 1 });
  });

  it('e asks for an environment by the number that the process has here', async () => {
    expect(press(await start(), 'down', 'e').effect).toEqual({ do: 'environ', key: key(0, 5), pid: 5 });
  });

  it('that mean nothing do nothing', async () => {
    const model = await start();
    expect(press(model, 'x').state).toBe(model.state);
    expect(press(model, 'left').state).toBe(model.state);
  });
});

describe('a filter', () => {
  it('applies while it is typed, stays with Enter, and is taken back with Escape', async () => {
    const { model } = press(await start(), '/', 's', 'i', 'x');
    expect(listedProcesses(model).map((each) => each.entry?.pid)).toEqual([6]);
    expect(press(model, 'backspace').state.filter).toBe('si');
    expect(press(model, 'return').state).toMatchObject({ filter: 'six', prompt: undefined });
    expect(press(model, 'escape').state).toMatchObject({ filter: '', prompt: undefined });
    expect(press(model, 'return', 'escape').state.filter).toBe('');
  });

  it('on a page searches, and n goes to the next place', async () => {
    const lines = ['a', 'ECC errors', 'b', 'ecc mode'];
    const { model } = press(
      await start({ page: { is: 'gpu', index: 0, lines } }),
      '/',
      'e',
      'c',
      'c',
      'return',
    );
    expect(model.state.scroll).toBe(1);
    expect(press(model, 'n').state.scroll).toBe(3);
    expect(press(model, 'n', 'n').state.scroll).toBe(1);
    expect(press(model, '/', 'z', 'return').state.message).toBe('Not found.');
  });

  it('searches the other pages, too', async () => {
    const environ = [...Array(30).fill('A=1'), 'CUDA_VISIBLE_DEVICES=0'];
    const page = { is: 'process', key: key(0, 5), environ } as const;
    expect(press(await start({ page }), '/', 'v', 'i', 's', 'i', 'b', 'return').state.scroll).toBe(31);
    const help = await start({ page: { is: 'help' } });
    expect(press(help, '/', 'f', '1', '0', 'return').state.scroll).toBeGreaterThan(20);
    expect(press(help, '/', 'x', 'y', 'z', 'return').state.message).toBe('Not found.');
  });
});

describe('signals', () => {
  const targets = [{ pid: 5, start: '11', command: 'five' }];

  it('are sent to the selected process once the question is answered with y', async () => {
    const { model, effect } = press(await start(), 'down', 'f9');
    expect([model.state.confirmation, effect]).toEqual([{ signal: 'SIGTERM', targets }, undefined]);
    expect(press(model, 'y').effect).toEqual({ do: 'signal', signal: 'SIGTERM', targets });
  });

  it('are not sent with any other answer', async () => {
    const { state, effect } = press(await start(), 'down', 'K', 'return');
    expect([state.confirmation, state.message, effect]).toEqual([undefined, 'Nothing was sent.', undefined]);
  });

  it('go to the tagged processes where there are some', async () => {
    const { model } = press(await start(), 'down', 'space', 'space', 'I');
    expect(model.state.confirmation?.targets.map(({ pid }) => pid)).toEqual([5, 6]);
    expect(press(await start(), 'down', 'space', 'u').state.tagged.size).toBe(0);
    const gone = await start({ tagged: new Set([key(0, 99)]), selected: key(0, 6) });
    expect(press(gone, 'k').state.confirmation?.targets.map(({ pid }) => pid)).toEqual([6]);
  });

  it('are not sent to a process that the filter hides', async () => {
    const model = await start({ selected: key(0, 5), filter: 'six' });
    expect(press(model, 'k').state.confirmation).toBeUndefined();
    expect(press(model, 'e').effect).toBeUndefined();
  });

  it('are not there with --readonly', async () => {
    expect(press(await start({ isReadonly: true }), 'down', 'f9').state.confirmation).toBeUndefined();
  });

  it('are not sent to processes that are not of this machine', async () => {
    const model = modelOf(await samplesOf('h200-x2-load', 2), 100, 24);
    expect(press(model, 'down', 'f9').state).toMatchObject({
      confirmation: undefined,
      message: 'No process of this machine is selected or tagged.',
    });
  });
});

describe('a replay', () => {
  it('steps with left and right, and p plays', async () => {
    const replay = { at: 3, count: 9, isPlaying: true, file: 'nvstats-20261123' };
    const model = { ...(await start()), replay };
    expect(press(model, 'left').effect).toEqual({ do: 'step', by: -1 });
    expect(press(model, 'shift-right').effect).toEqual({ do: 'step', by: 60 });
    expect(press(model, 'p').effect).toEqual({ do: 'play' });
    expect(press(model, 'down', 'k').state.confirmation).toBeUndefined();
  });
});
