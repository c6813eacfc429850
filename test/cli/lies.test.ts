/** Recordings may hold anything, as any file: each is read, or refused in one line that says where it lies. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainLines } from '../../src/base/plain-text.js';
import { main } from '../../src/cli/cli.js';
import { RecordWriter } from '../../src/system/record-file.js';
import { a100WithMig } from '../commands/mig-machine.js';
import { vgpuHost } from '../commands/vgpu-machine.js';
import { FakeIo } from '../fake-io.js';
import { folderOfFile } from '../temporary.js';
import { JSON_COMMANDS, TEXT_COMMANDS } from './every-command.js';
import { HINTS } from './hints.js';
import { lie, random } from './lying-recordings.js';

const folder = folderOfFile();
const path = join(folder, 'machine.json');

const bundled = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8'));

const MACHINES: readonly unknown[] = [
  ...['h200-x2', 'a100-mig', 't4', 'mismatch', 'none'].map(bundled),
  vgpuHost(),
  a100WithMig(),
];

const COMMANDS = [...TEXT_COMMANDS, ...JSON_COMMANDS, ['-q', '-x'], ['snapshot']];

async function run(argv: readonly string[]) {
  const io = new FakeIo();
  const status = await main(argv, io);
  return { status, out: io.output, err: io.errors };
}

/** Words that no reader should see; a message may quote the text of the file. */
const BROKEN = /(?<!")\bNaN\b|\bundefined\b|\[object |Cannot read|^\s+at /m;

/** What nvidia-smi puts around the head of a matrix. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const withoutUnderline = (text: string): string => text.replace(/\u001b\[4m|\u001b\[0m/g, '');

function expectSound({ status, out, err }: Awaited<ReturnType<typeof run>>, what: string): void {
  const all = withoutUnderline(out + err);
  expect(status, what).toBeGreaterThanOrEqual(0);
  expect(status, what).toBeLessThan(256);
  expect(all, what).toBe(plainLines(all));
  expect(BROKEN.exec(all)?.[0], what).toBeUndefined();
}

/** Seeds of each run, so that a failure names one; other ranges were tried by hand. */
const SEEDS = 60;

describe('a recording that lies', () => {
  it.each([0, 1, 2, 3])(
    'ends each command with a status and without a word of JavaScript (part %i)',
    async (part) => {
      for (let seed = part * SEEDS; seed < (part + 1) * SEEDS; seed++) {
        writeFileSync(path, lie(MACHINES[seed % MACHINES.length], seed));
        const next = random(seed + 1);
        for (let i = 0; i < 3; i++) {
          const argv = COMMANDS[Math.floor(next() * COMMANDS.length)] as readonly string[];
          const ran = await run([...argv, '--snapshot', path]);
          const what = `seed ${seed}: nvsmi ${argv.join(' ')}`;
          if (argv[0] !== 'snapshot') expectSound(ran, what);
          if (ran.out.startsWith(path)) expect(ran.out.split('\n'), what).toHaveLength(2);
        }
      }
    },
    120_000,
  );

  const machine = vgpuHost();
  const refusal = async (json: unknown, argv: readonly string[] = ['-L']): Promise<string> => {
    writeFileSync(path, JSON.stringify(json));
    const { status, out } = await run([...argv, '--snapshot', path]);
    expect(status).toBe(2);
    expect(out.startsWith(`${path}: `)).toBe(true);
    return out.slice(path.length + 2);
  };
  const answering = (fn: string, answers: unknown): unknown => ({
    ...machine,
    calls: { ...machine.calls, [fn]: answers },
  });

  it.each([
    ['a title that is no text', { title: 5 }, 'title: text is needed, not 5'],
    [
      'an origin that there is not',
      { origin: 'bought' },
      'origin: "recorded" or "built" is needed, not "bought"',
    ],
    [
      'identities that are missing',
      { identities: undefined },
      'identities: "made-up" or "kept" is needed, not nothing',
    ],
    ['files in a list', { files: [] }, 'files: an object is needed, not an empty list'],
    ['a file that is no text', { files: { '/proc/x': null } }, 'files[/proc/x]: text is needed, not null'],
    [
      'a function without answers',
      { calls: { nvmlInit_v2: 'yes' } },
      'calls.nvmlInit_v2: an object is needed, not "yes"',
    ],
  ])('is refused with the place of %s', async (_, change, reason) => {
    expect(await refusal({ ...machine, ...change })).toBe(`${reason}\n`);
  });

  it.each([
    [
      'a name that is a number',
      'nvmlDeviceGetName',
      { gpu0: 5 },
      'calls.nvmlDeviceGetName[gpu0]: text is needed, not 5',
    ],
    [
      'a member of all objects',
      'nvmlDeviceGetPciInfo_v3',
      { gpu0: { toString: 1 } },
      'calls.nvmlDeviceGetPciInfo_v3[gpu0]: unknown struct field toString',
    ],
    [
      'deep nesting',
      'nvmlDeviceGetUUID',
      { gpu0: [[[[[[[[]]]]]]]] },
      'calls.nvmlDeviceGetUUID[gpu0]: text is needed, not a list',
    ],
    [
      'a long text for a number',
      'nvmlDeviceGetCount_v2',
      { '': 'x'.repeat(100_000) },
      `calls.nvmlDeviceGetCount_v2[]: a number is needed, not "${'x'.repeat(59)}...`,
    ],
    [
      'an escape',
      'nvmlDeviceGetCount_v2',
      { '': '\u001b[2J\n\u202e' },
      'calls.nvmlDeviceGetCount_v2[]: a number is needed, not "\\u001b[2J\\n\\u202e"',
    ],
  ])(
    'is refused with the function and the inputs of an answer that has %s',
    async (_, fn, answers, reason) => {
      expect(await refusal(answering(fn, answers), ['--query-gpu=count,name,uuid,pci.bus_id'])).toBe(
        `${reason}\n`,
      );
    },
  );

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'may call a handle or a key %s, which has no answers then',
    async (name) => {
      writeFileSync(
        path,
        JSON.stringify(answering('nvmlDeviceGetHandleByIndex_v2', { 0: name, 1: 'gpu1' })).replace(
          '"nvmlInit_v2":{',
          `"${name}":{"${name}":{"${name}":1}},"nvmlInit_v2":{"${name}":{},`,
        ),
      );
      const { status, out } = await run(['-L', '--snapshot', path]);
      expect(out).toBe('Unable to determine the product name for gpu : Not Found\n');
      expect(status).toBe(6);
    },
  );

  it.each([
    [
      'many lists in each other',
      '['.repeat(2_000_000),
      'more lists and objects within each other than one has',
    ],
    ['many lists', `[${'[],'.repeat(1_100_000)}`, 'more lists and objects than one has'],
  ])('is refused for %s before they take their room', async (_, json, reason) => {
    writeFileSync(path, json);
    const { status, out } = await run(['-L', '--snapshot', path]);
    expect(out).toMatch(new RegExp(`^${path}:1:\\d+: not a snapshot: ${reason}\\n$`));
    expect(status).toBe(2);
  });

  it('has no end and is refused', async () => {
    const { status, out } = await run(['-L', '--snapshot', '/dev/zero']);
    expect(out).toMatch(/^\/dev\/zero: longer than \d+ MiB, which no snapshot is\n$/);
    expect(status).toBe(2);
  });

  it.each([
    ['file', ['-L', '--snapshot', 'no\n\u001b[2J\u202efile']],
    ['option', ['--no\n\u001b[2J\u202esuch']],
    ['command', ['no\n\u001b[2J\u202esuch']],
    ['option of a command', ['dmon', '--no\n\u001b[2J\u202esuch']],
    ['field', ['--query-gpu=no\n\u001b[2J\u202esuch']],
    ['GPU', ['--snapshot', 't4', '-i', 'no:\n\u001b[2J\u202esuch']],
    ['recording', ['replay', '-f', 'no\n\u001b[2J\u202esuch']],
    ['time of the day', ['replay', '-f', 'x', '-b', 'no\n\u001b[2J\u202esuch']],
    ['number', ['dmon', '-d', 'no\n\u001b[2J\u202esuch']],
    ['log file', ['--query-gpu=index', '--snapshot', 't4', '-f', '/nonexistent/no\n\u001b[2J\u202esuch']],
  ])('is named as plain as a %s that is not there', async (_, argv) => {
    const { status, out, err } = await run(argv);
    expect(status).not.toBe(0);
    const lines = (out + (HINTS.test(err) ? '' : err)).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toBe(plainLines(lines[0] as string));
  });
});

