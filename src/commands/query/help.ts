/** `--help-query-*`: the fields of a switch. */
import { EXIT } from '../../base/errors.js';
import { styles } from '../../base/style.js';
import { textWidth } from '../../base/width.js';
import { fieldHelp } from '../../query/field.js';
import { type Table, tableAt } from '../../query/relation.js';
import { tableAsked } from '../../query/tables/index.js';
import type { Context } from '../context.js';

/** Breaks a text at the last space that each line has room for. */
const wrap = (text: string, width: number): string =>
  text.replace(new RegExp(`(?!.{1,${width}}$)(.{1,${width}}) `, 'g'), '$1\n');

/** Prints the fields of a --query-* switch that the driver in use has: all of them where there is no driver. */
export async function helpQuery(given: object, context: Context): Promise<number> {
  const table = tableAsked((option) => option in given, 'help-');
  const followed = await context.followed?.();
  const present = followed === undefined ? table : tableAt(table, followed.release, followed.onWindows);
  context.io.out(tableHelp(present, context));
  return EXIT.ok;
}

/** The fields of a table, for a terminal or a pipe. */
export const tableHelp = (table: Table, { io }: Context): string =>
  helpOf(table, styles(io.stdoutIsTerminal, io).bold, textWidth(io));

/** Quoted names at the start of a line, then what they mean. */
function helpOf(table: Table, strong: (name: string) => string, width: number): string {
  const fields = table.fields.map((row) => {
    const names = row.names.map((name) => strong(`"${name}"`)).join(' or ');
    return `${names}\n${wrap(fieldHelp(row), width)}\n`;
  });
  return `Fields of --${table.option}, one record for ${table.record}.
Separate them with commas: --${table.option}=${table.fields[0]?.names[0]},${table.fields.at(-1)?.names[0]}

${fields.join('\n')}`;
}
