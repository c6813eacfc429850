/**
 * Builds the library into dist/: ESM in dist/lib, where the entries share what both need, and CommonJS in
 * dist/cjs, where one file holds all, so that `nvsmi/nvml` and its promises are one library there too. The types
 * are the same text in both, once beside each. Another folder than dist/ can be named.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

/** What package.json exports, by the name of its files. */
const ENTRIES = { index: 'src/index.ts', nvml: 'src/nvml.ts', 'nvml-promises': 'src/nvml-promises.ts' };

const SHARED: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  external: ['koffi'],
  legalComments: 'none',
  logLevel: 'warning',
};

const dist = process.argv[2] ?? 'dist';
const esm = join(dist, 'lib');
const cjs = join(dist, 'cjs');

rmSync(esm, { recursive: true, force: true });
rmSync(cjs, { recursive: true, force: true });

await build({
  ...SHARED,
  entryPoints: ENTRIES,
  format: 'esm',
  splitting: true,
  outdir: esm,
  chunkNames: 'shared-[hash]',
});

const names = Object.keys(ENTRIES);
const identifier = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
const all = Object.entries(ENTRIES).map(
  ([name, path]) => `export * as ${identifier(name)} from './${path}';`,
);
await build({
  ...SHARED,
  stdin: { contents: all.join('\n'), resolveDir: '.', loader: 'ts' },
  format: 'cjs',
  outfile: join(cjs, 'all.js'),
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
});
mkdirSync(cjs, { recursive: true });
writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
for (const name of names) {
  // Copied: what esbuild exports are getters for good, and a test may want to put a function in place of one.
  writeFileSync(
    join(cjs, `${name}.js`),
    `module.exports = { ...require('./all.js').${identifier(name)} };\n`,
  );
}

const types = join(esm, 'types');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
// `npm run types` checks them; to write the same declarations without that takes 8 s instead of 14.
const args = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', types];
execFileSync(process.execPath, [tsc, ...args], { stdio: 'inherit' });
prune(types);
cpSync(types, join(cjs, 'types'), { recursive: true });

/** Leaves only the declarations that the entries reach: most files are the library's own business. */
function prune(folder: string): void {
  const reached = new Set<string>();
  const reach = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const text = readFileSync(path, 'utf8');
    for (const [, to] of text.matchAll(/(?:from|import\() ?'(\.[^']+)\.js'/g))
      reach(join(path, '..', `${to}.d.ts`));
  };
  for (const name of names) reach(join(folder, `${name}.d.ts`));
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (name.endsWith('.d.ts') && !reached.has(path)) rmSync(path);
  }
}
