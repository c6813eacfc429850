/** `--help-query-*`: the fields of a switch. */
import type { Table } from '../query/table.js';

const WIDTH = 100;

/** Breaks text into lines. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}

/** The fields of a --query-* switch: quoted names at the start of a line, then what they mean. */
export function helpQuery(table: Table): string {
  const fields = table.rows.map((row) => {
    const names = row.names.map((name) => `"${name}"`).join(' or ');
    return `${names}\n${wrap(row.help)}\n`;
  });
  return `Fields of --${table.option}, one record for ${table.subject}.
Give them as a comma list: --${table.option}=${table.rows[0]?.names[0]},${table.rows.at(-1)?.names[0]}

${fields.join('\n')}`;
}
