/**
 * nvidia-smi's dialect of options: `-lms 5`, `-i=0`, `--id 0`, `--format` without a value. It is parsed here
 * against an option table, refused in nvidia-smi's words, and handed on as `--long=value`, which any parser
 * understands.
 */

/** Words that a value may be. */
export interface Values {
  readonly words: readonly string[];
  /** The separator of several values: a comma, or nothing between letters. Absent where there is one value. */
  readonly between?: ',' | '';
  /** Small letters are taken for large ones. */
  readonly anyCase?: true;
}

export interface OptionSpec {
  /** Names with one dash, without it: `['i', 'g']`, `['lms']`. */
  readonly short?: readonly string[];
  /** The name with two dashes, without them. */
  readonly long: string;
  /** Whether a value follows. */
  readonly value?: 'required' | 'optional';
  /** What the value is, for the help; the words of `values` where it is left out. */
  readonly argument?: string;
  /** What can be completed. */
  readonly values?: Values;
  /** The option that lists what the value can be, without dashes. */
  readonly listedBy?: string;
  readonly help: string;
  /** Given several times its values add up to a comma list; of others the last counts. */
  readonly joins?: true;
  /** Left out of the help: setters we refuse, old spellings. */
  readonly hidden?: true;
}

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

export type Scan =
  | { readonly kind: 'options'; readonly tokens: readonly Token[] }
  | { readonly kind: 'unknown'; readonly written: string; readonly tokens: readonly Token[] }
  | { readonly kind: 'missing value'; readonly written: string };

/** Reads options until the end, or until the first that the table does not know or that lacks its value. */
export function scan(table: readonly OptionSpec[], argv: readonly string[]): Scan {
  const tokens: Token[] = [];
  let unknown: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const written = argv[i] as string;
    const equals = written.indexOf('=');
    const name = equals === -1 ? written : written.slice(0, equals);
    const spec = find(table, name);
    if (spec === undefined || (spec.value === undefined && equals !== -1)) {
      unknown ??= written;
      continue;
    }
    if (spec.value === undefined) {
      tokens.push({ spec, written, value: undefined });
    } else if (equals !== -1) {
      tokens.push({ spec, written, value: written.slice(equals + 1) });
    } else {
      const next = argv[i + 1];
      if (next !== undefined && (spec.value === 'required' || !looksLikeOption(next))) {
        tokens.push({ spec, written, value: next });
        i++;
      } else if (spec.value === 'required') {
        return { kind: 'missing value', written };
      } else {
        tokens.push({ spec, written, value: undefined });
      }
    }
  }
  return unknown === undefined ? { kind: 'options', tokens } : { kind: 'unknown', written: unknown, tokens };
}

function find(table: readonly OptionSpec[], written: string): OptionSpec | undefined {
  if (written.startsWith('--')) return table.find((spec) => spec.long === written.slice(2));
  if (!written.startsWith('-')) return undefined;
  return table.find((spec) => spec.short?.includes(written.slice(1)));
}

/** `-1` is a (bad) value of -l, `-q` is the next option. */
const looksLikeOption = (text: string): boolean => /^-[^\d]/.test(text);

/** The last value of an option, as nvidia-smi takes it: undefined when absent, '' when it has no value. */
export function lastValue(tokens: readonly Token[], long: string): string | undefined {
  const given = tokens.filter((t) => t.spec.long === long);
  const last = given.at(-1);
  if (last?.spec.joins) return given.map(({ value }) => value ?? '').join(',');
  return last === undefined ? undefined : (last.value ?? '');
}
