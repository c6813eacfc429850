/**
 * Writes docs/completions/ and docs/nvsmi.1 from the option tables, docs/fields.md from the relations, the tables of checks and Xids in docs/health.md, and that of the
 * recorded machines in docs/simulate.md; with --check compares instead, and fails where they differ.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bashCompletion } from '../src/cli/completion/bash.js';
import { fishCompletion } from '../src/cli/completion/fish.js';
import { readPages } from '../src/cli/completion/pages.js';
import { zshCompletion } from '../src/cli/completion/zsh.js';
import { withTables } from './docs/checks.js';
import { fieldReference } from './docs/fields.js';
import { machineTable } from './docs/machines.js';
import { manPage } from './docs/man.js';

const ROOT = new URL('../', import.meta.url);
const FOLDER = new URL('docs/', ROOT);

/** The documents by their path below docs/. */
export async function documents(): Promise<Readonly<Record<string, string>>> {
  const pages = await readPages();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    'completions/nvsmi.bash': bashCompletion(pages),
    'completions/_nvsmi': zshCompletion(pages),
    'completions/nvsmi.fish': fishCompletion(pages),
    'nvsmi.1': manPage(pages, version),
  };
}

/** docs/simulate.md with its table of recorded machines. */
function simulate(): string {
  const text = readFileSync(new URL('simulate.md', FOLDER), 'utf8');
  return text.replace(/^\| snapshot .*\n(?:\|.*\n)*/m, () => machineTable());
}

/** What is written, by its path below the root of the package. */
async function written(): Promise<Readonly<Record<string, string>>> {
  const docs = Object.entries(await documents()).map(([path, text]) => [`docs/${path}`, text]);
  const health = withTables(readFileSync(new URL('health.md', FOLDER), 'utf8'));
  return {
    ...Object.fromEntries(docs),
    'docs/fields.md': await fieldReference(),
    'docs/health.md': health,
    'docs/simulate.md': simulate(),
  };
}

function current(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8');
  } catch {
    return undefined;
  }
}

/** Paths whose file is not what the tables make. */
export async function stale(): Promise<readonly string[]> {
  return Object.entries(await written())
    .filter(([path, text]) => current(path) !== text)
    .map(([path]) => path);
}

async function write(): Promise<void> {
  mkdirSync(new URL('completions/', FOLDER), { recursive: true });
  for (const [path, text] of Object.entries(await written())) writeFileSync(new URL(path, ROOT), text);
}

if (process.argv[1]?.endsWith('docs.ts') === true) {
  if (!process.argv.includes('--check')) await write();
  else {
    const paths = await stale();
    for (const path of paths) console.error(`${path} is not what the tables make: npm run generate`);
    if (paths.length > 0) process.exitCode = 1;
  }
}
