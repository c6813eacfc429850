/** Draws docs/top.svg: the monitor on the recorded machine with eight GPUs. `--check` compares instead of writing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cellsOf } from '../src/format/graphemes.js';
import { openSession } from '../src/nvml/session.js';
import { Asker } from '../src/query/ask/asker.js';
import { openSnapshot } from '../src/snapshot/machine.js';
import { recordedFiles } from '../src/system/files.js';
import { SHARES, type Share } from '../src/top/gpu-cells.js';
import { Histories } from '../src/top/history.js';
import { historyName } from '../src/top/panels/graphs.js';
import { USUAL } from '../src/top/settings.js';
import type { Line, Role, StyledText } from '../src/top/span.js';
import { initialState } from '../src/top/state.js';
import { view } from '../src/top/view.js';
import { liveSampler } from '../src/watch/live-sampler.js';

const MACHINE = 'hgx-h100-x8';
const COLUMNS = 118;
const ROWS = 36;
/** More than it moves: graphs of a minute are full. */
const SAMPLES = 60;
/** The picture has a time of its own, whenever it is drawn. */
const NOON = Date.UTC(2026, 10, 23, 12);

export const TITLE =
  'nvsmi top on a machine with eight H100: four GPUs train at 100 percent and their power limit, one serves, two are idle; below the list graphs of utilization and memory, and the processes';

const CELL = { width: 8, height: 17, size: 13.3 } as const;
const MARGIN = 12;

const COLOURS: Readonly<Record<Role, string>> = {
  plain: '#d8dee9',
  dim: '#7b8494',
  title: '#56b4e9',
  good: '#56c8c8',
  warn: '#e69f00',
  bad: '#ff6e3c',
  memory: '#cc96be',
  load: '#6eaafa',
  power: '#e1c850',
  other: '#50be8c',
};
const GROUND = '#14171c';

async function screen(): Promise<readonly Line[]> {
  const { driver } = openSnapshot(MACHINE);
  const session = openSession(driver);
  let now = NOON;
  const sampler = await liveSampler({
    asker: new Asker(session),
    gpus: session.gpus,
    files: recordedFiles({}),
    isRecorded: true,
    own: 0,
    now: () => now,
  });
  const histories = new Histories();
  let sample = await sampler.take();
  for (let i = 0; i < SAMPLES; i++) {
    now += 1000;
    sample = await sampler.take();
    for (const gpu of sample.gpus) {
      for (const share of Object.keys(SHARES) as readonly Share[]) {
        histories.add(historyName(gpu.index, share), now, SHARES[share](gpu) ?? Number.NaN);
      }
    }
  }
  const { lines } = view({
    state: { ...initialState(USUAL, false), selected: '4/N/A/N/A/90117' },
    surface: { columns: COLUMNS, rows: ROWS, isUtf8: true },
    // A picture has no note about recordings.
    sample: { ...sample, notes: [] },
    histories,
    now: sample.time,
    silentSince: undefined,
    replay: undefined,
  });
  return lines;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A span as text of just its cells, whatever the font makes of braille; a selected one on a ground of its colour. */
function drawn({ text, role = 'plain', bold, reverse }: StyledText, x: number, y: number): string {
  const width = cellsOf(text) * CELL.width;
  const left = MARGIN + x * CELL.width;
  const ground = reverse
    ? `<rect x="${left}" y="${y - 13}" width="${width}" height="${CELL.height}" fill="${COLOURS[role]}"/>`
    : '';
  if (text.trim() === '') return ground;
  const weight = bold ? ' font-weight="bold"' : '';
  const fill = reverse ? GROUND : COLOURS[role];
  return `${ground}<text x="${left}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs" fill="${fill}"${weight}>${escaped(text)}</text>`;
}

function svg(lines: readonly Line[]): string {
  const [width, height] = [COLUMNS * CELL.width + 2 * MARGIN, ROWS * CELL.height + 2 * MARGIN];
  const rows = lines.flatMap((line, row) => {
    let x = 0;
    const y = MARGIN + 13 + row * CELL.height;
    const parts = line.map((each) => {
      const part = drawn(each, x, y);
      x += cellsOf(each.text);
      return part;
    });
    const text = parts.join('');
    return text === '' ? [] : [text];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(TITLE)}</title>
<rect width="${width}" height="${height}" rx="6" fill="${GROUND}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${CELL.size}" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`;
}

export const picture = async (): Promise<string> => svg(await screen());

const FILE = fileURLToPath(new URL('../docs/top.svg', import.meta.url));

if (process.argv[1]?.endsWith('picture.ts')) {
  // The clock of the picture is that of UTC, whatever the machine's is.
  process.env.TZ = 'UTC';
  const text = await picture();
  if (!process.argv.includes('--check')) writeFileSync(FILE, text);
  else if (readFileSync(FILE, 'utf8') !== text) {
    console.error('docs/top.svg is not what tools/picture.ts draws: npm run picture');
    process.exitCode = 1;
  }
}
