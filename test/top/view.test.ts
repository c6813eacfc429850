/** The screens of recorded machines. `npx vitest run test/top/view.test.ts -u` writes them again. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../src/format/graphemes.js';
import { SHARES, type Share } from '../../src/top/gpu-cells.js';
import { historyName } from '../../src/top/panels/graphs.js';
import { textOf } from '../../src/top/span.js';
import type { TopState } from '../../src/top/state.js';
import { view } from '../../src/top/view.js';
import { machineWith } from '../commands/monitor-machine.js';
import { BOOT, type MadeWorld } from '../system/made-proc.js';
import { modelOf, samplesOf } from './recorded-model.js';

const SIZES = [
  [60, 20],
  [80, 24],
  [120, 40],
  [250, 80],
] as const;

const golden = (name: string): string => fileURLToPath(new URL(`../golden/top/${name}.txt`, import.meta.url));

/** Samples that each machine gives: as many as it moves. */
const MACHINES = [
  ['h200-x2', 3],
  ['hgx-h100-x8', 20],
  ['lost-gpu', 3],
  ['a100-mig', 3],
  ['rtx-4090', 3],
  ['h200-x2-load', 20],
] as const;

describe.each(MACHINES)('the screen of %s after %d samples', (machine, count) => {
  const recorded = samplesOf(machine, count);

  it.each(SIZES)('in %dx%d', async (columns, rows) => {
    const { lines } = view(modelOf(await recorded, columns, rows));
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => cellsOf(textOf(line)) > columns)).toEqual([]);
    await expect(`${lines.map(textOf).join('\n')}\n`).toMatchFileSnapshot(
      golden(`${machine}-${columns}x${rows}`),
    );
  });
});

describe('the screen of sixteen GPUs, twice the eight', () => {
  const recorded = samplesOf('hgx-h100-x8', 20).then(({ sample, histories }) => {
    const others = sample.gpus.map((gpu) => ({ ...gpu, index: gpu.index + 8 }));
    for (const gpu of others) {
      for (const share of Object.keys(SHARES) as readonly Share[]) {
        histories.add(historyName(gpu.index, share), sample.time, SHARES[share](gpu) ?? Number.NaN);
      }
    }
    return { sample: { ...sample, gpus: [...sample.gpus, ...others] }, histories };
  });

  it.each(SIZES)('in %dx%d', async (columns, rows) => {
    const { lines } = view(modelOf(await recorded, columns, rows));
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => cellsOf(textOf(line)) > columns)).toEqual([]);
    await expect(`${lines.map(textOf).join('\n')}\n`).toMatchFileSnapshot(
      golden(`sixteen-${columns}x${rows}`),
    );
  });
});

const ID = 'c0ffee00'.repeat(8);

/** A training of four processes below one launcher, and a server in a container. */
const WORLD: MadeWorld = {
  processes: {
    400: { command: ['bash'], parent: 1 },
    450: { command: ['torchrun', '--nproc-per-node=2', 'train.py'], parent: 400 },
    500: {
      command: ['python', 'train.py', '--rank=0'],
      parent: 450,
      cpuTicks: 5000,
      residentKib: 4_194_304,
      start: 100,
    },
    501: {
      command: ['python', 'train.py', '--rank=1'],
      parent: 450,
      state: 'D',
      residentKib: 4_194_304,
      start: 100,
    },
    600: { uid: 1002, command: ['推理服务', '--port', '8000'], cgroup: `0::/docker/${ID}\n`, start: 5000 },
  },
};

const SERVER = machineWith([
  {
    fbMiB: 41_000,
    sm: 97,
    processes: [{ pid: 500, name: 'python', fbMiB: 40_960, use: { smUtil: 96, memUtil: 30 } }],
  },
  {
    fbMiB: 61_000,
    sm: 55,
    processes: [
      { pid: 501, name: 'python', fbMiB: 20_480, use: { smUtil: 12, memUtil: 5 } },
      { pid: 600, name: 'server', fbMiB: 40_000 },
    ],
  },
]);

const ofServer = samplesOf(SERVER, 2, WORLD);

const rowsOf = async (
  change: Partial<TopState>,
  columns = 120,
  isUtf8 = true,
): Promise<readonly string[]> => {
  const recorded = await ofServer;
  // The processes began when the made-up kernel did.
  const model = modelOf(recorded, columns, 24, { graphs: false, ...change }, isUtf8);
  const { lines, processes } = view({ ...model, now: BOOT * 1000 + 600_000 });
  return lines
    .slice(processes?.row)
    .map(textOf)
    .filter((line) => line !== '')
    .slice(0, -1);
};

