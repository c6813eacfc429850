/**
 * Runs command lines through nvidia-smi, nvsmi and nvidia-smi again, and shows every line of nvsmi's that is in
 * neither real run and whose numbers are not inside the bracket of the two. For a machine with a GPU.
 *
 *   npm run parity [-- --list FILE] [--nvsmi "node bin/nvsmi.js"] [--only WORD] [--verbose]
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Run {
  readonly status: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

const { values } = parseArgs({
  options: {
    list: { type: 'string', default: 'test/parity/commands.txt' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

function run(command: string, args: string, seconds: number | undefined): Run {
  const limited = seconds === undefined ? '' : `timeout -s INT ${seconds} `;
  const result = spawnSync('bash', ['-c', `${limited}${command} ${args}`], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  return {
    status: result.status ?? -1,
    lines: (result.stdout ?? '').split('\n'),
    stderr: result.stderr ?? '',
  };
}

const NUMBER = /-?\d+(?:\.\d+)?/g;
const TIMES = [
  /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3}/g,
  /[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g,
];

/** A line with its times and numbers taken out, its runs of blanks folded where a number's width moves them. */
function skeleton(line: string): string {
  let rest = line;
  for (const time of TIMES) rest = rest.replace(time, '<time>');
  return rest.replace(/ *-?\d+(?:\.\d+)?/g, ' #').trimEnd();
}

const timesOf = (line: string): number[] =>
  TIMES.flatMap((time) => [...line.matchAll(time)].map(([text]) => Date.parse(text.replaceAll('/', '-'))));

function numbersOf(line: string): number[] {
  let rest = line;
  for (const time of TIMES) rest = rest.replace(time, '');
  return [...rest.matchAll(NUMBER)].map(([text]) => Number(text));
}

/** Inside the bracket of two readings. A sensor that moves is given the distance it moved, and its last digit. */
function inside(value: number, a: number, b: number): boolean {
  const spread = Math.abs(a - b);
  const grain = Number.isInteger(a) && Number.isInteger(b) ? 1 : 0.01;
  const slack = spread === 0 ? 0 : Math.max(spread, grain);
  return value >= Math.min(a, b) - slack && value <= Math.max(a, b) + slack;
}

type Verdict = 'same' | 'in bracket' | 'differs';

function judge(line: string, before: string, after: string): Verdict {
  if (line === before || line === after) return 'same';
  if (skeleton(line) !== skeleton(before) && skeleton(line) !== skeleton(after)) return 'differs';
  const groups = [timesOf, numbersOf].map((of) => [of(line), of(before), of(after)] as const);
  const fits = groups.every(([ours, a, b]) =>
    ours.every((value, i) => inside(value, a[i] ?? Number.NaN, b[i] ?? Number.NaN)),
  );
  return fits ? 'in bracket' : 'differs';
}

const cases = readFileSync(values.list, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .filter((line) => values.only === undefined || line.includes(values.only));

/** Sensors move between three runs; what differs is compared anew before it counts. */
const ROUNDS = 4;

interface Comparison {
  readonly problems: readonly string[];
  readonly lines: number;
  readonly bracketed: number;
}

const headOf = (whole: Run): Run => {
  const blank = whole.lines.indexOf('', 1);
  return blank === -1 ? whole : { ...whole, lines: whole.lines.slice(0, blank) };
};

function compare(args: string, limit: number | undefined, headOnly: boolean): Comparison {
  const runs = [values.real, values.nvsmi, values.real].map((command) => run(command, args, limit));
  const [before, ours, after] = (headOnly ? runs.map(headOf) : runs) as [Run, Run, Run];
  const problems: string[] = [];
  if (ours.status !== before.status) problems.push(`exit status ${ours.status}, real ${before.status}`);
  if (ours.stderr !== before.stderr) problems.push(`stderr ${JSON.stringify(ours.stderr.slice(0, 300))}`);
  const counts = [before.lines.length, after.lines.length];
  if (
    limit === undefined &&
    (ours.lines.length < Math.min(...counts) || ours.lines.length > Math.max(...counts))
  ) {
    problems.push(`${ours.lines.length} lines, real ${counts.join(' and ')}`);
  }
  const compared = limit === undefined ? ours.lines.length : Math.min(ours.lines.length, ...counts) - 1;
  let bracketed = 0;
  for (let i = 0; i < compared; i++) {
    const line = ours.lines[i] as string;
    const [a, b] = [before.lines[i] ?? '', after.lines[i] ?? ''];
    const verdict = judge(line, a, b);
    if (verdict === 'in bracket') bracketed++;
    if (verdict === 'differs') problems.push(`line ${i + 1}\n    real ${a}\n    ours ${line}\n    real ${b}`);
  }
  return { problems, lines: compared, bracketed };
}

/** How the list spells a command line without arguments. */
const NONE = '(none)';

/** `^ ` for the part before the first blank line, seconds for a loop, and the arguments. */
const ENTRY = /^(\^ )?(?:(\d+(?:\.\d+)?)s )?(.*)$/;

let bad = 0;
let lines = 0;
let bracketed = 0;
for (const entry of cases) {
  const [, head, seconds, args] = ENTRY.exec(entry) as unknown as (string | undefined)[];
  const words = args === NONE ? '' : (args ?? '');
  const limit = seconds === undefined ? undefined : Number(seconds);
  let found = compare(words, limit, head !== undefined);
  for (let round = 1; round < ROUNDS && found.problems.length > 0; round++) {
    found = compare(words, limit, head !== undefined);
  }
  lines += found.lines;
  bracketed += found.bracketed;
  if (found.problems.length > 0) bad++;
  if (found.problems.length > 0 || values.verbose) {
    console.log(`${found.problems.length === 0 ? 'ok  ' : 'DIFF'} ${entry}`);
  }
  for (const problem of found.problems.slice(0, 40)) console.log(`  ${problem}`);
}
console.log(
  `${cases.length} command lines, ${bad} differ; ${lines} lines compared, ${bracketed} inside the bracket`,
);
process.exitCode = bad === 0 ? 0 : 1;