describe("a recorder's file that lies", () => {
  const HEAD = {
    format: 'nvsmi-daemon',
    version: 1,
    started: '2026-11-23T12:00:00.000Z',
    driver: '580.159.04',
    delay: 10,
    columns: [
      { name: 'power.draw', unit: 'W' },
      { name: 'gtemp', unit: 'C' },
    ],
    gpus: [{ index: 0, uuid: 'GPU-a', name: 'A' }],
  };
  const TICK = { t: 1795435200000, g: [[0, 70, 30]] };
  const file = join(folder, 'nvstats');

  const replay = async (lines: readonly unknown[], ...argv: string[]) => {
    rmSync(file, { force: true });
    const writer = new RecordWriter(file);
    for (const line of lines) writer.write(typeof line === 'string' ? line : JSON.stringify(line));
    writer.close();
    return run(['replay', '-f', file, '-s', 'p', ...argv]);
  };

  it.each([
    [
      'an index that is text',
      { gpus: [{ index: '0', uuid: null, name: null }] },
      'line 1: gpus[0].index: a whole number from 0 to 255 is needed, not "0"',
    ],
    [
      'a UUID that is a number',
      { gpus: [{ index: 0, uuid: 5, name: null }] },
      'line 1: gpus[0].uuid: text is needed, not 5',
    ],
    ['GPUs in no list', { gpus: {} }, 'line 1: gpus: a list is needed, not an object'],
    ['no columns', { columns: undefined }, 'line 1: columns: a list is needed, not nothing'],
    ['a column without a name', { columns: [null] }, 'line 1: columns[0]: an object is needed, not null'],
    ['a version that is a list', { version: [] }, 'line 1: version an empty list is not known'],
  ])('is refused for a head with %s', async (_, change, reason) => {
    const { status, out } = await replay([{ ...HEAD, ...change }, TICK]);
    expect(out).toBe(`${file}: ${reason}\n`);
    expect(status).toBe(2);
  });

  it.each([
    ['an index that is text', { g: [['0', 70]] }, 'g[0][0]: a whole number from 0 to 255 is needed, not "0"'],
    ['a value that is text', { g: [[0, '70']] }, 'g[0][1]: a number is needed, not "70"'],
    ['a row without an index', { g: [[]] }, 'g[0][0]: a whole number from 0 to 255 is needed, not nothing'],
    ['a time that no calendar has', { t: 1e300 }, 't: a number is needed, not 1e+300'],
    ['a time that is missing', { t: null }, 't: a number is needed, not null'],
  ])('shows the other ticks where one has %s, and says so', async (_, change, reason) => {
    for (const format of ['table', 'json']) {
      const { status, out, err } = await replay(
        [HEAD, TICK, { ...TICK, ...change }, TICK],
        ...(format === 'json' ? ['--format', 'json'] : []),
      );
      expect(err).toBe(`${file}: line 3: ${reason}\n`);
      expect(out.match(/70/g)).toHaveLength(2);
      expect(status).toBe(2);
    }
  });

  it('shows numbers that are too large for JSON as broken', async () => {
    const { err } = await replay([HEAD, TICK, '{"t":1795435200000,"g":[[0,1e999]]}']);
    expect(err).toContain('line 3: g[0][1]: a number is needed, not Infinity');
  });

  it('ends with a status and without a word of JavaScript, whatever is in it', async () => {
    for (let seed = 0; seed < 300; seed++) {
      const lines = [lie({ calls: HEAD, ...HEAD }, seed), lie({ calls: TICK, ...TICK }, seed), TICK].slice(
        seed % 2,
      );
      expectSound(await replay([HEAD, ...lines]), `seed ${seed}`);
      expectSound(await replay(lines, '--format', 'json'), `seed ${seed} as JSON`);
    }
  }, 120_000);
});
