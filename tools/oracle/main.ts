/**
 * Compares nvsmi with real nvidia-smi programs on recorded machines. No GPU is needed: each program runs on the fake NVML.
 *
 *   npm run parity -- --oracle PATH... [--log FILE] [--list FILE] [--only WORD] [--machine NAME] [--show N] [--record FOLDER]
 *
 * PATH is an nvidia-smi; which driver it belongs to, and which version the recordings then have, it says itself. --log compares
 * with what one printed elsewhere. --record writes such logs. Of the kinds that are known to differ (kinds.ts) only the number is
 * shown; --known shows them, too. --every 3 asks each third command line.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type Comparison, compare, type Hunk } from './compare.js';
import { kindOf, OF_LOST_GPUS } from './kinds.js';
import { commandLines, expanded } from './list.js';
import { type LogEntry, logText, readLog } from './log.js';
import { compareCut, isCutShort } from './lost.js';
import { machineNames, machineOf, type OracleMachine } from './machines.js';
import { printOurs } from './ours.js';
import { type Oracle, openOracle, type Printed } from './program.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    oracle: { type: 'string', multiple: true, default: [] },
    log: { type: 'string', multiple: true, default: [] },
    list: { type: 'string', default: 'test/parity/commands.txt' },
    more: { type: 'string', default: 'test/oracle/commands.txt' },
    only: { type: 'string' },
    machine: { type: 'string', multiple: true },
    show: { type: 'string', default: '12' },
    record: { type: 'string' },
    // Of `npm run parity`: the source is run, and nothing built.
    build: { type: 'boolean', default: false },
    grouped: { type: 'boolean', default: false },
    known: { type: 'boolean', default: false },
    every: { type: 'string', default: '1' },
  },
});

const list = commandLines(values.list, values.more);
const isAsked = (args: string): boolean => values.only === undefined || args.includes(values.only);

interface Case {
  readonly machine: OracleMachine;
  readonly args: string;
  readonly headOnly: boolean;
  readonly real: () => Promise<Printed>;
  /** The same where all GPUs can be attached. */
  readonly whole?: () => Promise<Printed>;
}

/** Machines with a lost GPU, which nvsmi shows otherwise on purpose (docs/differences.md). */
const APART: ReadonlySet<string> = new Set(['lost-gpu', 'gpu1-lost']);

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-oracle-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const isWanted = (name: string): boolean => values.machine === undefined || values.machine.includes(name);

async function casesOf(oracle: Oracle): Promise<readonly Case[]> {
  const any = machineOf('t4', oracle.driver, folder);
  const all = await expanded(list, async (option) => (await oracle.print(any, option)).out);
  const lines = all.filter(({ args }, i) => isAsked(args) && i % Number(values.every) === 0);
  return machineNames()
    .filter(isWanted)
    .flatMap((name) => {
      const machine = machineOf(name, oracle.driver, folder);
      return lines
        .filter(({ forPatches }) => forPatches || !machine.isPatch)
        .map(({ args, headOnly }) => ({
          machine,
          args,
          headOnly,
          real: () => oracle.print(machine, args),
          whole: () => oracle.print(machine.healthy ?? machine, args),
        }));
    });
}

function casesIn(entries: readonly LogEntry[], driver: string): readonly Case[] {
  const machines = new Map<string, OracleMachine>();
  return entries
    .filter(({ machine, args }) => isWanted(machine) && isAsked(args))
    .map(({ machine: name, args, out, status }) => {
      const machine = machines.get(name) ?? machineOf(name, driver, folder);
      machines.set(name, machine);
      const headOnly = list.some((line) => line.headOnly && line.args === args);
      return { machine, args, headOnly, real: () => Promise.resolve({ out, status }) };
    });
}

async function compareCase({ machine, args, headOnly, whole }: Case, real: Printed): Promise<Comparison> {
  const part = (printed: Printed): Printed => (headOnly ? headOf(printed) : printed);
  const ours = part(await printOurs(machine, args));
  const { healthy } = machine;
  const found = compare(part(real), ours);
  if (found.isSame || whole === undefined || healthy === undefined || !isCutShort(real)) return found;
  return compareCut(real, ours, {
    real: part(await whole()),
    ours: part(await printOurs(healthy, args)),
  });
}

