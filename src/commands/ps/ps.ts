/** `ps`: the processes on the GPUs, with everything that NVML and the host know about them. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { isUtf8 } from '../../base/style.js';
import { jsonDocument, type Part } from '../../format/document.js';
import { hiddenLines, processTable, sumTable, type Unaccounted, unaccountedLines } from '../../format/ps.js';
import { Missing } from '../../nvml/status.js';
import { cell } from '../../query/cell.js';
import { count, text } from '../../query/kind.js';
import type { DeviceHolder } from '../../system/device-holders.js';
import { usersOf } from '../../system/users.js';
import { overLife } from '../../watch/cpu-share.js';
import { type Hidden, hiddenFrom } from '../../watch/hidden.js';
import {
  jsonNameOf,
  processCells,
  processColumn,
  processColumns,
  SORT_WORDS,
  sortedBy,
} from '../../watch/process-columns.js';
import { HostProcesses, type ProcessEntry, processEntries } from '../../watch/process-entry.js';
import { filtered, type ProcessFilter, refuseUnknownUser } from '../../watch/process-filter.js';
import { type GpuProcesses, processSource } from '../../watch/process-samples.js';
import { GROUPINGS, type Grouping, sumCells, summed } from '../../watch/process-sums.js';
import { isNotable, placeCells, unaccounted, unlistedHolders } from '../../watch/unaccounted.js';
import { type CommandSpec, command } from '../command.js';
import type { Context, Machine } from '../context.js';
import { jsonOption } from '../runner/json-option.js';
import { lostLines, statusOf } from '../runner/lost.js';
import { type AskedMachine, machineOf } from '../runner/machine.js';
import { chosenGpus, idOption } from '../runner/select.js';
import { psParts } from './process-parts.js';

const options = [
  idOption,
  {
    short: ['u'],
    long: 'user',
    value: 'required',
    argument: 'USER,...',
    help: 'Only processes of these users: name or number.',
  },
  {
    long: 'pod',
    value: 'required',
    argument: 'UID,...',
    help: 'Only processes in these Kubernetes pods: UID or UID prefix.',
  },
  {
    long: 'job',
    value: 'required',
    argument: 'JOB,...',
    help: 'Only processes of these Slurm jobs or job steps (JOB.STEP).',
  },
  {
    short: ['s'],
    long: 'sort',
    value: 'required',
    values: { words: SORT_WORDS },
    argument: 'COLUMN',
    help: 'Sort by this column, numbers in descending order (default: by GPU and process).',
  },
  { short: ['r'], long: 'reverse', help: 'Reverse the order.' },
  {
    long: 'by',
    value: 'required',
    values: { words: Object.keys(GROUPINGS) },
    help: 'Print sums for each user, container, pod or Slurm job.',
  },
  jsonOption,
] as const satisfies readonly OptionSpec[];

/** The processes of a machine now, joined and chosen. */
interface FoundProcesses {
  readonly lists: readonly GpuProcesses[];
  readonly entries: readonly ProcessEntry[];
  readonly holders: readonly DeviceHolder[];
  readonly hidden: readonly Hidden[];
  readonly hosts: HostProcesses | undefined;
}

async function ps(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  const column = given.sort === undefined ? undefined : sortColumn(given.sort);
  const by = given.by === undefined ? undefined : grouping(given.by);
  const machine = await machineOf(context);
  const gpus = await chosenGpus(machine.session, given.id);
  const now = io.now();
  const found = await find(machine, gpus, now, io.background?.pid ?? 0);
  const chosen = chosenOf(found, given, machine);
  const entries = column === undefined ? chosen : sortedBy(chosen, column, now, given.reverse);
  const ordered = column === undefined && given.reverse ? [...entries].reverse() : entries;
  if (given.json) {
    io.out(jsonDocument(parts(found, ordered, by, now), context.source));
    return statusOf(gpus);
  }
  const width = tableWidth(context);
  const mark = isUtf8(io) ? '…' : '>';
  const table =
    by === undefined
      ? processTable(processColumns, ordered, now, width, mark)
      : sumTable(by.toUpperCase(), summed(ordered, by, now), width, mark);
  io.out(`${table}${unaccountedLines(rests(found))}${hiddenLines(found.hidden)}${lostLines(gpus)}`);
  return statusOf(gpus);
}

