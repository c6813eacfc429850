/** Command lines that change GPUs, on the fake: as the real nvidia-smi 550.163.01 answered them there, and as nvsmi does. */
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/cli.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { machineOf as withDriver } from '../../tools/oracle/machines.js';
import { vgpuHost } from '../commands/vgpu-machine.js';
import { FakeIo } from '../fake-io.js';
import { buildFake, type FakeLibrary, type LoggedCall } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';

/** Command lines that follow each other on one machine. */
export interface Case {
  readonly machine: string;
  readonly faults: readonly Fault[];
  readonly lines: readonly string[];
}

export interface Answer {
  readonly out: string;
  readonly status: number;
}

/** A case and what the real one answered. */
export interface Recorded extends Case {
  readonly answers: readonly Answer[];
}

const FOLDER = new URL('./', import.meta.url);

/** `MACHINE [FUNCTION[@HANDLE]=STATUS]... | COMMAND ; COMMAND` a line. */
export const cases: readonly Case[] = readFileSync(new URL('lines.txt', FOLDER), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [head = '', commands = ''] = line.split(/ *\| *(.*)/s, 2);
    const [machine = '', ...faults] = head.split(' ');
    return {
      machine,
      faults: faults.map((text): Fault => {
        const [, fn = '', handle, status = ''] = /^(\w+)(?:@(\S+))?=(\d+)$/.exec(text) ?? [];
        return {
          fn: fn as FunctionName,
          ...(handle === undefined ? {} : { when: [handle] }),
          status: Number(status),
        };
      }),
      lines: commands.split(/ *; */).map((command) => command.trim()),
    };
  });

/** The drivers whose nvidia-smi was run, the present one's words first. */
export const DRIVERS = ['550.163.01', '535.261.03', '525.147.05', '470.256.02'] as const;
export type DriverVersion = (typeof DRIVERS)[number];

/** Functions that came after a driver: its library has none of them. */
const NEWER: Readonly<Partial<Record<DriverVersion, readonly FunctionName[]>>> = {
  '525.147.05': ['nvmlDeviceSetPowerManagementLimit_v2'],
  '470.256.02': [
    'nvmlDeviceSetPowerManagementLimit_v2',
    'nvmlDeviceGetGpuInstanceProfileInfoV',
    'nvmlDeviceGetGpuInstanceProfileInfoByIdV',
    'nvmlGpuInstanceGetComputeInstanceProfileInfoV',
  ],
};

/** Machines without faults, by name: the table of a recording takes 100 ms to write, and a copy of it none. */
const built = new Map<string, Promise<FakeLibrary>>();

const JOURNAL = 'journal';

function baseOf(machine: string, driver: DriverVersion | undefined): Promise<FakeLibrary> {
  const name = `${machine} ${driver}`;
  const known = built.get(name);
  if (known !== undefined) return known;
  const without = (driver === undefined ? undefined : NEWER[driver]) ?? [];
  const base = buildFake({ without }).then((fake) =>
    fake.with({
      snapshot: snapshotOf(machine, driver),
      sparesFields: true,
      writable: { journal: JOURNAL },
    }),
  );
  built.set(name, base);
  return base;
}

/** The recording of a machine, with another driver put in. */
const snapshotOf = (machine: string, driver: DriverVersion | undefined): Snapshot => {
  if (machine !== VGPU_HOST) return recordingOf(machine, driver);
  const { calls, ...host } = vgpuHost();
  return { ...host, calls: { ...calls, nvmlSystemGetDriverVersion: { '': driver ?? DRIVERS[0] } } };
};

/** A made-up host: two vGPUs run on its first GPU, none on its second. */
const VGPU_HOST = 'vgpu-host';

const recordingOf = (machine: string, driver: DriverVersion | undefined): Snapshot =>
  driver === undefined
    ? openSnapshot(machine).snapshot
    : withDriver(machine, driver, mkdtempSync(join(process.env.NVSMI_FAKE_MACHINES ?? tmpdir(), 'driver-')))
        .snapshot;

/** A line of the fake's table, as test/fake-nvml/table.ts writes faults. */
function faultLine({ fn, when, status, after, times }: Fault, base: FakeLibrary): string {
  const conditions = (when ?? []).map((value, p) => `=:${p}:${base.handleOf(String(value))}`);
  const limits = [
    ...(after === undefined ? [] : [`a:${after}`]),
    ...(times === undefined ? [] : [`n:${times}`]),
  ];
  return [fn, ...conditions, ...limits, `r:${status}`].join(' ');
}

