/** What a `--query-*` command line asks for: read, or refused, by names alone, before NVML is opened. */
import { UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { type LoopOptions, loopPeriod } from '../../base/period.js';
import { plainly } from '../../base/plain-text.js';
import type { Release } from '../../base/release.js';
import { refuseMixture } from '../runner/format-words.js';

export interface QueryFormat {
  readonly shape: 'csv' | 'json' | 'jsonl';
  readonly header: boolean;
  readonly units: boolean;
}

export interface QueryRequest {
  /** The switch of the table, without dashes. */
  readonly option: string;
  /** As they were asked for, in that order. */
  readonly names: readonly string[];
  /** Unknown fields have an empty column. */
  readonly isLenient: boolean;
  readonly format: QueryFormat;
  /** Milliseconds; undefined for one run. */
  readonly period: number | undefined;
  /** The GPUs. */
  readonly id: string | undefined;
  /** The file to write to. */
  readonly filename: string | undefined;
  /** The value of --format; undefined without it. */
  readonly formatGiven: string | undefined;
}

/** The options that go with a --query-* switch. */
export interface QueryGiven extends LoopOptions {
  readonly id?: string;
  readonly filename?: string;
  readonly format?: string;
  readonly lenient?: true;
}

/** A switch that was given, and what of its table has to be known. */
export interface FieldNames {
  /** Its switch, without dashes. */
  readonly option: string;
  readonly names: readonly string[];
  /** Its value: the fields that are asked for. */
  readonly list: string;
}

/** Reads the options of a table's switch. Of several that are wrong a field is refused first, then the format (H100, 580.159.04). */
export function readQuery(given: QueryGiven, { option, names, list }: FieldNames, io: Io): QueryRequest {
  const asked = readNames(list, new Set(names), given.lenient === true, io);
  const { id, filename, format = '' } = given;
  return {
    option,
    names: asked,
    isLenient: given.lenient === true,
    format: readFormat(format),
    period: loopPeriod(given),
    id,
    filename,
    formatGiven: given.format,
  };
}

/** The names of a comma list; empty ones are ignored. */
function readNames(list: string, known: ReadonlySet<string>, isLenient: boolean, io: Io): readonly string[] {
  const asked = list.split(',').filter((name) => name !== '');
  if (!isLenient) for (const name of asked) if (!known.has(name)) unknownField(name, false, io);
  return asked;
}

/** Before 580 the format had to be given, and csv be in it (550.163.01 and older). */
export function refuseFormat({ formatGiven, format: { shape } }: QueryRequest, release: Release): void {
  if (release >= 580 || shape !== 'csv') return;
  if (formatGiven === undefined) {
    throw new UsageError('"--format=" switch is missing. Please run \'nvidia-smi -h\' for help.\n');
  }
  if (!formatGiven.split(',').includes('csv'))
    throw new UsageError('Format modifier --format=csv is mandatory.');
}

/** Says that a field is not known, or refuses it. */
export function unknownField(name: string, isLenient: boolean, io: Io): void {
  if (!isLenient) throw new UsageError(plainly`Field "${name}" is not a valid field to query.\n`);
  io.err(plainly`Field "${name}" is not known; its column stays empty.\n`);
}

const FORMAT_WORDS: ReadonlyMap<string, Partial<QueryFormat>> = new Map([
  ['csv', {}],
  ['noheader', { header: false }],
  ['nounits', { units: false }],
  ['json', { shape: 'json' }],
  ['jsonl', { shape: 'jsonl' }],
]);

/** Reads `--format`. Its words come in any order and any number, if they go together; csv is what it is without any. */
function readFormat(value: string): QueryFormat {
  let format: QueryFormat = { shape: 'csv', header: true, units: true };
  const words = value.split(',').filter((word) => word !== '');
  for (const word of words) {
    const change = FORMAT_WORDS.get(word);
    if (change === undefined) {
      const hint = FORMAT_WORDS.has(word.trim()) ? 'Write the words without blanks between them.' : undefined;
      throw new UsageError('Format modifier is not recognized.', undefined, hint);
    }
    format = { ...format, ...change };
  }
  refuseMixture(words);
  return format;
}
