/** Every status at every call of the main commands: runs of whole command lines on a recorded machine whose calls fail. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainLines } from '../../src/base/plain-text.js';
import { main } from '../../src/cli/cli.js';
import { healthChecks } from '../../src/health/checks/index.js';
import { type FieldName, NVMLError, open } from '../../src/index.js';
import * as constants from '../../src/nvml/generated/constants.js';
import { isTooNew, type Status, statusFromSymbol } from '../../src/nvml/status.js';
import { FakeIo } from '../fake-io.js';

const FIELDS = [
  'index,name,uuid,pci.bus_id,serial,vbios_version,driver_version,pstate,temperature.gpu,temperature.memory',
  'utilization.gpu,utilization.memory,memory.total,memory.used,memory.free,power.draw,power.limit,fan.speed',
  'clocks.sm,clocks.mem,clocks.max.sm,compute_mode,persistence_mode,ecc.mode.current,mig.mode.current',
  'ecc.errors.uncorrected.volatile.total,retired_pages.pending,pcie.link.gen.current,pcie.link.width.current',
].join(',');

export const COMMANDS: readonly string[] = [
  '',
  '--json',
  '-L',
  `--query-gpu=${FIELDS} --format=csv`,
  `--query-gpu=${FIELDS} --format=json`,
  '--query-compute-apps=pid,used_memory --format=csv',
  '-q',
  '-q -x',
  '-q --json',
  'dmon -c 1',
  'pmon -c 1',
  'topo -m',
  'nvlink -s',
  'mig -lgip',
  'mig -lgi',
  'vgpu -q',
  'ps',
  'ps --json',
  'top --once',
  'doctor --json',
  'exporter --textfile FILE',
  'library',
  'health',
  'health --json',
  'health --nagios',
];

/** All of NVML's, one of ours, and one that no release has. */
export const STATUSES: readonly string[] = [
  ...Object.keys(constants).filter(
    (name) => name.startsWith('NVML_ERROR_') && statusFromSymbol(name) !== undefined,
  ),
];

/** By which NVML says that a GPU or a driver has nothing of the kind: what is shown then may be the same. */
export const saysNothing = (status: Status): boolean =>
  status === constants.NVML_ERROR_NOT_SUPPORTED ||
  status === constants.NVML_ERROR_NOT_FOUND ||
  status === constants.NVML_ERROR_NO_DATA ||
  status === constants.NVML_ERROR_INVALID_ARGUMENT ||
  isTooNew(status);

const isNoMetric = (status: Status): boolean =>
  status === constants.NVML_ERROR_DEPRECATED || status === constants.NVML_ERROR_NOT_READY;

/** A machine of one GPU, and one of two of which the second fails. */
const MACHINES = { '': 'h100-x1', gpu1: 'h200-x2' } as const;

/** What fails: a function, or several, about the second GPU or everywhere. */
export interface Fault {
  readonly fn: string | readonly string[];
  readonly subject: 'gpu1' | '';
  readonly symbol: string;
}

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const textOf = (subject: Fault['subject']): string =>
  readFileSync(new URL(`../../snapshots/${MACHINES[subject]}.json`, import.meta.url), 'utf8');

export class Sweep {
  private readonly folder = mkdtempSync(join(tmpdir(), 'nvsmi-sweep-'));
  /** Runs in which something failed. */
  runs = 0;
  private readonly healthy = new Map<string, Run>();
  private readonly texts = { '': textOf(''), gpu1: textOf('gpu1') };

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** A machine on which something fails. */
  private machine({ fn, subject, symbol }: Fault): string {
    const snapshot = this.recorded(subject);
    for (const each of [fn].flat()) {
      const answers = snapshot.calls[each] ?? {};
      for (const key of Object.keys(answers)) if (key.startsWith(subject)) answers[key] = { error: symbol };
    }
    const path = join(this.folder, 'machine.json');
    writeFileSync(path, JSON.stringify(snapshot));
    return path;
  }

  private recorded(subject: Fault['subject']): { calls: Record<string, Record<string, unknown>> } {
    return JSON.parse(this.texts[subject]);
  }

