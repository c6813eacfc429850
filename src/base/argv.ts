/**
 * The grammar of nvidia-smi's options: `-lms 5`, `-i=0`, `--id 0`, `--format` without a value. A command line is read once,
 * against an option table. What was read is given as typed values, or as the canonical words (`--loop-ms=5`) that Commander
 * understands.
 */

import { cInteger } from './c-integer.js';
import { at, isIn, type Past, type Release, type Span } from './release.js';

/** Words that a value may be. */
export interface Values {
  readonly words: readonly string[];
  /** The separator of several values: a comma, or nothing between letters. Absent where there is one value. */
  readonly between?: ',' | '';
  /** Small letters are taken for large ones. */
  readonly anyCase?: true;
}

/** An option. The releases that nvidia-smi has it in are those that were seen to list it in their help. */
export interface OptionSpec extends Span {
  /** Names with one dash, without it: `['i', 'g']`, `['lms']`. */
  readonly short?: readonly string[];
  /** The name with two dashes, without them. */
  readonly long: string;
  /** Whether a value follows. */
  readonly value?: 'required' | 'optional';
  /** How nvidia-smi of older drivers takes it. */
  readonly past?: readonly Past<{ readonly value: 'required' | undefined }>[];
  /** The value is a whole number of 0 or more: `16`, `0x10`. */
  readonly number?: true;
  /** What the value is, for the help; the words of `values` where it is left out. */
  readonly argument?: string;
  /** `-` is a value of it, and no mistyped option. */
  readonly orStdin?: true;
  /** What can be completed. */
  readonly values?: Values;
  /** The value where the option is not given. */
  readonly default?: string;
  /** The option that lists what the value can be, without dashes. */
  readonly listedBy?: string;
  readonly help: string;
  /** Given several times its values add up to a comma list; of others the last counts. */
  readonly joins?: true;
  /** Given several times it gives all of its values. */
  readonly several?: true;
  /** Left out of the help: what is refused, old spellings. */
  readonly hidden?: true;
  /** Ours, not nvidia-smi's. */
  readonly ours?: true;
  /** Asks for something. Of a command with such options a line without any gets the help. */
  readonly action?: true;
  /** Changes a GPU, or something else of the machine; an action, too. */
  readonly setter?: true;
  /** Recognised, and refused: why. */
  readonly refused?: string;
  /** Asks for chosen fields, or lists them. */
  readonly asksFields?: true;
  /** Not recognised without an option that is a setter, or that asks for fields. */
  readonly beside?: 'setter' | 'asksFields';
  /** Can be anywhere on a command line, before a subcommand and after it. Its value is not empty. */
  readonly everywhere?: true;
}

/** An option that nvidia-smi has had since a release. */
export const dated = <const Spec extends OptionSpec, const Since extends Release>(since: Since, spec: Spec) =>
  ({ ...spec, since }) as const;

/** An option that changes a GPU. */
export const setter = <const Long extends string>(short: string | undefined, long: Long, help: string) =>
  ({ ...(short === undefined ? {} : { short: [short] }), long, help, setter: true }) as const;

/** One with a value. */
export const setterOf = <const Long extends string>(
  short: string | undefined,
  long: Long,
  argument: string,
  help: string,
) => ({ ...setter(short, long, help), value: 'required', argument }) as const;

/** An option that changes a GPU, and that NVML has no function for: it is recognised and refused. */
export const refused = <const Long extends string>(
  short: string | undefined,
  long: Long,
  value?: OptionSpec['value'],
) =>
  ({
    ...(short === undefined ? {} : { short: [short] }),
    long,
    ...(value === undefined ? {} : { value }),
    help: 'Refused: NVML has no function for it.',
    hidden: true,
    setter: true,
    refused: 'NVML has no function for it. Use nvidia-smi for it.',
  }) as const;

/** What an option gives: a number, the text of its value ('' where it is left out), or that it was given. */
type ValueOf<Option> = Option extends { readonly number: true }
  ? number
  : Option extends { readonly several: true }
    ? readonly string[]
    : Option extends { readonly value: 'required' | 'optional' }
      ? string
      : true;

