/**
 * Bundles dist/: the CLI as two CommonJS files, with koffi as the only package left outside. CommonJS, because
 * one file of lazily run modules starts 30 ms earlier than the same modules as ESM chunks (Node 24), and two,
 * because the summary and the queries need nothing of what the subcommands bring.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';

const SHARED: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outdir: 'dist/cli',
  legalComments: 'linked',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
};

rmSync('dist', { recursive: true, force: true });
await build({ ...SHARED, entryPoints: { nvsmi: 'src/main.ts' }, external: ['koffi', './subcommands.js'] });
await build({ ...SHARED, entryPoints: { subcommands: 'src/subcommands.ts' }, external: ['koffi'] });
mkdirSync('dist/cli', { recursive: true });
writeFileSync('dist/cli/package.json', '{ "type": "commonjs" }\n');
