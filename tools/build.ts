/**
 * Bundles dist/cli/: CommonJS files, with koffi as the only package left outside. CommonJS, because one file of
 * modules starts 30 ms earlier than the same modules as ESM chunks (Node 24).
 *
 * What src/main.ts imports lazily is a bundle of its own, whole in itself: a command reads, compiles and keeps in
 * Node's compile cache nothing of its neighbours. In a bundle modules are imported statically, so that esbuild can
 * drop what is not used and write constants in place.
 *
 *   npx tsx tools/build.ts [FOLDER]
 */
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const folder = process.argv[2] ?? 'dist/cli';

const SHARED: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outdir: folder,
  external: ['koffi'],
  legalComments: 'linked',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  // import() of a CommonJS file would start Node's ES module loader; esbuild makes it a require().
  supported: { 'dynamic-import': false },
};

/** Where a bundle lies: createRequire takes a path as well, and what seeks files beside it wants a URL. */
const AS_PATH: BuildOptions = { define: { 'import.meta.url': '__filename' } };
const AS_URL: BuildOptions = {
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
};

/** Leaves lazy imports of our own modules outside, and tells them. */
const lazily = (found: Set<string>): Plugin => ({
  name: 'lazy imports become bundles',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      found.add(resolve(resolveDir, path.replace(/\.js$/, '.ts')));
      return { path: `./${basename(path)}`, external: true };
    }),
});

rmSync(folder, { recursive: true, force: true });
const lazy = new Set<string>();
await build({ ...SHARED, ...AS_PATH, entryPoints: { nvsmi: 'src/main.ts' }, plugins: [lazily(lazy)] });
await build({ ...SHARED, ...AS_URL, entryPoints: [...lazy], outbase: 'src', entryNames: '[name]' });
writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