async function compareAll(title: string, cases: readonly Case[]): Promise<void> {
  const differing = new Differing();
  const log: LogEntry[] = [];
  let [same, lines, equal] = [0, 0, 0];
  let [linesApart, equalApart] = [0, 0];
  // The real programs run while nvsmi does: two at a time.
  const pending = new Map<number, Promise<Printed>>();
  const ahead = 3;
  for (const [i, each] of cases.entries()) {
    for (let next = i; next < Math.min(i + ahead, cases.length); next++) {
      if (!pending.has(next)) pending.set(next, (cases[next] as Case).real());
    }
    const real = (await pending.get(i)) as Printed;
    pending.delete(i);
    log.push({ machine: each.machine.name, args: each.args, ...real });
    const found = await compareCase(each, real);
    lines += found.lines;
    equal += found.equal;
    if (APART.has(each.machine.name)) {
      linesApart += found.lines;
      equalApart += found.equal;
    }
    if (found.isSame) same++;
    else differing.add(each.machine, each.args, found);
  }
  differing.print();
  const percent = (some: number, all: number): string => ((100 * some) / Math.max(all, 1)).toFixed(2);
  console.log(
    `${title}: ${cases.length} command lines, ${same} identical; ${lines} lines, ${equal} identical (${percent(equal, lines)} %); ${percent(equal, lines - differing.lost)} % without ${differing.lost} of lost GPUs; ${percent(equal - equalApart, lines - linesApart)} % where no GPU is lost`,
  );
  if (values.record !== undefined) {
    mkdirSync(values.record, { recursive: true });
    writeFileSync(join(values.record, `${title}.log.gz`), gzipSync(logText(log), { level: 9 }));
  }
}

const headOf = ({ out, status }: Printed): Printed => ({ out: out.split('\n\n', 1)[0] ?? '', status });

const changesOf = ({ gone, come }: Hunk): readonly string[] => [
  ...gone.map((line) => `-${line}`),
  ...come.map((line) => `+${line}`),
];

const isStatus = (line: string): boolean => line.startsWith('exit status ');

/** What differs: how many lines of each known kind, and what nothing explains. */
class Differing {
  private readonly known = new Map<string, number>();
  /** Differing lines are alike where they differ in numbers alone. */
  private readonly alike = new Map<string, number>();
  private unexplained = 0;
  /** Lines that are not compared: nvidia-smi does not show a lost GPU so. */
  lost = 0;

  add(machine: OracleMachine, args: string, { hunks, lines, equal }: Comparison): void {
    const shown: string[] = [];
    for (const hunk of hunks) {
      const kind = kindOf(hunk, machine, args);
      const size = Math.max(hunk.gone.length, hunk.come.length);
      if (OF_LOST_GPUS.has(kind) && !hunk.gone.some(isStatus)) this.lost += size;
      if (kind !== undefined) this.known.set(kind, (this.known.get(kind) ?? 0) + size);
      else this.unexplained += size;
      if (kind === undefined || values.known) {
        shown.push(...changesOf(hunk).map((line) => (kind === undefined ? line : `${line}   (${kind})`)));
      }
    }
    for (const line of shown) {
      const key = line.replace(/\d+/g, '#').replace(/ +/g, ' ').slice(0, 150);
      this.alike.set(key, (this.alike.get(key) ?? 0) + 1);
    }
    if (values.grouped || shown.length === 0) return;
    console.log(`## ${machine.name} | ${args.slice(0, 200)}   (${equal} of ${lines} lines)`);
    for (const line of shown.slice(0, Number(values.show))) console.log(`    ${line.slice(0, 200)}`);
  }

  print(): void {
    const sorted = (counts: ReadonlyMap<string, number>): [string, number][] =>
      [...counts].sort(([, a], [, b]) => b - a);
    if (values.grouped) {
      for (const [line, times] of sorted(this.alike).slice(0, Number(values.show)))
        console.log(`${String(times).padStart(6)} ${line}`);
    }
    for (const [kind, count] of sorted(this.known)) console.log(`known: ${count} lines, ${kind}`);
    console.log(`not explained: ${this.unexplained} lines`);
  }
}

for (const path of [...values.oracle, ...positionals]) {
  const oracle = await openOracle(path);
  await compareAll(oracle.driver, await casesOf(oracle));
}
for (const path of values.log) {
  const driver = /\d{3}\.\d+(?:\.\d+)?/.exec(path)?.[0] ?? '580.159.04';
  await compareAll(driver, casesIn(readLog(path), driver));
}
