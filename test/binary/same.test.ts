/** The program that NVSMI_PROGRAM names does what Node's does: `npm run check:binary`. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { buildFake } from '../fake-nvml/build.js';
import { NODE_PROGRAM, PROGRAM, type Program, started } from '../program.js';
import { COMMON, type CommandLine, commandLines, machineFolder } from './command-lines.js';
import { FAULTS, machineOf } from './faults.js';
import { alike, run } from './run.js';

afterAll(() => rmSync(machineFolder, { recursive: true }));

async function compare(line: CommandLine): Promise<void> {
  const both = await Promise.all([run(line, PROGRAM), run(line, NODE_PROGRAM)]);
  const [ours, nodes] = line.isLoop ? alike(...both) : both;
  expect(ours).toEqual(nodes);
}

const title = ({ argv, env }: CommandLine): string =>
  [...Object.entries(env).map(([name, value]) => `${name}=${value}`), 'nvsmi', ...argv]
    .join(' ')
    .slice(0, 110);

describe.concurrent('both programs answer alike', { timeout: 60_000 }, () => {
  for (const line of commandLines) it(`${line.list}: ${title(line)}`, () => compare(line));
});

/** What is coloured, or laid out, where another user looks at it. */
const ON_A_TERMINAL = [
  '-h',
  'dmon -h',
  '--help-query-gpu',
  '--snapshot mismatch',
  '--nvml /nowhere.so',
  'dmon -c 1',
];

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('on a terminal', () => {
  const shown = (argv: string, program: Program): string => {
    const [file, words] = started(argv.split(' '), program);
    const command = [file, ...words].map((word) => `'${word}'`).join(' ');
    const env = { ...process.env, TERM: 'xterm-256color', NVSMI_SNAPSHOT: 'h200-x2' };
    return spawnSync('script', ['-qefc', command, '/dev/null'], { env, encoding: 'utf8' }).stdout;
  };
  it.each(ON_A_TERMINAL)('both programs show the same: nvsmi %s', (argv) => {
    const nodes = shown(argv, NODE_PROGRAM);
    expect(nodes).not.toBe('');
    expect(shown(argv, PROGRAM)).toBe(nodes);
  });
});

const isAvailable = (await buildFake()).available;

/** What asks the driver in still other ways. */
const OF_A_DRIVER: readonly (readonly string[])[] = [
  ...COMMON,
  ['snapshot'],
  ['snapshot', '--keep-identities', '-o', 'machine.json'],
  ['--query-gpu=index,power.draw', '--format=csv', '-lms', '100'],
  ['dmon', '-d', '1'],
];

describe.skipIf(!isAvailable).each(Object.keys(FAULTS))('both programs answer alike of %s', (name) => {
  const fault = FAULTS[name] ?? {};
  it.concurrent.each(OF_A_DRIVER.map((argv) => [argv.join(' '), argv] as const))(
    'nvsmi %s',
    { timeout: 60_000 },
    async (_, argv) => {
      const library = (await buildFake(fault.library)).with(machineOf(fault));
      const isLoop = argv.includes('-lms') || argv.includes('-d');
      // Both get new files of the library: some faults count calls.
      await compare({ list: name, argv, source: ['--nvml', library.path], env: {}, isLoop });
    },
  );
});
