/** Table: what is known of a process on a GPU. JSON, text, sorting, filters and sums are all made of these columns. */
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { type Field, item } from '../query/field.js';
import { count, type Kind, mebibytes, percentOfOne, text, timestamp } from '../query/kind.js';
import type { Engine } from '../query/monitor/process-utilization.js';
import { engineUse, listedFields } from '../query/process/gpu-processes.js';
import type { Reading } from '../query/reading.js';
import type { HostProcess } from '../system/host-process.js';
import type { ProcessEntry } from './process-entry.js';

export interface ProcessListColumn {
  /** The word of --sort, and the name in JSON where it is of no field. */
  readonly name: string;
  readonly kind: Kind;
  readonly read: (entry: ProcessEntry, now: number) => Reading;
  /** What it is, for the help. */
  readonly help: string;
  /** The field of the relation of processes that it shows; what the host knows is of none. */
  readonly field?: Field;
  /** A number that names something: sorted upwards. */
  readonly isId?: true;
  /** How tables show it; JSON alone has the others. */
  readonly shown?: ColumnStyle;
}

export interface ColumnStyle {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** Columns of the lowest numbers are left out first where the terminal is narrow. */
  readonly rank: number;
  /** Left out where no process has a value. */
  readonly optional?: true;
  /** How a table spells a value, where that is not as its kind does. */
  readonly text?: (value: string) => string;
  /** What tables show of a long identifier; a page of one process has all of it. */
  readonly short?: (value: string) => string;
}

/** Empty text is a value too: the process is in no container, no pod, no job. */
const optionalText: Kind = { spell: text.spell, json: (value) => (value === '' ? null : String(value)) };
const seconds: Kind = { ...count, unit: 's' };

const ofHost =
  (pick: (host: HostProcess, now: number) => Reading | undefined) =>
  ({ host }: ProcessEntry, now: number): Reading =>
    host instanceof Missing ? host : (pick(host, now) ?? NOT_SUPPORTED);

/** What NVML says where the host cannot: the name of the program. */
const commandOf = ({ host, name }: ProcessEntry): Reading => (host instanceof Missing ? name : host.command);

/** A column that shows a field of the relation. */
const ofField = (
  name: string,
  field: Field,
  read: ProcessListColumn['read'],
  more: Pick<ProcessListColumn, 'isId' | 'shown'> = {},
): ProcessListColumn => ({ name, kind: field.kind, help: field.help, field, read, ...more });

const engine = (name: Engine, rank?: number): ProcessListColumn => ({
  name,
  kind: engineUse[name].kind,
  help: engineUse[name].help,
  field: engineUse[name],
  read: ({ use, place }) => use?.[name] ?? (place.usedAt instanceof Missing ? place.usedAt : NOT_SUPPORTED),
  ...(rank === undefined ? {} : { shown: { head: `${name.toUpperCase()}%`, align: 'right', rank } }),
});

const mib = (value: string): string => `${value}MiB`;

