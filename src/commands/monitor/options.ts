/** The options that dmon, pmon, daemon and replay share, with nvidia-smi's refusals (H100, H200, 580.159.04). */
import type { OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { decimal } from '../../base/period.js';
import { plainly } from '../../base/plain-text.js';
import type { MonitorFormat } from '../../format/monitor.js';
import type { GpmMetric } from '../../query/monitor/gpm.js';
import { refuseMixture } from '../runner/format-words.js';

export const delayOption = (usual: number, most: number) =>
  ({
    short: ['d'],
    long: 'delay',
    value: 'required',
    argument: 'SECONDS',
    default: String(usual),
    help: `Interval between samples, 1 to ${most} seconds (default ${usual}).`,
  }) as const satisfies OptionSpec;

export const countOption = {
  short: ['c'],
  long: 'count',
  value: 'required',
  argument: 'NUMBER',
  help: 'Stop after this number of samples.',
} as const satisfies OptionSpec;

/** `-s`, with the letters that it takes. */
export const selectOption = (groups: Readonly<Record<string, string>>, usual: string) =>
  ({
    short: ['s'],
    long: 'select',
    value: 'required',
    argument: 'LETTERS',
    values: { words: Object.keys(groups), between: '' },
    default: usual,
    help: `Columns, in this order (default ${usual}): ${Object.entries(groups)
      .map(([letter, what]) => `${letter} ${what}`)
      .join(', ')}.`,
  }) as const satisfies OptionSpec;

export const stampOption = {
  short: ['o'],
  long: 'options',
  value: 'required',
  argument: 'LETTERS',
  values: { words: ['D', 'T'], between: '' },
  help: 'Begin each line with the date (D), the time (T), or both (DT).',
} as const satisfies OptionSpec;

export const fileOption = {
  short: ['f'],
  long: 'filename',
  value: 'required',
  argument: 'FILE',
  help: 'Write to a file instead of the terminal.',
} as const satisfies OptionSpec;

/** What nvidia-smi appends to the reasons that end with 255. */
const FAILED = 'Failed to process command line \n';

const failure = (reason: string): UsageError => new UsageError(`${reason}${FAILED}`, EXIT.unknownOption);

/** Seconds between two samples. nvidia-smi refuses with status 0; we do not: it looks like success. */
export function readDelay({ delay: text }: { readonly delay: string }, most: number): number {
  const seconds = decimal(text);
  if (!(seconds >= 1 && seconds <= most)) {
    throw new UsageError(`Collection delay/interval should be between 1 second and ${most} seconds`);
  }
  return seconds;
}

/** How many samples, or undefined for no end. -1 is how nvidia-smi itself says so. */
export function readCount({ count: text }: { readonly count?: string }): number | undefined {
  if (text === undefined || text === '-1') return undefined;
  if (!/^\d+$/.test(text) || Number(text) === 0) {
    throw new UsageError('Invalid value for number of samples to be displayed');
  }
  return Number(text);
}

/** The known letters of `-s`, in the order given. Unknown ones are ignored, unless there is no other. */
export function readSelect(
  { select }: { readonly select: string },
  groups: Readonly<Record<string, string>>,
): string {
  const letters = [...select].filter((letter) => letter in groups).join('');
  if (letters === '') throw failure('Failed to find any metric to display\n');
  return letters;
}

/** Which stamps the lines begin with. */
export function readStamps({
  options: letters = '',
}: {
  readonly options?: string;
}): Pick<MonitorFormat, 'date' | 'time'> {
  if (/[^DT]/.test(letters)) throw failure('Error in parsing options\n');
  return { date: letters.includes('D'), time: letters.includes('T') };
}

export type MonitorShape = MonitorFormat['shape'] | 'json' | 'jsonl';

/** How a monitor's lines look. */
export interface OutputFormat {
  readonly shape: MonitorShape;
  readonly names: boolean;
  readonly units: boolean;
}

type FormatWords = ReadonlyMap<string, Partial<OutputFormat>>;

export const JSON_WORDS: FormatWords = new Map([
  ['json', { shape: 'json' }],
  ['jsonl', { shape: 'jsonl' }],
]);

export const ALL_WORDS: FormatWords = new Map<string, Partial<OutputFormat>>([
  ['csv', { shape: 'csv' }],
  ['nounit', { units: false }],
  ['noheader', { names: false }],
  ...JSON_WORDS,
]);

/** `--format` of the monitors that print tables. */
export const formatOption = {
  long: 'format',
  value: 'required',
  argument: 'WORD,...',
  values: { words: [...ALL_WORDS.keys()], between: ',' },
  help: 'csv, noheader (no names), nounit (no units), json, or jsonl (one object a line).',
} as const satisfies OptionSpec;

/** The words of `--format`, in any order. Refused in the words of 550 and 580 (on the fake). */
export function readFormat({ format: list }: { readonly format?: string }, words: FormatWords): OutputFormat {
  let format: OutputFormat = { shape: 'table', names: true, units: true };
  const refuse = (reason: string): UsageError => failure(`${reason}Error parsing format options\n`);
  const given = (list ?? '').split(',').filter((w) => w !== '');
  if (list !== undefined && given.length === 0) throw refuse('');
  for (const word of given) {
    const change = words.get(word);
    if (change === undefined) throw refuse(plainly`${word} is not a recognized format option\n`);
    format = { ...format, ...change };
  }
  refuseMixture(given);
  return format;
}

/** The metrics of a comma list of ids. */
export function readGpmMetrics(list: string | undefined, known: readonly GpmMetric[]): readonly GpmMetric[] {
  const refuse = (reason: string): UsageError => failure(`${reason}\nCould not parse GPM metrics\n`);
  if (list === undefined) return [];
  const offending = /[^\d,]/.exec(list);
  if (offending !== null) throw refuse(plainly`Found offending character: ${offending[0]}`);
  const highest = known.at(-1)?.id ?? 0;
  return list
    .split(',')
    .filter((id) => id !== '')
    .map((text) => {
      const id = Number(text);
      if (id > highest) throw refuse(plainly`Metric value too high: ${text}`);
      const metric = known.find((candidate) => candidate.id === id);
      if (metric === undefined) throw refuse(plainly`No metric has this number: ${text}`);
      return metric;
    });
}

/** `-f`: from here on the output goes to a file. */
export function openFile(path: string | undefined, io: Io): void {
  // nvidia-smi names neither the file nor the reason.
  if (path !== undefined) io.redirect(path, FAILED, (reason) => plainly`cannot create the file: ${reason}`);
}