/** A fault of a function that a driver does not have is one of the function before it. */
const inTime = (fault: Fault, driver: DriverVersion | undefined): Fault =>
  driver !== undefined && (NEWER[driver] as readonly string[] | undefined)?.includes(fault.fn)
    ? { ...fault, fn: fault.fn.replace(/_v2$/, '') as FunctionName }
    : fault;

/** A machine of its own, whose setters change it. */
export async function machineOf({ machine, faults }: Case, driver?: DriverVersion): Promise<FakeLibrary> {
  const base = await baseOf(machine, driver);
  const folder = mkdtempSync(join(process.env.NVSMI_FAKE_MACHINES ?? tmpdir(), 'state-'));
  const path = join(folder, 'libnvidia-ml.so.1');
  const log = join(folder, 'log');
  copyFileSync(base.path, path);
  const lines = readFileSync(`${base.path}.table`, 'utf8').split('\n');
  const head = lines.filter((line) => line.startsWith('!'));
  const moved = head.map((line) =>
    line.startsWith('!log ')
      ? `!log ${log}`
      : line.replace(/^!writable .*/, `!writable ${join(folder, JOURNAL)}`),
  );
  const answers = lines.filter((line) => !line.startsWith('!'));
  const wrong = faults.map((fault) => faultLine(inTime(fault, driver), base));
  writeFileSync(`${path}.table`, [...moved, ...wrong, ...answers].join('\n'));
  writeFileSync(log, '');
  return { ...base, path, folder, log: () => loggedIn(log), clearLog: () => writeFileSync(log, '') };
}

const loggedIn = (log: string): readonly LoggedCall[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const space = line.indexOf(' ');
      return { fn: line.slice(0, space), key: decodeURI(line.slice(space + 1)) };
    });

/** The words of a command line, with quotes as a shell has them. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');

export async function nvsmiOn(
  library: FakeLibrary,
  line: string,
  stdin?: string,
): Promise<Answer & { readonly io: FakeIo }> {
  const io = new FakeIo(stdin === undefined ? {} : { stdin });
  const status = await main([`--nvml=${library.path}`, ...wordsOf(line)], io);
  return { out: io.output, status, io };
}

const jsonLines = (file: string): readonly unknown[] =>
  readFileSync(new URL(file, FOLDER), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

/** An answer of an older nvidia-smi that is not 550's: to which line of which case. */
export interface Different extends Answer {
  readonly case: number;
  readonly at: number;
}

const releaseOf = (driver: DriverVersion): string => driver.slice(0, 3);

/** What the nvidia-smi of a driver answered. */
export function recorded(driver: DriverVersion = DRIVERS[0]): readonly Recorded[] {
  const present = jsonLines('550.jsonl') as readonly Recorded[];
  if (driver === DRIVERS[0]) return present;
  const different = jsonLines(`${releaseOf(driver)}.jsonl`) as readonly Different[];
  const own = new Map(different.map((one) => [`${one.case} ${one.at}`, one]));
  return present.map((one, i) => ({
    ...one,
    answers: one.answers.map((answer, at) => {
      const { out, status } = own.get(`${i} ${at}`) ?? answer;
      return { out, status };
    }),
  }));
}

/** Writes what the nvidia-smi of a driver answered: 550's whole, an older one's where it is another. */
export function record(driver: DriverVersion, all: readonly (readonly Answer[])[]): void {
  const lines =
    driver === DRIVERS[0]
      ? cases.map((one, i) => ({ ...one, answers: all[i] }))
      : recorded().flatMap(({ answers }, i) =>
          answers.flatMap((answer, at) => {
            const own = all[i]?.[at] as Answer;
            const isSame = own.out === answer.out && own.status === answer.status;
            return isSame ? [] : [{ case: i, at, ...own }];
          }),
        );
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(new URL(`${releaseOf(driver)}.jsonl`, FOLDER), text);
}

/** What an older nvidia-smi says of a command line that it cannot read, or of an option that came after it. */
export const isRefusal = ({ out }: Answer): boolean =>
  /Please run 'nvidia-smi -h'|Internal nvidia-smi error|is not recognized|is missing its value|Only one device modification|Failed to parse device|specified at the command-line\. Check|Unable to parse groupId/.test(
    out,
  );

/** How many lines two texts have in common, in the same order, and how many the longer one has. */
export function sameLines(a: string, b: string): readonly [same: number, all: number] {
  const [left, right] = [a.split('\n'), b.split('\n')];
  let row: number[] = Array.from({ length: right.length + 1 }, () => 0);
  for (const line of left) {
    const next = [0];
    right.forEach((other, j) => {
      next.push(line === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    });
    row = next;
  }
  return [row.at(-1) ?? 0, Math.max(left.length, right.length)];
}
