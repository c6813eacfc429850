/** `simulate`: runs a program on a recorded machine, or leaves the library for it in a folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Given, OptionSpec } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import type { ProgramEnd } from '../base/foreground.js';
import type { Io } from '../base/io.js';
import { plainly } from '../base/plain-text.js';
import { SnapshotError } from '../nvml/failures.js';
import { CONTROL, STATE, writeMachine } from '../simulator/folder.js';
import { ARCHITECTURES, libraryFile, ownArchitecture } from '../simulator/library-file.js';
import { ruleOf, unknownWord } from '../simulator/rules.js';
import { withValues } from '../simulator/setting.js';
import { type Simulation, simulationTable } from '../simulator/simulation.js';
import { AnswerError } from '../snapshot/answer.js';
import { bundledNames } from '../snapshot/bundled.js';
import { openSnapshot } from '../snapshot/machine.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';

const machineOperand = {
  long: 'machine',
  value: 'required',
  argument: 'MACHINE',
  help: 'A recorded machine included in nvsmi, or a snapshot file.',
} as const satisfies OptionSpec;

const options = [
  {
    short: ['o'],
    long: 'output',
    value: 'required',
    argument: 'FOLDER',
    help: 'Write the library and its table to this directory, for LD_LIBRARY_PATH, a mount or an image.',
  },
  {
    long: 'set',
    value: 'required',
    several: true,
    argument: '[GPU] FIELD=VALUE',
    help: 'Set a field of --query-gpu, for one GPU (gpu1) or for all. May be repeated, as may --fail and --hang.',
  },
  {
    long: 'fail',
    value: 'required',
    several: true,
    argument: '[GPU] FUNCTION STATUS',
    help: 'Make an NVML function return this status. A name without _v2 means all versions, * all functions.',
  },
  {
    long: 'hang',
    value: 'required',
    several: true,
    argument: '[GPU] FUNCTION',
    help: 'Make an NVML function never return.',
  },
  {
    long: 'control',
    value: 'required',
    argument: 'FILE',
    help: 'Apply the rules in this file while the program runs: fail, hang, and xid for events.',
  },
  {
    long: 'writable',
    help: 'Keep changes by programs as state, for programs started later; otherwise they are refused.',
  },
  { long: 'still', help: 'Stay at the first moment of the recording.' },
  { long: 'log', value: 'required', argument: 'FILE', help: 'Log every call and its inputs to this file.' },
  {
    long: 'arch',
    value: 'required',
    values: { words: ARCHITECTURES },
    help: 'Architecture of the library (default: that of this machine).',
  },
] as const satisfies readonly OptionSpec[];

type Request = Given<readonly [...typeof options, typeof machineOperand]>;

async function simulate(given: Request, context: Context, program?: readonly string[]): Promise<number> {
  const { io } = context;
  if (program?.length === 0) throw new UsageError('No program is given after --.');
  if (program === undefined && given.output === undefined) {
    throw new UsageError('There is neither a program after -- nor a folder (-o FOLDER).');
  }
  if (given.arch !== undefined && !ARCHITECTURES.some((arch) => arch === given.arch)) {
    throw unknownWord('architecture', given.arch, ARCHITECTURES);
  }
  const recorded = recordingOf(given.machine ?? '');
  const rules = (['fail', 'hang'] as const).flatMap((kind) =>
    (given[kind] ?? []).map((text) => ruleOf(kind, text, recorded)),
  );
  const { ticks, ...firstMoment } = await withValues(recorded, given.set ?? []);
  const snapshot = given.still || ticks === undefined ? firstMoment : { ...firstMoment, ticks };
  const control = given.control === undefined ? CONTROL : absolute(given.control);
  const log = given.log === undefined ? {} : { log: absolute(given.log) };
  // All processes of a program see the same moment; those that use a folder begin with the first.
  const start = program === undefined ? {} : { start: io.now() };
  const writable = given.writable ? { writable: { journal: STATE } } : {};
  const table = tableOf(given.machine ?? '', { snapshot, rules, control, ...log, ...start, ...writable });
  const library = libraryOf(given.arch ?? ownArchitecture());
  if (given.output !== undefined) leave(absolute(given.output), library, table);
  if (program !== undefined) return run(program, given.output, { library, table }, io);
  io.out(plainly`${given.output ?? ''}: NVML as ${recorded.title}\n`);
  return EXIT.ok;
}

/** Throws SnapshotError for an answer that no library could give. */
function tableOf(machine: string, simulation: Simulation): string {
  try {
    return simulationTable(simulation);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    throw new SnapshotError(plainly`${machine}: ${error.message}`);
  }
}

/** Opens a recording. Throws UsageError for a name that there is not. */
function recordingOf(machine: string): Snapshot {
  try {
    return openSnapshot(machine).snapshot;
  } catch (error) {
    if (!(error instanceof SnapshotError) || !/^[\w-]*$/.test(machine)) throw error;
    throw unknownWord('machine', machine, bundledNames());
  }
}

function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    throw new UsageError(plainly`${path}: ${(error as Error).message}`);
  }
}

function libraryOf(arch: string): Buffer {
  try {
    return libraryFile(arch);
  } catch (error) {
    throw new UsageError(
      plainly`The simulator's library for ${arch} is not part of this nvsmi: ${(error as Error).message}`,
      EXIT.broken,
    );
  }
}

function leave(folder: string, library: Buffer, table: string): void {
  try {
    writeMachine(folder, library, table);
  } catch (error) {
    throw new UsageError(plainly`Cannot write to ${folder}: ${(error as Error).message}`);
  }
}

/** Statuses of a program that did not start, as shells have them. */
const NOT_RUN = 126;
const NOT_FOUND = 127;

interface SimulatedMachine {
  readonly library: Buffer;
  readonly table: string;
}

async function run(
  program: readonly string[],
  given: string | undefined,
  { library, table }: SimulatedMachine,
  io: Io,
): Promise<number> {
  const { foreground } = io;
  if (foreground === undefined) throw new UsageError('Cannot run a program here.');
  const folder = given === undefined ? mkdtempSync(join(tmpdir(), 'nvsmi-machine-')) : absolute(given);
  let ending: ProgramEnd;
  try {
    if (given === undefined) leave(folder, library, table);
    ending = await foreground.run(program, environment(io.env, folder));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const status = code === 'ENOENT' ? NOT_FOUND : NOT_RUN;
    throw new UsageError(plainly`Cannot run ${program[0] ?? ''}: ${message}`, status);
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  }
  return foreground.end(ending);
}

/** Another nvsmi, too, is to find this machine and no other. */
function environment(env: Io['env'], folder: string): Readonly<Record<string, string | undefined>> {
  const { NVSMI_SNAPSHOT, NVSMI_NVML, LD_LIBRARY_PATH, ...others } = env;
  const before = LD_LIBRARY_PATH === undefined || LD_LIBRARY_PATH === '' ? '' : `:${LD_LIBRARY_PATH}`;
  return { ...others, LD_LIBRARY_PATH: `${folder}${before}` };
}

/** `simulate MACHINE [-o FOLDER] [--set …] [--fail …] [--hang …] [--control FILE] [--writable] [--still] [--log FILE] [-- PROGRAM…]` */
export const spec: CommandSpec = command({
  options,
  operand: [machineOperand],
  program: true,
  notes: () =>
    'The exit status is that of the program, or 126 or 127 if it cannot be run. Without --writable, functions that change a GPU return NVML_ERROR_NO_PERMISSION, as for a user who is not root. See docs/simulate.md.\n',
  run: simulate,
});