/** What a command line gives of a table: `{ id?: string; json?: true }`. */
export type Given<Table extends readonly OptionSpec[]> = {
  readonly [Option in Exclude<Table[number], WithDefault> as Option['long']]?: ValueOf<Option>;
} & { readonly [Option in Extract<Table[number], WithDefault> as Option['long']]: string };

/** An option that always has a value. */
type WithDefault = OptionSpec & { readonly default: string };

/** The same of any table. */
export type AnyGiven = Readonly<Record<string, string | number | true | readonly string[]>>;

/** What the help calls the value of an option. */
export const argumentOf = ({ argument, values }: OptionSpec): string =>
  argument ?? values?.words.join('|') ?? 'VALUE';

/** An option of a command line: which, as it was written, and its value. */
export interface Token {
  readonly spec: OptionSpec;
  /** As written: `--id=0`, `-i`. */
  readonly written: string;
  readonly value: string | undefined;
}

export interface Scan {
  readonly tokens: readonly Token[];
  /** The words that the table does not know, as written. */
  readonly unknown: readonly string[];
  /** Those of them that ask for JSON in other tables. */
  readonly foreign: readonly Token[];
  /** Tokens and unknown words in the order in which they were written. */
  readonly order: readonly (Token | string)[];
  /** The first option that lacks its value; it is among the tokens. */
  readonly missing: Token | undefined;
  /** What was not read: the words from the first unknown one on, where the scan had to end there. */
  readonly rest: readonly string[];
}

/** How a scan differs from one of options alone. */
interface ScanOptions {
  /** The word that may come before the options. */
  readonly operand?: OptionSpec | undefined;
  /** Ends at the first word that the table does not know. */
  readonly isLeading?: true;
  /** The grammar before 525: a value is after `=` in long names, and the next word in short ones. */
  readonly isOld?: boolean;
}

/** The options that nvidia-smi of a release has, as it takes them. */
export const tableIn = (table: readonly OptionSpec[], release: Release): readonly OptionSpec[] =>
  table.filter((spec) => isIn(spec, release)).map((spec) => at(spec, release));

/** What asks for JSON where a table has it. */
const JSON_OPTIONS: readonly OptionSpec[] = [
  { long: 'json', help: '' },
  { long: 'format', value: 'optional', help: '' },
];

/** Reads the words of a command line. A value that has to follow is no option of nvidia-smi's: `-i -q` lacks it (535, 550 on the fake). */
export function scan(table: readonly OptionSpec[], argv: readonly string[], manner: ScanOptions = {}): Scan {
  const { operand, isLeading, isOld } = manner;
  const tokens: Token[] = [];
  const foreign: Token[] = [];
  const unknown: string[] = [];
  const order: (Token | string)[] = [];
  let missing: Token | undefined;
  const take = (token: Token): void => {
    tokens.push(token);
    order.push(token);
  };
  const isBegin = (): boolean => unknown.length === 0 && tokens.every(({ spec }) => spec.everywhere);
  for (let i = 0; i < argv.length; i++) {
    const written = argv[i] as string;
    const equals = written.indexOf('=');
    const own = find(table, nameIn(written));
    const spec = own ?? (isLeading ? undefined : find(JSON_OPTIONS, nameIn(written)));
    if (
      spec === undefined ||
      (spec.value === undefined && equals !== -1) ||
      (isOld && own !== undefined && !isOldForm(own, written))
    ) {
      if (isLeading) return { tokens, unknown, foreign, order, missing, rest: argv.slice(i) };
      if (operand !== undefined && canBe(operand, written) && isBegin()) {
        take({ spec: operand, written, value: written });
      } else {
        unknown.push(written);
        order.push(written);
      }
      continue;
    }
    const next = equals === -1 ? argv[i + 1] : written.slice(equals + 1);
    const isValue = (text: string): boolean =>
      equals !== -1 ||
      (spec.value === 'required' ? !isTheirs(find(table, nameIn(text))) : !looksLikeOption(text));
    const takes = spec.value !== undefined && next !== undefined && isValue(next);
    const token = { spec, written, value: takes ? next : undefined };
    if (own === undefined) {
      foreign.push(token);
      unknown.push(written);
      order.push(written);
    } else {
      take(token);
    }
    const isEmpty = token.value === '' && (spec.everywhere || isOld);
    if (spec.value === 'required' && (token.value === undefined || isEmpty)) missing ??= token;
    if (token.value !== undefined && equals === -1) i++;
  }
  return { tokens, unknown, foreign, order, missing, rest: [] };
}

