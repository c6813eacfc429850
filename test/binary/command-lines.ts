/** Every command line that a test knows, as programs can run it: on a recorded machine, or one that a fault has. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../src/commands/index.js';
import { cases, NEEDS_A_SHELL } from '../golden/argv-cases.js';
import { machineFor, type Row, rowsOf } from '../golden/recorded.js';

export interface CommandLine {
  /** Where it is from. */
  readonly list: string;
  readonly argv: readonly string[];
  /** `--snapshot NAME` or `--nvml PATH`. */
  readonly source: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether it was ended from outside when it was recorded. */
  readonly isLoop: boolean;
}

const MACHINE = 'h200-x2';
const ENDED = 124;

export const machineFolder = mkdtempSync(join(tmpdir(), 'nvsmi-same-'));

const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([word, double, single]) => double ?? single ?? word);

const line = (list: string, argv: readonly string[], more: Partial<CommandLine> = {}): CommandLine => ({
  list,
  argv,
  source: ['--snapshot', MACHINE],
  env: {},
  isLoop: false,
  ...more,
});

/** A recorded machine as a file, with the overrides of a row. */
function sourceOf(machine: string, { overrides }: Row): readonly string[] {
  if (overrides.length === 0) return ['--snapshot', machine];
  const file = join(machineFolder, `${machine}-${overrides.join('-')}.json`);
  writeFileSync(file, JSON.stringify(machineFor(machine, overrides)));
  return ['--snapshot', file];
}

const golden: readonly CommandLine[] = rowsOf(MACHINE).map((row) =>
  line(MACHINE, row.argv, { source: sourceOf(MACHINE, row), isLoop: row.status === ENDED }),
);

const unusual: readonly CommandLine[] = cases
  .filter(({ command }) => !NEEDS_A_SHELL.includes(command))
  .map(({ argv, env, status }) => line('unusual', argv, { env, isLoop: status === ENDED }));

/** `! ` where the real one is known to differ, `^ ` for a part of the answer, seconds for a loop, the arguments. */
const ENTRY = /^(?:! )?(?:\^ )?((?:\d+(?:\.\d+)?)s )?(.*)$/;

const parity: readonly CommandLine[] = readFileSync(
  new URL('../parity/commands.txt', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((entry) => entry !== '' && !entry.startsWith('#'))
  .map((entry) => {
    const [, seconds, args = ''] = ENTRY.exec(entry) ?? [];
    return line('parity', args === '(none)' ? [] : words(args), { isLoop: seconds !== undefined });
  });

/** Commands that print until they are stopped. */
const LOOPS = ['dmon', 'pmon', 'encodersessions', 'fbcsessions'];

const helps: readonly CommandLine[] = [
  ['-h'],
  ['--help-query-compute-apps'],
  ...commands.flatMap(({ name }) => [[name], [name, '-h'], [name, '--bogus']]),
]
  // They run on: one writes to a folder of the system, one listens, and one may have nothing to print.
  .filter((argv) => !['daemon', 'exporter', 'events'].includes(argv.join(' ')))
  .map((argv) => line('help', argv, { isLoop: LOOPS.includes(argv.join(' ')) }));

/** What people run most. */
export const COMMON: readonly (readonly string[])[] = [
  '',
  '-L',
  '--query-gpu=timestamp,index,name,uuid,memory.used,utilization.gpu,power.draw,ecc.mode.current --format=csv',
  '--query-gpu=index,name,memory.used --format=json',
  '--query-compute-apps=gpu_uuid,pid,name,used_memory --format=csv',
  '-q',
  '-q -x',
  '-q --json',
  '-q -d MEMORY,TEMPERATURE,PERFORMANCE',
  'topo -m',
  'nvlink -s',
  'mig -lgi',
  'vgpu',
  'dmon -c 1',
  'pmon -c 1',
].map(words);

const machines: readonly CommandLine[] = readdirSync(new URL('../../snapshots', import.meta.url))
  .map((file) => file.replace(/\.json$/, ''))
  .filter((machine) => machine !== MACHINE)
  // A third on each, another one on the next: the code is the same, and tests of the source see all of them.
  .flatMap((machine, i) =>
    COMMON.filter((_, k) => k % 3 === i % 3).map((argv) =>
      line(machine, argv, { source: ['--snapshot', machine] }),
    ),
  );

/** Each once. */
export const commandLines: readonly CommandLine[] = [
  ...new Map(
    [...golden, ...unusual, ...parity, ...helps, ...machines].map((each) => [
      JSON.stringify([each.argv, each.source, each.env]),
      each,
    ]),
  ).values(),
];