/** Days, hours, minutes and seconds, as few as are needed: 5:07, 3:15:00, 2d 04:10. */
export function spelledSeconds(total: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const [days, hours, minutes] = [
    Math.floor(total / 86400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
  ];
  if (days > 0) return `${days}d ${two(hours)}:${two(minutes)}`;
  const rest = `${two(minutes)}:${two(Math.floor(total) % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '');
}

const SHORT_ID = 12;

/** The scope of a container has the whole identifier in its name. */
const withShortIds = (unit: string): string => unit.replace(/[0-9a-f]{64}/g, (id) => id.slice(0, SHORT_ID));

export const processColumns: readonly ProcessListColumn[] = [
  {
    name: 'gpu',
    kind: count,
    isId: true,
    help: 'index of the GPU',
    read: ({ place }) => place.gpu.index,
    shown: { head: 'GPU', align: 'right', rank: 100 },
  },
  { name: 'uuid', kind: text, help: 'UUID of the GPU', read: ({ place }) => place.uuid },
  ofField('gi', listedFields.gpuInstance, ({ gpuInstance }) => gpuInstance, {
    isId: true,
    shown: { head: 'GI', align: 'right', rank: 80, optional: true },
  }),
  ofField('ci', listedFields.computeInstance, ({ computeInstance }) => computeInstance, {
    isId: true,
    shown: { head: 'CI', align: 'right', rank: 80, optional: true },
  }),
  ofField('pid', listedFields.pid, ({ pid }) => pid, {
    isId: true,
    shown: { head: 'PID', align: 'right', rank: 100 },
  }),
  {
    name: 'inner_pid',
    kind: count,
    isId: true,
    help: 'number in the pid namespace of the process',
    read: ({ host, pid }) => {
      if (host instanceof Missing) return host;
      return host.innerPid ?? (host.pid === pid ? NOT_SUPPORTED : host.pid);
    },
    shown: { head: 'INNER', align: 'right', rank: 30, optional: true },
  },
  { name: 'parent_pid', kind: count, help: 'number of its parent', read: ofHost(({ parent }) => parent) },
  {
    name: 'user',
    kind: text,
    help: 'user',
    read: ofHost(({ user }) => user),
    shown: { head: 'USER', align: 'left', rank: 70, optional: true },
  },
  { name: 'uid', kind: count, help: 'number of the user', read: ofHost(({ uid }) => uid) },
  ofField('type', listedFields.type, ({ type }) => type, {
    shown: { head: 'TYPE', align: 'left', rank: 40 },
  }),
  engine('sm', 90),
  engine('mem', 50),
  engine('enc', 20),
  engine('dec', 20),
  engine('jpg'),
  engine('ofa'),
  ofField('used_gpu_memory', listedFields.usedMemory, ({ usedMemory }) => usedMemory, {
    shown: { head: 'GPU-MEM', align: 'right', rank: 95, text: mib },
  }),
  {
    name: 'cpu',
    kind: percentOfOne,
    help: 'share of one CPU; of its whole life in ps',
    read: ({ cpu }) => cpu,
    shown: { head: 'CPU%', align: 'right', rank: 60, optional: true },
  },
  {
    name: 'host_memory',
    kind: mebibytes,
    help: 'memory of the host in use',
    read: ofHost(({ residentBytes }) => residentBytes),
    shown: { head: 'HOST-MEM', align: 'right', rank: 55, optional: true, text: mib },
  },
  {
    name: 'state',
    kind: text,
    help: 'R running, S sleeping, D waiting for a device, Z zombie, T stopped',
    read: ofHost(({ state }) => state),
    shown: { head: 'S', align: 'left', rank: 45, optional: true },
  },
  { name: 'threads', kind: count, help: 'number of threads', read: ofHost(({ threads }) => threads) },
  {
    name: 'start_time',
    kind: timestamp,
    help: 'when it started',
    read: ofHost(({ startTime }) => startTime),
  },
  {
    name: 'run_time',
    kind: seconds,
    help: 'seconds since then',
    read: ofHost(({ startTime }, now) =>
      startTime === undefined ? undefined : Math.max(0, Math.floor((now - startTime) / 1000)),
    ),
    shown: {
      head: 'TIME',
      align: 'right',
      rank: 65,
      optional: true,
      text: (value) => spelledSeconds(Number(value)),
    },
  },
  {
    name: 'container_runtime',
    kind: optionalText,
    help: 'docker, podman, containerd, cri-o, lxc, nspawn',
    read: ofHost(({ container }) => container?.runtime ?? ''),
  },
  {
    name: 'container_id',
    kind: optionalText,
    help: 'container',
    read: ofHost(({ container }) => container?.id ?? ''),
    shown: {
      head: 'CONTAINER',
      align: 'left',
      rank: 35,
      optional: true,
      short: (id) => id.slice(0, SHORT_ID),
    },
  },
  {
    name: 'pod_uid',
    kind: optionalText,
    help: 'UID of the Kubernetes pod',
    read: ofHost(({ podUid }) => podUid ?? ''),
    shown: { head: 'POD', align: 'left', rank: 34, optional: true, short: (uid) => uid.slice(0, 8) },
  },
  {
    name: 'slurm_job_id',
    kind: optionalText,
    help: 'Slurm job',
    read: ofHost(({ slurm }) => slurm?.job ?? ''),
    shown: { head: 'JOB', align: 'left', rank: 36, optional: true },
  },
  {
    name: 'slurm_step_id',
    kind: optionalText,
    help: 'step of the Slurm job',
    read: ofHost(({ slurm }) => slurm?.step ?? ''),
    shown: { head: 'STEP', align: 'left', rank: 25, optional: true },
  },
  {
    name: 'systemd_unit',
    kind: optionalText,
    help: 'innermost systemd unit',
    read: ofHost(({ unit }) => unit ?? ''),
    shown: { head: 'UNIT', align: 'left', rank: 15, optional: true, short: withShortIds },
  },
  ofField('process_name', listedFields.name, ({ name }) => name),
  {
    name: 'command',
    kind: text,
    help: 'the program with its arguments',
    read: commandOf,
    shown: { head: 'COMMAND', align: 'left', rank: 100 },
  },
];

const byName = new Map(processColumns.map((column) => [column.name, column]));

/** The column of a name. Throws for a name that does not exist: a mistake of the caller. */
export function processColumn(name: string): ProcessListColumn {
  const column = byName.get(name);
  if (column === undefined) throw new Error(`no column ${name}`);
  return column;
}

export const jsonNameOf = ({ name, field }: ProcessListColumn): string => field?.names[0] ?? name;

/** What JSON has of a process, as fields. */
export const processFields: readonly Field[] = processColumns.map(
  ({ name, kind, help, field }) =>
    field ?? {
      names: [name],
      help: `${help.charAt(0).toUpperCase()}${help.slice(1)}.`,
      kind,
      source: item(name),
    },
);

/** The same as cells. */
export const processCells = (entry: ProcessEntry, now: number): Cells =>
  Object.fromEntries(
    processColumns.map((column) => [jsonNameOf(column), cell(column.kind, column.read(entry, now))]),
  );

/** What can be sorted by. */
export const SORT_WORDS: readonly string[] = processColumns
  .filter(({ shown }) => shown !== undefined)
  .map(({ name }) => name);

/** Numbers fall, text rises; what is absent comes last either way. Equal ones keep their order. */
export function sortedBy(
  entries: readonly ProcessEntry[],
  { read, shown, isId }: ProcessListColumn,
  now: number,
  isReversed = false,
): readonly ProcessEntry[] {
  const isNumber = shown?.align === 'right';
  const sign = (isReversed ? -1 : 1) * (isNumber && isId ? -1 : 1);
  const keyed = entries.map((entry) => ({ entry, key: read(entry, now) }));
  keyed.sort((a, b) => {
    const [absentA, absentB] = [isAbsent(a.key), isAbsent(b.key)];
    if (absentA || absentB) return Number(absentA) - Number(absentB);
    if (isNumber) return sign * (Number(b.key) - Number(a.key));
    return sign * (String(a.key) < String(b.key) ? -1 : Number(String(a.key) > String(b.key)));
  });
  return keyed.map(({ entry }) => entry);
}

const isAbsent = (reading: Reading): boolean => reading instanceof Missing || reading === '';