/** Whether a word can be what comes before the options. */
const canBe = ({ orStdin }: OptionSpec, written: string): boolean =>
  written !== '' && (!written.startsWith('-') || (orStdin === true && written === '-'));

const isTheirs = (spec: OptionSpec | undefined): boolean => spec !== undefined && !spec.ours;

/** A word without the value that is in it. */
const nameIn = (written: string): string => written.split('=', 1)[0] as string;

/** 470 has its values in `--id=0` and `-i 0`, and neither in `--id 0` nor in `-i=0` (470.256.02 on the fake). Our own options have them anywhere. */
export const isOldForm = ({ value, everywhere }: OptionSpec, written: string): boolean =>
  value === undefined || everywhere === true || written.startsWith('--') === written.includes('=');

function find(table: readonly OptionSpec[], written: string): OptionSpec | undefined {
  if (written.startsWith('--')) return table.find((spec) => spec.long === written.slice(2));
  if (!written.startsWith('-')) return undefined;
  return table.find((spec) => spec.short?.includes(written.slice(1)));
}

/** `-1` is a (bad) value of -l, `-q` is the next option. */
const looksLikeOption = (text: string): boolean => /^-[^\d]/.test(text);

/** The value of an option that is a number. What is none was refused before. */
export const numberIn = (value: string): number => cInteger(value) ?? Number.NaN;

/** What the tokens of a table give, as nvidia-smi takes them: of an option given twice the last value, unless it joins them. */
export function givenBy<const Table extends readonly OptionSpec[]>(
  table: Table,
  tokens: readonly Token[],
): Given<Table> {
  const given: Record<string, AnyGiven[string]> = {};
  for (const { long, default: value } of table) if (value !== undefined) given[long] = value;
  for (const { spec, value = '' } of tokens) {
    const before = spec.default === undefined ? given[spec.long] : undefined;
    if (spec.value === undefined) given[spec.long] = true;
    else if (spec.several) given[spec.long] = [...(Array.isArray(before) ? before : []), value];
    else if (spec.joins && before !== undefined) given[spec.long] = `${before},${value}`;
    else given[spec.long] = spec.number ? numberIn(value) : value;
  }
  // The tokens are of the table, and the values are made as its type says.
  return given as Given<Table>;
}

/** The options in the one spelling that every parser knows: `--loop-ms=500`. */
export const canonical = (tokens: readonly Token[]): readonly string[] =>
  tokens.map(({ spec, value = '' }) => `--${spec.long}${spec.value === undefined ? '' : `=${value}`}`);

/** An option that is not recognised, as what it goes with is missing. */
export const misplaced = (tokens: readonly Token[]): Token | undefined =>
  tokens.find(({ spec: { beside } }) => beside !== undefined && !tokens.some((token) => isA(beside, token)));

/** Whether a token is of a kind that others go with. Without a value nvidia-smi ignores a switch for fields. */
const isA = (kind: 'setter' | 'asksFields', { spec, value = '' }: Token): boolean =>
  spec[kind] === true && (kind === 'setter' || spec.value === undefined || value !== '');

/** Whether a program reads the output. A command that has no such option refuses it, and that too is for the program. */
export const asksForJson = ({ tokens, foreign }: Pick<Scan, 'tokens' | 'foreign'>): boolean =>
  [...tokens, ...foreign].some(
    ({ spec: { long }, value = '' }) =>
      long === 'json' ||
      (long === 'format' && value.split(',').some((word) => word === 'json' || word === 'jsonl')),
  );