  /** Whether the recorded machine answers so by itself. */
  private hasAlready({ fn, subject, symbol }: Fault): boolean {
    const answers = [fn].flat().flatMap((each) => Object.values(this.recorded(subject).calls[each] ?? {}));
    return answers.some((answer) => (answer as { error?: unknown } | null)?.error === symbol);
  }

  async run(line: string, subject: Fault['subject'], fault?: Fault): Promise<Run> {
    const io = new FakeIo();
    const machine = fault === undefined ? MACHINES[subject] : this.machine(fault);
    if (line === 'library') return library(machine);
    const file = join(this.folder, 'written.txt');
    const words = line.split(' ').filter((word) => word !== '');
    const argv = words.map((word) => (word === 'FILE' ? file : word));
    const status = await main(['--snapshot', machine, ...argv], io);
    const written = words.includes('FILE') && existsSync(file) ? readFileSync(file, 'utf8') : '';
    rmSync(file, { force: true });
    return { status, out: io.output + written, err: io.errors };
  }

  private async healthyRun(line: string, subject: Fault['subject']): Promise<Run> {
    const key = `${subject} ${line}`;
    const known = this.healthy.get(key) ?? (await this.run(line, subject));
    this.healthy.set(key, known);
    return known;
  }

  /** The functions that a recording answers about a subject. */
  answered(subject: Fault['subject']): readonly string[] {
    return Object.entries(this.recorded(subject).calls)
      .filter(([, answers]) => Object.keys(answers).some((key) => key.startsWith(subject)))
      .map(([fn]) => fn);
  }

  /** The functions whose failure a command shows: it is tried with many, and with half of them where it shows something. */
  shown(line: string, subject: Fault['subject']): Promise<readonly string[]> {
    return this.shownOf(line, subject, this.answered(subject));
  }

  /** Which of some functions these are. */
  async shownOf(line: string, subject: Fault['subject'], fn: readonly string[]): Promise<readonly string[]> {
    const failing = await this.run(line, subject, { fn, subject, symbol: 'NVML_ERROR_UNKNOWN' });
    if (!isOther(failing, await this.healthyRun(line, subject))) return [];
    if (fn.length === 1) return fn;
    const half = Math.ceil(fn.length / 2);
    const halves = [fn.slice(0, half), fn.slice(half)];
    const found = [];
    for (const each of halves) found.push(...(await this.shownOf(line, subject, each)));
    return found;
  }

  /** What is wrong with a run in which something failed; undefined where nothing is. */
  async wrong(line: string, fault: Fault): Promise<string | undefined> {
    let run: Run;
    try {
      run = await this.run(line, fault.subject, fault);
      this.runs++;
    } catch (error) {
      return `it throws ${error instanceof Error ? error.stack : error}`;
    }
    const unsound = unsoundness(run);
    if (unsound !== undefined) return unsound;
    const status = statusFromSymbol(fault.symbol) ?? 0;
    if (saysNothing(status) || this.hasAlready(fault)) return undefined;
    // What a GPU does not have is no metric and no error (src/exporter/readings.ts).
    if (line.startsWith('exporter') && isNoMetric(status)) return undefined;
    const healthy = await this.healthyRun(line, fault.subject);
    if (!isOther(run, healthy)) return 'it says the same as where nothing fails';
    return line === 'health --json' ? falseOk(run, healthy, fault.symbol) : undefined;
  }
}

/** What the library says of a machine, as a program would print it: a query, the report and the processes. */
async function library(snapshot: string): Promise<Run> {
  const names = FIELDS.split(',') as FieldName[];
  const said: unknown[] = [];
  let status = 0;
  try {
    const nvsmi = open({ snapshot });
    const asked = [
      () => nvsmi.gpus(),
      () => nvsmi.query(names).sample(),
      () => nvsmi.report(),
      () => nvsmi.processes(),
    ];
    for (const ask of asked) {
      try {
        said.push(await ask());
      } catch (error) {
        status = said.push(refusalOf(error));
      }
    }
    nvsmi.close();
  } catch (error) {
    status = said.push(refusalOf(error));
  }
  return { status, out: JSON.stringify(said, null, 1).replace(/"timestamp".*/g, ''), err: '' };
}