function sortColumn(word: string) {
  if (!SORT_WORDS.includes(word)) throw new UsageError(plainly`Cannot sort processes by "${word}".`);
  return processColumn(word);
}

function grouping(word: string): Grouping {
  if (!Object.hasOwn(GROUPINGS, word)) throw new UsageError(plainly`Cannot sum processes by "${word}".`);
  return word as Grouping;
}

async function find(
  machine: AskedMachine,
  gpus: Parameters<typeof processSource>[0],
  now: number,
  own: number,
): Promise<FoundProcesses> {
  const lists = await machine.asker.start(processSource(gpus).sample());
  // The processes of this machine are not those of a recorded one.
  const hosts = machine.recorded === undefined ? new HostProcesses(machine.files, own) : undefined;
  const entries = hosts === undefined ? withoutHost(lists) : processEntries(lists, hosts, overLife(now));
  const isUnclear = lists.some((place) => isNotable(unaccounted(place)));
  const { holders, hidden } = (isUnclear ? hosts?.holders() : undefined) ?? { holders: [], hidden: 0 };
  return { lists, entries, holders, hosts, hidden: hiddenFrom(lists, entries, hosts, hidden) };
}

const withoutHost = (lists: readonly GpuProcesses[]): readonly ProcessEntry[] =>
  processEntries(lists, HostProcesses.none(), () => NOT_RECORDED);

const NOT_RECORDED = HostProcesses.none().absent;

function chosenOf(
  { entries }: FoundProcesses,
  given: ProcessFilter,
  { files, recorded }: Machine,
): readonly ProcessEntry[] {
  if (recorded === undefined) {
    const names = entries.flatMap(({ host }) => (host instanceof Missing ? [] : (host.user ?? [])));
    refuseUnknownUser(given, [...new Set([...usersOf(files).values(), ...names])]);
  }
  return filtered(entries, given);
}

/** Memory without a process, GPU by GPU. */
function rests({ lists, holders, hosts }: FoundProcesses): readonly Unaccounted[] {
  return lists.flatMap((place) => {
    const memory = unaccounted(place);
    if (!isNotable(memory) || place.processes instanceof Missing) return [];
    const listed = new Set(place.processes.map(({ pid }) => pid));
    const named = unlistedHolders(place, holders, listed).map(({ pid }) => {
      const host = hosts?.of(pid);
      return { pid, user: host?.user, command: host?.command ?? '' };
    });
    return [{ gpu: place.gpu.index, memory, holders: named }];
  });
}

function parts(
  found: FoundProcesses,
  entries: readonly ProcessEntry[],
  by: Grouping | undefined,
  now: number,
): Readonly<Record<string, Part>> {
  const processes =
    by === undefined
      ? { processes: entries.map((entry) => processCells(entry, now)) }
      : { sums: summed(entries, by, now).map((sum) => sumCells(sum, by)) };
  return {
    ...processes,
    gpus: found.lists.map(placeCells),
    device_holders: found.holders.map(({ pid, devices }) => ({
      pid: cell(count, pid),
      devices: cell(text, devices.join(',')),
    })),
    hidden: found.hidden.map(({ what, remedy = '' }) => ({
      what: cell(text, what),
      remedy: cell(text, remedy),
    })),
  };
}

/** Of a terminal, or as COLUMNS says; a pipe and a file get whole lines. */
function tableWidth({ io }: Context): number {
  const { COLUMNS = '' } = io.env;
  if (/^[1-9]\d*$/.test(COLUMNS)) return Number(COLUMNS);
  return io.columns ?? Number.POSITIVE_INFINITY;
}

const notes = (): string =>
  `Types: C compute, G graphics, C+G both, M+C compute through MPS. States: R running, S sleeping, D waiting for a device, T stopped, Z zombie. CPU% is the share of one CPU since the process started; SM%, MEM%, ENC% and DEC% are from the driver's most recent sample.

In JSON each process has: ${processColumns.map(jsonNameOf).join(', ')}.
`;

/** `ps [-i GPU] [--user USER] [--pod UID] [--job JOB] [--sort COLUMN] [--reverse] [--by WORD] [--json]` */
export const spec: CommandSpec = command({ options, notes, json: psParts, run: ps });
