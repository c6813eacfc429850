/** Draws docs/terminal.svg: commands on recorded machines, and what they print. `--check` compares instead of writing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/cli.js';
import { FakeIo } from '../test/fake-io.js';

export const TITLE =
  'nvsmi in a terminal: the summary of a recorded machine with two H200 at 99 and 96 percent, with a python3 process on both; then two queries of one with two idle H200, one as CSV and one as JSON lines';

const COMMANDS = [
  '--snapshot h200-x2-load',
  '--snapshot h200-x2 --query-gpu=index,name,memory.used,power.draw --format=csv',
  '--snapshot h200-x2 --query-gpu=index,memory.used,fan.speed --format=jsonl',
] as const;

const SIZE = { column: 8.43, row: 19, top: 65, left: 18 } as const;
const [COMMAND, TEXT] = ['#8ec07c', '#d5d8dc'];

async function output(command: string): Promise<string> {
  const io = new FakeIo({ time: '2026/11/23 15:38:10.000' });
  await main(command.split(' '), io);
  return io.output;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export async function terminalPicture(): Promise<string> {
  const lines: (readonly [text: string, colour: string])[] = [];
  for (const command of COMMANDS) {
    lines.push([`$ nvsmi ${command}`, COMMAND]);
    const printed = (await output(command)).trimEnd().split('\n');
    lines.push(...printed.map((text) => [text, TEXT] as const));
  }
  const width = Math.ceil(Math.max(...lines.map(([text]) => text.length)) * SIZE.column + 2 * SIZE.left);
  const height = SIZE.top + lines.length * SIZE.row;
  const rows = lines.flatMap(([text, colour], row) =>
    text.trim() === ''
      ? []
      : [
          `<text x="${SIZE.left}" y="${SIZE.top + row * SIZE.row}" fill="${colour}" xml:space="preserve">${escaped(text)}</text>`,
        ],
  );
  const buttons = ['#e06c75', '#e5c07b', '#98c379'].map(
    (colour, i) => `<circle cx="${22 + 20 * i}" cy="19" r="6" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${TITLE}</title>
<rect width="100%" height="100%" rx="10" fill="#1c1f26"/>
${buttons.join('\n')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${rows.join('\n')}
</g>
</svg>
`;
}

const FILE = fileURLToPath(new URL('../docs/terminal.svg', import.meta.url));

if (process.argv[1]?.endsWith('terminal-picture.ts')) {
  const text = await terminalPicture();
  if (!process.argv.includes('--check')) writeFileSync(FILE, text);
  else if (readFileSync(FILE, 'utf8') !== text) {
    console.error('docs/terminal.svg is not what tools/terminal-picture.ts draws: npm run picture');
    process.exitCode = 1;
  }
}
