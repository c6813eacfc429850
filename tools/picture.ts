/**
 * Draws what a terminal showed as an SVG: `tsx tools/picture.ts docs/terminal.txt docs/terminal.svg TITLE`. Lines that
 * begin with `$ ` are what was typed. The title is what README.md says of the picture.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [from, to, title] = process.argv.slice(2);
if (from === undefined || to === undefined || title === undefined) {
  throw new Error('usage: picture.ts TEXT SVG TITLE');
}

const CHARACTER = 8.4;
const LINE = 19;
const MARGIN = 18;
const BAR = 34;

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] as string);

const lines = readFileSync(from, 'utf8').trimEnd().split('\n');
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER + 2 * MARGIN);
const height = lines.length * LINE + 2 * MARGIN + BAR;

const rows = lines.map((line, i) => {
  const y = BAR + MARGIN + i * LINE + 13;
  const colour = line.startsWith('$ ') ? '#8ec07c' : '#d5d8dc';
  return `<text x="${MARGIN}" y="${y}" fill="${colour}" xml:space="preserve">${escaped(line)}</text>`;
});
const buttons = ['#e06c75', '#e5c07b', '#98c379'].map(
  (colour, i) => `<circle cx="${MARGIN + 4 + i * 20}" cy="${BAR / 2 + 2}" r="6" fill="${colour}"/>`,
);

writeFileSync(
  to,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="10" fill="#1c1f26"/>
${buttons.join('\n')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${rows.join('\n')}
</g>
</svg>
`,
);
