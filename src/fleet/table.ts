/** The table of a fleet: a line for each GPU, and for each host that says nothing, and what it adds up to. */
import { plainText } from '../base/plain-text.js';
import { byHost, type Fleet, type FleetGpu } from './fleet.js';
import { type GpuState, numberOf, problemsOf, STATES, stateOf, textOf } from './state.js';

interface FleetColumn {
  readonly name: string;
  readonly isNumber?: true;
  readonly text: (gpu: FleetGpu, fleet: Fleet) => string;
  /** What the lines are sorted by, if not by the text. */
  readonly order?: (gpu: FleetGpu, fleet: Fleet) => number | undefined;
}

const numeric = (name: string, field: string, unit: string): FleetColumn => ({
  name,
  isNumber: true,
  text: (gpu, fleet) => {
    const value = numberOf(gpu, field, fleet);
    return value === undefined ? '-' : `${Math.round(value)}${unit}`;
  },
  order: (gpu, fleet) => numberOf(gpu, field, fleet),
});

const list = (texts: readonly string[] | undefined): string =>
  texts === undefined || texts.length === 0 ? '-' : texts.join(',');

export const COLUMNS: readonly FleetColumn[] = [
  { name: 'host', text: ({ host }) => host },
  numeric('gpu', 'index', ''),
  { name: 'name', text: (gpu, fleet) => textOf(gpu, 'name', fleet) || '-' },
  { name: 'state', text: stateOf, order: (gpu, fleet) => STATES.indexOf(stateOf(gpu, fleet)) },
  numeric('util', 'utilization.gpu', '%'),
  {
    name: 'memory',
    isNumber: true,
    text: (gpu, fleet) => {
      const [used, total] = ['memory.used', 'memory.total'].map((field) => numberOf(gpu, field, fleet));
      return used === undefined
        ? '-'
        : `${Math.round(used)}/${total === undefined ? '-' : Math.round(total)}MiB`;
    },
    order: (gpu, fleet) => numberOf(gpu, 'memory.used', fleet),
  },
  numeric('temp', 'temperature.gpu', 'C'),
  numeric('power', 'power.draw', 'W'),
  { name: 'user', text: ({ owners }) => list(owners?.users) },
  { name: 'job', text: ({ owners }) => list([...(owners?.pods ?? []), ...(owners?.jobs ?? [])]) },
  { name: 'problem', text: (gpu, fleet) => list(problemsOf(gpu, fleet)) },
];

/** Columns that are shown only where a GPU has something for them. */
const RARE: ReadonlySet<string> = new Set(['user', 'job', 'problem']);

export const SORTS: readonly string[] = COLUMNS.map(({ name }) => name);

/** The GPUs by a column, then by host. A name after a dash sorts the other way. */
export function sortedBy(fleet: Fleet, sort: string): Fleet {
  const column = COLUMNS.find(({ name }) => name === sort.replace(/^-/, ''));
  if (column === undefined) return fleet;
  const sign = sort.startsWith('-') ? -1 : 1;
  const compared = (a: FleetGpu, b: FleetGpu): number => {
    if (column.order === undefined) return byHost(column.text(a, fleet), column.text(b, fleet));
    return (column.order(a, fleet) ?? -1) - (column.order(b, fleet) ?? -1);
  };
  return { ...fleet, gpus: [...fleet.gpus].sort((a, b) => sign * compared(a, b)) };
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

export function fleetTable(fleet: Fleet): string {
  const cells = fleet.gpus.map((gpu) => COLUMNS.map(({ text }) => plainText(text(gpu, fleet))));
  const shown = COLUMNS.map(({ name }, i) => !RARE.has(name) || cells.some((row) => row[i] !== '-'));
  const rows = [COLUMNS.map(({ name }) => name.toUpperCase()), ...cells];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .flatMap((cell, i) => {
        if (!shown[i]) return [];
        const width = widths[i] ?? 0;
        return [COLUMNS[i]?.isNumber ? cell.padStart(width) : cell.padEnd(width)];
      })
      .join('  ')
      .trimEnd();
  const silent = fleet.silent.map(({ host, reason }) => plainText(`${host}: ${reason}`));
  return [...(cells.length === 0 ? [] : rows.map(line)), ...silent, '', totals(fleet), ''].join('\n');
}

function totals(fleet: Fleet): string {
  const counts = new Map<GpuState, number>();
  for (const gpu of fleet.gpus) {
    const state = stateOf(gpu, fleet);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const hosts = new Set(fleet.gpus.map(({ host }) => host)).size;
  const states = STATES.flatMap((state) => (counts.has(state) ? [`${counts.get(state)} ${state}`] : []));
  const silent =
    fleet.silent.length === 0 ? '' : `; ${plural(fleet.silent.length, 'host')} without an answer`;
  const what = states.length === 0 ? '' : `: ${states.join(', ')}`;
  return `${plural(fleet.gpus.length, 'GPU')} on ${plural(hosts, 'host')}${what}${silent}`;
}

/** The table for a program. */
export const fleetRecord = (gpu: FleetGpu, fleet: Fleet): Readonly<Record<string, unknown>> => ({
  host: gpu.host,
  gpu: numberOf(gpu, 'index', fleet) ?? null,
  uuid: textOf(gpu, 'uuid', fleet) || null,
  name: textOf(gpu, 'name', fleet) || null,
  state: stateOf(gpu, fleet),
  'utilization.gpu': numberOf(gpu, 'utilization.gpu', fleet) ?? null,
  'memory.used': numberOf(gpu, 'memory.used', fleet) ?? null,
  'memory.total': numberOf(gpu, 'memory.total', fleet) ?? null,
  'temperature.gpu': numberOf(gpu, 'temperature.gpu', fleet) ?? null,
  'power.draw': numberOf(gpu, 'power.draw', fleet) ?? null,
  users: gpu.owners?.users ?? null,
  pods: gpu.owners?.pods ?? null,
  jobs: gpu.owners?.jobs ?? null,
  problems: problemsOf(gpu, fleet),
  age_seconds: gpu.ageSeconds ?? null,
});

/** `-L` of a fleet. */
export const listLine = (gpu: FleetGpu, fleet: Fleet): string =>
  plainText(
    `${gpu.host}: GPU ${textOf(gpu, 'index', fleet)}: ${textOf(gpu, 'name', fleet)} (UUID: ${textOf(gpu, 'uuid', fleet)})`,
  );
