/**
 * Runs command lines through nvidia-smi, nvsmi and nvidia-smi again, and shows every line of nvsmi's that is in no
 * real run and whose numbers are not inside the bracket of those. For a machine with a GPU.
 *
 *   npm run parity [-- --list FILE] [--nvsmi "node bin/nvsmi.js"] [--only WORD] [--verbose] [--strict]
 *
 * With --oracle PATH... or --log FILE it compares on recorded machines instead, without a GPU: tools/oracle/main.ts.
 * With --build the program is built first. With --strict what is known to differ must not, as where nvsmi is compared with itself.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Run {
  readonly status: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

if (process.argv.some((word) => /^--(?:oracle|log)(?:=|$)/.test(word))) {
  await import('./oracle/main.js');
  process.exit();
}

const { values } = parseArgs({
  options: {
    build: { type: 'boolean', default: false },
    list: { type: 'string', default: 'test/parity/commands.txt' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
});

/** Refuses what cannot be compared with, before anything is built. */
function refuseWithoutReal(): void {
  const [program = ''] = values.real.split(' ');
  const folders = program.includes('/')
    ? ['']
    : (process.env.PATH ?? '').split(':').map((path) => `${path}/`);
  if (folders.some((folder) => existsSync(folder + program))) return;
  console.error(
    `parity compares with ${program}, which is not here: run it on a machine with an NVIDIA driver, or name the program with --real`,
  );
  process.exit(2);
}

refuseWithoutReal();
if (values.build) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });

/** What nvsmi says more on stderr where it refuses: what a word may have meant, and where its help is. */
const HINT = /^(?:Did you mean .+\?|Run 'nvsmi .+' for help\.)\n/gm;

const withoutHints = ({ status, stderr }: Run): string => (status === 0 ? stderr : stderr.replace(HINT, ''));

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

/**
 * Inside the bracket of real readings. A sensor that moves is given the distance that it moves from one reading to the
 * next, and its last digit.
 */
function inside(value: number, readings: readonly number[]): boolean {
  const [least, most] = [Math.min(...readings), Math.max(...readings)];
  const grain = readings.every(Number.isInteger) ? 1 : 0.01;
  const slack = least === most ? 0 : Math.max((most - least) / (readings.length - 1), grain);
  return value >= least - slack && value <= most + slack;
}

type Verdict = 'same' | 'in bracket' | 'not compared' | 'differs';

/** nvidia-smi sees more of its own calls on an idle link (docs/differences.md), so that these numbers are not compared. */
const TRAFFIC = /\b[TR]x Throughput\b|<[tr]x_util>/;

/** Compares a line with the same line of the real runs. */
function judge(line: string, reals: readonly string[]): Verdict {
  if (reals.includes(line)) return 'same';
  const alike = reals.filter((real) => skeleton(real) === skeleton(line));
  if (alike.length === 0) return 'differs';
  if (TRAFFIC.test(line)) return 'not compared';
  const fits = [timesOf, numbersOf].every((of) => {
    const readings = alike.map(of);
    return of(line).every((value, i) =>
      inside(
        value,
        readings.map((numbers) => numbers[i] ?? Number.NaN),
      ),
    );
  });
  return fits ? 'in bracket' : 'differs';
}

const cases = readFileSync(values.list, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .filter((line) => values.only === undefined || line.includes(values.only));

/** Sensors move between runs: what differs is run again, and compared with all real runs so far, before it counts. */
const ROUNDS = 4;

interface Comparison {
  readonly problems: readonly string[];
  readonly lines: number;
  /** Lines whose numbers are inside the bracket, and those whose numbers are not compared. */
  readonly bracketed: number;
  readonly passed: number;
}

const headOf = (whole: Run): Run => {
  const blank = whole.lines.indexOf('', 1);
  return blank === -1 ? whole : { ...whole, lines: whole.lines.slice(0, blank) };
};

function compare(ours: Run, reals: readonly Run[], isLoop: boolean): Comparison {
  const problems: string[] = [];
  if (reals.every(({ status }) => status !== ours.status)) {
    problems.push(`exit status ${ours.status}, real ${reals[0]?.status}`);
  }
  if (reals.every((real) => withoutHints(real) !== withoutHints(ours))) {
    problems.push(`stderr ${JSON.stringify(ours.stderr.slice(0, 300))}`);
  }
  const counts = reals.map(({ lines }) => lines.length);
  if (!isLoop && (ours.lines.length < Math.min(...counts) || ours.lines.length > Math.max(...counts))) {
    problems.push(`${ours.lines.length} lines, real ${[...new Set(counts)].join(' or ')}`);
  }
  const compared = isLoop ? Math.min(ours.lines.length, ...counts) - 1 : ours.lines.length;
  let bracketed = 0;
  let passed = 0;
  for (let i = 0; i < compared; i++) {
    const line = ours.lines[i] as string;
    const real = reals.map(({ lines }) => lines[i] ?? '');
    const verdict = judge(line, real);
    if (verdict === 'in bracket') bracketed++;
    if (verdict === 'not compared') passed++;
    if (verdict === 'differs') {
      const seen = [...new Set(real)].map((each) => `\n    real ${each}`);
      problems.push(`line ${i + 1}\n    ours ${line}${seen.join('')}`);
    }
  }
  return { problems, lines: compared, bracketed, passed };
}

/** Compares a command line, again while it differs. */
function compareAnew(args: string, limit: number | undefined, headOnly: boolean): Comparison {
  const runOf = (command: string): Run => {
    const whole = run(command, args, limit);
    return headOnly ? headOf(whole) : whole;
  };
  const reals = [runOf(values.real)];
  for (let round = 1; ; round++) {
    const ours = runOf(values.nvsmi);
    reals.push(runOf(values.real));
    const found = compare(ours, reals, limit !== undefined);
    if (found.problems.length === 0 || round === ROUNDS) return found;
  }
}

/** How the list spells a command line without arguments. */
const NONE = '(none)';

/** `! ` where the answer is known to differ, `^ ` for the part before the first blank line, seconds for a loop, the arguments. */
const ENTRY = /^(! )?(\^ )?(?:(\d+(?:\.\d+)?)s )?(.*)$/;

let bad = 0;
let known = 0;
let lines = 0;
let bracketed = 0;
let passed = 0;
for (const entry of cases) {
  const [, isKnown, head, seconds, args] = ENTRY.exec(entry) as unknown as (string | undefined)[];
  const words = args === NONE ? '' : (args ?? '');
  const limit = seconds === undefined ? undefined : Number(seconds);
  const found = compareAnew(words, limit, head !== undefined);
  lines += found.lines;
  bracketed += found.bracketed;
  passed += found.passed;
  const differs = found.problems.length > 0;
  const mayDiffer = isKnown !== undefined && !values.strict;
  if (differs && mayDiffer) known++;
  else if (differs) bad++;
  if (mayDiffer) console.log(differs ? `known ${entry}` : `ALIKE ${entry}: known to differ, but does not`);
  else if (differs || values.verbose) console.log(`${differs ? 'DIFF' : 'ok  '} ${entry}`);
  if (differs && (!mayDiffer || values.verbose)) {
    for (const problem of found.problems.slice(0, 40)) console.log(`  ${problem}`);
  }
}
console.log(
  `${cases.length} command lines, ${bad} differ, ${known} as known; ${lines} lines compared, ${bracketed} inside the bracket, of ${passed} the numbers not compared`,
);
process.exitCode = bad === 0 ? 0 : 1;