/** An error of NVML; another one is thrown again. */
function refusalOf(error: unknown): string {
  if (error instanceof NVMLError) return `${error.name}: ${error.message}`;
  throw error;
}

const untimed = (shown: string): string =>
  shown.replace(/[\w/.-]*machine\.json|\b(?:h200-x2|h100-x1)\b/g, 'MACHINE').replace(/"source":.*\n/g, '');

const isOther = (one: Run, other: Run): boolean =>
  one.status !== other.status || untimed(one.out) !== untimed(other.out) || one.err !== other.err;

/** Words that no reader should see. */
const BROKEN = /\bNaN\b|\bundefined\b|\[object |Cannot read|TypeError|^\s+at /m;

// biome-ignore lint/suspicious/noControlCharactersInRegex: nvidia-smi's underline around the head of a matrix
const withoutUnderline = (shown: string): string => shown.replace(/\u001b\[4m|\u001b\[0m/g, '');

function unsoundness({ status, out, err }: Run): string | undefined {
  const all = withoutUnderline(out + err);
  if (!Number.isInteger(status) || status < 0 || status > 255) return `it ends with ${status}`;
  const broken = BROKEN.exec(all)?.[0];
  if (broken !== undefined) return `it says "${broken.trim()}"`;
  return all === plainLines(all) ? undefined : 'it writes control characters';
}

interface Finding {
  readonly check: string;
  readonly gpu: number | null;
  readonly verdict: string;
  readonly readings: Readonly<Record<string, unknown>>;
}

const NEEDS = new Map(healthChecks.map(({ id, needs }) => [id, needs]));
const USES = new Map(healthChecks.map(({ id, uses = [] }) => [id, uses]));

/** What a driver answers of a reading that it does not have, and a check can do without. */
const NOT_THERE: readonly string[] = [
  'NOT_SUPPORTED',
  'FUNCTION_NOT_FOUND',
  'INVALID_ARGUMENT',
  'ARGUMENT_VERSION_MISMATCH',
];

/** A check that is ok although what it needs could not be read, or that is left out. */
function falseOk({ out, status }: Run, healthy: Run, symbol: string): string | undefined {
  if (!out.startsWith('{')) return status === 0 ? 'health says nothing and ends with 0' : undefined;
  const { checks, not_applicable: absent = [] } = JSON.parse(out) as {
    checks: readonly Finding[];
    not_applicable: readonly { readonly check: string; readonly gpu: number | null }[];
  };
  const before = (JSON.parse(healthy.out) as { checks: readonly Finding[] }).checks;
  const couldSay = NOT_THERE.some((word) => symbol.endsWith(word)) ? new Map<string, string[]>() : USES;
  const blind = checks.find(({ check, gpu, verdict, readings }) => {
    const read = before.find((one) => one.check === check && one.gpu === gpu)?.readings ?? {};
    return (
      verdict === 'ok' &&
      ((NEEDS.get(check) ?? []).some((name) => name in readings && readings[name] === null) ||
        (couldSay.get(check) ?? []).some((name) => (read[name] ?? null) !== null && readings[name] === null))
    );
  });
  if (blind !== undefined) return `${blind.check} of GPU ${blind.gpu} is ok, and was not read`;
  // GPUs that cannot be reached have one finding.
  if (checks.some(({ check, verdict }) => check === 'gpu-reachable' && verdict !== 'ok')) return undefined;
  if (checks.length === 1) return undefined;
  const left = before.find(
    ({ check, gpu }) => !checks.some((each) => each.check === check && each.gpu === gpu),
  );
  if (left === undefined) return undefined;
  const said = absent.some(({ check, gpu }) => check === left.check && gpu === left.gpu);
  return `${left.check} of GPU ${left.gpu} is left out${said ? ' as not applicable' : ''}`;
}