describe('the processes', () => {
  it('have user, CPU, memory, time, container and command; the command is cut', async () => {
    expect(await rowsOf({}, 116)).toEqual([
      ' GPU     PID USER  TYPE  SM% MEM% ENC% DEC%   GPU-MEM  CPU%  HOST-MEM S     TIME CONTAINER    COMMAND',
      '   0     500 ada   C      96   30    0    0  40960MiB     0   4096MiB S     9:59 -            python train.py --ran…',
      '   1     501 ada   C      12    5    0    0  20480MiB     0   4096MiB D     9:59 -            python train.py --ran…',
      '   1     600 grace C       -    -    -    -  40000MiB     0         - S     9:10 c0ffee00c0ff 推理服务 --port 8000',
    ]);
  });

  it('are below their launcher in the tree, without the shell above it', async () => {
    const lines = await rowsOf({ tree: true }, 170);
    expect(lines.map((line) => line.slice(line.lastIndexOf('  ') + 2))).toMatchObject([
      expect.stringContaining('COMMAND'),
      'torchrun --nproc-per-node=2 train.py',
      expect.stringContaining('├─ python train.py --rank=0'),
      expect.stringContaining('└─ python train.py --rank=1'),
      expect.stringContaining('推理服务 --port 8000'),
    ]);
  });

  it('have a tree of ASCII without UTF-8', async () => {
    expect((await rowsOf({ tree: true }, 170, false)).join('\n')).toMatch(/\|- python .*\n.*`- python/);
  });

  it('are filtered by anything in their line, and by GPU', async () => {
    expect((await rowsOf({ filter: 'RANK=1' })).length).toBe(2);
    expect((await rowsOf({ filter: 'grace' }))[1]).toContain('推理服务');
    expect((await rowsOf({ onlyGpu: 0 })).length).toBe(2);
    expect(await rowsOf({ filter: 'nothing like it' })).toContain(' No process fits the filter.');
  });

  it('are sorted by any column, and the head says by which', async () => {
    const [head, first] = await rowsOf({ sort: 'used_gpu_memory' });
    expect(head).toContain('GPU-MEMv');
    expect(first).toContain('40960MiB');
    const [, last] = await rowsOf({ sort: 'used_gpu_memory', reverse: true });
    expect(last).toContain('20480MiB');
  });

  it('show a tag', async () => {
    const lines = await rowsOf({ tagged: new Set(['0/N/A/N/A/500']) });
    expect(lines[1]?.startsWith('*  0     500')).toBe(true);
  });
});

describe('a page', () => {
  const page = async (change: Partial<TopState>, columns = 100, rows = 40): Promise<string> =>
    view(modelOf(await ofServer, columns, rows, change))
      .lines.map(textOf)
      .join('\n');

  it('of a process has everything that is known, its graphs and its environment', async () => {
    const text = await page({ page: { is: 'process', key: '0/N/A/N/A/500', environ: ['A=1', 'B=\x1b[2J'] } });
    expect(text).toContain('Process 500 on GPU 0');
    expect(text).toMatch(/^command +python train\.py --rank=0$/m);
    expect(text).toContain('SM utilization');
    expect(text).toContain('A=1');
  });

  it('has identifiers whole, and a filter finds them by any part', async () => {
    expect(await page({ page: { is: 'process', key: '1/N/A/N/A/600' } })).toMatch(
      new RegExp(`^container_id +${ID}$`, 'm'),
    );
    expect(await rowsOf({ filter: ID.slice(20) })).toHaveLength(2);
  });

  it('has lines of more letters than columns in several, a report without blanks before that', async () => {
    const lines = ['GPU UUID                         : GPU-4bf3d5c8', `Name : ${'x'.repeat(70)}`];
    const text = await page({ page: { is: 'gpu', index: 0, lines } }, 60);
    expect(text).toMatch(/^GPU UUID +: GPU-4bf3d5c8$/m);
    expect(text).toMatch(/^Name : x{53}\nx{17}$/m);
    expect(
      await page({ page: { is: 'gpu', index: 0, lines: [`${lines[0]}${'-'.repeat(30)}`] } }, 60),
    ).toMatch(/^GPU UUID +: GPU-4bf3d5c8-{30}$/m);
  });

  it('of a process that has gone says so', async () => {
    expect(await page({ page: { is: 'process', key: '0/N/A/N/A/499' } })).toContain(
      'This process is no longer on the GPU.',
    );
  });

  it('says that an environment may not be read', async () => {
    expect(await page({ page: { is: 'process', key: '0/N/A/N/A/500', environ: 'hidden' } })).toContain(
      'Its environment may not be read: run nvsmi as its user, or as root.',
    );
  });

  it('of the help has every key, but for signals where there are none', async () => {
    expect(await page({ page: { is: 'help' } }, 100, 60)).toContain('SIGKILL');
    expect(await page({ page: { is: 'help' }, isReadonly: true }, 100, 60)).not.toContain('SIGKILL');
  });
});

describe('a screen', () => {
  it('that is too small says what is needed, in any size', async () => {
    const { lines } = view(modelOf(await ofServer, 30, 3));
    expect(lines.map(textOf)).toEqual(['30x3 is too small: 60x12 is ne', 'eded', '']);
    expect(view(modelOf(await ofServer, 1, 1)).lines).toHaveLength(1);
  });

  it('without an answer is grey, and says since when and how old the values are', async () => {
    const model = modelOf(await ofServer, 100, 24);
    const now = model.now + 7000;
    const { lines } = view({ ...model, now, silentSince: now - 6000 });
    expect(textOf(lines[1] ?? [])).toBe('The driver has not answered for 0:06; these values are 0:07 old.');
    expect(new Set(lines.slice(2, -1).flatMap((line) => line.map(({ role }) => role)))).toEqual(
      new Set(['dim']),
    );
  });

  it('says how many GPUs have no graph, and shows that of the chosen one', async () => {
    const recorded = await samplesOf(machineWith(Array.from({ length: 16 }, () => ({}))), 1);
    const screen = (onlyGpu?: number): readonly string[] =>
      view(modelOf(recorded, 100, 40, { onlyGpu })).lines.map(textOf);
    const graphed = (lines: readonly string[]): readonly string[] =>
      lines.flatMap((line) => [...line.matchAll(/GPU (\d+) [a-z]+ ─/g)].map(([, index = '']) => index));
    const all = screen();
    const [, without] = / … (\d+) more GPUs have no room/.exec(all.join('\n')) ?? [];
    expect(graphed(all)).toHaveLength(16 - Number(without));
    expect(graphed(screen(15))[0]).toBe('15');
  });

  it('says what the GPUs come to and how busy the host is, as far as there is room', async () => {
    const recorded = await samplesOf('lost-gpu', 1);
    const host = { load: 3.14, usedMemory: 21 * 1024 ** 3, totalMemory: 64 * 1024 ** 3 };
    const first = (columns: number): string => {
      const model = modelOf({ ...recorded, sample: { ...recorded.sample, host } }, columns, 24);
      return textOf(view(model).lines[0] ?? []);
    };
    expect(first(120)).toMatch(
      / 7 GPUs \d+% \d+\/558G \d+\/4900W {2}host load 3\.1 memory 21\/64G +every 1s$/,
    );
    expect(first(80)).toMatch(/ 7 GPUs \d+% \d+\/558G \d+\/4900W +every 1s$/);
    expect(first(60)).toMatch(/ driver \S+ +every 1s$/);
  });

  it('before the first sample says that it waits', async () => {
    const model = modelOf(await ofServer, 80, 24);
    expect(view({ ...model, sample: undefined }).lines.map(textOf)).toContain(
      ' Waiting for the first sample.',
    );
  });

  it('with more GPUs than rows counts those that have none', async () => {
    const recorded = await samplesOf(machineWith(Array.from({ length: 16 }, () => ({}))), 1);
    const { lines } = view(modelOf(recorded, 80, 16));
    expect(lines.map(textOf)).toContain('  … 9 more');
    expect(lines.map(textOf)).toContain(' No processes found.');
    const last = view(modelOf(recorded, 80, 16, { onlyGpu: 15 })).lines.map(textOf);
    expect(last[1]).toMatch(/^GPU Name/);
    expect(last.filter((line) => /^ 1[0-5] /.test(line))).toHaveLength(6);
  });

  it('has the values of a GPU that does not answer, and its processes, in grey', async () => {
    const { sample, histories } = await ofServer;
    const since = sample.time - 12_000;
    const gpus = sample.gpus.map((gpu) => (gpu.index === 1 ? { ...gpu, hasAnswered: false, since } : gpu));
    const { lines } = view(modelOf({ sample: { ...sample, gpus }, histories }, 120, 24, { graphs: false }));
    expect(textOf(lines[1] ?? [])).toBe('No answer from GPU 1 for 0:12: what is grey is old.');
    const isGrey = (start: RegExp): boolean =>
      (lines.find((line) => start.test(textOf(line))) ?? []).every(({ role }) => role === 'dim');
    expect([/^ {2}0 /, /^ {2}1 /, /^ {3}0 +500/, /^ {3}1 +501/].map(isGrey)).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});
