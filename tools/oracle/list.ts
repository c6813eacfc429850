/** The command lines of the comparison: those of the parity list that run once, and those for recorded machines. */
import { readFileSync } from 'node:fs';

export interface CommandLine {
  readonly args: string;
  /** Asked of the patches, too. */
  readonly forPatches: boolean;
  /** Compared up to the first blank line: what follows is prose, and ours. */
  readonly headOnly: boolean;
}

const NONE = '(none)';

/** Help is prose, and ours. */
const HELP = /(?:^| )(?:-h|help|--help\S*)(?: |$)/;

/** What the parity list has before the arguments: known to differ, head only, seconds of a loop. */
const PARITY = /^(! )?(\^ )?(\d+(?:\.\d+)?s )?(.*)$/;

const linesOf = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

/** Reads both lists. */
export function commandLines(parity: string, own: string): readonly CommandLine[] {
  const once = linesOf(parity).flatMap((line) => {
    const [, , head, loop, args = ''] = PARITY.exec(line) ?? [];
    return loop === undefined && !HELP.test(args)
      ? [{ args, forPatches: false, headOnly: head !== undefined }]
      : [];
  });
  const more = linesOf(own).map((line) => ({
    args: line.replace(/^\* /, '').replace(/^\^ /, ''),
    forPatches: line.startsWith('* '),
    headOnly: /^(?:\* )?\^ /.test(line),
  }));
  const all = new Map<string, CommandLine>();
  for (const one of [...once, ...more]) {
    const args = one.args === NONE ? '' : one.args;
    all.set(args, { ...one, args });
  }
  return [...all.values()];
}

/** Puts the fields of a program's own help in place of @all and @each. */
export async function expanded(
  list: readonly CommandLine[],
  helpOf: (option: string) => Promise<string>,
): Promise<readonly CommandLine[]> {
  const lines: CommandLine[] = [];
  for (const one of list) {
    const option = /^--(query-[\w-]+)=@/.exec(one.args)?.[1];
    const fields = option === undefined ? [] : namesIn(await helpOf(`--help-${option}`));
    const put = (what: string): CommandLine => ({ ...one, args: one.args.replace(/@(?:all|each)/, what) });
    if (option === undefined) lines.push(one);
    else if (one.args.includes('@all')) lines.push(put(fields.join(',')));
    else lines.push(...fields.map(put));
  }
  return lines;
}

/** The first name of each field in a help text; a line of names is `"name" or "alias"`. */
const namesIn = (help: string): string[] => [...help.matchAll(/^"([\w.]+)"/gm)].map(([, name = '']) => name);
