/**
 * Recorded outputs of nvidia-smi and the tables that go with them, a folder for each machine:
 *
 * INDEX.tsv     name, exit status, arguments, and where they help: overrides, names of files in overrides/ as a
 *               comma list; `-` where the readings of its moment are too many, and a test of the command takes them
 *               from the output, or, with a reason after it, where nvsmi differs. `<name>.out` is stdout,
 *               `<name>.txt` a file that was written.
 * overrides/    answers that differ from the recorded machine's, by function and key; those of machine.json in all rows.
 * volatile.tsv  what may differ all the same: row names (a pattern), place, pattern of the token, reason. A place
 *               is `label NAME` of a report, `tag NAME` of XML, `text` anywhere in a line, where the token has to
 *               be as wide on both sides, or `below LINE`, where words of our own begin.
 * Arguments with spaces are in single quotes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';

export interface Row {
  readonly name: string;
  readonly status: number;
  readonly argv: readonly string[];
  readonly overrides: readonly string[];
  /** Local time of the run, as the output shows it: 2026/11/23 00:53:13.616. */
  readonly time: string | undefined;
  readonly out: string;
  /** Of the file that the command wrote. */
  readonly file: string | undefined;
}

export interface Volatile {
  readonly rows: RegExp;
  readonly place: string;
  readonly token: RegExp;
  readonly reason: string;
}

const folderOf = (machine: string): URL => new URL(`${machine}/`, import.meta.url);
const read = (url: URL): string => readFileSync(url, 'utf8');

const table = (url: URL): readonly (readonly string[])[] =>
  existsSync(url)
    ? read(url)
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t'))
    : [];

export function rowsOf(machine: string): readonly Row[] {
  const folder = folderOf(machine);
  const ofAll = existsSync(new URL('overrides/machine.json', folder)) ? ['machine'] : [];
  const compared = table(new URL('INDEX.tsv', folder)).filter(([, , , overrides]) => overrides !== '-');
  return compared.map(([name = '', exit = '', argv = '', overrides = '']) => {
    const file = new URL(`${name}.txt`, folder);
    const out = read(new URL(`${name}.out`, folder));
    const written = existsSync(file) ? read(file) : undefined;
    return {
      name,
      status: Number(exit),
      argv: [...argv.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word),
      overrides: [...ofAll, ...(overrides === '' ? [] : overrides.split(','))],
      time: timeOf(written ?? out),
      out,
      file: written,
    };
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The first time in a text: 2026/11/23 00:53:13.616, Mon Nov 23 00:53:10 2026, or 20261123 00:53:10. */
function timeOf(text: string): string | undefined {
  const whole = /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3}/.exec(text)?.[0];
  if (whole !== undefined) return whole;
  const [, month = '', day, clock, year] = /\w{3} (\w{3}) +(\d+) ([\d:]{8}) (\d{4})/.exec(text) ?? [];
  if (clock !== undefined) return `${year}/${MONTHS.indexOf(month) + 1}/${day} ${clock}.000`;
  const [, y, m, d, time] = /(\d{4})(\d\d)(\d\d),? +(\d\d:\d\d:\d\d)/.exec(text) ?? [];
  return time === undefined ? undefined : `${y}/${m}/${d} ${time}.000`;
}

export const volatilesOf = (machine: string): readonly Volatile[] =>
  table(new URL('volatile.tsv', folderOf(machine))).map(([rows = '', place = '', token = '', reason = '']) => ({
    rows: new RegExp(`^(?:${rows})$`),
    place,
    token: new RegExp(place === 'text' ? token : `^(?:${token})$`, 'gm'),
    reason,
  }));

/** The machine's snapshot with the overrides of a row put over its answers. */
export function machineFor(machine: string, overrides: readonly string[]): Snapshot {
  const url = new URL(`../../snapshots/${machine}.json`, import.meta.url);
  const snapshot = parseSnapshot(read(url), machine);
  const calls = { ...snapshot.calls };
  for (const name of overrides) {
    const changes = JSON.parse(read(new URL(`overrides/${name}.json`, folderOf(machine)))) as Snapshot['calls'];
    for (const [fn, answers] of Object.entries(changes)) calls[fn] = { ...calls[fn], ...answers };
  }
  return { ...snapshot, calls };
}

/** Blanks the tokens that may differ; what does not match its pattern stays, and shows as a difference. */
export function mask(text: string, volatiles: readonly Volatile[], used: Set<Volatile>): string {
  return volatiles.reduce((masked, volatile) => maskOne(masked, volatile, used), text);
}

const REPORT_LINE = /^( *(.*?) +: )(.*)$/gm;
const XML_LINE = /^(\s*<(\w+)>)(.*)(?=<\/\2>$)/gm;

function maskOne(text: string, volatile: Volatile, used: Set<Volatile>): string {
  const { place, token } = volatile;
  const [, kind = '', name = ''] = /^(\w+) ?(.*)$/.exec(place) ?? [];
  const note = (masked: string): string => {
    used.add(volatile);
    return masked;
  };
  // The value ends its line, so that its width does not matter.
  const value = (whole: string, head: string, label: string, found: string): string =>
    label === name && new RegExp(token).test(found) ? note(`${head}~`) : whole;
  switch (kind) {
    case 'text':
      return text.replace(token, (found) => note('~'.repeat(found.length)));
    case 'label':
      return text.replace(REPORT_LINE, value);
    case 'tag':
      return text.replace(XML_LINE, value);
    case 'below': {
      const at = text.indexOf(`\n${name}\n`);
      return at === -1 ? text : note(text.slice(0, at + name.length + 2));
    }
    default:
      throw new Error(`volatile.tsv: unknown place ${place}`);
  }
}
